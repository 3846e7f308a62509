/**
 * The folder that Time-to-Move's own tools write: `first_frame.png`,
 * `motion_signal.mp4`, `mask.mp4`, and `prompt.txt`.
 *
 * @module
 */

import { join } from "node:path";
import { fileExists, readFileText } from "../files/files.ts";

/** The image in the folder. */
export const FIRST_FRAME = "first_frame.png";

/** The prompt in the folder. */
const PROMPT = "prompt.txt";

/** The path of the tracks of an item that has none. */
export const NO_TRACKS = "";

/** Whether a path of a motion signal is meant as a folder. */
export function isSignalFolder(path: string): boolean {
  return !/\.(mp4|mov|m4v)$/i.test(path);
}

/** The prompt of a folder; undefined where the signal has none. */
export async function readSignalPrompt(
  signal: string,
): Promise<string | undefined> {
  const path = join(signal, PROMPT);
  if (!isSignalFolder(signal) || !await fileExists(path)) return undefined;
  return (await readFileText(path, { limit: 1024 * 1024 })).trim();
}
