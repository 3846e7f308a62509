/**
 * Finds what moves as a piece: neighboring tracks that keep their distance
 * are two places of one thing, or of the background, and what is between
 * them goes with them.
 *
 * @module
 */

import type { ControlPoints } from "./mls.ts";

/** More tracks than these leave no gaps worth a brace. */
const MOST_TRACKS = 60;
/** Every how many frames the distances are looked at. */
const STRIDE = 12;
/** Two tracks are one piece when their distance changes by less than this share. */
const GIVE = 0.12;
/** The longest brace, and the distance of its points, over the short side. */
const REACH = 0.5, SPACING = 0.05;
/** Points of a brace at most, and of all together: they cost time. */
const MOST_POINTS = 4, MOST_ADDED = 100;
/** Between two tracks is who sees them at more than this angle: its cosine. */
const BETWEEN = -0.5;

/** The straight line between two tracks of one piece. */
export interface Brace {
  readonly i: number;
  readonly j: number;
  /** How many points stand along it. */
  readonly points: number;
}

/**
 * The control points of a frame with those along braces behind them. Without
 * them a wall of still points is a row of posts that the image bulges
 * through, and a thing gives way next to its own tracks.
 */
export function braced(
  points: ControlPoints,
  braces: readonly Brace[],
): ControlPoints {
  const { turn } = points;
  const added = braces.reduce((sum, brace) => sum + brace.points, 0);
  if (added === 0) return points;
  const count = points.count + added;
  const longer = (values: Float64Array, size: number) => {
    const all = new Float64Array(size * count);
    all.set(values);
    return all;
  };
  const from = longer(points.from, 2), to = longer(points.to, 2);
  const weight = longer(points.weight, 1);
  const share = turn && longer(turn.share, 1);
  let at = points.count;
  for (const { i, j, points } of braces) {
    for (let k = 1; k <= points; k++, at++) {
      const part = k / (points + 1);
      between(from, [i, j, at], part);
      between(to, [i, j, at], part);
      weight[at] = Math.min(weight[i]!, weight[j]!);
      if (share) share[at] = Math.min(share[i]!, share[j]!);
    }
  }
  return {
    count,
    from,
    to,
    weight,
    ...(turn && share && { turn: { ...turn, share } }),
  };
}

/** Sets the last place to a share of the way from the first to the second. */
function between(
  places: Float64Array,
  [i, j, at]: readonly [number, number, number],
  share: number,
): void {
  for (let axis = 0; axis < 2; axis++) {
    const start = places[2 * i + axis]!;
    places[2 * at + axis] = start + share * (places[2 * j + axis]! - start);
  }
}

/**
 * Neighbors that keep their distance, with nobody else between, ever; the
 * nearest first. `short` is the image's short side in px.
 */
export function findBraces(
  frames: readonly ControlPoints[],
  short: number,
): Brace[] {
  const count = frames[0]?.count ?? 0;
  if (count < 2 || count > MOST_TRACKS) return [];
  const looked = frames.filter((_, frame) => frame % STRIDE === 0);
  const { to } = looked[0]!;
  const found: (Brace & { readonly length: number })[] = [];
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      const met = ({ weight }: ControlPoints) => weight[i]! && weight[j]!;
      const both = looked.filter(met);
      if (both.length === 0) continue;
      if (!both.every((frame) => joined(frame, [i, j], short))) continue;
      const length = distance(to, i, j);
      const points = Math.ceil(length / (SPACING * short)) - 1;
      if (points > 0) {
        found.push({ i, j, length, points: Math.min(MOST_POINTS, points) });
      }
    }
  }
  // The nearest neighbors first, for they belong together most surely.
  let left = MOST_ADDED;
  return found.sort((a, b) => a.length - b.length)
    .filter(({ points }) => (left -= points) >= 0);
}

/** Whether the two are one piece in this frame, as far as can be seen. */
function joined(
  { count, from, to, weight }: ControlPoints,
  [i, j]: readonly [number, number],
  short: number,
): boolean {
  const rest = distance(to, i, j);
  if (rest > REACH * short) return false;
  if (Math.abs(distance(from, i, j) - rest) > GIVE * rest) return false;
  for (let k = 0; k < count; k++) {
    if (k === i || k === j || !(weight[k]! > 0)) continue;
    const ax = from[2 * i]! - from[2 * k]!, bx = from[2 * j]! - from[2 * k]!;
    const ay = from[2 * i + 1]! - from[2 * k + 1]!;
    const by = from[2 * j + 1]! - from[2 * k + 1]!;
    const lengths = Math.hypot(ax, ay) * Math.hypot(bx, by);
    if (ax * bx + ay * by < BETWEEN * lengths) return false;
  }
  return true;
}

function distance(places: Float64Array, i: number, j: number): number {
  return Math.hypot(
    places[2 * i]! - places[2 * j]!,
    places[2 * i + 1]! - places[2 * j + 1]!,
  );
}
