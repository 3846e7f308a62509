/**
 * What a browser's storage gives up when it is full: the trash, which nobody
 * can empty there by hand.
 *
 * @module
 */

/** What is needed, of what may be given up. */
interface OldTrashOptions {
  readonly bytes: number;
  readonly keep?: ReadonlySet<string>;
  readonly since?: number;
}

/**
 * The files of the oldest names in the trash whose sizes make up `bytes`: all
 * of the trash where it has less, none where it is empty. Names in it begin
 * with when they came, in ms.
 *
 * @param sizes the bytes of every file of the project, by its path
 * @param options.keep names of the trash that are needed
 * @param options.since names that came then or later are needed, ms
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { oldTrash } from "./old_trash.ts";
 * const sizes = new Map([
 *   ["images/02.png", 50],
 *   [".trash/1000-01/images/01.png", 50],
 *   [".trash/999-00/images/00.png", 50],
 *   [".trash/999-00/editor/00.json", 2],
 * ]);
 * assert.deepEqual(oldTrash(sizes, { bytes: 51 }), [
 *   ".trash/999-00/images/00.png",
 *   ".trash/999-00/editor/00.json",
 * ]);
 * ```
 */
export function oldTrash(
  sizes: ReadonlyMap<string, number>,
  { bytes, keep = new Set(), since = Infinity }: OldTrashOptions,
): string[] {
  const paths = [...sizes.keys()].filter((path) => {
    const name = trashName(path);
    return name !== undefined && !keep.has(name) && !name.endsWith(MARK) &&
      parseInt(name) < since;
  });
  const byName = [...Map.groupBy(paths, (path) => trashName(path)!)]
    .sort(([a], [b]) => parseInt(a) - parseInt(b));
  const given: string[] = [];
  let sum = 0;
  for (const [, files] of byName) {
    if (sum >= bytes) break;
    for (const path of files) sum += sizes.get(path)!;
    given.push(...files);
  }
  return given;
}

/**
 * Whether a write of `bytes`, which did not fit, fits when the trash is given
 * up. `free` is what the browser says is free: an estimate, which is wrong where
 * the write should have fitted.
 */
export function canMakeRoom(
  sizes: ReadonlyMap<string, number>,
  { free, ...options }: OldTrashOptions & { readonly free: number },
): boolean {
  let room = free < options.bytes ? free : 0;
  for (const path of oldTrash(sizes, { ...options, bytes: Infinity })) {
    room += sizes.get(path)!;
  }
  return room >= options.bytes;
}

/**
 * What stays in the trash of an image that was given up, so that its number is
 * not used again; undefined of what was only a copy.
 */
export function numberMark(name: string): string | undefined {
  return /^\d+-\d{1,6}$/.test(name)
    ? `.trash/${name}${MARK}/number`
    : undefined;
}

/** How the names of these end. */
const MARK = "-gone";

/** The name in the trash that a file is below; undefined of other files. */
export function trashName(path: string): string | undefined {
  return /^\.trash\/([^/]+)\//.exec(path)?.[1];
}
