/**
 * Where the camera in a scene is found by what draws tracks. Its geometry is
 * loaded by the page only where a document needs it, so it registers itself
 * here (`scene_camera.ts`).
 *
 * @module
 */

import type { TrackPoint } from "../../core/tracks/track_set.ts";
import type {
  CameraMove,
  EditorDocument,
  EditorTrack,
  Point,
  SceneCameraMove,
} from "./document.ts";

/** `center` is what a move turns and grows about, `value` how far it goes. */
export type CameraHandle = "center" | "value";

/** What a camera that moves in a scene does to tracks. */
export interface SceneCamera {
  /** The tracks of one entry, frame by frame, as the camera sees them. */
  ride(
    track: EditorTrack,
    parts: readonly TrackPoint[][],
    document: EditorDocument,
  ): TrackPoint[][];
  /** Where the camera sees a point of an entry in a frame. */
  see(
    track: EditorTrack,
    point: Point,
    at: { readonly frame: number; readonly document: EditorDocument },
  ): Point;
  /** What an orbit is about; and the horizon, where there is a floor. */
  handles(
    document: Pick<EditorDocument, "width" | "height" | "scene">,
  ): Record<CameraHandle, Point>;
  /** The document with one of these dragged to a position of the image. */
  drag(
    document: EditorDocument,
    target: { readonly handle: CameraHandle; readonly to: Point },
  ): EditorDocument;
}

/** The camera, once it is there. */
export const sceneSlot: { camera?: SceneCamera } = {};

/** The moves in the scene that move an entry. */
export function sceneMovesOf(
  document: EditorDocument,
  trackId: string,
): SceneCameraMove[] {
  return document.camera.filter((move): move is SceneCameraMove =>
    move.kind === "scene" && appliesTo(move, trackId)
  );
}

/** Whether a move moves an entry. */
export function appliesTo(
  { enabled, applies }: CameraMove,
  trackId: string,
): boolean {
  return enabled && (applies === "all" || applies.includes(trackId));
}
