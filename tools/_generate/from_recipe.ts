/**
 * `--from`: a recipe instead of a job file and of the flags it replaces.
 *
 * @module
 */

import { withHint } from "../../core/base/errors.ts";
import { loadInputs } from "../../core/jobs/item_inputs.ts";
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
  const { hashes } = await loadInputs({ ...recipe, trackReading });
  for (const kind of ["image", "track"] as const) {
    if (hashes[kind] === recipe[`${kind}_sha256`]) continue;
    throw new UsageError(withHint(
      `Cannot follow the recipe ${JSON.stringify(path)}: ${
        JSON.stringify(recipe[kind])
      } has changed since`,
      "The video would be another one. Use -p or --image and --track for that.",
    ));
  }
  const { settings, checkpoint, crf, text, negative, seed } = recipe;
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
      input: {
        kind: "item",
        image: recipe.image,
        track: recipe.track,
        text,
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
