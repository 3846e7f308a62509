/**
 * What a person edits: one document per image, kept as JSON next to the
 * image and turned into tracks by `render_document.ts`. Everything a person
 * did stays editable in it; nothing is baked in.
 *
 * Coordinates are px of the image as it is seen (EXIF orientation applied),
 * x right, y down. Frames are at 24 per second, from 0 on: see
 * {@linkcode EditorDocument.frames}.
 *
 * @module
 */

import type { DepthKind } from "../../core/tracks/camera/depth_map.ts";
import type { SceneMoveKind } from "../../core/tracks/camera/scene_move.ts";
import { TRACK_FRAMES } from "../../core/tracks/track_set.ts";

/** A position in the image, px. */
export interface Point {
  /** To the right. */
  x: number;
  /** Downwards. */
  y: number;
}

/** A control point of a spline. */
export interface SplinePoint extends Point {
  /** Bezier handle towards the previous point, relative to the point. */
  in?: Point | undefined;
  /** Bezier handle towards the next point, relative to the point. */
  out?: Point | undefined;
}

/** A stroke of the pen. */
export interface FreehandShape {
  /** The kind of shape. */
  kind: "freehand";
  /** Where the pen was; at least one position. */
  points: Point[];
  /** Walked at one speed, or at the speed of the stroke. */
  speed: "even" | "drawn";
  /** When the pen was there, ms from the first point; empty when not known. */
  times: number[];
}

/** A curve through control points. */
export interface SplineShape {
  /** The kind of shape. */
  kind: "spline";
  /** How it runs from point to point. */
  curve: "cardinal" | "linear" | "bezier";
  /** Cardinal tension: 0 is Catmull-Rom, 1 is straight lines. */
  tension: number;
  /** The control points; at least one. */
  points: SplinePoint[];
}

/** A point that stays where it is: an anchor. */
export interface StaticShape extends Point {
  /** The kind of shape. */
  kind: "static";
}

/** Points on a circle whose radius changes over time: a zoom. */
export interface CircleShape extends Point {
  /** The kind of shape. */
  kind: "circle";
  /** The number of points (tracks) on the circle, 1 to 64. */
  count: number;
  /** Angle of the first point in degrees, clockwise from the right. */
  angle: number;
  /** Radius in px at frames of its own time, in rising order. */
  radii: { frame: number; radius: number }[];
  /** Frames of its own time, from start to end of the motion; none: 121. */
  frames?: number | undefined;
}

/** A track as it came from a file. */
export interface FreeShape {
  /** The kind of shape. */
  kind: "free";
  /** Samples of its own time, 121 or more: x, y, visible, frame by frame. */
  samples: number[];
}

/**
 * A thing that was marked in the image and moves as a piece, with its tracks.
 * Objects are nearer the later they are in the list of tracks.
 */
export interface ObjectShape {
  /** The kind of shape. */
  kind: "object";
  /** Closed lines around it in the image (even-odd); holes are lines, too. */
  outline: Point[][];
  /** Where its middle goes; it is at the first point in the image. */
  path: Point[];
  /** When it is there, in any unit from 0 on; empty: at constant speed. */
  times: number[];
  /** Where its tracks begin; at least one. */
  points: Point[];
  /**
   * Its turn (clockwise) and size at frames of its own time, in rising order;
   * empty: neither.
   */
  turns: { frame: number; degrees: number; scale: number }[];
  /** Frames of its own time, from start to end of the motion; none: 121. */
  frames?: number | undefined;
}

/** What a track is made from. */
export type Shape =
  | FreehandShape
  | SplineShape
  | StaticShape
  | CircleShape
  | FreeShape
  | ObjectShape;

/** Where one part of an easing curve ends and the next begins. */
export interface EasingJoint {
  /** When: the share of the time from `start` to `end`, between 0 and 1. */
  time: number;
  /** The progress there, -1 to 2. */
  progress: number;
  /** The curve from here to the next joint, or to the end. */
  easing: [x1: number, y1: number, x2: number, y2: number];
}

