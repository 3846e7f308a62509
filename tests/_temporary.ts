/**
 * Folders that a test may fill and that are gone when it ends, however it ends.
 *
 * @module
 */

import { join } from "node:path";

/** A folder of its own, removed with all it holds when its scope ends. */
export interface TemporaryFolder extends AsyncDisposable {
  /** Its path, without links. */
  readonly path: string;
  /** The path of something in it. */
  file(name: string): string;
}

/** A new, empty {@linkcode TemporaryFolder}: `await using` it. */
export async function temporaryFolder(
  options?: Deno.MakeTempOptions,
): Promise<TemporaryFolder> {
  const path = await Deno.realPath(await Deno.makeTempDir(options));
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
