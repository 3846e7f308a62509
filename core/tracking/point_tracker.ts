/**
 * Follows points through a video and says where each can be seen. No model and
 * no weights: pyramidal Lucas-Kanade steps, each aligned again with a view of
 * the point that was remembered, with the motion of the surroundings as what
 * is expected.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import type { RgbImage } from "../base/image.ts";
import type { WarpPrior } from "./_align_patch.ts";
import { coveredFrom, findAgain, predictFromOthers } from "./_find_again.ts";
import { type FramePyramid, framePyramid } from "./_frame_pyramid.ts";
import type { LocalMotion } from "./_local_motion.ts";
import {
  createPointState,
  type OwnStep,
  type PointState,
} from "./_point_state.ts";
import { followPoint } from "./_shift_patch.ts";
import { KNOWN, Surroundings } from "./_surroundings.ts";
import {
  centerDifference,
  fitTemplates,
  FLAT,
  RADIUS,
  takeTemplate,
  type TemplateFit,
} from "./_template.ts";
import { compose, type Warp } from "./_warp.ts";

/** A point to follow. */
export interface PointQuery {
  /** The frame in which it is given, from 0; it is followed from there on. */
  readonly frame: number;
  /** Px from the left edge; pixel centers are integers. */
  readonly x: number;
  /** Px from the top edge. */
  readonly y: number;
}

/** The tracks of N points over T frames. */
export interface PointTracks {
  /** N. */
  readonly count: number;
  /** T. */
  readonly frames: number;
  /** `(N, T, 2)`: x, y in px of the frames, where hidden as expected. */
  readonly positions: Float32Array;
  /** `(N, T)`: 1 where the point can be seen, otherwise 0. */
  readonly visible: Uint8Array;
}

/** Correlation with a remembered view that a seen point must have. */
const LEAST = 0.6;
/** The same where the step itself is beyond doubt. */
const LEAST_SOUND = 0.3;
/** Correlation under which a newer view is remembered. */
const RENEW = 0.85;
/** Correlation of a point that is not being covered. */
const CERTAIN = 0.8;
/** Most frames that a point takes to be covered. */
const SLIDE = 8;
/** Px by which a covered point is dragged away from its surroundings. */
const DRAG = 1.5;
/** Frames that must have gone well before that. */
const CALM = 3;
/** Standard deviation of a, b, c, d from one frame to the next. */
const SHAPE = 0.03;

/**
 * Follows points through a video, one frame after the other: a point is
 * unseen once it leaves the frame or something covers it, and is looked for
 * from then on.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { PointTracker } from "./point_tracker.ts";
 * const dot = (left: number) => {
 *   const data = new Uint8Array(3 * 64 * 48).fill(40);
 *   for (let y = 20; y < 28; y++) data.fill(220, 3 * (64 * y + left), 3 * (64 * y + left + 8));
 *   return { width: 64, height: 48, data };
 * };
 * const tracker = new PointTracker([{ frame: 0, x: 24, y: 24 }]);
 * for (let t = 0; t < 4; t++) tracker.step(dot(20 + 2 * t));
 * const { positions } = tracker.tracks();
 * assert.ok(Math.abs(positions[6]! - 30) < 0.5);
 * ```
 */
export class PointTracker {
  readonly #queries: readonly PointQuery[];
  readonly #points: PointState[];
  readonly #surroundings = new Surroundings();
  readonly #positions: Float32Array[] = [];
  readonly #visible: Uint8Array[] = [];
  #previous: FramePyramid | undefined;

  /**
   * A tracker of these points.
   *
   * @throws {RangeError} When a position is not finite or a frame not a whole
   * number from 0.
   */
  constructor(queries: readonly PointQuery[]) {
    queries.forEach(({ frame, x, y }, n) => {
      if (!Number.isSafeInteger(frame) || frame < 0) {
        throw new RangeError(
          `Cannot follow point ${n} from frame ${
            quote(frame)
          }, expected a whole number from 0`,
        );
      }
      if (!Number.isFinite(x) || !Number.isFinite(y)) {
        throw new RangeError(
          `Cannot follow point ${n} at (${quote(x)}, ${
            quote(y)
          }), expected finite numbers of px`,
        );
      }
    });
    this.#queries = queries;
    this.#points = queries.map((query, n) => createPointState(n, query));
  }

