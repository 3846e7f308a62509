/**
 * The license notices of the libraries in a bundle.
 *
 * @module
 */

import { dirname } from "node:path";
import { quote } from "../../core/base/errors.ts";
import { fileExists, readFileText } from "../../core/files/files.ts";

/** A library that is part of a bundle. */
export interface Library {
  /** Its name in the npm registry. */
  readonly name: string;
  /** Its exact version. */
  readonly version: string;
  /** Its license, as an SPDX identifier. */
  readonly license: string;
  /** Where its source code is published. */
  readonly source: string;
  /** The text of its license file. */
  readonly text: string;
}

/**
 * The libraries that modules belong to, by name. `paths` are the files of the
 * modules as the bundler lists them.
 *
 * @throws {Error} When a module is in no package that has a license file.
 */
export async function findLibraries(
  paths: Iterable<string>,
): Promise<Library[]> {
  const found = new Map<string, Library>();
  for (const path of paths) {
    const folder = await packageOf(path);
    if (!found.has(folder)) found.set(folder, await readLibrary(folder));
  }
  return [...found.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

/** The notices as one comment that minifiers keep; empty without libraries. */
export function noticesOf(libraries: readonly Library[]): string {
  if (libraries.length === 0) return "";
  const notices = libraries.map(({ name, version, license, source, text }) =>
    `${name} ${version}, license ${license}, source code: ${source}\n\n${text}`
  );
  const rule = `\n\n${"-".repeat(72)}\n\n`;
  const body = [
    "This file contains code of these libraries, minified.",
    ...notices,
  ].join(rule).replaceAll("*/", "* /");
  return `/*!\n${body}\n*/\n`;
}

const LICENSE_FILES = ["LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE"];

/** The folder of the package, not of one of its parts, that a file is in. */
async function packageOf(path: string): Promise<string> {
  for (
    let folder = dirname(path);
    folder !== dirname(folder);
    folder = dirname(folder)
  ) {
    if (
      await fileExists(`${folder}/package.json`) &&
      await licenseFile(folder) !== undefined
    ) return folder;
  }
  throw new Error(
    `Cannot bundle ${quote(path)}: no license file in its package`,
  );
}

async function licenseFile(folder: string): Promise<string | undefined> {
  for (const name of LICENSE_FILES) {
    if (await fileExists(`${folder}/${name}`)) return `${folder}/${name}`;
  }
  return undefined;
}

async function readLibrary(folder: string): Promise<Library> {
  const facts: {
    name: string;
    version: string;
    license?: string;
    homepage?: string;
    repository?: string | { url: string };
  } = JSON.parse(await readFileText(`${folder}/package.json`));
  const { name, version, license = "see below", repository } = facts;
  const url = typeof repository === "object" ? repository.url : repository;
  const source = url?.replace(/^git\+|\.git$/g, "") ?? facts.homepage;
  return {
    name,
    version,
    license,
    source: source?.includes(":") ? source : `the npm package ${name}`,
    text: (await readFileText((await licenseFile(folder))!)).trim(),
  };
}
