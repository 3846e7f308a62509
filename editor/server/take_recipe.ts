/**
 * The recipe of a take: what `core/jobs/recipe.ts` writes next to a video, and
 * how it is moved with the video.
 *
 * @module
 */

import { relative, resolve } from "node:path";

/**
 * What a recipe says of its run; nothing where there is none, or it is damaged.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { recipeFacts } from "./take_recipe.ts";
 * const text = '{"seed": 7, "text": "It moves."}';
 * assert.deepEqual(recipeFacts(text), { seed: 7, prompt: "It moves." });
 * assert.deepEqual(recipeFacts("{"), {});
 * ```
 */
export function recipeFacts(
  recipe: string | undefined,
): { seed?: number; prompt?: string } {
  const { seed, text } = parse(recipe) ?? {};
  return {
    ...typeof seed === "number" && { seed },
    ...typeof text === "string" && { prompt: text },
  };
}

/** The image that a recipe names; undefined where there is none. */
export function recipeImage(recipe: string | undefined): string | undefined {
  const image = parse(recipe)?.["image"];
  return typeof image === "string" ? image : undefined;
}

/**
 * The text of a recipe in another folder: its paths are relative to the folder
 * that it is in. What is no recipe stays as it is.
 *
 * @param recipe its text
 * @param options.from its folder
 * @param options.to the folder that it is for
 * @param options.paths paths, relative to `to`, that are others from then on
 */
export function moveRecipe(
  recipe: string,
  { from, to, paths = {} }: {
    readonly from: string;
    readonly to: string;
    readonly paths?: Readonly<Record<string, string>>;
  },
): string {
  const found = parse(recipe);
  if (!found) return recipe;
  const near = (fields: Fields, names: readonly string[]): Fields =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name,
        names.includes(name) && typeof value === "string"
          ? relative(resolve(to), resolve(from, value)).replaceAll("\\", "/")
          : value,
      ]),
    );
  const moved = near(found, ["image", "track"]);
  // The files of Time-to-Move's signal.
  const signal = moved["motion_signal"];
  if (isFields(signal)) {
    moved["motion_signal"] = near(signal, ["signal", "mask"]);
  }
  return JSON.stringify({ ...moved, ...paths }, undefined, 2) + "\n";
}

/** The members of an object of JSON. */
type Fields = Record<string, unknown>;

function parse(recipe: string | undefined): Fields | undefined {
  try {
    const value: unknown = JSON.parse(recipe ?? "");
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