/** When a motion runs: from `start` to `end`, along an easing curve. */
export interface Timing {
  /** The frame at which the motion starts. */
  start: number;
  /** The frame at which it has arrived; not before `start`. */
  end: number;
  /** The CSS `cubic-bezier(x1, y1, x2, y2)` that maps time to progress. */
  easing: [x1: number, y1: number, x2: number, y2: number];
  /** Of an easing in several parts, in rising order; it begins with `easing`. */
  joints?: EasingJoint[] | undefined;
  /** Before `start` and after `end`: stay in place, or be invisible. */
  outside: "hold" | "hide";
}

/** One entry of the track list; a circle or object yields several tracks. */
export interface EditorTrack {
  /** Its own in the document; 1 to 64 of `A-Z a-z 0-9 _ -`. */
  id: string;
  /** What the person calls it. */
  name: string;
  /** Index into the palette of distinguishable colors. */
  colour: number;
  /** A locked track cannot be changed by accident. */
  locked: boolean;
  /** A hidden track is neither shown nor stored as a track. */
  hidden: boolean;
  /** What it is made from. */
  shape: Shape;
  /** When it moves. */
  timing: Timing;
  /** Frames `[from, to]` in which the track can be seen; empty: never. */
  visible: [from: number, to: number][];
}

/** What all moves of the camera have. */
export interface BaseMove {
  /** Its own in the document. */
  id: string;
  /** What the person calls it. */
  name: string;
  /** One that is switched off moves nothing, and is kept. */
  enabled: boolean;
  /** The tracks that move with the camera: all, or those with these ids. */
  applies: "all" | string[];
  /** When it runs. */
  timing: Timing;
}

/** The image's content moves by (dx, dy) px per frame. */
export interface PanMove extends BaseMove {
  /** The kind of move. */
  kind: "pan";
  /** To the right, px per frame. */
  dx: number;
  /** Downwards, px per frame. */
  dy: number;
}

/** Grows about (x, y) over the whole move. */
export interface ZoomMove extends BaseMove, Point {
  /** The kind of move. */
  kind: "zoom";
  /** The size at the end over that at the start. */
  factor: number;
}

/** Turns about (x, y) over the whole move. */
export interface RotateMove extends BaseMove, Point {
  /** The kind of move. */
  kind: "rotate";
  /** How far, clockwise as seen. */
  degrees: number;
}

/**
 * A move around the center of the scene: depth 0 stays, near objects (lower in
 * the image) move more than far ones.
 */
export interface OrbitMove extends BaseMove, Point {
  /** The kind of move. */
  kind: "orbit";
  /** Sideways travel of the nearest points over the whole move, px. */
  shift: number;
}

/**
 * The camera itself moves in the scene, see `core/tracks/camera/`. The other
 * kinds of moves shift, scale and turn the flat image.
 */
export interface SceneCameraMove extends BaseMove {
  /** The kind of move. */
  kind: "scene";
  /** What the camera does. */
  move: SceneMoveKind;
  /** How much, in % of the image; see `scene_strength.ts`. */
  strength: number;
}

/** A move of the flat image. */
export type ImageMove = PanMove | ZoomMove | RotateMove | OrbitMove;

/** One move of the camera layer. */
export type CameraMove = ImageMove | SceneCameraMove;

/** A depth image, small enough to be part of the document. */
export interface DepthImage {
  /** The kind of depth. */
  kind: "image";
  /** The file that it came from. */
  name: string;
  /** Columns. */
  width: number;
  /** Rows. */
  height: number;
  /** A byte a pixel, row by row, in base64. */
  values: string;
  /** Whether bright is near (inverse depth) or far (depth). */
  sense: DepthKind;
  /**
   * How many times as far the farthest number is as the nearest one; 0: the
   * numbers are taken as they are.
   */
  span: number;
}

