/**
 * Builds the editor's client: minified ES modules, each with the digest of the
 * sources in its first line and the notices of its libraries at its end.
 *
 * @module
 */

import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { quote } from "../../core/base/errors.ts";
import { fileExists, readFileText } from "../../core/files/files.ts";
import { findLibraries, noticesOf } from "./notices.ts";
import {
  digestSources,
  EDITOR,
  ENTRIES,
  readSources,
  SCRIPTS,
} from "./sources.ts";

/** The folder that the built client is in. */
export const STATIC: string = fileURLToPath(new URL("static/", EDITOR));

/**
 * The names of the parts of a bundle; the bundler's own change with the folder.
 * `client.js` and `shared.js` start the page, `later.js` comes with the first
 * dialog or with anything else in `client/later.ts`; `start.js`, `service.js`
 * and `formats.js` are for a page without a server; the others are workers.
 */
const NAMES: readonly (readonly [part: RegExp, name: string])[] = [
  [/^client\.js$/, "client.js"],
  [/^chunk-\w+\.js$/, "shared.js"],
  [/^later-\w+\.js$/, "later.js"],
  [/^exchange_worker\.js$/, "worker.js"],
  [/^video_worker\.js$/, "video.js"],
  [/^track_worker\.js$/, "track.js"],
  [/^start\.js$/, "start.js"],
  [/^service\.js$/, "service.js"],
  [/^formats_worker\.js$/, "formats.js"],
];

/** A part of the built client. */
export interface ClientFile {
  /** Its name in `static/`. */
  readonly name: string;
  /** Its text. */
  readonly code: string;
}

/**
 * Builds every part of the client; nothing is written.
 *
 * @throws {Error} When a source cannot be bundled, a module is none of the
 * sources whose changes are noticed, or a library has no license.
 */
export async function buildClient(): Promise<ClientFile[]> {
  const head = headOf(await digestSources());
  const sources = new Set(
    Array.from((await readSources()).keys(), (url) => fileURLToPath(url)),
  );
  const files: ClientFile[] = [];
  for (const entry of ENTRIES) {
    const modules = new Map<string, string[]>();
    for (const { name, code } of await bundle(entry, { minify: false })) {
      modules.set(name, modulesIn(code));
    }
    checkNoticed(entry, [...modules.values()].flat(), sources);
    for (const { name, code } of await bundle(entry, { minify: true })) {
      const paths = modules.get(name) ?? [];
      const foreign = paths.filter((path) => !OWN.test(path));
      const notices = noticesOf(await findLibraries(foreign));
      files.push({ name, code: head + code + notices });
    }
  }
  return files;
}

/**
 * Checks that each own module of a bundle is a source: with one that is not,
 * {@linkcode isFresh} would take an outdated client for that of the sources.
 *
 * @throws {Error} When one is not, or none is found.
 */
export function checkNoticed(
  entry: string,
  modules: readonly string[],
  sources: ReadonlySet<string>,
): void {
  const own = modules.filter((path) => OWN.test(path));
  const unknown = own.find((path) => !sources.has(path));
  if (own.length > 0 && unknown === undefined) return;
  throw new Error(
    unknown === undefined
      ? `Cannot build ${quote(entry)}: none of its modules was found`
      : `Cannot build ${quote(entry)}: a change of ${
        quote(unknown)
      } would not be noticed, expected a module that readSources() finds`,
  );
}

/** Whether all parts in `static/` are there and built from the sources as they are. */
export async function isFresh(): Promise<boolean> {
  const head = headOf(await digestSources());
  for (const [, name] of NAMES) {
    const path = STATIC + name;
    if (!await fileExists(path)) return false;
    if (!(await readFileText(path)).startsWith(head)) return false;
  }
  return true;
}

/** A module of this project: TypeScript, which no package's code is. */
const OWN = /\.tsx?$/;

/** The first lines of a built file, which is neither formatted nor linted. */
function headOf(digest: string): string {
  return `// Built from sources ${digest}.\n// deno-fmt-ignore-file\n// deno-lint-ignore-file\n`;
}

/**
 * The files of the modules in a bundle that is not minified: a comment before
 * each. Names with a scheme are no files, but what a library lacks in browsers.
 */
function modulesIn(code: string): string[] {
  const paths = code.matchAll(/^ *\/\/ (?!\S+:)(\S.*\.[cm]?[jt]sx?)$/gm);
  return Array.from(paths, ([, path]) => resolve(path!));
}

async function bundle(
  entry: string,
  { minify }: { minify: boolean },
): Promise<{ name: string; code: string }[]> {
  const isScript = SCRIPTS.includes(entry);
  const result = await Deno.bundle({
    entrypoints: [fileURLToPath(new URL(entry, EDITOR))],
    platform: "browser",
    format: isScript ? "iife" : "esm",
    minify,
    codeSplitting: !isScript,
    outputDir: STATIC,
    write: false,
  });
  if (!result.success || !result.outputFiles) {
    throw new Error(
      `Cannot build ${quote(entry)}: ${
        result.errors.map((error) => error.text).join("; ")
      }`,
    );
  }
  const files = result.outputFiles.map((file) => ({
    part: basename(file.path),
    name: nameOf(basename(file.path)),
    code: file.text(),
  }));
  if (new Set(files.map((file) => file.name)).size < files.length) {
    throw new Error(
      `Cannot build ${quote(entry)}: two parts of one kind, expected one`,
    );
  }
  return files.map(({ name, code }) => ({
    name,
    code: files.reduce(
      (text, other) => text.replaceAll(`./${other.part}`, `./${other.name}`),
      code,
    ),
  }));
}

function nameOf(part: string): string {
  const found = NAMES.find(([pattern]) => pattern.test(part));
  if (!found) throw new Error(`Cannot build: unknown part ${quote(part)}`);
  return found[1];
}