  /** Frames taken so far. */
  get frames(): number {
    return this.#positions.length;
  }

  /**
   * Takes the next frame.
   *
   * @throws {RangeError} When its size is not that of the first frame, is
   * under 16x16 px, or does not fit its data.
   */
  step(image: RgbImage): void {
    const time = this.frames;
    const previous = this.#previous;
    const first = previous?.levels[0];
    if (
      first && (first.width !== image.width || first.height !== image.height)
    ) {
      throw new RangeError(
        `Cannot track in frame ${time} of ${image.width}x${image.height}, expected ${first.width}x${first.height} as before`,
      );
    }
    const frame = framePyramid(image);
    const started = this.#points.filter(({ templates }) =>
      templates.length > 0
    );
    if (previous) {
      this.#surroundings.follow(previous, frame);
      this.#advance(started, previous, frame);
    }
    this.#queries.forEach((query, n) => {
      if (query.frame !== time) return;
      const point = this.#points[n]!;
      point.templates = [takeTemplate(frame, point.warp)];
      point.visible = isInside(point.warp, frame);
    });
    this.#surroundings.refill(frame);
    const positions = new Float32Array(2 * this.#points.length);
    const visible = new Uint8Array(this.#points.length);
    this.#points.forEach((point, n) => {
      positions[2 * n] = point.warp.x;
      positions[2 * n + 1] = point.warp.y;
      if (!point.visible) return;
      visible[n] = 1;
      point.history[time] = point.warp;
      point.lastSeen = time;
    });
    this.#positions.push(positions);
    this.#visible.push(visible);
    this.#previous = frame;
  }

  /** The tracks through all frames taken so far. */
  tracks(): PointTracks {
    const count = this.#points.length, frames = this.frames;
    const positions = new Float32Array(2 * count * frames);
    const visible = new Uint8Array(count * frames);
    for (let n = 0; n < count; n++) {
      for (let t = 0; t < frames; t++) {
        const at = n * frames + t;
        positions[2 * at] = this.#positions[t]![2 * n]!;
        positions[2 * at + 1] = this.#positions[t]![2 * n + 1]!;
        visible[at] = this.#visible[t]![n]!;
      }
    }
    return { count, frames, positions, visible };
  }

  #advance(
    points: readonly PointState[],
    previous: FramePyramid,
    frame: FramePyramid,
  ): void {
    // First the plain steps of all seen points: they are neighbors too.
    for (const point of points) point.step = undefined;
    const around = points.map((point) => {
      const motion = this.#surroundings.motionAround(point, points);
      if (point.visible) point.step = ownStep(point, motion, previous, frame);
      return motion;
    });
    const hidden: PointState[] = [];
    points.forEach((point, n) => {
      if (point.visible) this.#followSeen(point, points, frame, around[n]!);
      else {
        const motion = this.#surroundings.motionAround(point, points);
        if (motion.support > KNOWN) this.#surroundings.judge(point, motion);
        hide(point, motion);
        hidden.push(point);
      }
    });
    for (const point of hidden) {
      predictFromOthers(point, points);
      const fit = findAgain(point, frame, this.frames);
      if (!fit) continue;
      place(point, fit, frame, { calm: false });
      point.expected = fit.warp;
      point.expectedFor = 0;
      point.velocity = point.drift = { x: 0, y: 0 };
    }
    for (const point of points) {
      if (!point.visible || isInside(point.warp, frame)) continue;
      point.visible = false;
      point.doubt = 2;
    }
  }

  /** `around` is the motion of the surroundings without the point's own step. */
  #followSeen(
    point: PointState,
    others: readonly PointState[],
    frame: FramePyramid,
    around: LocalMotion,
  ): void {
    const { warp, templates } = point;
    const step = point.step!;
    // A step that fixes its own position leads; the others follow or do not.
    const leads = step.back < 1 && step.likeness > 0.85 &&
      step.xx + step.yy > 0.5;
    const motion = this.#surroundings.motionAround(
      point,
      others,
      leads ? step : undefined,
    );
    const known = motion.support > KNOWN;
    const predicted = carried(point, motion);
    const stepped = {
      ...predicted,
      x: warp.x + step.dx,
      y: warp.y + step.dy,
    };
    const spread = known ? Math.max(0.3, motion.spread) : 10;
    const stepSpread = 0.3 + Math.min(step.back, 3);
    const apart = distance(stepped, predicted);
    // Where the two disagree they are not averaged: the step is tried alone.
    const agree = apart < 3 * Math.hypot(spread, stepSpread);
    const prior = fuse(
      stepped,
      stepSpread,
      predicted,
      agree ? spread : Infinity,
    );
    let fit = fitTemplates(templates, frame, {
      start: stepped,
      prior,
      levels: [0],
      least: LEAST,
    });
    const aside = around.support > KNOWN ? carried(point, around) : undefined;
    if (
      aside && distance(stepped, aside) > 1 && (!fit || fit.likeness < 0.9)
    ) {
      // Perhaps an edge in front of the point carried the step away.
      const other = fitTemplates(templates, frame, {
        start: aside,
        prior: {
          warp: aside,
          position: 2 * Math.max(0.3, around.spread),
          shape: SHAPE,
        },
        levels: [0],
        least: LEAST,
      });
      if (other && (!fit || other.likeness > fit.likeness)) fit = other;
    }
    const sound = step.back < 0.5 && step.likeness > 0.9;
    if (!fit && sound) {
      // The surroundings look different, but perhaps not the point itself.
      fit = fitTemplates(templates, frame, {
        start: stepped,
        prior,
        levels: [0],
        least: LEAST_SOUND,
        iterations: 0,
      });
    }
    const difference = fit ? centerDifference(fit, frame) : Infinity;
    const off = fit && aside ? distance(fit.warp, aside) : 0;
    // It suddenly moves otherwise and looks different: something drags it.
    const dragged = fit !== undefined && fit.likeness < CERTAIN &&
      fit.contrast > FLAT && point.expectedFor <= SLIDE &&
      around.support > 1 && off > DRAG + 4 * around.spread;
    if (!fit || dragged || difference >= coveredFrom(point)) {
      // What covers a point drags it along at first: go back to before that.
      if (point.expectedFor <= SLIDE) {
        point.warp = point.expected;
        point.lastSeen -= point.expectedFor;
        point.history.length = point.lastSeen + 1;
      }
      point.doubt = 0.3 * point.expectedFor;
      hide(point, aside ? around : motion);
      return;
    }
    point.expected = carried({ ...point, warp: point.expected }, around);
    point.expectedFor++;
    const calm = sound && (!aside || off < 1 + 2 * around.spread);
    if (calm || fit.likeness > CERTAIN || point.expectedFor > SLIDE) {
      const moved = { dx: fit.warp.x - warp.x, dy: fit.warp.y - warp.y };
      this.#surroundings.judge(
        point,
        this.#surroundings.motionAround(point, others, moved),
      );
    }
    point.usual += 0.1 * (difference - point.usual);
    place(point, fit, frame, { calm });
  }
}

