/**
 * Who moves with a tracked point: support points and other tracked points
 * around it, each trusted as far as it has moved with the point so far.
 *
 * @module
 */

import type { FramePyramid } from "./_frame_pyramid.ts";
import {
  type LocalMotion,
  localMotion,
  neighborRoom,
} from "./_local_motion.ts";
import type { PointState } from "./_point_state.ts";
import type { Step } from "./_shift_patch.ts";
import { SupportPoints } from "./_support_points.ts";

/** Evidence from which on a neighbor's motion may be used for the point's. */
export const COMOVING = 0.5;
/** From this support on a motion is known. */
export const KNOWN = 0.2;

/** Tracked points are neighbors under their index plus this. */
const TRACKED = 1e9;
const OWN = -1;
/** Standard deviation of the neighbors' weights, in diagonals of the frame. */
const REACH = 0.09;
/** Px of difference that two points moving together may have. */
const TOGETHER = 0.7;
/** The same per px of distance. */
const TOGETHER_FAR = 0.01;
const MOST_EVIDENCE = 3, LEAST_EVIDENCE = -5;
/** Weight of unknown points around a hidden one: they may hide it. */
const UNKNOWN = 1e-4;
const CAPACITY = 4096;

/** The moving surroundings of all tracked points. */
export class Surroundings {
  readonly #support = new SupportPoints();
  readonly #near = neighborRoom(CAPACITY);
  readonly #ids = new Float64Array(CAPACITY);
  #diagonal = 0;

  /** The evidence id of a tracked point. */
  static idOf(state: PointState): number {
    return TRACKED + state.index;
  }

  /** Follows the support points from one frame into the next. */
  follow(from: FramePyramid, to: FramePyramid): void {
    this.#support.follow(from, to);
  }

  /** Adds support points where a frame has too few. */
  refill(frame: FramePyramid): void {
    const { width, height } = frame.levels[0]!;
    this.#diagonal = Math.hypot(width, height);
    this.#support.refill(frame);
  }

  /**
   * The motion around a point, out of all whose step is known. `start` is the
   * point's own displacement where it is certain.
   */
  motionAround(
    state: PointState,
    others: readonly PointState[],
    start?: { readonly dx: number; readonly dy: number },
  ): LocalMotion {
    const first = REACH * this.#diagonal;
    let motion = this.#motionWithin(state, others, { reach: first, start });
    // Where little is to be seen, those further away count too.
    for (
      let reach = 2 * first;
      motion.support < 1 && reach < 9 * first;
      reach *= 2
    ) {
      const comovingOnly = !state.visible;
      motion = this.#motionWithin(state, others, {
        reach,
        comovingOnly,
        start,
      });
    }
    return motion;
  }

  #motionWithin(
    state: PointState,
    others: readonly PointState[],
    options: {
      reach: number;
      comovingOnly?: boolean;
      start: { readonly dx: number; readonly dy: number } | undefined;
    },
  ): LocalMotion {
    const { reach, comovingOnly = false, start } = options;
    const near = this.#near;
    const { x, y } = state.warp;
    near.count = 0;
    const add = (id: number, step: Step) => {
      const px = step.fromX - x, py = step.fromY - y;
      const r2 = (px * px + py * py) / (reach * reach);
      if (r2 > 9 || near.count >= CAPACITY) return;
      const evidence = id === OWN ? MOST_EVIDENCE * 3 : state.evidence.get(id);
      if (comovingOnly && !(evidence !== undefined && evidence > COMOVING)) {
        return;
      }
      const trust = evidence === undefined && !state.visible
        ? UNKNOWN
        : 1 / (1 + Math.exp(-(evidence ?? 0)));
      const k = near.count++;
      near.x[k] = px;
      near.y[k] = py;
      near.dx[k] = step.dx;
      near.dy[k] = step.dy;
      near.xx[k] = step.xx;
      near.xy[k] = step.xy;
      near.yy[k] = step.yy;
      near.weight[k] = Math.exp(-r2 / 2) * trust;
      this.#ids[k] = id;
    };
    for (const point of this.#support.alive) add(point.id, point);
    for (const other of others) {
      if (!other.step) continue;
      add(other === state ? OWN : Surroundings.idOf(other), other.step);
    }
    return localMotion(near, { scale: TOGETHER, ...(start ? { start } : {}) });
  }

  /**
   * Takes note of who moved as `motion` says, among the neighbors that the
   * last call of `motionAround` found.
   */
  judge(state: PointState, motion: LocalMotion): void {
    const near = this.#near;
    for (let k = 0; k < near.count; k++) {
      const id = this.#ids[k]!;
      if (id === OWN) continue;
      const x = near.x[k]!, y = near.y[k]!;
      const ex = near.dx[k]! - motion.dx - (motion.a - 1) * x - motion.b * y;
      const ey = near.dy[k]! - motion.dy - motion.c * x - (motion.d - 1) * y;
      const scale = TOGETHER + TOGETHER_FAR * Math.hypot(x, y);
      const r2 = (ex * ex + ey * ey) / (scale * scale);
      const gain = Math.max(-2, 0.3 - 0.5 * r2);
      const evidence = (state.evidence.get(id) ?? 0) + gain;
      state.evidence.set(
        id,
        Math.max(LEAST_EVIDENCE, Math.min(MOST_EVIDENCE, evidence)),
      );
    }
  }
}
