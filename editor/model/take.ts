/**
 * A take: one video of an image, made by one run. Every run makes a new one.
 *
 * @module
 */

import type { GenerateValues } from "./generate_settings.ts";

/** What made a video: a preview, the model, or another program. */
export type TakeEngine = "preview" | "model" | "other";

/** A video and how it was made. */
export interface Take {
  /** The version of this format. */
  readonly version: 1;
  /** Its number among the takes of the image, from 1; never used twice. */
  readonly number: number;
  /** What made it. */
  readonly engine: TakeEngine;
  /** The settings of the run that differ from the defaults. */
  readonly settings: GenerateValues;
  /** The seed, where there is one. */
  readonly seed?: number;
  /** When it was made, in ms since 1970. */
  readonly at: number;
  /** How long that took. */
  readonly seconds?: number;
  /** The prompt, as it was used. */
  readonly prompt: string;
  /** The tracks. */
  readonly tracks: number;
  /** Whether the user marked it. */
  readonly starred: boolean;
}

/** The takes of one image, as the server lists them. */
export interface TakeList {
  /** The newest first. */
  readonly takes: readonly Take[];
  /** The number of the one that is `output/outputs/NN.mp4`. */
  readonly current: number | undefined;
  /** The folder with one folder for each, for example `output/takes/00`. */
  readonly folder: string;
}

/**
 * The take that scripts find as `output/outputs/NN.mp4`: the newest that is
 * starred, else the newest that is no preview, else the newest.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { currentTake, type Take } from "./take.ts";
 * const take = (number: number, engine: Take["engine"]): Take => ({
 *   version: 1,
 *   number,
 *   engine,
 *   settings: {},
 *   at: 0,
 *   prompt: "",
 *   tracks: 1,
 *   starred: false,
 * });
 * const takes = [take(1, "model"), take(2, "preview")];
 * assert.equal(currentTake(takes)?.number, 1);
 * ```
 */
export function currentTake(takes: readonly Take[]): Take | undefined {
  const newest = [...takes].sort((a, b) => b.number - a.number);
  return newest.find((take) => take.starred) ??
    newest.find((take) => take.engine !== "preview") ?? newest[0];
}

/** The folder of a take in that of its image: its number, four digits. */
export function takeFolder(number: number): string {
  return String(number).padStart(4, "0");
}