/**
 * Follows points through all frames. Memory holds two frames at a time.
 *
 * @throws {RangeError} When a query is after the last frame, and as
 * `PointTracker` does.
 */
export async function trackPoints(
  frames: AsyncIterable<RgbImage> | Iterable<RgbImage>,
  queries: readonly PointQuery[],
  options: {
    /** Ends the work with its reason. */
    signal?: AbortSignal;
    /** Called after every frame with the number of frames done. */
    onProgress?: (frames: number) => void;
  } = {},
): Promise<PointTracks> {
  const { signal, onProgress } = options;
  const tracker = new PointTracker(queries);
  for await (const frame of frames) {
    signal?.throwIfAborted();
    tracker.step(frame);
    onProgress?.(tracker.frames);
  }
  const late = queries.findIndex(({ frame }) => frame >= tracker.frames);
  if (late >= 0) {
    throw new RangeError(
      `Cannot follow point ${late} from frame ${
        queries[late]!.frame
      }: the video has ${tracker.frames}`,
    );
  }
  return tracker.tracks();
}

/** The plain step of a seen point, from the better of two guesses. */
function ownStep(
  point: PointState,
  around: LocalMotion,
  previous: FramePyramid,
  frame: FramePyramid,
): OwnStep {
  const { warp: { x, y }, velocity } = point;
  const inertia = { x: x + velocity.x, y: y + velocity.y };
  const follow = (guess: { x: number; y: number }, coarsest?: number) =>
    followPoint(previous, frame, { x, y }, {
      guess,
      radius: RADIUS,
      ...(coarsest === undefined ? {} : { coarsest }),
    });
  let found = follow(inertia, 2);
  if (around.support > KNOWN) {
    const other = follow({ x: x + around.dx, y: y + around.dy }, 2);
    if (other.likeness > found.likeness - 0.02) found = other;
  }
  if (found.likeness < 0.85) {
    const other = follow(inertia);
    if (other.likeness > found.likeness + 0.05) found = other;
  }
  const returned = followPoint(frame, previous, found, {
    guess: { x, y },
    radius: RADIUS,
    coarsest: 1,
  });
  const { likeness, xx, xy, yy } = found;
  return {
    fromX: x,
    fromY: y,
    dx: found.x - x,
    dy: found.y - y,
    xx,
    xy,
    yy,
    likeness,
    back: distance(returned, { x, y }),
  };
}

