/**
 * Tracks that show a camera move through a scene.
 *
 * @module
 */

import { quote } from "../../base/errors.ts";
import type { Point } from "../../base/image.ts";
import { type TrackPositions, TrackSet } from "../track_set.ts";
import { type CameraPath, positionOf, seePoint } from "./camera_path.ts";
import {
  type Candidate,
  choosePoints,
  MAX_POINTS,
  type ScenePoint,
  scenePoints,
} from "./choose_points.ts";
import { type DepthBuffer, type DepthMesh, depthMesh } from "./depth_buffer.ts";
import { rayOf } from "./pinhole.ts";
import type { SceneDepth } from "./scene_depth.ts";

/** How tracks are made of a camera path. */
export interface SceneTracksOptions<
  Objects extends TrackPositions = TrackSet,
> {
  /** How far away the image's content is. */
  readonly depth: SceneDepth;
  /** How many points of the scene, at most 20; as many as fit unless given. */
  readonly count?: number;
  /** These points of the image in place of chosen ones. */
  readonly points?: readonly Point[];
  /** What moves by itself, drawn as from a camera that stays in its place. */
  readonly objects?: Objects;
  /** The mesh of the depth, where there is one already. */
  readonly mesh?: DepthMesh;
}

/** Tracks of a scene. */
export interface SceneTracks {
  /** The objects' tracks first, then those of the scene's points. */
  readonly tracks: TrackSet;
  /** The scene's points, with the share of the frames in which each is seen. */
  readonly points: readonly Candidate[];
}

/**
 * The tracks of points that stay in their place in the scene while the camera
 * moves, and of objects that move in it.
 *
 * A point can be seen in a frame when it is in front of the camera, inside the
 * image, on the side of its surface that faces the camera, and not behind
 * something nearer (by more than 5 %, in a depth map). Objects: see
 * {@linkcode rideCamera}.
 *
 * Without `points` they are chosen: spread in (x, y, inverse depth) by
 * farthest-point sampling, away from depth edges and from the objects' first
 * positions, preferably those seen longest; together with the objects at most
 * 20.
 *
 * @throws {RangeError} When `count` is not 0 to 20, or the depth of a given
 * point is not known.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { cameraPath, flatDepth, pinhole, sceneTracks } from "@ati/ati";
 * const camera = pinhole({ width: 832, height: 480 }, { fov: 50 });
 * const path = cameraPath(camera, { moves: [{ kind: "truck", amount: 0.1 }] });
 * const { tracks } = sceneTracks(path, { depth: flatDepth(), count: 8 });
 * assert.equal(tracks.count, 8);
 * assert.ok(tracks.x(0, 120) < tracks.x(0, 0)); // the image moves left
 * ```
 */
export function sceneTracks(
  path: CameraPath,
  options: SceneTracksOptions,
): SceneTracks {
  const { samples, points } = sceneSamples(path, options);
  return { tracks: TrackSet.fromArray(samples), points };
}

/**
 * As {@linkcode sceneTracks}, for a path of any length: the samples of all
 * tracks, `(N, frames, 3)`.
 *
 * @throws {RangeError} As {@linkcode sceneTracks}.
 */
