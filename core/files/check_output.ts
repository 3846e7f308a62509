/**
 * Whether a file can be written, known before the work that makes it.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import { quote, withHint } from "../base/errors.ts";
import { fileError } from "./file_error.ts";
import { refuseInput } from "./inputs.ts";
import { LONGEST_NAME } from "./temporary.ts";

/**
 * Throws when a path can be no output: it is an input of the run or a folder,
 * part of it is a file, or a name in it is too long. Writes nothing.
 *
 * @throws {TypeError} For an input.
 * @throws {Error} With what the system says, as "Cannot write".
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkOutput } from "./check_output.ts";
 * await checkOutput("not/yet/there.mp4");
 * await assert.rejects(checkOutput("x".repeat(300)), /a name in it has 300 bytes/);
 * ```
 */
export async function checkOutput(path: string): Promise<void> {
  await refuseInput(path);
  const missing: string[] = [];
  let above = resolve(path);
  for (;; above = dirname(above)) {
    const info = await look(above, path);
    if (info) {
      if (missing.length === 0 && info.isDirectory) {
        throw new Deno.errors.IsADirectory(
          `Cannot write ${quote(path)}: it is a folder, expected a file`,
        );
      }
      break;
    }
    if (above === dirname(above)) break;
    missing.push(basename(above));
  }
  const encoder = new TextEncoder();
  for (const name of missing) {
    const bytes = encoder.encode(name).length;
    if (bytes > LONGEST_NAME) {
      throw new RangeError(withHint(
        `Cannot write ${
          quote(path)
        }: a name in it has ${bytes} bytes, expected at most ${LONGEST_NAME}`,
        "Choose a shorter name; letters outside of ASCII have two to four bytes.",
      ));
    }
    // Some file systems take less: they are asked in a folder that is there.
    await look(join(above, name), path, { strict: true });
  }
}

/** What is at a path, if anything. */
async function look(
  path: string,
  output: string,
  { strict = false } = {},
): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    // Above the folders that may be read nothing is known.
    if (error instanceof Deno.errors.NotCapable && path !== resolve(output)) {
      return undefined;
    }
    // Which of its names is too long is found out name by name.
    const { code } = error as { code?: unknown };
    if (code === "ENAMETOOLONG" && !strict) return undefined;
    throw fileError("write", output, error);
  }
}
