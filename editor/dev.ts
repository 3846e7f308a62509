#!/usr/bin/env -S deno run --unstable-bundle --allow-read --allow-write --allow-env --allow-ffi --allow-net
/**
 * Builds the editor's client into `static/`, from `client/client.tsx` and the
 * workers beside it. What is built is committed, so that serving needs no
 * build. `--watch` builds again whenever a source changes.
 *
 * @module
 */

import { basename } from "node:path";
import { createCommand } from "../tools/shared/tool.ts";
import { writeFileAtomic } from "../core/files/files.ts";

/** Built files are neither formatted nor linted. */
const HEAD = "// deno-fmt-ignore-file\n// deno-lint-ignore-file\n";

/**
 * What is built into `static/`, by name: `client.js` and `shared.js` at the
 * start of the page, `later.js` with the first dialog or whatever else is in
 * `client/later.ts`, `worker.js` and `film.js` as workers.
 */
export async function buildStatic(): Promise<Map<string, string>> {
  return new Map([
    ...await bundle("client/client.tsx"),
    ...await bundle("client/exchange_worker.ts"),
    ...await bundle("client/film_worker.ts"),
  ]);
}

/** The names of the parts of a bundle; the bundler's own change with the folder. */
const NAMES: readonly (readonly [part: RegExp, name: string])[] = [
  [/^client\.js$/, "client.js"],
  [/^exchange_worker\.js$/, "worker.js"],
  [/^film_worker\.js$/, "film.js"],
  [/^later-\w+\.js$/, "later.js"],
  [/^chunk-\w+\.js$/, "shared.js"],
];

/** The minified ES modules that an entry and all that it imports become. */
async function bundle(entry: string): Promise<[name: string, code: string][]> {
  const result = await Deno.bundle({
    entrypoints: [new URL(entry, import.meta.url).pathname],
    platform: "browser",
    format: "esm",
    minify: true,
    codeSplitting: true,
    outputDir: new URL("./static", import.meta.url).pathname,
    write: false,
  });
  if (!result.success || !result.outputFiles) {
    throw new Error(
      `Cannot build ${entry}: ${
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
      `Cannot build ${entry}: two parts of one kind, expected one of each`,
    );
  }
  return files.map(({ name, code }) => [
    name,
    HEAD + files.reduce(
      (text, other) => text.replaceAll(`./${other.part}`, `./${other.name}`),
      code,
    ),
  ]);
}

function nameOf(part: string): string {
  const found = NAMES.find(([pattern]) => pattern.test(part));
  if (!found) throw new Error(`Cannot build: no name for the part ${part}`);
  return found[1];
}

async function build(): Promise<void> {
  for (const [name, code] of await buildStatic()) {
    const path = new URL(`./static/${name}`, import.meta.url).pathname;
    await writeFileAtomic(path, code, { overwrite: true });
    const zipped = new Blob([code]).stream().pipeThrough(
      new CompressionStream("gzip"),
    );
    const size = (await new Response(zipped).arrayBuffer()).byteLength;
    console.log(
      `static/${name}: ${code.length} bytes, ${size} bytes gzipped`,
    );
  }
}

if (import.meta.main) {
  const command = createCommand("dev.ts")
    .description(
      "Builds the editor's client into static/.",
    )
    .option("--watch", "build again whenever a source changes")
    .parse(Deno.args, { from: "user" });
  await build();
  if (command.opts().watch) {
    const folders = ["client", "components", "model", "../core"].map((f) =>
      new URL(`./${f}`, import.meta.url).pathname
    );
    for await (const event of Deno.watchFs(folders)) {
      if (event.kind !== "modify" && event.kind !== "create") continue;
      await build().catch((error) => console.error(error.message));
    }
  }
}