/** How far away the image's content is. */
export type SceneDepthSource =
  /** Everything equally far. */
  | { kind: "flat" }
  /** A floor below the horizon, a share of the image's height. */
  | { kind: "plane"; horizon: number }
  | DepthImage;

/** What the camera of {@linkcode SceneCameraMove} moves in. */
export interface CameraScene {
  /** The horizontal field of view, degrees. */
  fov: number;
  /** How far away the image's content is. */
  depth: SceneDepthSource;
  /** What an orbit is about, and distances are measured by; none: the middle. */
  about?: Point | undefined;
}

/** One image's editable content. */
export interface EditorDocument {
  /** The version of this format. */
  version: 1;
  /** Width of the image in px, as it is seen. */
  width: number;
  /** Height of the image in px. */
  height: number;
  /**
   * Frames of every track, 122 to 2881; none: 121, five seconds. Motions may
   * go on after the last one.
   */
  frames?: number | undefined;
  /** The prompt; of a video in segments, that of the first one. */
  prompt: string;
  /**
   * The prompts of the segments after the first, where there are any. An empty
   * one continues the prompt before it, and so does one that is not there.
   */
  nextPrompts?: string[] | undefined;
  /** The negative prompt; empty: the model's default. */
  negative: string;
  /** The tracks, in the order of the list. */
  tracks: EditorTrack[];
  /** The camera's moves, in the order in which they are applied. */
  camera: CameraMove[];
  /** What the camera moves in; none: everything equally far. */
  scene?: CameraScene | undefined;
}

/** The scene of a document that says nothing about it. */
export const PLAIN_SCENE: CameraScene = { fov: 50, depth: { kind: "flat" } };

/** The last frame of a document's tracks. */
export function lastFrameOf(
  { frames = TRACK_FRAMES }: Pick<EditorDocument, "frames">,
): number {
  return frames - 1;
}

/** The last frame of a shape's own time, in which it has keys or samples. */
export function ownLastFrame(shape: Shape): number {
  return shape.kind === "free"
    ? shape.samples.length / 3 - 1
    : "frames" in shape
    ? lastFrameOf(shape)
    : TRACK_FRAMES - 1;
}

/** The most tracks a document may hold; ATI was trained on 1 to 20. */
export const MAX_TRACKS = 2000;

/** The most prompts a document may hold after the first. */
export const MAX_NEXT_PROMPTS = 999;

/** The most points one shape may hold. */
export const MAX_POINTS = 20_000;

/** The own time of a new shape, in which it has keys: that of the document. */
export function ownTime(
  { frames }: Pick<EditorDocument, "frames">,
): Pick<CircleShape, "frames"> {
  return frames === undefined ? {} : { frames };
}

/** Five seconds at even speed, staying in place outside. */
export const FULL_TIMING: Timing = {
  start: 0,
  end: TRACK_FRAMES - 1,
  easing: [0, 0, 1, 1],
  outside: "hold",
};

/** Visible in every frame of five seconds. */
export const ALWAYS_VISIBLE: EditorTrack["visible"] = [[0, TRACK_FRAMES - 1]];

/** From the first frame of a document to its last. */
export function fullTiming(document: Pick<EditorDocument, "frames">): Timing {
  return document.frames === undefined
    ? FULL_TIMING
    : { ...FULL_TIMING, end: lastFrameOf(document) };
}

/** Visible in every frame of a document. */
export function alwaysVisible(
  document: Pick<EditorDocument, "frames">,
): EditorTrack["visible"] {
  return document.frames === undefined
    ? ALWAYS_VISIBLE
    : [[0, lastFrameOf(document)]];
}

/**
 * An empty document for an image of this size.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { emptyDocument } from "./document.ts";
 * assert.equal(emptyDocument({ width: 8, height: 6 }).tracks.length, 0);
 * ```
 */
export function emptyDocument(
  size: { readonly width: number; readonly height: number },
): EditorDocument {
  return {
    version: 1,
    width: size.width,
    height: size.height,
    prompt: "",
    negative: "",
    tracks: [],
    camera: [],
  };
}
