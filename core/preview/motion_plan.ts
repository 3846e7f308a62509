/**
 * From tracks to a mesh: where, in every frame of the clip, each place of the
 * image comes from. The motion preview draws these meshes with
 * `warpImage`, the browser's editor with WebGL; both see the same warp.
 *
 * The motion is taken apart into a camera move (one turn, zoom and shift that
 * the tracks follow together) and what is left, which bends the image
 * between its pinned borders (moving least squares, see `mls.ts`). Tracks that
 * keep their distance hold what is between them (`_pieces.ts`).
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import { atOnce, type Steps } from "../base/steps.ts";
import type { TrackPositions } from "../tracks/track_set.ts";
import { guessCamera, smoothstep } from "./_camera.ts";
import { findCamera } from "./_camera_path.ts";
import { invert, mapX, mapY, type Similarity } from "./_similarity.ts";
import { braced, findBraces } from "./_pieces.ts";
import { residualMotion } from "./_residual_motion.ts";
import { groupTurns } from "./_turn.ts";
import { type ControlPoints, deformInSteps, type GroupTurn } from "./mls.ts";

/** How tracks are understood. */
export interface MotionPlanOptions {
  /** The width of the image that the tracks were drawn on, in px. */
  readonly width: number;
  /** Its height, in px. */
  readonly height: number;
  /**
   * Whether the tracks move the camera: `"auto"` (the default) finds out,
   * `"moves"` and `"stands"` decide. Choose `"stands"` when a large thing is
   * mistaken for the whole image.
   */
  readonly camera?: "auto" | "moves" | "stands";
}

/** The control points of one frame, and the camera. */
interface Frame {
  readonly undoCamera: Similarity;
  readonly controls: ControlPoints;
}

/** Tracks that are understood, see {@linkcode planMotion}. */
export interface MotionPlan {
  /** How surely the camera moves: 0 it stands, 1 it moves. */
  readonly camera: number;
  /**
   * The mesh of one frame of the tracks (at 24 per second). It does not
   * depend on the output's size.
   *
   * In WebGL: upload `source` as texture coordinates of a fixed grid, and draw
   * it with the image as a MIRRORED_REPEAT texture with mipmaps.
   *
   * @throws {RangeError} When there is no such frame, a count of cells is not
   * a positive whole number, or `reuse` has another length.
   */
  mesh(frame: number, options?: MotionMeshOptions): MotionMesh;
}

/** A mesh over the output, see {@linkcode MotionPlan}. */
export interface MotionMesh {
  /** Cells from left to right. */
  readonly columns: number;
  /** Cells from top to bottom. */
  readonly rows: number;
  /**
   * (rows + 1, columns + 1, 2): for every corner of the regular grid of cells
   * over the output, the x, y of the source image that is seen there, from
   * 0, 0 (top left corner) to 1, 1 (bottom right corner). Places outside are
   * meant mirrored, as WebGL's MIRRORED_REPEAT has them.
   */
  readonly source: Float32Array;
}

/**
 * Weight of a pinned place of the border against a track's 1: what is between
 * them follows the track for the larger part of the way.
 */
const PIN = 0.2;
/** Pinned places along the short side: close enough that nothing leaks. */
const PINS = 18;

/**
 * Understands tracks as motion of an image: which tracks the camera explains,
 * what is left for things, and who steers when. A track steers while it is
 * visible; when it is lost it lets go over 0.75 s, and one that appears later
 * takes hold of what it finds over 0.5 s.
 *
 * @throws {RangeError} When width or height is not a positive number.
 */
export function planMotion(
  tracks: TrackPositions,
  options: MotionPlanOptions,
): MotionPlan {
  return atOnce(planInSteps(tracks, options));
}

/** A {@linkcode MotionPlan} for very many tracks. */
export interface SteppedPlan extends MotionPlan {
  /** {@linkcode MotionPlan.mesh}, left after a few milliseconds. */
  meshInSteps(frame: number, options?: MotionMeshOptions): Steps<MotionMesh>;
}

