/**
 * The camera layer's moves of the flat image, which stay editable, on top of
 * what the objects do and of what the camera does in the scene
 * (`scene_camera.ts`). The geometry of pan, zoom and rotate is
 * `core/tracks/camera.ts`.
 *
 * @module
 */

import {
  applyCameraMove,
  type CameraMove as CoreMove,
} from "../../core/tracks/camera.ts";
import { TRACK_FRAMES, type TrackPoint } from "../../core/tracks/track_set.ts";
import type { EditorDocument, ImageMove, Point } from "./document.ts";
import { progressAt } from "./easing.ts";
import { appliesTo } from "./scene_slot.ts";

/**
 * The points of a track (frame by frame from `first`) with every enabled move of the
 * flat image that applies to it, in the order of the list.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { applyCamera } from "./camera_layer.ts";
 * import { emptyDocument, FULL_TIMING } from "./document.ts";
 * const document = emptyDocument({ width: 100, height: 50 });
 * document.camera.push({
 *   id: "c", name: "Pan", kind: "pan", dx: 2, dy: 0, enabled: true,
 *   applies: "all", timing: FULL_TIMING,
 * });
 * const points = [0, 1].map(() => ({ x: 5, y: 5, visible: true }));
 * assert.equal(applyCamera(points, document, "any")[1]?.x, 7);
 * ```
 */
export function applyCamera(
  points: readonly TrackPoint[],
  document: EditorDocument,
  trackId: string,
  first = 0,
): TrackPoint[] {
  const moves = document.camera.filter((move): move is ImageMove =>
    move.kind !== "scene" && appliesTo(move, trackId)
  );
  return points.map((point, index) => {
    const frame = first + index;
    let { x, y }: Point = point;
    for (const move of moves) {
      ({ x, y } = moved({ x, y }, move, { frame, height: document.height }));
    }
    return { x, y, visible: point.visible };
  });
}

function moved(
  point: Point,
  move: ImageMove,
  at: { readonly frame: number; readonly height: number },
): Point {
  const progress = progressAt(move.timing, at.frame);
  if (move.kind === "orbit") {
    // Without a depth map, what is lower in the image counts as nearer.
    const nearness = (point.y - move.y) / (at.height / 2);
    return { x: point.x + move.shift * nearness * progress, y: point.y };
  }
  // A pan is a speed: it lasts as long as its timing. The others are totals.
  const frames = move.kind === "pan"
    ? move.timing.end - move.timing.start
    : TRACK_FRAMES - 1;
  return applyCameraMove(point, coreMove(move), progress * frames);
}

function coreMove(move: Exclude<ImageMove, { kind: "orbit" }>): CoreMove {
  switch (move.kind) {
    case "pan":
      return { kind: "pan", dx: move.dx, dy: move.dy };
    case "zoom":
      return {
        kind: "zoom",
        factor: move.factor,
        center: { x: move.x, y: move.y },
      };
    case "rotate":
      return {
        kind: "rotate",
        degrees: move.degrees,
        center: { x: move.x, y: move.y },
      };
  }
}
