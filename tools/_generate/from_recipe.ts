/**
 * `--from`: a recipe instead of a job file and of the flags it replaces.
 *
 * @module
 */

import { withHint } from "../../core/base/errors.ts";
import { DEFAULT_CONTROL } from "../../core/control/create_control.ts";
import type { Steering } from "../../core/control/resolve_control.ts";
import { loadInputs } from "../../core/jobs/item_inputs.ts";
import { sourceOf } from "../../core/jobs/item_signal.ts";
import { isSameTrack } from "../../core/jobs/kept_video.ts";
import { readRecipe, type Recipe } from "../../core/jobs/recipe.ts";
import type { GenerateOptions } from "./options.ts";
import { UsageError } from "../shared/tool.ts";

/**
 * The options with all that the recipe says, and the recipe.
 *
 * @throws {UsageError} When the image or the tracks are not those that the
 * recipe was written for.
 */
export async function followRecipe(
  options: GenerateOptions,
  path: string,
): Promise<{ options: GenerateOptions; recipe: Recipe }> {
  const recipe = await readRecipe(path);
  const trackReading = recipe.trackReading ?? { length: "pad" as const };
  const { segments } = recipe;
  const { hashes } = await loadInputs({
    ...recipe,
    trackReading,
    ...(!segments && { inOneSegment: true }),
  });
  if (hashes.image !== recipe.image_sha256) throw changed(path, recipe.image);
  if (!isSameTrack(hashes, recipe)) throw changed(path, recipe.track);
  const { settings, checkpoint, crf, text, negative, seed } = recipe;
  await checkSignal(recipe, path);
  return {
    recipe,
    options: {
      ...options,
      maxArea: settings.maxArea ?? options.maxArea,
      frameCount: settings.frameCount ?? options.frameCount,
      trackReading,
      crf,
      negativePrompt: negative,
      seed,
      overlap: segments?.overlap,
      input: {
        kind: "item",
        image: recipe.image,
        track: recipe.track,
        text,
        ...(segments
          ? { nextTexts: segments.next_texts }
          : { inOneSegment: true as const }),
        steering: steeringOf({ ...recipe, settings }),
      },
      model: {
        ...options.model,
        checkpoint: options.model.checkpoint ?? checkpoint.folder,
        parts: { ...checkpoint.parts, ...options.model.parts },
        dtype: options.model.dtype ?? recipe.precision,
        loras: recipe.loras ?? [],
        tile: recipe.tiles && recipe.tiles.size * 8,
        settings: { ...options.model.settings, ...settings },
      },
    },
  };
}

function changed(recipe: string, file: string): UsageError {
  return new UsageError(withHint(
    `Cannot follow the recipe ${JSON.stringify(recipe)}: ${
      JSON.stringify(file)
    } has changed since`,
    "The video would be another one. Use -p or --image and --track for that.",
  ));
}

/** Checks that the files of the motion signal are the recipe's. */
async function checkSignal(
  { motion_signal: source = {} }: Recipe,
  path: string,
): Promise<void> {
  const found = await sourceOf(source);
  for (const kind of ["signal", "mask"] as const) {
    const file = source[kind];
    const hash = `${kind}_sha256` as const;
    if (file !== undefined && found[hash] !== source[hash]) {
      throw changed(path, file);
    }
  }
}

/** How the recipe's video was steered. */
function steeringOf(
  { settings, motion_signal: source = {} }: Recipe,
): Steering {
  const { control = DEFAULT_CONTROL, timeToMove, nag } = settings;
  const { signal, mask } = source;
  return {
    control,
    ...(timeToMove && {
      timeToMove: {
        mode: "object",
        ...timeToMove,
        ...(signal !== undefined && { signal }),
        ...(mask !== undefined && { mask }),
      },
    }),
    ...(nag && { nag }),
  };
}
