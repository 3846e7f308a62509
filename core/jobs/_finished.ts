/**
 * Items that need no look at their inputs, because they were finished after
 * the inputs' last change.
 *
 * @module
 */

import { optionalFileExists } from "../files/files.ts";
import { objectsPath } from "../tracks/motion_objects.ts";
import { pairedVisibilityPath } from "./paired_visibility.ts";
import type { RunItem } from "./plan_run.ts";

/**
 * Whether all outputs of an item are there and were written after its inputs
 * were last changed, moved, or replaced. An item that is steered by more files
 * is never taken for finished.
 *
 * @throws {Deno.errors.NotCapable} Without permission to look.
 */
export async function isFinished(item: RunItem): Promise<boolean> {
  if (item.steering?.timeToMove) return false;
  const visibility = await pairedVisibilityPath(item.track);
  const objects = item.track && objectsPath(item.track);
  const isMarked = objects && await optionalFileExists(objects, () => {});
  const inputs = [item.image, item.track, visibility, isMarked && objects]
    .filter(Boolean) as string[];
  const [outputs, sources] = await Promise.all([
    Promise.all(Object.values(item.outputs).map(look)),
    Promise.all(inputs.map(look)),
  ]);
  let written = Infinity;
  for (const info of outputs) {
    if (!info?.isFile || !info.mtime) return false;
    written = Math.min(written, info.mtime.getTime());
  }
  for (const info of sources) {
    if (!info?.mtime) return false;
    // A file that was moved here keeps its time of modification. The time of
    // that move comes in whole seconds, rounded down.
    const moved = info.ctime ? info.ctime.getTime() + 1000 : 0;
    const changed = Math.max(
      info.mtime.getTime(),
      info.birthtime?.getTime() ?? 0,
      moved,
    );
    if (changed >= written) return false;
  }
  return true;
}

async function look(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined; // what is wrong with it, the full check says
  }
}
