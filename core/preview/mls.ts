/**
 * Moving least squares with rigid transforms: how a few control points bend a
 * plane.
 *
 * Source: Schaefer, McPhail, Warren, "Image Deformation Using Moving Least
 * Squares" (SIGGRAPH 2006), section 2.3, with weights 1/d^4. One jump from
 * start to end folds the plane over itself as soon as a point moves further
 * than about a third of its distance to the next one, and a fold shows as a
 * second copy of what moved. Here the control points travel along straight
 * lines in several small steps and the plane flows with them, so that it is
 * stretched and squeezed but not folded.
 *
 * Pure and free of allocation in its loops; the browser's editor runs it too.
 *
 * @module
 */

import { atOnce, type Steps } from "../base/steps.ts";

/** Control points that bend a plane, in any unit of length. */
export interface ControlPoints {
  /** How many there are; the arrays may be longer. */
  readonly count: number;
  /** Where they start: x, y pairs. */
  readonly from: Float64Array;
  /** Where they end: x, y pairs. */
  readonly to: Float64Array;
  /** How strongly each pulls; 1 is usual, 0 is none. */
  readonly weight: Float64Array;
  /** A turn that some of them make together; without it all ways are straight. */
  readonly turn?: GroupTurn;
}

/**
 * A turn of control points around their moving middle. Without it the points
 * of a wheel would meet in its hub when it turns by half.
 */
export interface GroupTurn {
  /** The turn on the way back, from `to` to `from`, in radians. */
  readonly angle: number;
  /** The growth on the way back, a factor. */
  readonly scale: number;
  /** The group's middle at `to`: x, y. */
  readonly to: readonly [number, number];
  /** How much of the turn each control point makes, 0 to 1. */
  readonly share: Float64Array;
}

/** How {@linkcode deformPoints} works. */
export interface DeformOptions {
  /**
   * Steps along the way, default 8. One step is the textbook's single jump;
   * take more the further points travel against their distances.
   */
  readonly steps?: number;
  /**
   * Within this distance a control point's weight levels off, default 1e-3 (as
   * good as none). Neighbors that disagree within it are averaged.
   */
  readonly softness?: number;
}

/** Below this share of its terms a rotation is noise, and left out. */
const NO_ROTATION = 1e-9;

/**
 * Moves `points` (x, y pairs, changed in place) as the control points move
 * from `from` to `to`. Without control points nothing moves; a lone one moves
 * everything by the same translation.
 */
export function deformPoints(
  points: Float32Array | Float64Array,
  controls: ControlPoints,
  options: DeformOptions = {},
): void {
  atOnce(deformInSteps(points, controls, options));
}

/** Pairs of a point and a control point between two pauses. */
const PAIRS = 1_000_000;

/** {@linkcode deformPoints}, left after a few milliseconds. */
export function* deformInSteps(
  points: Float32Array | Float64Array,
  controls: ControlPoints,
  options: DeformOptions = {},
): Steps<void> {
  const { steps = 8, softness = 1e-3 } = options;
  const { count } = controls;
  if (count === 0) return;
  const soft = softness * softness;
  // Of every control point that pulls in this step: x, y, weight, dx, dy; and
  // of those that hold still, which are most of them: x, y, weight.
  const moving = new Float64Array(5 * count);
  const still = new Float64Array(3 * count);
  const here = new Float64Array(2 * count), next = new Float64Array(2 * count);
  here.set(controls.from.subarray(0, 2 * count));
  for (let step = 0; step < steps; step++) {
    placesAt(controls, (step + 1) / steps, next);
    let pulling = 0, holding = 0;
    for (let i = 0; i < count; i++) {
      const weight = controls.weight[i]!;
      if (!(weight > 0)) continue;
      const x = here[2 * i]!, y = here[2 * i + 1]!;
      const dx = next[2 * i]! - x, dy = next[2 * i + 1]! - y;
      if (dx === 0 && dy === 0) {
        still[holding++] = x;
        still[holding++] = y;
        still[holding++] = weight;
      } else {
        moving[pulling++] = x;
        moving[pulling++] = y;
        moving[pulling++] = weight;
        moving[pulling++] = dx;
        moving[pulling++] = dy;
      }
    }
    const way = { moving, pulling, still, holding, soft };
    const most = 2 * Math.ceil(PAIRS / count);
    for (let from = 0; from < points.length; from += most) {
      moveSome(points, [from, Math.min(points.length, from + most)], way);
      yield;
    }
    here.set(next);
  }
}

