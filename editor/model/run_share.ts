/**
 * How far a video is, as one share from 0 to 1 over all stages.
 *
 * @module
 */

/** The stages of a video in order, and about how much of its time each takes. */
const STAGES: readonly (readonly [stage: string, share: number])[] = [
  ["starting", 0],
  ["text encoder", 0.03],
  ["image encoder", 0.01],
  ["VAE encode", 0.02],
  ["sampling", 0.86],
  ["VAE decode", 0.08],
];

/** A stage of one segment of a longer video. */
const SEGMENT = /^segment (\d+) of (\d+), (.*)$/;

/**
 * The share of a video that is done, when `within` (0 to 1) of a stage is. It
 * never falls: stages that are not known, as the one of a preview, are all of
 * it; segments share it alike.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { runShare } from "./run_share.ts";
 * assert.equal(runShare("rendering", 0.5), 0.5);
 * assert.ok(runShare("sampling", 0) > runShare("text encoder", 1));
 * ```
 */
export function runShare(stage: string, within: number): number {
  const [, number, count, part] = SEGMENT.exec(stage) ?? [];
  if (part !== undefined) {
    return (Number(number) - 1 + runShare(part, within)) / Number(count);
  }
  const at = STAGES.findIndex(([name]) => name === stage);
  const inside = Math.min(1, Math.max(0, within));
  if (at < 0) return inside;
  const before = STAGES.slice(0, at).reduce((sum, [, share]) => sum + share, 0);
  return before + inside * STAGES[at]![1];
}
