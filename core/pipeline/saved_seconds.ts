/**
 * How much time a step cache saved.
 *
 * @module
 */

import type { PassCache } from "../sampling/step_cache.ts";
import type { PassTime } from "../wan/transformer/prediction.ts";

/**
 * The seconds that the reused passes would have taken if they had been
 * computed: their number times the difference of the two medians. Medians,
 * because the first pass may load the network. Nothing without a cache, or
 * where one of the two kinds of passes was never timed.
 */
export function savedBy(
  cache: Pick<PassCache, "reused"> | undefined,
  passTimes: readonly PassTime[],
): { savedSeconds?: number } {
  const [computed, reused] = [false, true].map((kind) =>
    passTimes.filter(({ isReused }) => isReused === kind).map((
      { seconds },
    ) => seconds).sort((a, b) => a - b)
  ) as [number[], number[]];
  if (!cache || computed.length === 0 || reused.length === 0) return {};
  const saved = cache.reused * (median(computed) - median(reused));
  return { savedSeconds: Math.max(0, saved) };
}

/** The middle of sorted numbers; the mean of the two middle ones. */
function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
