/**
 * What tracks do besides following the camera.
 *
 * @module
 */

import type { Steps } from "../base/steps.ts";
import type { TrackPositions } from "../tracks/track_set.ts";
import { smoothstep } from "./_camera.ts";
import { mapX, mapY, type Similarity } from "./_similarity.ts";
import { type ControlPoints, deformInSteps } from "./mls.ts";

/** Frames (at 24 per second) in which a lost track lets go. */
const RELEASE = 18;
/** Frames (at 24 per second) in which a track takes hold later than frame 0. */
const GRASP = 12;

/** Where the tracks are held, and how firmly. */
interface Holds {
  /** Where each was at rest, as the camera sees it: x, y pairs. */
  readonly rest: Float64Array;
  /** How far it is from there: x, y pairs. */
  readonly shift: Float64Array;
  /** From 0, let go, to 1. */
  readonly grip: Float64Array;
  /** 1 once it was seen. */
  readonly met: Uint8Array;
}

/**
 * What the camera leaves to each track, frame by frame: control points from
 * where it is to where it was at rest, as the camera's own eye sees them. A
 * track that appears later is at rest where the others' motion has taken what
 * is seen there.
 */
export function* residualMotion(
  tracks: TrackPositions,
  options: {
    readonly undoCamera: readonly Similarity[];
    readonly softness: number;
  },
): Steps<ControlPoints[]> {
  const { undoCamera, softness } = options;
  const count = tracks.count;
  const rest = new Float64Array(2 * count);
  const holds: Holds = {
    rest,
    shift: new Float64Array(2 * count),
    grip: new Float64Array(count),
    met: new Uint8Array(count),
  };
  const frames: ControlPoints[] = [];
  for (let frame = 0; frame < tracks.frames; frame++) {
    const from = new Float64Array(2 * count);
    const weight = new Float64Array(count);
    const controls: ControlPoints = { count, from, to: rest, weight };
    const undo = undoCamera[frame]!;
    const appeared = followSeen(tracks, holds, { frame, undo });
    for (let n = 0; n < count; n++) pull(controls, holds, n);
    if (frame > 0 && appeared.length > 0) {
      // They take hold of what is seen there by now.
      const found = Float64Array.from(
        appeared.flatMap((n) => [rest[2 * n]!, rest[2 * n + 1]!]),
      );
      yield* deformInSteps(found, controls, { steps: 1, softness });
      for (const [k, n] of appeared.entries()) {
        for (const axis of [0, 1]) {
          const here = rest[2 * n + axis]!, start = found[2 * k + axis]!;
          rest[2 * n + axis] = start;
          holds.shift[2 * n + axis] = here - start;
        }
        holds.grip[n] = 1 / GRASP;
        pull(controls, holds, n);
      }
    }
    frames.push(controls);
    yield;
  }
  return frames;
}

/**
 * Where the tracks are in a frame. Those that are seen for the first time are
 * returned: until it is known where they were at rest, they rest here, and have
 * a hold only in frame 0.
 */
function followSeen(
  tracks: TrackPositions,
  { rest, shift, grip, met }: Holds,
  { frame, undo }: { readonly frame: number; readonly undo: Similarity },
): number[] {
  const appeared: number[] = [];
  for (let n = 0; n < tracks.count; n++) {
    if (!tracks.visible(n, frame)) {
      grip[n] = Math.max(0, grip[n]! - 1 / RELEASE);
      continue;
    }
    const x = tracks.x(n, frame), y = tracks.y(n, frame);
    const sx = mapX(undo, x, y), sy = mapY(undo, x, y);
    if (met[n]) grip[n] = Math.min(1, grip[n]! + 1 / GRASP);
    else {
      met[n] = 1;
      appeared.push(n);
      rest[2 * n] = sx;
      rest[2 * n + 1] = sy;
      grip[n] = frame === 0 ? 1 : 0;
    }
    shift[2 * n] = sx - rest[2 * n]!;
    shift[2 * n + 1] = sy - rest[2 * n + 1]!;
  }
  return appeared;
}

/** Sets how a track pulls. */
function pull(
  { from, weight }: ControlPoints,
  { rest, shift, grip }: Holds,
  n: number,
): void {
  const hold = smoothstep(0, 1, grip[n]!);
  // With 1/d^4 the reach of a weight goes with its fourth root.
  weight[n] = hold ** 4;
  from[2 * n] = rest[2 * n]! + hold * shift[2 * n]!;
  from[2 * n + 1] = rest[2 * n + 1]! + hold * shift[2 * n + 1]!;
}
