/**
 * Which tracks move a thing of their own: tracks that go together, far enough
 * and apart from what is around them, so that the thing has to be cut out of
 * the image instead of bending it.
 *
 * @module
 */

import type { Point } from "../base/image.ts";
import { atOnce, type Steps } from "../base/steps.ts";
import type { MotionObject } from "../tracks/motion_objects.ts";
import type { TrackPositions } from "../tracks/track_set.ts";
import { findCamera } from "./_camera_path.ts";
import { FEW, findKindred, STRIDE } from "./_kindred_tracks.ts";
import {
  fitSimilarity,
  IDENTITY,
  invert,
  mapX,
  mapY,
  type Similarity,
} from "./_similarity.ts";
import type { MotionPlanOptions } from "./motion_plan.ts";

/** Tracks that move one thing. */
export interface TrackGroup {
  /** Their indices. */
  readonly tracks: readonly number[];
  /** Its outlines, when a user marked it; else its region is to be guessed. */
  readonly outline?: readonly (readonly Point[])[];
  /**
   * Where the tracks are in frame 0, joined to lines where two neighbors are
   * surely on the same thing; px.
   */
  readonly inside: readonly (readonly Point[])[];
  /** How far it goes, as a share of the image's short side. */
  readonly travel: number;
}

/** All groups, and what is known to be on none of them. */
export interface TrackGroups {
  /** Those that were marked from back to front, then those that were guessed. */
  readonly groups: readonly TrackGroup[];
  /** Where the tracks of no group are in frame 0, px. */
  readonly outside: readonly Point[];
  /** Where the camera takes the image, frame by frame. */
  readonly camera: readonly Similarity[];
}

/** How tracks are grouped. */
export interface GroupOptions extends MotionPlanOptions {
  /** Things that were marked, the farthest first. */
  readonly objects?: readonly MotionObject[];
  /**
   * Whether things that were not marked are looked for; the default is yes.
   * Without it and without objects the image is one sheet.
   */
  readonly guessObjects?: boolean;
}

/** A thing that goes less far (over the short side) bends the image. */
const FAR = 0.08;
/** A track that goes less far stays. */
const STILL = 0.012;
/** All of one thing follow one turn, scale and shift within this, over the short side. */
const RIGID = 0.03;
/** Between these the camera is not sure enough to cut anything out. */
const UNSURE = [0.3, 0.7] as const;

/**
 * Groups tracks by the things that they move.
 *
 * @throws {RangeError} When an object has a track that does not exist, or that
 * another object has.
 */
export function groupTracks(
  tracks: TrackPositions,
  options: GroupOptions,
): TrackGroups {
  return atOnce(groupInSteps(tracks, options));
}

/** Tracks between two pauses. */
const MANY = 4096;

/** {@linkcode groupTracks}, left after a few milliseconds. */
export function* groupInSteps(
  tracks: TrackPositions,
  options: GroupOptions,
): Steps<TrackGroups> {
  const { width, height, objects = [], guessObjects = true } = options;
  const taken = new Uint8Array(tracks.count);
  for (const [index, object] of objects.entries()) {
    for (const n of object.tracks) {
      if (!(n >= 0 && n < tracks.count) || taken[n]) {
        throw new RangeError(
          `Cannot use track ${n} in object ${index}: ${
            taken[n] ? "another object has it" : "there is no such track"
          }, expected each of ${tracks.count} tracks in one object at most`,
        );
      }
      taken[n] = 1;
    }
  }
  const short = Math.min(width, height);
  const { strength, path: camera } = yield* findCamera(tracks, options);
  const undo = camera.map(invert);
  const rest = (n: number): Point => ({ x: tracks.x(n, 0), y: tracks.y(n, 0) });
  const groups: TrackGroup[] = objects.map((object) => ({
    tracks: object.tracks,
    outline: object.outline,
    inside: object.tracks.map((n) => [rest(n)]),
    travel: object.tracks.reduce(
      (most, n) => Math.max(most, travel(tracks, n, undo) / short),
      0,
    ),
  }));
  const sure = strength <= UNSURE[0] || strength >= UNSURE[1];
  if (guessObjects && sure) {
    groups.push(...yield* guessGroups(tracks, { taken, undo, short }));
  }
  const grouped = new Set(groups.flatMap((group) => group.tracks));
  const outside: Point[] = [];
  for (let n = 0; n < tracks.count; n++) {
    if (n % MANY === 0) yield;
    if (grouped.has(n) || taken[n] || !tracks.visible(n, 0)) continue;
    if (travel(tracks, n, undo) <= STILL * short) outside.push(rest(n));
  }
  return { groups, outside, camera };
}

