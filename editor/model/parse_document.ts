/**
 * What a document must look like, and the check of one that comes from a file
 * or over the wire. The only file that imports valibot; the page does without
 * it, for what it sends is checked by the server.
 *
 * @module
 */

import * as v from "npm:valibot@1.5.0";
import { TRACK_FRAMES } from "../../core/tracks/track_set.ts";
import { LAST_FRAME, MAX_POINTS, MAX_TRACKS } from "./document.ts";

const px = v.pipe(
  v.number(),
  v.finite(),
  v.minValue(-1_000_000),
  v.maxValue(1_000_000),
);
const frame = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0),
  v.maxValue(LAST_FRAME),
);
const id = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/));
const name = v.pipe(v.string(), v.maxLength(200));
const text = v.pipe(v.string(), v.maxLength(20_000));
const point = v.strictObject({ x: px, y: px });

/** When a motion runs: from `start` to `end`, along an easing curve. */
const timing = v.pipe(
  v.strictObject({
    /** The frame at which the motion starts. */
    start: frame,
    /** The frame at which it has arrived. */
    end: frame,
    /** The CSS `cubic-bezier(x1, y1, x2, y2)` that maps time to progress. */
    easing: v.tuple([
      v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
      v.pipe(v.number(), v.finite(), v.minValue(-5), v.maxValue(5)),
      v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
      v.pipe(v.number(), v.finite(), v.minValue(-5), v.maxValue(5)),
    ]),
    /** Before `start` and after `end`: stay in place, or be invisible. */
    outside: v.picklist(["hold", "hide"]),
  }),
  v.check((t) => t.start <= t.end, "expected start <= end"),
);

const splinePoint = v.strictObject({
  x: px,
  y: px,
  /** Bezier handle towards the previous point, relative to the point. */
  in: v.optional(point),
  /** Bezier handle towards the next point, relative to the point. */
  out: v.optional(point),
});

const shape = v.variant("kind", [
  /** A stroke of the pen; `times` (ms from the first point) if kept as drawn. */
  v.strictObject({
    kind: v.literal("freehand"),
    points: v.pipe(v.array(point), v.minLength(1), v.maxLength(MAX_POINTS)),
    speed: v.picklist(["even", "drawn"]),
    times: v.pipe(
      v.array(v.pipe(v.number(), v.finite(), v.minValue(0))),
      v.maxLength(MAX_POINTS),
    ),
  }),
  v.strictObject({
    kind: v.literal("spline"),
    curve: v.picklist(["cardinal", "linear", "bezier"]),
    /** Cardinal tension: 0 is Catmull-Rom, 1 is straight lines. */
    tension: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    points: v.pipe(
      v.array(splinePoint),
      v.minLength(1),
      v.maxLength(MAX_POINTS),
    ),
  }),
  /** A point that stays where it is: an anchor. */
  v.strictObject({ kind: v.literal("static"), x: px, y: px }),
  /** Points on a circle whose radius changes over time: a zoom. */
  v.strictObject({
    kind: v.literal("circle"),
    x: px,
    y: px,
    /** How many points (tracks) stand on the circle. */
    count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64)),
    /** Angle of the first point in degrees, clockwise from the right. */
    angle: v.pipe(v.number(), v.finite()),
    /** Radius in px at frames in rising order; in between it is eased. */
    radii: v.pipe(
      v.array(v.strictObject({
        frame,
        radius: v.pipe(px, v.minValue(0)),
      })),
      v.minLength(1),
      v.maxLength(TRACK_FRAMES),
      v.check(
        (keys) => keys.every((k, i) => i === 0 || k.frame > keys[i - 1]!.frame),
        "expected frames in rising order",
      ),
    ),
  }),
  /** 121 samples as they came from a file: x, y, visible, frame by frame. */
  v.strictObject({
    kind: v.literal("free"),
    samples: v.pipe(v.array(px), v.length(TRACK_FRAMES * 3)),
  }),
]);