/** {@linkcode planMotion}, left after each frame. */
export function* planInSteps(
  tracks: TrackPositions,
  options: MotionPlanOptions,
): Steps<SteppedPlan> {
  const { width, height } = options;
  for (const [name, value] of Object.entries({ width, height })) {
    if (!(value > 0) || !Number.isFinite(value)) {
      throw new RangeError(
        `Cannot plan motion with ${name} ${
          quote(value)
        }, expected a positive number of px`,
      );
    }
  }
  const { strength, path } = yield* findCamera(tracks, options);
  const short = Math.min(width, height);
  const softness = 0.01 * short;
  const moves = path.map((move) => invert(move));
  const points = yield* residualMotion(tracks, {
    undoCamera: moves,
    softness,
  });
  const braces = findBraces(points, short);
  const pins = yield* pinBorders(points, { width, height });
  const turns = yield* groupTurns(points, short);
  const steps = stepsFor(points, { short, turns });
  const meshInSteps = (
    frame: number,
    meshOptions: MotionMeshOptions = {},
  ): Steps<MotionMesh> => {
    const undoCamera = moves[frame], own = points[frame];
    if (undoCamera === undefined || own === undefined) {
      throw new RangeError(
        `Cannot make the mesh of frame ${
          quote(frame)
        }, expected a whole number from 0 to ${tracks.frames - 1}`,
      );
    }
    const turn = turns?.[frame];
    const controls = joinControls(
      braced(turn ? { ...own, turn } : own, braces),
      pins,
    );
    return makeMesh(
      { undoCamera, controls },
      { width, height, steps, softness },
      meshOptions,
    );
  };
  return {
    camera: strength,
    meshInSteps,
    mesh: (frame, meshOptions) => atOnce(meshInSteps(frame, meshOptions)),
  };
}

/** How surely the tracks move the camera, as in {@linkcode MotionPlan}. */
export function cameraStrength(
  tracks: TrackPositions,
  image: { readonly width: number; readonly height: number },
): number {
  return guessCamera(tracks, image).strength;
}

/**
 * Points along the border that stay where they are, except where a track
 * crosses the border: there the image may follow it out or in.
 */
function* pinBorders(
  points: readonly ControlPoints[],
  size: { width: number; height: number },
): Steps<ControlPoints> {
  const { width, height } = size;
  const short = Math.min(width, height);
  const places: number[] = [];
  const across = Math.ceil(width / short * PINS);
  const down = Math.ceil(height / short * PINS);
  for (let i = 0; i < across; i++) {
    places.push(width * i / across, 0, width * (i + 1) / across, height);
  }
  for (let i = 0; i < down; i++) {
    places.push(width, height * i / down, 0, height * (i + 1) / down);
  }
  const at = Float64Array.from(places);
  const nearest = new Float64Array(at.length / 2).fill(Infinity);
  for (const frame of points) {
    meetCrossings(nearest, frame, { ...size, at });
    yield;
  }
  const weight = nearest.map((squared) =>
    PIN * smoothstep(0.15 * short, 0.35 * short, Math.sqrt(squared)) ** 4
  );
  return { count: weight.length, from: at, to: at, weight };
}

/**
 * The squared distance from each pinned place to where a track is outside, on
 * the border, made less where this frame has a nearer one.
 */
function meetCrossings(
  nearest: Float64Array,
  { count, from, weight }: ControlPoints,
  { width, height, at }: {
    readonly width: number;
    readonly height: number;
    readonly at: Float64Array;
  },
): void {
  for (let n = 0; n < count; n++) {
    if (!(weight[n]! > 0)) continue;
    const x = from[2 * n]!, y = from[2 * n + 1]!;
    if (x >= 0 && y >= 0 && x <= width && y <= height) continue;
    const u = Math.min(width, Math.max(0, x));
    const v = Math.min(height, Math.max(0, y));
    for (let i = 0; i < nearest.length; i++) {
      const dx = at[2 * i]! - u, dy = at[2 * i + 1]! - v;
      const squared = dx * dx + dy * dy;
      if (squared < nearest[i]!) nearest[i] = squared;
    }
  }
}

