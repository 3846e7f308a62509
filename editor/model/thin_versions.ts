/**
 * Which earlier versions of a document are kept: many of the last hour, few of
 * last month.
 *
 * @module
 */

/** A minute, in ms. */
const MINUTE = 60_000;
/** An hour, in ms. */
const HOUR = 60 * MINUTE;
/** A day, in ms. */
const DAY = 24 * HOUR;

/** A version that is kept by the way is at least this much newer, in ms. */
export const VERSION_SPACING: number = 5 * MINUTE;

/** The most versions of one document. */
export const MAX_VERSIONS = 60;

/** Of versions up to this age, one is kept for each `every`, all in ms. */
const SPANS: readonly (readonly [age: number, every: number])[] = [
  [HOUR, 0],
  [DAY, HOUR],
  [30 * DAY, DAY],
  [Infinity, 7 * DAY],
];

/**
 * The versions that are no longer needed. `times` are ms since 1970, in any
 * order; of several in one span the newest stays.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { thinVersions } from "./thin_versions.ts";
 * const day = 24 * 3600_000, now = 1000 * day;
 * assert.deepEqual(thinVersions([now - 5 * day, now - 5 * day + 1], now), [
 *   now - 5 * day,
 * ]);
 * ```
 */
export function thinVersions(times: readonly number[], now: number): number[] {
  const spans = new Set<string>();
  const kept: number[] = [];
  const newestFirst = [...times].sort((a, b) => b - a);
  for (const time of newestFirst) {
    const [age, every] = SPANS.find(([age]) => now - time < age)!;
    const span = every === 0 ? `${time}` : `${age} ${Math.floor(time / every)}`;
    if (spans.has(span) || kept.length >= MAX_VERSIONS) continue;
    spans.add(span);
    kept.push(time);
  }
  return newestFirst.filter((time) => !kept.includes(time));
}
