/**
 * Where the camera is in each of the 121 frames, and where it sees a point.
 *
 * @module
 */

import { quote } from "../../base/errors.ts";
import type { Point } from "../../base/image.ts";
import { ease, type Easing, type EasingName } from "../easing.ts";
import { resolveEasing } from "../resolve_easing.ts";
import { TRACK_FRAMES } from "../track_set.ts";
import {
  add,
  apply,
  applyTransposed,
  IDENTITY,
  type Matrix3,
  multiply,
  rotationX,
  rotationY,
  rotationZ,
  scale,
  type Vector3,
} from "./matrix.ts";
import { type Pinhole, rayOf } from "./pinhole.ts";
import { checkSceneMove, type SceneMove } from "./scene_move.ts";

/** A camera at one frame: it sees `R X + T` with its focal length. */
export interface CameraPose {
  /** R, from the scene's coordinates to the camera's; rows one after the other. */
  readonly rotation: Matrix3;
  /** T, in the scene's unit of length. */
  readonly translation: Vector3;
  /** The focal length in px. */
  readonly focal: number;
}

/** What a path is made of. */
export interface CameraPathOptions {
  /** The moves, in the order in which they act. */
  readonly moves: readonly SceneMove[];
  /** The easing of moves without their own; at an even pace unless given. */
  readonly easing?: EasingName | Easing;
  /**
   * The progress of a move, 0 to 1, in place of the times and easings of the
   * moves: of its index in the list at a frame after 0.
   */
  readonly progress?: (index: number, frame: number) => number;
  /** Frames of the path; 121 unless given. */
  readonly frames?: number;
  /** The reference depth: the unit of dolly, truck and pedestal; 1 unless given. */
  readonly unit?: number;
  /**
   * P, the point that `orbit` moves about, in the scene's coordinates at frame
   * 0; `(0, 0, unit)` unless given.
   */
  readonly pivot?: Vector3;
}

/** The poses of a camera, frame by frame. */
export interface CameraPath {
  /** The camera at frame 0. */
  readonly camera: Pinhole;
  /** One pose for each frame; that of frame 0 changes nothing. */
  readonly poses: readonly CameraPose[];
}

/** A point as a camera sees it. */
export interface SeenPoint extends Point {
  /**
   * z in the camera's coordinates times the point's inverse depth at frame 0:
   * above 0 in front of the camera. Divided by the inverse depth, the depth.
   */
  readonly z: number;
}

/**
 * The path of a camera.
 *
 * All moves run at the same time unless they have times of their own. At a
 * frame, each has its progress p from 0 to 1 by its easing; angles and
 * distances are p times their amount, the focal length is multiplied by
 * `1 + (s - 1) p`. They act in the order of the list, each in the coordinates
 * of the camera as the ones before it left it: after `orbit:90`, `dolly` goes
 * to where the camera then looks. The pivot of an orbit is a point of the
 * scene and moves with it.
 *
 * @throws {RangeError} When a move, an easing, the unit or the pivot is out of
 * range.
 */
export function cameraPath(
  camera: Pinhole,
  options: CameraPathOptions,
): CameraPath {
  const { moves, easing = "linear", unit = 1, progress } = options;
  const { pivot = [0, 0, unit], frames = TRACK_FRAMES } = options;
  moves.forEach(checkSceneMove);
  if (!(unit > 0 && unit < Infinity)) {
    throw new RangeError(
      `Cannot measure distances in units of ${
        quote(unit)
      }, expected a depth above 0`,
    );
  }
  if (!pivot.every(Number.isFinite)) {
    throw new RangeError(
      `Cannot orbit about (${pivot.join(", ")}), expected a point of the scene`,
    );
  }
  const curves = moves.map((move) => resolveEasing(move.easing ?? easing));
  const poses = Array.from({ length: frames }, (_, frame) => {
    let rotation = IDENTITY;
    let translation: Vector3 = [0, 0, 0];
    let { focal } = camera;
    moves.forEach((move, i) => {
      const { from = 0, to = frames - 1 } = move;
      const p = progress
        ? frame === 0 ? 0 : progress(i, frame)
        : ease(curves[i]!, (frame - from) / (to - from));
      if (move.kind === "zoom") {
        focal *= 1 + (move.amount - 1) * p;
        return;
      }
      const at = add(apply(rotation, pivot), translation);
      const step = stepOf(move, { p, unit, pivot: at });
      rotation = multiply(step.rotation, rotation);
      translation = add(apply(step.rotation, translation), step.translation);
    });
    return { rotation, translation, focal };
  });
  return { camera, poses };
}

/** What one move does to the scene at progress p. */
function stepOf(
  move: SceneMove,
  context: { p: number; unit: number; pivot: Vector3 },
): { rotation: Matrix3; translation: Vector3 } {
  const { p, unit, pivot } = context;
  const amount = move.amount * p;
  const turn = (rotation: Matrix3) => ({
    rotation,
    translation: [0, 0, 0] as const,
  });
  const shift = (x: number, y: number, z: number) => ({
    rotation: IDENTITY,
    translation: scale([x, y, z], unit),
  });
  switch (move.kind) {
    case "pan":
      return turn(rotationY(-amount));
    case "tilt":
      return turn(rotationX(-amount));
    case "roll":
      return turn(rotationZ(-amount));
    case "dolly":
      return shift(0, 0, -amount);
    case "truck":
      return shift(-amount, 0, 0);
    case "pedestal":
      return shift(0, amount, 0);
    case "orbit": {
      const rotation = rotationY(amount);
      return {
        rotation,
        translation: add(pivot, scale(apply(rotation, pivot), -1)),
      };
    }
    case "zoom": // changes the focal length only
      return turn(IDENTITY);
  }
}

/**
 * Where the camera sees, at a frame, the point that is at `point` in the image
 * of frame 0. `inverse` is one over its depth there; 0 is infinitely far.
 *
 * `(x, y)` means nothing where `z` is not above 0.
 */
export function seePoint(
  path: CameraPath,
  point: Point,
  at: { readonly frame: number; readonly inverse: number },
): SeenPoint {
  const pose = path.poses[at.frame];
  if (!pose) {
    throw new RangeError(
      `Cannot see frame ${quote(at.frame)}: a path has ${path.poses.length}`,
    );
  }
  const { camera: { center } } = path;
  // R X + T times the inverse depth, so that points at infinity are exact.
  const [x, y, z] = add(
    apply(pose.rotation, rayOf(path.camera, point)),
    scale(pose.translation, at.inverse),
  );
  return {
    x: center.x + pose.focal * x / z,
    y: center.y + pose.focal * y / z,
    z,
  };
}

/** The camera's own position in the scene's coordinates, `-R^T T`. */
export function positionOf(pose: CameraPose): Vector3 {
  return scale(applyTransposed(pose.rotation, pose.translation), -1);
}