/** Where a point goes with a motion, or with its own drift where none is known. */
function carried({ warp, drift }: PointState, motion: LocalMotion): Warp {
  const known = motion.support > KNOWN;
  return {
    x: warp.x + (known ? motion.dx : drift.x),
    y: warp.y + (known ? motion.dy : drift.y),
    ...compose(motion, warp),
  };
}

/** The prior out of two estimates with their standard deviations. */
function fuse(
  p: Warp,
  pSpread: number,
  q: Warp,
  qSpread: number,
): WarpPrior {
  const wp = 1 / pSpread ** 2, wq = 1 / qSpread ** 2, sum = wp + wq;
  const warp = {
    ...p,
    x: (p.x * wp + q.x * wq) / sum,
    y: (p.y * wp + q.y * wq) / sum,
  };
  return { warp, position: 2 / Math.sqrt(sum), shape: SHAPE };
}

function place(
  point: PointState,
  fit: TemplateFit,
  frame: FramePyramid,
  { calm }: { calm: boolean },
): void {
  const { warp, drift } = point;
  const velocity = { x: fit.warp.x - warp.x, y: fit.warp.y - warp.y };
  point.velocity = velocity;
  if (calm) {
    point.drift = {
      x: drift.x + 0.3 * (velocity.x - drift.x),
      y: drift.y + 0.3 * (velocity.y - drift.y),
    };
  }
  point.warp = fit.warp;
  point.visible = true;
  point.doubt = 0;
  point.calm = calm ? point.calm + 1 : 0;
  if (calm && fit.likeness > CERTAIN || point.expectedFor > SLIDE) {
    point.expected = fit.warp;
    point.expectedFor = 0;
  }
  if (fit.likeness < RENEW && point.calm >= CALM) {
    // Its looks change slowly: remember a newer view and the first one.
    point.templates = [point.templates[0]!, takeTemplate(frame, fit.warp)];
  }
}

/** Moves a point that cannot be seen as its surroundings move. */
function hide(point: PointState, motion: LocalMotion): void {
  const known = motion.support > KNOWN;
  const { x, y } = point.warp;
  point.warp = carried(point, motion);
  point.visible = false;
  point.calm = 0;
  point.velocity = known
    ? { x: point.warp.x - x, y: point.warp.y - y }
    : { x: 0.9 * point.drift.x, y: 0.9 * point.drift.y };
  point.drift = point.velocity;
  point.doubt += known ? 0.1 + 0.3 * Math.min(motion.spread, 2) : 2;
}

function isInside({ x, y }: Warp, { levels }: FramePyramid): boolean {
  const { width, height } = levels[0]!;
  return x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1;
}

function distance(
  p: { readonly x: number; readonly y: number },
  q: { readonly x: number; readonly y: number },
): number {
  return Math.hypot(p.x - q.x, p.y - q.y);
}
