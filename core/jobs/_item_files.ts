/**
 * The files of one item next to its outputs, and which outputs it still lacks.
 *
 * @module
 */

import { dirname, join } from "node:path";
import type { Engine, WorkDir } from "./engine.ts";
import { fileExists, removeStaleTemp } from "../files/files.ts";
import { segmentsFile } from "./_segment_store.ts";
import type { RunItem } from "./plan_run.ts";

/** Where files of an item may be that are not outputs. */
export function workDirOf({ outputs, name }: RunItem): WorkDir {
  return { folder: dirname(outputs.video), name };
}

/** The lock of the process that works on the item. */
export function lockFile(item: RunItem): string {
  const { folder, name } = workDirOf(item);
  return join(folder, `.${name}.lock`);
}

/** Where the recipe of an item is. */
export function recipeFile(item: RunItem): string {
  const { folder, name } = workDirOf(item);
  return join(folder, `${name}.json`);
}

/** Everything that is written for an item. */
export function filesOf(item: RunItem, engine: Engine): string[] {
  return [
    ...Object.values(item.outputs),
    lockFile(item),
    ...(engine.name === "model" ? [recipeFile(item)] : []),
    ...engine.files?.(workDirOf(item)) ?? [],
    ...(engine.files ? [segmentsFile(workDirOf(item))] : []),
  ];
}

/** Removes what killed processes left in the folders of the items' files. */
export async function removeLeftovers(
  items: readonly RunItem[],
  engine: Engine,
): Promise<void> {
  const folders = new Set(
    items.flatMap((item) => filesOf(item, engine)).map((path) => dirname(path)),
  );
  for (const folder of folders) await removeStaleTemp(join(folder, "any"));
}

/** Which outputs are to be made. */
export type Wanted = Readonly<Record<keyof RunItem["outputs"], boolean>>;

/** The outputs that are not there, or all where they are to be made again. */
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