export function sceneSamples(
  path: CameraPath,
  options: SceneTracksOptions<TrackPositions>,
): Pick<SceneTracks, "points"> & { readonly samples: Float32Array } {
  const { depth, objects, points } = options;
  const room = Math.max(0, MAX_POINTS - (objects?.count ?? 0));
  const { count = room } = options;
  if (!(Number.isInteger(count) && count >= 0 && count <= MAX_POINTS)) {
    throw new RangeError(
      `Cannot choose ${quote(count)} points, expected 0 to ${MAX_POINTS}`,
    );
  }
  const mesh = options.mesh ?? depthMesh(path, depth);
  const known = points
    ? points.map((point) => withDepth(point, depth))
    : scenePoints(path.camera, depth);
  const followed = follow(known, { path, depth, mesh });
  const candidates = known.map((point, i) => ({
    ...point,
    seen: countSeen(followed[i]!) / path.poses.length,
  }));
  const chosen = points ? candidates : choosePoints(candidates, {
    image: path.camera,
    count: Math.min(count, room),
    ...objects && { avoid: startsOf(objects, depth) },
  });
  const ridden = objects
    ? rideSamples(objects, path, { depth, ...mesh && { mesh } })
    : undefined;
  const stride = path.poses.length * 3;
  const first = objects?.count ?? 0;
  const samples = new Float32Array((chosen.length + first) * stride);
  if (ridden) samples.set(ridden);
  chosen.forEach((point, i) =>
    samples.set(followed[candidates.indexOf(point)]!, (i + first) * stride)
  );
  return { samples, points: chosen };
}

function withDepth(point: Point, depth: SceneDepth): ScenePoint {
  const inverse = depth.inverseAt(point);
  if (inverse !== undefined) return { x: point.x, y: point.y, inverse };
  throw new RangeError(
    `Cannot follow point ${point.x},${point.y}: its depth is not known, expected a point where the depth map has a number`,
  );
}

/** Where the objects start, to keep the scene's points away from them. */
function startsOf(objects: TrackPositions, depth: SceneDepth): ScenePoint[] {
  return Array.from(objects, (track) => {
    const { x, y } = track.find(({ visible }) => visible) ?? track[0]!;
    return { x, y, inverse: depth.inverseAt({ x, y }) ?? 0 };
  });
}

interface Scene {
  readonly path: CameraPath;
  readonly depth: SceneDepth;
  readonly mesh: DepthMesh | undefined;
}

/** Each point over the frames of the path, `(frames, 3)`. */
function follow(points: readonly ScenePoint[], scene: Scene): Float32Array[] {
  const { path, depth, mesh } = scene;
  const frames = path.poses.length;
  const tracks = points.map(() => new Float32Array(frames * 3));
  const normals = points.map((point) => normalOf(point, path, depth));
  for (let frame = 0; frame < frames; frame++) {
    const buffer = frame === 0 ? undefined : mesh?.at(frame);
    const [cx, cy, cz] = positionOf(path.poses[frame]!);
    points.forEach((point, i) => {
      const [nx, ny, nz] = normals[i]!;
      put(tracks[i]!, frame, {
        ...look(point, { path, frame, buffer }),
        facing: nx * cx + ny * cy + nz * cz < 1,
      });
    });
  }
  return tracks;
}

/**
 * The plane n X = 1 that touches the scene at a point: the inverse depth is
 * n (x', y', 1) along the ray (x', y', 1). The camera is before it while
 * n C < 1.
 */
function normalOf(
  point: ScenePoint,
  path: CameraPath,
  depth: SceneDepth,
): [number, number, number] {
  const { camera } = path;
  const step = depth.map ? 2 * camera.width / depth.map.width : 0.5;
  const slope = (dx: number, dy: number) => {
    const before = depth.inverseAt({ x: point.x - dx, y: point.y - dy });
    const after = depth.inverseAt({ x: point.x + dx, y: point.y + dy });
    if (before === undefined || after === undefined) return 0;
    return (after - before) / (2 * step) * camera.focal;
  };
  const [x, y] = rayOf(camera, point);
  const nx = slope(step, 0), ny = slope(0, step);
  return [nx, ny, point.inverse - nx * x - ny * y];
}

/** Where a point is seen, and whether nothing is before it. */
function look(
  point: ScenePoint,
  view: { path: CameraPath; frame: number; buffer: DepthBuffer | undefined },
): Point & { front: boolean; inside: boolean; hidden: boolean } {
  const { path, frame, buffer } = view;
  const { inverse } = point;
  const { x, y, z } = seePoint(path, point, { frame, inverse });
  const front = z > 1e-6;
  const { width, height } = path.camera;
  const inside = front && x >= 0 && x < width && y >= 0 && y < height;
  const hidden = inside && (buffer?.hides({ x, y }, inverse / z) ?? false);
  return { x, y, front, inside, hidden };
}

