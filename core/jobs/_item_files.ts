/**
 * The files of one item beside its outputs, and which outputs it still lacks.
 *
 * @module
 */

import { dirname, join } from "node:path";
import type { WorkDir } from "./engine.ts";
import { fileExists, removeStaleTemp } from "../files/files.ts";
import type { RunItem } from "./plan_run.ts";

/** Where files of an item may lie that are no outputs. */
export function workDirOf({ outputs, name }: RunItem): WorkDir {
  return { folder: dirname(outputs.video), name };
}

/** The lock that whoever works on the item holds. */
export function lockFile(item: RunItem): string {
  const { folder, name } = workDirOf(item);
  return join(folder, `.${name}.lock`);
}

/** Where the recipe of an item lies. */
export function recipeFile(item: RunItem): string {
  const { folder, name } = workDirOf(item);
  return join(folder, `${name}.json`);
}

/**
 * Removes what a process that was killed had begun to write; whoever holds the
 * lock knows that nobody is writing it.
 */
export async function removeLeftovers(item: RunItem): Promise<void> {
  for (const path of [...Object.values(item.outputs), recipeFile(item)]) {
    await removeStaleTemp(path);
  }
}

/** Which outputs are to be made. */
export type Wanted = Readonly<Record<keyof RunItem["outputs"], boolean>>;

/** The outputs that are not there, or all where they are to be made anew. */
export async function wantedOf(
  { outputs }: RunItem,
  { overwrite = false }: { readonly overwrite?: boolean },
): Promise<Wanted> {
  const wanted = async (path: string | undefined) =>
    path !== undefined && (overwrite || !await fileExists(path));
  return {
    video: await wanted(outputs.video),
    inputTracks: await wanted(outputs.inputTracks),
    videoTracks: await wanted(outputs.videoTracks),
  };
}

/** Whether there is anything to make. */
export function someWanted(wanted: Wanted): boolean {
  return Object.values(wanted).includes(true);
}