/** More steps for longer ways; the same number in all frames, against jumps. */
function stepsFor(
  points: readonly ControlPoints[],
  options: { short: number; turns: readonly GroupTurn[] | undefined },
): number {
  const { short, turns = [] } = options;
  let squared = 0;
  for (const { count, from, to, weight } of points) {
    for (let n = 0; n < count; n++) {
      if (!(weight[n]! > 0)) continue;
      const dx = to[2 * n]! - from[2 * n]!;
      const dy = to[2 * n + 1]! - from[2 * n + 1]!;
      squared = Math.max(squared, dx * dx + dy * dy);
    }
  }
  const longest = Math.sqrt(squared);
  if (longest < 1e-6 * short) return 0;
  const turn = Math.max(0, ...turns.map(({ angle }) => Math.abs(angle)));
  return Math.min(
    12,
    Math.max(2, Math.ceil(longest / (0.04 * short)), Math.ceil(turn / 0.3)),
  );
}

/** The control points of the tracks, and those of the border behind them. */
function joinControls(
  points: ControlPoints,
  pins: ControlPoints,
): ControlPoints {
  const { turn } = points;
  const join = (a: Float64Array, b: Float64Array) => {
    const all = new Float64Array(a.length + b.length);
    all.set(a);
    all.set(b, a.length);
    return all;
  };
  return {
    count: points.count + pins.count,
    from: join(points.from, pins.from),
    to: join(points.to, pins.to),
    weight: join(points.weight, pins.weight),
    ...(turn && {
      turn: { ...turn, share: join(turn.share, new Float64Array(pins.count)) },
    }),
  };
}

/** The size of a mesh. */
export interface MotionMeshOptions {
  /** Cells from left to right; the default makes cells of a 30th of the short side. */
  readonly columns?: number;
  /** Cells from top to bottom. */
  readonly rows?: number;
  /** An earlier `source` of the same size, to be written over. */
  readonly reuse?: Float32Array;
}

function* makeMesh(
  { undoCamera, controls }: Frame,
  plan: {
    width: number;
    height: number;
    steps: number;
    softness: number;
  },
  options: MotionMeshOptions,
): Steps<MotionMesh> {
  const { width, height } = plan;
  const short = Math.min(width, height);
  const columns = options.columns ?? defaultCells(width / short);
  const rows = options.rows ?? defaultCells(height / short);
  for (const count of [columns, rows]) {
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(
        `Cannot make a mesh of ${columns} by ${rows} cells, expected positive whole numbers`,
      );
    }
  }
  const length = 2 * (columns + 1) * (rows + 1);
  const source = options.reuse ?? new Float32Array(length);
  if (source.length !== length) {
    throw new RangeError(
      `Cannot reuse an array of ${source.length} numbers, expected ${length}`,
    );
  }
  let at = 0;
  for (let j = 0; j <= rows; j++) {
    for (let i = 0; i <= columns; i++) {
      const x = width * i / columns, y = height * j / rows;
      source[at++] = mapX(undoCamera, x, y);
      source[at++] = mapY(undoCamera, x, y);
    }
  }
  if (moves(controls)) {
    yield* deformInSteps(source, controls, plan);
  }
  for (let k = 0; k < length; k += 2) {
    source[k] = source[k]! / width;
    source[k + 1] = source[k + 1]! / height;
  }
  return { columns, rows, source };
}

/** About 30 cells on the short side, and not endless on a very long one. */
function defaultCells(aspect: number): number {
  return Math.min(240, Math.round(30 * aspect));
}

function moves({ count, from, to, weight }: ControlPoints): boolean {
  for (let i = 0; i < count; i++) {
    if (!(weight[i]! > 0)) continue;
    if (from[2 * i] !== to[2 * i] || from[2 * i + 1] !== to[2 * i + 1]) {
      return true;
    }
  }
  return false;
}
