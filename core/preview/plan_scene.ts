/**
 * How the layers of an image move: the background through a mesh of its own,
 * each thing as a piece through another.
 *
 * @module
 */

import { atOnce, type Steps } from "../base/steps.ts";
import type { TrackPositions } from "../tracks/track_set.ts";
import { smoothstep } from "./_camera.ts";
import {
  fitSimilarity,
  IDENTITY,
  invert,
  mapX,
  mapY,
  type Similarity,
} from "./_similarity.ts";
import type { GroupOptions, TrackGroup, TrackGroups } from "./group_tracks.ts";
import { deformInSteps } from "./mls.ts";
import {
  type MotionMesh,
  type MotionMeshOptions,
  type MotionPlan,
  planInSteps,
  type SteppedPlan,
} from "./motion_plan.ts";

/** How one thing moves. */
export interface LayerPlan {
  /** The index of its group. */
  readonly group: number;
  /**
   * The mesh of a frame, see `MotionPlan`. Positions outside of 0..1 show
   * nothing.
   *
   * @throws {RangeError} When there is no such frame.
   */
  mesh(frame: number, options?: MotionMeshOptions): MotionMesh;
  /** How much of it is seen in a frame, 0 to 1. */
  opacity(frame: number): number;
}

/** How the layers of an image move. */
export interface ScenePlan {
  /** The background, with all tracks that move no layer. */
  readonly background: MotionPlan;
  /** The layers, in the order in which they are drawn. */
  readonly layers: readonly LayerPlan[];
}

/** Frames (at 24 per second) in which a thing without a track fades. */
const RELEASE = 18;
/** A lone track's camera counts as a spread of this share of the short side. */
const INERTIA = 0.01;
/** Tracks of a thing that agree within this share of it move it as a piece. */
const RIGID = 0.006;
/** Steps in which a thing bends where its tracks do not agree. */
const STEPS = 3;
/** Cells over the short side: a piece is straight in every cell. */
const CELLS = 30;

/** A {@linkcode ScenePlan} for very many tracks. */
export interface SteppedScene extends ScenePlan {
  readonly background: SteppedPlan;
  readonly layers: readonly SteppedLayer[];
}

/** A {@linkcode LayerPlan} for very many tracks. */
export interface SteppedLayer extends LayerPlan {
  /** {@linkcode LayerPlan.mesh}, left after a few milliseconds. */
  meshInSteps(frame: number, options?: MotionMeshOptions): Steps<MotionMesh>;
}

/** What the layers are. */
type SceneOptions = GroupOptions & { readonly layers: readonly number[] };

/**
 * Plans how the layers move.
 *
 * @param layers The indices of the groups that were cut out, from back to
 * front; the tracks of the others bend the background.
 */
export function planScene(
  tracks: TrackPositions,
  groups: TrackGroups,
  options: SceneOptions,
): ScenePlan {
  return atOnce(sceneInSteps(tracks, groups, options));
}

/** {@linkcode planScene}, left after each frame. */
export function* sceneInSteps(
  tracks: TrackPositions,
  { groups, camera }: TrackGroups,
  options: SceneOptions,
): Steps<SteppedScene> {
  const cut = new Set(options.layers.flatMap((g) => groups[g]!.tracks));
  const rest = Array.from({ length: tracks.count }, (_, n) => n)
    .filter((n) => !cut.has(n));
  const left = cut.size === 0 ? tracks : someOf(tracks, rest);
  yield;
  const background = yield* planInSteps(left, options);
  const layers: SteppedLayer[] = [];
  for (const group of options.layers) {
    layers.push(
      yield* planLayer(tracks, groups[group]!, { ...options, group, camera }),
    );
  }
  return { background, layers };
}

/** The tracks with these indices. */
function someOf(
  tracks: TrackPositions,
  members: readonly number[],
): TrackPositions {
  const track = (n: number) => tracks.track(members[n]!);
  return {
    count: members.length,
    frames: tracks.frames,
    x: (n, frame) => tracks.x(members[n]!, frame),
    y: (n, frame) => tracks.y(members[n]!, frame),
    visible: (n, frame) => tracks.visible(members[n]!, frame),
    track,
    *[Symbol.iterator]() {
      for (let n = 0; n < members.length; n++) yield track(n);
    },
  };
}

