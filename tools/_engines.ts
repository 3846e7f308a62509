/**
 * Which engine a command line asks for.
 *
 * @module
 */

import type { Engine } from "../core/engines/engine.ts";
import { createPreviewEngine } from "../core/engines/preview_engine.ts";
import { withHint } from "../core/errors.ts";
import type { GenerateOptions } from "./_generate_options.ts";
import { UsageError } from "./_tool.ts";

/**
 * The engines of a run, one for each device that is to work.
 *
 * @throws {UsageError} When the engine asked for cannot be had.
 */
// deno-lint-ignore require-await -- opening the model takes its time
export async function openEngines(options: GenerateOptions): Promise<Engine[]> {
  const { maxArea, frameCount } = options;
  if (options.engine === "preview") {
    return [createPreviewEngine({ maxArea, frameCount })];
  }
  throw new UsageError(
    withHint(
      "Cannot generate with the model: this version has no model engine yet, only the motion preview",
      "Leave -c away (or say --engine preview) to make motion previews.",
    ),
  );
}
