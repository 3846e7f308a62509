/**
 * Which tracks move a thing of their own: tracks that go together, far enough
 * and apart from what is around them, so that the thing has to be cut out of
 * the image instead of bending it.
 *
 * @module
 */

import type { Point } from "../base/image.ts";
import type { MotionObject } from "../tracks/motion_objects.ts";
import type { TrackPositions } from "../tracks/track_set.ts";
import { findCamera } from "./_camera_path.ts";
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
/** Neighbors of one thing are closer than this, over the short side. */
const CLOSE = 0.42;
/** And keep their distance within this share of it. */
const GIVE = 0.12;
/** All of one thing follow one turn, scale and shift within this, over the short side. */
const RIGID = 0.03;
/** Neighbors that move against each other by less are one soft thing. */
const SOFT = 1;
/** Fewer tracks than these do not show a thing by themselves. */
const FEW = 3;
/** They are closer than this, over the short side. */
const TOUCHING = 0.3;
/** Every how many frames is looked. */
const STRIDE = 6;
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
  const { strength, path: camera } = findCamera(tracks, options);
  const undo = camera.map(invert);
  const rest = (n: number): Point => ({ x: tracks.x(n, 0), y: tracks.y(n, 0) });
  const groups: TrackGroup[] = objects.map((object) => ({
    tracks: object.tracks,
    outline: object.outline,
    inside: object.tracks.map((n) => [rest(n)]),
    travel: Math.max(
      0,
      ...object.tracks.map((n) => travel(tracks, n, undo) / short),
    ),
  }));
  const sure = strength <= UNSURE[0] || strength >= UNSURE[1];
  if (guessObjects && sure) {
    groups.push(...guessGroups(tracks, { taken, undo, short }));
  }
  const grouped = new Set(groups.flatMap((group) => group.tracks));
  const outside: Point[] = [];
  for (let n = 0; n < tracks.count; n++) {
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

function guessGroups(
  tracks: TrackPositions,
  known: {
    readonly taken: Uint8Array;
    readonly undo: readonly Similarity[];
    readonly short: number;
  },
): TrackGroup[] {
  const { taken, undo, short } = known;
  const moving: number[] = [];
  const ways = new Map<number, number>();
  for (let n = 0; n < tracks.count; n++) {
    if (taken[n] || !tracks.visible(n, 0)) continue;
    const way = travel(tracks, n, undo) / short;
    ways.set(n, way);
    if (way > 2 * STILL) moving.push(n);
  }
  const parent = new Map(moving.map((n) => [n, n]));
  const find = (n: number): number => {
    const up = parent.get(n)!;
    return up === n ? n : find(up);
  };
  const against: (readonly [number, number])[] = [];
  const joins: { i: number; j: number; length: number }[] = [];
  for (const [k, i] of moving.entries()) {
    for (const j of moving.slice(k + 1)) {
      const pair = compare(tracks, [i, j], undo);
      if (pair.length > CLOSE * short) continue;
      if (pair.stretch <= GIVE * pair.length + 0.01 * short) {
        joins.push({ i, j, length: pair.length });
      } else if (
        pair.length <= TOUCHING * short && pair.apart <= SOFT * pair.length
      ) {
        against.push([i, j]);
      }
    }
  }
  joins.sort((a, b) => a.length - b.length);
  const lines = new Map<number, (readonly [Point, Point])[]>();
  const rest = (n: number): Point => ({ x: tracks.x(n, 0), y: tracks.y(n, 0) });
  for (const { i, j } of joins) {
    const a = find(i), b = find(j);
    if (a === b) continue;
    parent.set(a, b);
    lines.set(b, [
      ...lines.get(a) ?? [],
      ...lines.get(b) ?? [],
      [rest(i), rest(j)],
    ]);
  }
  const sizes = new Map<number, number>();
  for (const n of moving) sizes.set(find(n), (sizes.get(find(n)) ?? 0) + 1);
  // Things of many tracks may pass each other; one or two are a soft thing's.
  const soft = new Set(
    against.flat().map(find).filter((root) => sizes.get(root)! < FEW),
  );
  const groups: TrackGroup[] = [];
  for (const root of moving) {
    if (find(root) !== root || soft.has(root)) continue;
    const members = moving.filter((n) => find(n) === root);
    const far = Math.max(...members.map((n) => ways.get(n)!));
    if (far < FAR || bend(tracks, members) > RIGID * short) continue;
    groups.push({
      tracks: members,
      inside: lines.get(root) ?? [[rest(root)]],
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

/**
 * Two tracks: their distance in frame 0, by how much it changes at most, and
 * how far one moves against the other at most; px, as the camera sees them.
 */
function compare(
  tracks: TrackPositions,
  [i, j]: readonly [number, number],
  undo: readonly Similarity[],
): { length: number; stretch: number; apart: number } {
  const x = tracks.x(i, 0) - tracks.x(j, 0);
  const y = tracks.y(i, 0) - tracks.y(j, 0);
  const length = Math.hypot(x, y);
  let stretch = 0, apart = 0;
  for (let frame = 0; frame < tracks.frames; frame += STRIDE) {
    if (!tracks.visible(i, frame) || !tracks.visible(j, frame)) continue;
    const { a, b } = undo[frame]!;
    const dx = tracks.x(i, frame) - tracks.x(j, frame);
    const dy = tracks.y(i, frame) - tracks.y(j, frame);
    const u = a * dx - b * dy, v = b * dx + a * dy;
    stretch = Math.max(stretch, Math.abs(Math.hypot(u, v) - length));
    apart = Math.max(apart, Math.hypot(u - x, v - y));
  }
  return { length, stretch, apart };
}