/** Where the control points are after a part of their way, 0 to 1. */
function placesAt(
  controls: ControlPoints,
  part: number,
  out: Float64Array,
): void {
  const { count, from, to, turn } = controls;
  for (let i = 0; i < 2 * count; i++) {
    out[i] = from[i]! + part * (to[i]! - from[i]!);
  }
  if (turn === undefined) return;
  const left = 1 - part;
  const { angle, scale, share } = turn;
  // The whole turn, and the part of it that is still to be undone.
  const wholeCos = scale * Math.cos(angle), wholeSin = scale * Math.sin(angle);
  const cos = scale ** left * Math.cos(left * angle);
  const sin = scale ** left * Math.sin(left * angle);
  const [tx, ty] = turn.to;
  for (let i = 0; i < count; i++) {
    const some = share[i]!;
    if (some === 0) continue;
    const x = to[2 * i]! - tx, y = to[2 * i + 1]! - ty;
    // The middle's way is straight and in the places already: what differs is
    // the turned arm against its straight way.
    const dx = cos * x - sin * y -
      (x + left * (wholeCos * x - wholeSin * y - x));
    const dy = sin * x + cos * y -
      (y + left * (wholeSin * x + wholeCos * y - y));
    out[2 * i] = out[2 * i]! + some * dx;
    out[2 * i + 1] = out[2 * i + 1]! + some * dy;
  }
}

/** The control points of one small step, see {@linkcode deformPoints}. */
interface Step {
  readonly moving: Float64Array;
  /** How many numbers of `moving` are meant. */
  readonly pulling: number;
  readonly still: Float64Array;
  /** How many numbers of `still` are meant. */
  readonly holding: number;
  /** The softness, squared. */
  readonly soft: number;
}

/** One small step of the points from one index to another. */
function moveSome(
  points: Float32Array | Float64Array,
  [from, to]: readonly [number, number],
  way: Step,
): void {
  for (let k = from; k < to; k += 2) moveOne(points, k, way);
}

/**
 * One small step of one point. With the plane's numbers as complex ones, p the
 * control points as seen from the point, u their steps, and p*, u* the weighted
 * means: the rotation is that of sum w conj(p - p*) (p + u - p* - u*), and the
 * point goes to p* + u* - rotation p*.
 */
function moveOne(
  points: Float32Array | Float64Array,
  k: number,
  { moving, pulling, still, holding, soft }: Step,
): void {
  const x = points[k]!, y = points[k + 1]!;
  let total = 0, px = 0, py = 0, ux = 0, uy = 0, real = 0, imaginary = 0;
  for (let i = 0; i < holding; i += 3) {
    const dx = still[i]! - x, dy = still[i + 1]! - y;
    const d2 = dx * dx + dy * dy;
    const softened = d2 + soft;
    const w = still[i + 2]! / (softened * softened);
    total += w;
    px += w * dx;
    py += w * dy;
    real += w * d2;
  }
  for (let i = 0; i < pulling; i += 5) {
    const dx = moving[i]! - x, dy = moving[i + 1]! - y;
    const u = moving[i + 3]!, v = moving[i + 4]!;
    const d2 = dx * dx + dy * dy;
    const softened = d2 + soft;
    const w = moving[i + 2]! / (softened * softened);
    total += w;
    px += w * dx;
    py += w * dy;
    ux += w * u;
    uy += w * v;
    real += w * (d2 + dx * u + dy * v);
    imaginary += w * (dx * v - dy * u);
  }
  if (!(total > 0)) return;
  const scale = real;
  px /= total;
  py /= total;
  ux /= total;
  uy /= total;
  real -= total * (px * px + py * py + px * ux + py * uy);
  imaginary -= total * (px * uy - py * ux);
  const length = Math.sqrt(real * real + imaginary * imaginary);
  // Without a second point there is no rotation: 0/0, noise at best.
  let cos = 1, sin = 0;
  if (length > NO_ROTATION * Math.abs(scale)) {
    cos = real / length;
    sin = imaginary / length;
  }
  points[k] = x + px + ux - (cos * px - sin * py);
  points[k + 1] = y + py + uy - (sin * px + cos * py);
}