/** How far a track gets from where it was, as the camera sees it, px. */
function travel(
  tracks: TrackPositions,
  n: number,
  undo: readonly Similarity[],
): number {
  const x = tracks.x(n, 0), y = tracks.y(n, 0);
  let most = 0;
  for (let frame = 0; frame < tracks.frames; frame += STRIDE) {
    if (!tracks.visible(n, frame)) continue;
    const u = tracks.x(n, frame), v = tracks.y(n, frame);
    most = Math.max(
      most,
      Math.hypot(mapX(undo[frame]!, u, v) - x, mapY(undo[frame]!, u, v) - y),
    );
  }
  return most;
}

function* guessGroups(
  tracks: TrackPositions,
  known: {
    readonly taken: Uint8Array;
    readonly undo: readonly Similarity[];
    readonly short: number;
  },
): Steps<TrackGroup[]> {
  const { taken, undo, short } = known;
  const moving: number[] = [], ways: number[] = [];
  for (let n = 0; n < tracks.count; n++) {
    if (n % MANY === 0) yield;
    if (taken[n] || !tracks.visible(n, 0)) continue;
    const way = travel(tracks, n, undo) / short;
    if (way <= 2 * STILL) continue;
    moving.push(n);
    ways.push(way);
  }
  const { sets, against } = yield* findKindred(tracks, {
    members: moving,
    undo,
    short,
  });
  const members = new Map<number, number[]>();
  const soft = new Set<number>();
  for (let i = 0; i < moving.length; i++) {
    const root = sets.find(i);
    const known = members.get(root);
    if (known) known.push(i);
    else members.set(root, [i]);
    // Things of many tracks may pass each other; one or two are a soft thing's.
    if (against[i] && sets.sizeOf(i) < FEW) soft.add(root);
  }
  const rest = (i: number): Point => ({
    x: tracks.x(moving[i]!, 0),
    y: tracks.y(moving[i]!, 0),
  });
  const groups: TrackGroup[] = [];
  for (const root of [...members.keys()].sort((a, b) => a - b)) {
    if (soft.has(root)) continue;
    yield;
    const own = members.get(root)!;
    const far = own.reduce((most, i) => Math.max(most, ways[i]!), 0);
    if (far < FAR) continue;
    const indices = own.map((i) => moving[i]!);
    if (bend(tracks, indices) > RIGID * short) continue;
    const lines = Array.from(
      sets.joinsOf(root),
      ([i, j]) => [rest(i), rest(j)],
    );
    groups.push({
      tracks: indices,
      inside: lines.length > 0 ? lines : [[rest(root)]],
      travel: far,
    });
  }
  return groups;
}

/** How far tracks are at most from the one move that fits them best, px. */
function bend(tracks: TrackPositions, members: readonly number[]): number {
  const count = members.length;
  const from = new Float64Array(2 * count), to = new Float64Array(2 * count);
  const weight = new Float64Array(count);
  let last = IDENTITY, most = 0;
  for (let frame = 0; frame < tracks.frames; frame += STRIDE) {
    for (const [k, n] of members.entries()) {
      from[2 * k] = tracks.x(n, 0);
      from[2 * k + 1] = tracks.y(n, 0);
      to[2 * k] = tracks.x(n, frame);
      to[2 * k + 1] = tracks.y(n, frame);
      weight[k] = Number(tracks.visible(n, frame));
    }
    last = fitSimilarity({ count, from, to, weight }, last, 1);
    for (let k = 0; k < count; k++) {
      if (weight[k] === 0) continue;
      const x = from[2 * k]!, y = from[2 * k + 1]!;
      most = Math.max(
        most,
        Math.hypot(
          mapX(last, x, y) - to[2 * k]!,
          mapY(last, x, y) - to[2 * k + 1]!,
        ),
      );
    }
  }
  return most;
}
