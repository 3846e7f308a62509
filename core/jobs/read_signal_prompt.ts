/** The prompt that Time-to-Move's own tools write. @module */

import { join } from "node:path";
import { fileExists, readFileText } from "../files/files.ts";
import { isSignalFolder } from "./signal_folder.ts";

/** The prompt in the folder. */
const PROMPT = "prompt.txt";

/** The prompt of a folder; undefined where the signal has none. */
export async function readSignalPrompt(
  signal: string,
): Promise<string | undefined> {
  const path = join(signal, PROMPT);
  if (!isSignalFolder(signal) || !await fileExists(path)) return undefined;
  return (await readFileText(path, { limit: 1024 * 1024 })).trim();
}
