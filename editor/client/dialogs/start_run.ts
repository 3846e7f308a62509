/**
 * Starting a run, of what is drawn now.
 *
 * @module
 */

import type { GenerateValues } from "../../model/generate_settings.ts";
import type { UnfinishedRun } from "../../server/generator.ts";
import type { Engine } from "../api.ts";
import { imageId } from "../state.ts";
import { followRun } from "./follow_run.ts";
import { resumeGeneration, startGeneration } from "./generation_request.ts";
import { storeNow } from "./store_now.ts";
import { stored } from "./stored.ts";

/** Stores the open image where needed, and starts a run. */
export async function startRun(
  images: readonly string[],
  engine: Engine,
  settings: GenerateValues = {},
): Promise<void> {
  await followRun({ images, engine }, async () => {
    const open = imageId.value;
    if (open !== undefined && images.includes(open)) {
      if (stored.value !== "current" && !await storeNow()) {
        throw new Error("The tracks could not be stored");
      }
    }
    return await startGeneration(images, { engine, settings });
  });
}

/** Goes on with a run that was cancelled, as it was asked for then. */
export async function resumeRun(
  { name, images, engine }: UnfinishedRun,
): Promise<void> {
  await followRun({ images, engine }, () => resumeGeneration(name));
}