/** Stores a sample; where there is no position, the one before it stays. */
function put(
  track: Float32Array,
  frame: number,
  sample: ReturnType<typeof look> & { facing: boolean },
): void {
  const { x, y, front, inside, hidden, facing } = sample;
  const placed = front && Math.abs(x) < 1e6 && Math.abs(y) < 1e6;
  const at = frame * 3;
  track[at] = placed ? x : track[at - 3] ?? 0;
  track[at + 1] = placed ? y : track[at - 2] ?? 0;
  track[at + 2] = inside && facing && !hidden ? 1 : 0;
}

function countSeen(track: Float32Array): number {
  let seen = 0;
  for (let i = 2; i < track.length; i += 3) seen += track[i]!;
  return seen;
}

/**
 * Tracks of objects that move in the scene, seen by a moving camera.
 *
 * The tracks are what a camera at rest would show. Each object keeps, over the
 * whole video, the depth that the image has where it is first visible; at
 * every frame its drawn position is placed in the scene at that depth and seen
 * from the camera. Samples drawn invisible stay invisible; others become so
 * behind the camera, where they leave the image unless they were drawn outside
 * of it, and where a depth map has something nearer that was not there in the
 * drawing too.
 *
 * @throws {RangeError} When the depth where an object starts is not known.
 */
export function rideCamera(
  objects: TrackSet,
  path: CameraPath,
  options: { readonly depth: SceneDepth; readonly mesh?: DepthMesh },
): TrackSet {
  return TrackSet.fromArray(rideSamples(objects, path, options));
}

/**
 * As {@linkcode rideCamera}, for tracks as long as the path: their samples,
 * `(N, frames, 3)`.
 *
 * @throws {RangeError} As {@linkcode rideCamera}, and when the path has another
 * length.
 */
export function rideSamples(
  objects: TrackPositions,
  path: CameraPath,
  options: { readonly depth: SceneDepth; readonly mesh?: DepthMesh },
): Float32Array<ArrayBuffer> {
  const { depth, mesh = depthMesh(path, depth) } = options;
  const frames = path.poses.length;
  if (objects.frames !== frames) {
    throw new RangeError(
      `Cannot move tracks of ${objects.frames} frames with a camera of ${frames}, expected as many`,
    );
  }
  const drawn = Array.from(objects);
  const inverses = drawn.map((track, i) => {
    const start = track.find(({ visible }) => visible) ?? track[0]!;
    const inverse = depth.inverseAt(start);
    if (inverse !== undefined) return inverse;
    throw new RangeError(
      `Cannot place track ${i} in the scene: the depth at ${start.x},${start.y} is not known, expected a start where the depth map has a number`,
    );
  });
  const data = new Float32Array(objects.count * frames * 3);
  for (let frame = 0; frame < frames; frame++) {
    const buffer = frame === 0 ? undefined : mesh?.at(frame);
    drawn.forEach((track, i) => {
      const { x, y, visible } = track[frame]!;
      const inverse = inverses[i]!;
      const surface = depth.inverseAt({ x, y }) ?? 0;
      const overNearer = surface > 1.05 * inverse;
      const sample = look({ x, y, inverse }, {
        path,
        frame,
        buffer: overNearer ? undefined : buffer,
      });
      // What was drawn outside the image stays as visible as it was drawn.
      const { width, height } = path.camera;
      const outside = x < 0 || x >= width || y < 0 || y >= height;
      put(
        data.subarray(i * frames * 3, (i + 1) * frames * 3),
        frame,
        { ...sample, inside: sample.inside || outside, facing: visible },
      );
    });
  }
  return data;
}
