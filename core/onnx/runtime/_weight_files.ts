/**
 * What must hold before native code maps weight files: it asks nobody for
 * permission, and a file that ends too early ends the process (SIGBUS).
 */

import { FormatError, quote, withHint } from "../../base/errors.ts";

/**
 * Checks that every file may be read and has at least that many bytes.
 *
 * @throws {Deno.errors.NotCapable} Without permission to read one.
 * @throws {Deno.errors.NotFound} When one is not there.
 * @throws {FormatError} When one is shorter.
 */
export async function checkWeightFiles(
  files: ReadonlyMap<string, number>,
): Promise<void> {
  for (const [path, length] of files) {
    const info = await stat(path);
    if (info.isFile && info.size >= length) continue;
    throw new FormatError(
      withHint(
        `Cannot map ${quote(path)}: ${
          info.isFile ? `it has ${info.size} bytes` : "it is not a file"
        }, expected at least ${length}`,
        "The file changed or its download was interrupted; fetch it again.",
      ),
      { offset: info.size },
    );
  }
}

async function stat(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) {
      throw new Deno.errors.NotCapable(
        withHint(
          `Cannot map ${quote(path)}: reading it is not permitted`,
          `Allow it with --allow-read=${path}`,
        ),
        { cause },
      );
    }
    if (cause instanceof Deno.errors.NotFound) {
      throw new Deno.errors.NotFound(
        `Cannot map ${quote(path)}: there is no such file`,
        { cause },
      );
    }
    throw cause;
  }
}
