/**
 * The camera moves' handles on the image: where they are, and what a
 * move becomes when one is dragged.
 *
 * @module
 */

import { type CameraHandle, sceneSlot } from "./scene_slot.ts";
import { updateMove } from "./update_move.ts";
import {
  type CameraMove,
  type EditorDocument,
  type ImageMove,
  type Point,
} from "./document.ts";
import type { Size } from "./view.ts";

export type { CameraHandle };

/** A zoom's ring and a rotation's arm, in short sides of the image. */
const ARM = 0.2;

/** A zoom or rotation handle's distance from the center at rest, px. */
export function cameraArm(image: Size): number {
  return ARM * Math.min(image.width, image.height);
}

/**
 * Where a move's handles are, px of the image. A pan has no center of its
 * own: its arrow starts in the middle of the image and ends where that
 * middle ends.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { cameraHandles } from "./camera_handles.ts";
 * import { FULL_TIMING } from "./document.ts";
 * const { value } = cameraHandles({
 *   id: "c", name: "Pan", kind: "pan", dx: 1, dy: 0, enabled: true,
 *   applies: "all", timing: FULL_TIMING,
 * }, { width: 100, height: 50 });
 * assert.equal(value.x, 170);
 * assert.equal(value.y, 25);
 * ```
 */
export function cameraHandles(
  move: CameraMove,
  image: Size & Pick<EditorDocument, "scene">,
): Record<CameraHandle, Point> {
  const middle = { x: image.width / 2, y: image.height / 2 };
  if (move.kind === "scene") {
    return sceneSlot.camera?.handles(image) ??
      { center: middle, value: middle };
  }
  if (move.kind === "pan") {
    const frames = move.timing.end - move.timing.start;
    return {
      center: middle,
      value: { x: middle.x + move.dx * frames, y: middle.y + move.dy * frames },
    };
  }
  const center = { x: move.x, y: move.y };
  const arm = cameraArm(image);
  switch (move.kind) {
    case "zoom":
      return {
        center,
        value: { x: move.x + arm * move.factor, y: move.y },
      };
    case "rotate": {
      const angle = move.degrees * Math.PI / 180;
      return {
        center,
        value: {
          x: move.x + arm * Math.cos(angle),
          y: move.y + arm * Math.sin(angle),
        },
      };
    }
    case "orbit":
      return {
        center,
        value: { x: move.x + move.shift, y: move.y + arm },
      };
  }
}

/** The document with a handle of a move dragged to a position of the image. */
export function dragCamera(
  document: EditorDocument,
  move: CameraMove,
  target: { readonly handle: CameraHandle; readonly to: Point },
): EditorDocument {
  const { handle, to } = target;
  if (move.kind !== "scene") {
    const dragged = dragCameraHandle(move, handle, { to, image: document });
    return updateMove(document, move.id, () => dragged);
  }
  return sceneSlot.camera?.drag(document, target) ?? document;
}

/** The move with a handle dragged to a position, px of the image. */
export function dragCameraHandle(
  move: ImageMove,
  handle: CameraHandle,
  target: { readonly to: Point; readonly image: Size },
): ImageMove {
  const { to, image } = target;
  if (move.kind === "pan") {
    if (handle === "center") return move;
    const frames = Math.max(1, move.timing.end - move.timing.start);
    return {
      ...move,
      dx: hundredth((to.x - image.width / 2) / frames),
      dy: hundredth((to.y - image.height / 2) / frames),
    };
  }
  if (handle === "center") {
    return { ...move, x: hundredth(to.x), y: hundredth(to.y) };
  }
  const dx = to.x - move.x, dy = to.y - move.y;
  switch (move.kind) {
    case "zoom": {
      const factor = Math.hypot(dx, dy) / cameraArm(image);
      return { ...move, factor: Math.max(0.05, hundredth(factor)) };
    }
    case "rotate": {
      const turn = Math.atan2(dy, dx) * 180 / Math.PI;
      // Of all angles that look the same, the one nearest to the present.
      const rounds = Math.round((move.degrees - turn) / 360);
      return { ...move, degrees: hundredth(turn + 360 * rounds) };
    }
    case "orbit":
      return { ...move, shift: hundredth(dx) };
  }
}

function hundredth(value: number): number {
  return Math.round(100 * value) / 100;
}
