/**
 * What the tracker knows of one point.
 *
 * @module
 */

import type { Step } from "./_shift_patch.ts";
import type { Template } from "./_template.ts";
import type { Warp } from "./_warp.ts";

/** One point between two frames. */
export interface PointState {
  /** Its place among the points. */
  readonly index: number;
  /** The views of it: the first one, and perhaps a recent one. */
  templates: readonly Template[];
  visible: boolean;
  /** From its first view into the last frame. */
  warp: Warp;
  /** Its step into the last frame, px. */
  velocity: Velocity;
  /** The velocity, averaged over frames in which all went well. */
  drift: Velocity;
  /** Its warp in the last frame that all checks agree on, carried on since. */
  expected: Warp;
  /** Frames since then. */
  expectedFor: number;
  /** Frames in a row on whose step all checks agree. */
  calm: number;
  /** The center's usual difference from the template, gray values. */
  usual: number;
  /** Px by which the position may be wrong while the point is hidden. */
  doubt: number;
  /** The last frame in which it was seen. */
  lastSeen: number;
  /** Its warps in the frames in which it was seen. */
  readonly history: (Warp | undefined)[];
  /** Evidence that a neighbor moves with it, by the neighbor's id. */
  readonly evidence: Map<number, number>;
  /** Its plain step into the frame at hand, before templates are looked at. */
  step: OwnStep | undefined;
}

/** A displacement per frame, px. */
export interface Velocity {
  readonly x: number;
  readonly y: number;
}

/** A step and how far it can be trusted. */
export interface OwnStep extends Step {
  /** Correlation of the two frames there. */
  readonly likeness: number;
  /** Px by which a step back misses the start. */
  readonly back: number;
}

/** A point that is first seen at (x, y). */
export function createPointState(
  index: number,
  { x, y }: { readonly x: number; readonly y: number },
): PointState {
  const warp = { x, y, a: 1, b: 0, c: 0, d: 1 };
  return {
    index,
    templates: [],
    visible: false,
    warp,
    expected: warp,
    expectedFor: 0,
    velocity: { x: 0, y: 0 },
    drift: { x: 0, y: 0 },
    calm: 0,
    usual: 3,
    doubt: 0,
    lastSeen: -1,
    history: [],
    evidence: new Map(),
    step: undefined,
  };
}
