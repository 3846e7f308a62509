/**
 * An easing curve of several parts: joints in time and progress, and between
 * them a `cubic-bezier` each.
 *
 * @module
 */

import { MAX_JOINTS } from "../../core/tracks/track_curve.ts";
import type { EasingJoint, Timing } from "./document.ts";

/** The easing of a motion: the first part, and what follows each joint. */
export type EasingOf = Pick<Timing, "easing" | "joints">;

/** A part of an easing curve, in shares of the motion's time and progress. */
export interface EasingPart {
  /** When it begins, and with which progress. */
  readonly from: { readonly time: number; readonly progress: number };
  /** When it ends, and with which progress. */
  readonly to: { readonly time: number; readonly progress: number };
  /** Its curve between the two. */
  readonly easing: Timing["easing"];
}

/** Joints are at least this share of the motion apart. */
const APART = 0.01;

/** The parts of an easing in their order; one where it has no joints. */
export function easingParts({ easing, joints = [] }: EasingOf): EasingPart[] {
  const ends = [
    { time: 0, progress: 0, easing },
    ...joints,
    { time: 1, progress: 1, easing },
  ];
  return ends.slice(1).map((to, i) => {
    const from = ends[i]!;
    return { from, to, easing: from.easing };
  });
}

/** The easing with another curve in one of its parts. */
export function setPart(
  { easing, joints }: EasingOf,
  part: number,
  next: Timing["easing"],
): EasingOf {
  return part === 0 ? { easing: next, ...joints && { joints } } : {
    easing,
    joints: joints!.map((joint, i) =>
      i === part - 1 ? { ...joint, easing: next } : joint
    ),
  };
}

/**
 * The easing with a joint in the middle of a part; its shape stays.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { splitPart } from "./easing_parts.ts";
 * const { joints } = splitPart({ easing: [0, 0, 1, 1] }, 0);
 * assert.deepEqual(joints?.map((j) => [j.time, j.progress]), [[0.5, 0.5]]);
 * ```
 */
export function splitPart(whole: EasingOf, part: number): EasingOf {
  const found = easingParts(whole)[part];
  const joints = whole.joints ?? [];
  if (!found || joints.length >= MAX_JOINTS) return whole;
  const { from, to, easing: [x1, y1, x2, y2] } = found;
  if (to.time - from.time < 2 * APART) return whole;
  // De Casteljau at one half, in the unit square of the part.
  const half = (a: Pair, b: Pair): Pair => [
    (a[0] + b[0]) / 2,
    (a[1] + b[1]) / 2,
  ];
  const left = half([0, 0], [x1, y1]), right = half([x2, y2], [1, 1]);
  const top = half([x1, y1], [x2, y2]);
  const inner = half(left, top), outer = half(top, right);
  const [x, y] = half(inner, outer);
  // What is even stays even, in plain numbers.
  const isEven = x1 === y1 && x2 === y2;
  const first: Timing["easing"] = isEven
    ? [0, 0, 1, 1]
    : within([0, 0], [x, y], [left, inner]);
  const joint: EasingJoint = {
    time: from.time + x * (to.time - from.time),
    progress: from.progress + y * (to.progress - from.progress),
    easing: isEven ? [0, 0, 1, 1] : within([x, y], [1, 1], [outer, right]),
  };
  const next = setPart(whole, part, first);
  return {
    easing: next.easing,
    joints: (next.joints ?? []).toSpliced(part, 0, joint),
  };
}

type Pair = readonly [x: number, y: number];

/** The curve with these control points in the square between two ends. */
function within(
  [fromX, fromY]: Pair,
  [toX, toY]: Pair,
  handles: readonly [Pair, Pair],
): Timing["easing"] {
  const [[x1, y1], [x2, y2]] = handles.map(([x, y]): Pair => [
    Math.min(1, Math.max(0, (x - fromX) / (toX - fromX))),
    // A part that ends where it began has no room for a curve.
    toY === fromY ? 0 : Math.min(5, Math.max(-5, (y - fromY) / (toY - fromY))),
  ]) as [Pair, Pair];
  return [x1, y1, x2, y2];
}

/** The easing with a joint moved, as far as its neighbors in time let it. */
export function moveJoint(
  whole: EasingOf,
  index: number,
  to: { readonly time: number; readonly progress: number },
): EasingOf {
  const joints = whole.joints ?? [];
  const joint = joints[index];
  if (!joint) return whole;
  const least = (joints[index - 1]?.time ?? 0) + APART;
  const most = (joints[index + 1]?.time ?? 1) - APART;
  const moved = {
    ...joint,
    time: Math.min(most, Math.max(least, to.time)),
    progress: Math.min(2, Math.max(-1, to.progress)),
  };
  return { easing: whole.easing, joints: joints.with(index, moved) };
}

/** The easing without a joint: the part before it goes on to the next. */
export function removeJoint(whole: EasingOf, index: number): EasingOf {
  const joints = (whole.joints ?? []).toSpliced(index, 1);
  return { easing: whole.easing, ...joints.length > 0 && { joints } };
}