function* planLayer(
  tracks: TrackPositions,
  { tracks: members, outline }: TrackGroup,
  options: {
    readonly width: number;
    readonly height: number;
    readonly group: number;
    readonly camera: readonly Similarity[];
  },
): Steps<SteppedLayer> {
  const { width, height, group, camera } = options;
  const short = Math.min(width, height);
  const count = members.length;
  const from = new Float64Array(2 * count);
  for (const [k, n] of members.entries()) {
    from[2 * k] = tracks.x(n, 0);
    from[2 * k + 1] = tracks.y(n, 0);
  }
  const positions: Float64Array[] = [], weights: Float64Array[] = [];
  const moves: Similarity[] = [], opacities: number[] = [];
  let here = from, grip = new Float64Array(count).fill(1), last = IDENTITY;
  let bends = 0;
  for (let frame = 0; frame < tracks.frames; frame++) {
    here = here.slice();
    grip = grip.slice();
    for (const [k, n] of members.entries()) {
      // What a user marked is there, also behind something.
      const seen = outline !== undefined || tracks.visible(n, frame);
      grip[k] = seen ? 1 : Math.max(0, grip[k]! - 1 / RELEASE);
      if (!seen) continue;
      here[2 * k] = tracks.x(n, frame);
      here[2 * k + 1] = tracks.y(n, frame);
    }
    const { a, b } = camera[frame]!;
    const prior = count === 1 ? { ...IDENTITY, a, b } : last;
    const move = fitSimilarity(
      { count, from, to: here, weight: grip },
      prior,
      count === 1 ? 1 : INERTIA * short,
    );
    const gone = grip.every((value) => value === 0);
    last = gone ? last : move;
    positions.push(here);
    weights.push(grip);
    moves.push(last);
    opacities.push(
      smoothstep(0, 1, grip.reduce((most, one) => Math.max(most, one), 0)),
    );
    const back = invert(last);
    for (let k = 0; k < count; k++) {
      if (grip[k]! < 1) continue;
      const x = here[2 * k]!, y = here[2 * k + 1]!;
      bends = Math.max(
        bends,
        Math.hypot(
          mapX(back, x, y) - from[2 * k]!,
          mapY(back, x, y) - from[2 * k + 1]!,
        ),
      );
    }
    yield;
  }
  const piece = bends <= RIGID * short;
  function* meshInSteps(
    frame: number,
    meshOptions: MotionMeshOptions = {},
  ): Steps<MotionMesh> {
    const move = moves[frame];
    if (!move) {
      throw new RangeError(
        `Cannot make the mesh of frame ${frame}, expected a whole number from 0 to ${
          tracks.frames - 1
        }`,
      );
    }
    const {
      columns = cells(width / short),
      rows = cells(height / short),
    } = meshOptions;
    const length = 2 * (columns + 1) * (rows + 1);
    const source = meshOptions.reuse?.length === length
      ? meshOptions.reuse
      : new Float32Array(length);
    const back = invert(move);
    for (let j = 0, at = 0; j <= rows; j++) {
      for (let i = 0; i <= columns; i++) {
        const x = width * i / columns, y = height * j / rows;
        source[at++] = mapX(back, x, y);
        source[at++] = mapY(back, x, y);
      }
    }
    if (!piece) {
      const start = positions[frame]!.slice();
      for (let k = 0; k < count; k++) {
        const x = start[2 * k]!, y = start[2 * k + 1]!;
        start[2 * k] = mapX(back, x, y);
        start[2 * k + 1] = mapY(back, x, y);
      }
      yield* deformInSteps(
        source,
        { count, from: start, to: from, weight: weights[frame]! },
        { steps: STEPS, softness: 0.02 * short },
      );
    }
    for (let k = 0; k < length; k += 2) {
      source[k] = source[k]! / width;
      source[k + 1] = source[k + 1]! / height;
    }
    return { columns, rows, source };
  }
  return {
    group,
    opacity: (frame) => opacities[frame] ?? 0,
    meshInSteps,
    mesh: (frame, meshOptions) => atOnce(meshInSteps(frame, meshOptions)),
  };
}

function cells(aspect: number): number {
  return Math.min(240, Math.round(CELLS * aspect));
}
