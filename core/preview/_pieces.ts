/**
 * Finds what moves as a piece: neighbouring tracks that keep their distance
 * are two places of one thing, or of the background, and what lies between
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
const REACH = 0.5, SPACING = 0.07;
/** Points of a brace at most, and of all together: they cost time. */
const MOST_POINTS = 3, MOST_ADDED = 80;
/** Between two tracks is who sees them at more than this angle: its cosine. */
const BETWEEN = -0.5;

/** The straight line between two tracks of one piece. */
interface Brace {
  readonly i: number;
  readonly j: number;
  /** How many points stand along it. */
  readonly points: number;
}

/**
 * The control points of every frame, joined by points along braces between
 * neighbours of one piece. Without them a wall of still points is a row of
 * posts that the picture bulges through, and a thing gives way beside its own
 * tracks.
 */
export function bracePieces(
  frames: readonly ControlPoints[],
  short: number,
): ControlPoints[] {
  const braces = findBraces(frames, short);
  if (braces.length === 0) return [...frames];
  const added = braces.reduce((sum, { points }) => sum + points, 0);
  const count = frames[0]!.count;
  return frames.map((frame) => {
    const from = new Float64Array(2 * (count + added));
    const to = new Float64Array(2 * (count + added));
    const weight = new Float64Array(count + added);
    from.set(frame.from);
    to.set(frame.to);
    weight.set(frame.weight);
    let at = count;
    for (const { i, j, points } of braces) {
      const hold = Math.min(frame.weight[i]!, frame.weight[j]!);
      for (let k = 1; k <= points; k++, at++) {
        const share = k / (points + 1);
        between(from, [i, j, at], share);
        between(to, [i, j, at], share);
        weight[at] = hold;
      }
    }
    return { count: count + added, from, to, weight };
  });
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

/** Neighbours that keep their distance, with nobody else between, ever. */
function findBraces(frames: readonly ControlPoints[], short: number): Brace[] {
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
  // The nearest neighbours first, for they belong together most surely.
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
