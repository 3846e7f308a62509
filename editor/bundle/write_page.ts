/**
 * A folder of static files, written whole or not at all. Only what an earlier
 * build has written is ever replaced: `page.json` lists its files with their
 * digests.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import { quote, withHint } from "../../core/base/errors.ts";
import { fileError } from "../../core/files/file_error.ts";
import { readFileBytes, writeFileAtomic } from "../../core/files/files.ts";

/** Lists the files of a build. */
const LIST = "page.json";

/** The files of a page: contents by their paths, with `/` between folders. */
export type PageFiles = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/**
 * Writes the files of a page into a folder, under a temporary name that becomes
 * the folder's at the end. What an earlier build has written there is replaced.
 *
 * @throws {TypeError} When the folder holds anything else; nothing is changed.
 */
export async function writePage(out: string, files: PageFiles): Promise<void> {
  const folder = resolve(out);
  const isThere = await checkReplaceable(folder);
  const mark = crypto.randomUUID().slice(0, 8);
  const sibling = (end: string) =>
    join(dirname(folder), `.${basename(folder)}.${mark}.${end}`);
  const fresh = sibling("part");
  const digests: Record<string, string> = {};
  try {
    for (const [path, content] of files) {
      digests[path] = await digestOf(content);
      await writeFileAtomic(join(fresh, path), content);
    }
    const list = JSON.stringify({ files: digests }, undefined, 2) + "\n";
    await writeFileAtomic(join(fresh, LIST), list);
    const old = sibling("old");
    if (isThere) await Deno.rename(folder, old);
    try {
      await Deno.rename(fresh, folder);
    } catch (cause) {
      if (isThere) await Deno.rename(old, folder);
      throw fileError("write", folder, cause);
    }
    if (isThere) await Deno.remove(old, { recursive: true });
  } catch (error) {
    await Deno.remove(fresh, { recursive: true }).catch(() => {});
    throw error;
  }
}

/** Whether there is a folder, which may be replaced; refuses all others. */
async function checkReplaceable(folder: string): Promise<boolean> {
  const refuse = (state: string) =>
    new TypeError(
      withHint(
        `Cannot write the page to ${
          quote(folder)
        }: ${state}, expected a new or empty folder, or one that an earlier build has written`,
        "Choose another folder.",
      ),
    );
  let info: Deno.FileInfo;
  try {
    info = await Deno.lstat(folder);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw fileError("use", folder, cause);
  }
  if (!info.isDirectory) throw refuse("it is no folder");
  const found = await filesBelow(folder);
  if (found.length === 0) return true;
  const known = await readList(folder);
  if (!known) throw refuse(`it holds ${quote(found[0]!)}`);
  for (const path of found) {
    if (path === LIST) continue;
    const digest = known.get(path);
    if (digest === undefined) {
      throw refuse(`it holds ${quote(path)}, which no build has written`);
    }
    if (await digestOf(await readFileBytes(join(folder, path))) !== digest) {
      throw refuse(`${quote(path)} was changed after it was built`);
    }
  }
  return true;
}

/** Every path below a folder that is no folder with something in it. */
async function filesBelow(folder: string, above = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = above + name;
    const below = isDirectory
      ? await filesBelow(join(folder, name), `${path}/`)
      : [];
    if (below.length === 0) paths.push(path);
    paths.push(...below);
  }
  return paths.sort();
}

/** The files of an earlier build; undefined when there is no list of them. */
async function readList(
  folder: string,
): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const bytes = await readFileBytes(join(folder, LIST));
    const { files } = JSON.parse(new TextDecoder().decode(bytes));
    return new Map(Object.entries<string>(files));
  } catch {
    return undefined;
  }
}

async function digestOf(content: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", content);
  return new Uint8Array(hash).toHex();
}