const track = v.strictObject({
  id,
  name,
  /** Index into the palette of distinguishable colours. */
  colour: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(999)),
  /** A locked track cannot be changed by accident. */
  locked: v.boolean(),
  /** A hidden track is neither shown nor stored as a track. */
  hidden: v.boolean(),
  shape,
  timing,
  /** Frames `[from, to]` in which the track can be seen; empty: never. */
  visible: v.pipe(
    v.array(v.pipe(
      v.tuple([frame, frame]),
      v.check(([from, to]) => from <= to, "expected from <= to"),
    )),
    v.maxLength(TRACK_FRAMES),
  ),
});

const moveBase = {
  id,
  name,
  enabled: v.boolean(),
  /** The tracks that move with the camera: all, or those with these ids. */
  applies: v.union([
    v.literal("all"),
    v.pipe(v.array(id), v.maxLength(MAX_TRACKS)),
  ]),
  timing,
};

const cameraMove = v.variant("kind", [
  /** The picture's content moves by (dx, dy) px per frame. */
  v.strictObject({ ...moveBase, kind: v.literal("pan"), dx: px, dy: px }),
  /** Grows by `factor` about (x, y) over the whole move. */
  v.strictObject({
    ...moveBase,
    kind: v.literal("zoom"),
    factor: v.pipe(v.number(), v.minValue(0.01), v.maxValue(100)),
    x: px,
    y: px,
  }),
  /** Turns by `degrees`, clockwise as seen, about (x, y). */
  v.strictObject({
    ...moveBase,
    kind: v.literal("rotate"),
    degrees: v.pipe(
      v.number(),
      v.finite(),
      v.minValue(-7200),
      v.maxValue(7200),
    ),
    x: px,
    y: px,
  }),
  /**
   * A swing around the middle of the scene: what lies at depth 0 stays, near
   * things (lower in the picture) move more than far ones. `shift` is the
   * sideways travel in px of the nearest points over the whole move.
   */
  v.strictObject({
    ...moveBase,
    kind: v.literal("orbit"),
    shift: px,
    x: px,
    y: px,
  }),
]);

const documentSchema = v.pipe(
  v.strictObject({
    version: v.literal(1),
    /** Size of the picture in px, as it is seen. */
    width: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000)),
    height: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000)),
    /** What happens, in words: the prompt. */
    prompt: text,
    /** What shall not be seen; empty: the model's default. */
    negative: text,
    tracks: v.pipe(v.array(track), v.maxLength(MAX_TRACKS)),
    camera: v.pipe(v.array(cameraMove), v.maxLength(100)),
  }),
  v.check(
    (d) => new Set(d.tracks.map((t) => t.id)).size === d.tracks.length,
    "expected every track id once",
  ),
);

/** One picture's editable content. */
export type EditorDocument = v.InferOutput<typeof documentSchema>;
/** One thing in the track list; a circle yields several tracks. */
export type EditorTrack = EditorDocument["tracks"][number];
/** What a track is made from. */
export type Shape = EditorTrack["shape"];
/** When a motion runs. */
export type Timing = EditorTrack["timing"];
/** One move of the camera layer. */
export type CameraMove = EditorDocument["camera"][number];
/** A place in the picture, px. */
export type Point = v.InferOutput<typeof point>;
/** A control point of a spline. */
export type SplinePoint = v.InferOutput<typeof splinePoint>;

/**
 * Checks a document that came from a file or over the wire.
 *
 * @throws {TypeError} Naming the first field that is wrong by its path.
 *
 * @example
 * ```ts
 * import { emptyDocument } from "./document.ts";
 * import { parseDocument } from "./parse_document.ts";
 * parseDocument(emptyDocument({ width: 8, height: 6 }));
 * ```
 */
export function parseDocument(value: unknown): EditorDocument {
  const result = v.safeParse(documentSchema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue);
  throw new TypeError(
    `Cannot take the document: ${path ?? "it"}: ${issue.message}`,
  );
}
