/**
 * What can be done to the camera that moves in the scene, as pure functions
 * from document to document, and what its moves are called.
 *
 * @module
 */

import type { SceneMoveKind } from "../../core/tracks/camera/scene_move.ts";
import { addMove, baseMove } from "./camera_edits.ts";
import {
  type CameraScene,
  type EditorDocument,
  PLAIN_SCENE,
  type SceneCameraMove,
} from "./document.ts";
import { addTracks, createTrack } from "./edits.ts";
import { renderTracks } from "./render_document.ts";
import {
  chooseScenePoints,
  isScenePoint,
  prepareScene,
  scenePointId,
} from "./scene_camera.ts";
import { amountUnit, sceneAmount } from "./scene_strength.ts";

/** The strength of a new move, in %. */
const STRENGTH = 14;

/** What a move is called, its two directions, and what is seen of the first. */
interface MoveWords {
  readonly name: string;
  /** Above 0, and below. */
  readonly ways: readonly [string, string];
  /** What the camera does. */
  readonly does: string;
}

/** The moves, in the order in which they are offered. */
export const SCENE_MOVE_WORDS: Readonly<Record<SceneMoveKind, MoveWords>> = {
  pan: {
    name: "Pan",
    ways: ["Right", "Left"],
    does: "The camera turns right: the image moves left",
  },
  tilt: {
    name: "Tilt",
    ways: ["Up", "Down"],
    does: "The camera turns up: the image moves down",
  },
  roll: {
    name: "Roll",
    ways: ["Clockwise", "Back"],
    does: "The camera turns clockwise: the image turns back",
  },
  zoom: {
    name: "Zoom",
    ways: ["In", "Out"],
    does: "The lens comes closer: everything grows alike",
  },
  dolly: {
    name: "Dolly",
    ways: ["In", "Out"],
    does: "The camera moves forward: what is near grows more",
  },
  truck: {
    name: "Truck",
    ways: ["Right", "Left"],
    does: "The camera moves right: what is near moves left the most",
  },
  pedestal: {
    name: "Pedestal",
    ways: ["Up", "Down"],
    does: "The camera moves up: what is near moves down the most",
  },
  orbit: {
    name: "Orbit",
    ways: ["Right", "Left"],
    does: "The camera moves right around the middle and keeps facing it",
  },
};

/** A new move of a kind: gentle, over all frames, for all tracks. */
export function createSceneMove(
  document: EditorDocument,
  move: SceneMoveKind,
): SceneCameraMove {
  const base = baseMove(document, SCENE_MOVE_WORDS[move].name);
  return { ...base, kind: "scene", move, strength: STRENGTH };
}

/**
 * The document with one more move. Where nothing is drawn yet it gets points of
 * the scene, for a camera is seen by its tracks only.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { emptyDocument } from "./document.ts";
 * import { addSceneMove, createSceneMove } from "./scene_edits.ts";
 * const document = emptyDocument({ width: 832, height: 480 });
 * const moved = addSceneMove(document, createSceneMove(document, "orbit"));
 * assert.equal(moved.tracks.length, 20);
 * ```
 */
export function addSceneMove(
  document: EditorDocument,
  move: SceneCameraMove,
): EditorDocument {
  const next = addMove(document, move);
  return document.tracks.length === 0 ? withScenePoints(next) : next;
}

/**
 * The document with points of its scene chosen anew: as many as make 20 tracks
 * with what is drawn, the last chosen ones replaced.
 */
export function withScenePoints(document: EditorDocument): EditorDocument {
  const drawn = {
    ...document,
    tracks: document.tracks.filter((track) => !isScenePoint(track)),
  };
  const others = renderTracks({ ...drawn, camera: [] })
    .map(({ points }) => points);
  let next: EditorDocument = drawn;
  chooseScenePoints(document, others).forEach((point, n) => {
    const track = createTrack(next, { kind: "static", ...point }, {
      id: scenePointId(),
      name: `Scene ${n + 1}`,
    });
    next = addTracks(next, [track]);
  });
  return next;
}

/** The document with its scene changed. */
export function updateScene(
  document: EditorDocument,
  change: Partial<CameraScene>,
): EditorDocument {
  return {
    ...document,
    scene: { ...document.scene ?? PLAIN_SCENE, ...change },
  };
}

/** What a move does, in the unit of the tools. */
export function describeAmount(
  { move, strength }: SceneCameraMove,
  document: EditorDocument,
): string {
  const { width, height, scene = PLAIN_SCENE } = document;
  const amount = sceneAmount(move, strength, { width, height, fov: scene.fov });
  const unit = amountUnit(move);
  const number = String(Math.round(100 * amount) / 100);
  return unit === "°"
    ? `${number}°`
    : unit === "×"
    ? `× ${number}`
    : `${number} of the distance to the middle`;
}

/** What of the image a strength is a share of. */
export function describeShare({ move }: SceneCameraMove): string {
  switch (move) {
    case "pan":
    case "truck":
      return "of the width";
    case "tilt":
    case "pedestal":
      return "of the height";
    case "orbit":
      return "of the width, twice as far as the middle";
    default:
      return "of the width, at the sides";
  }
}

/** What a person should know of a scene; undefined when all is well. */
export function sceneNote(document: EditorDocument): string | undefined {
  const { reference } = prepareScene(document);
  return reference.atPoint
    ? undefined
    : "The middle is infinitely far: distances are those of the scene's median depth.";
}
