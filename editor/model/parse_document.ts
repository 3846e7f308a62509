/**
 * What a document must look like, and the check of one that comes from a file
 * or over the wire. The only file that imports valibot; the page does without
 * it, for what it sends is checked by the server.
 *
 * @module
 */

import * as v from "npm:valibot@1.5.0";
import { DEPTH_KINDS } from "../../core/tracks/camera/depth_map.ts";
import { SCENE_MOVES } from "../../core/tracks/camera/scene_move.ts";
import { MAX_LONG_FRAMES, TRACK_FRAMES } from "../../core/tracks/track_set.ts";
import { MAX_JOINTS } from "../../core/tracks/track_curve.ts";
import {
  type EditorDocument,
  MAX_NEXT_PROMPTS,
  MAX_POINTS,
  MAX_TRACKS,
} from "./document.ts";
import { MAX_DEPTH_SIDE } from "./depth_image.ts";
import { MAX_STRENGTH } from "./scene_strength.ts";

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
  v.maxValue(MAX_LONG_FRAMES - 1),
);
/** More than five seconds. */
const frames = v.optional(v.pipe(
  v.number(),
  v.integer(),
  v.gtValue(TRACK_FRAMES),
  v.maxValue(MAX_LONG_FRAMES),
));
const id = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/));
const name = v.pipe(v.string(), v.maxLength(200));
const text = v.pipe(v.string(), v.maxLength(20_000));
const point = v.strictObject({ x: px, y: px });

const easing = v.tuple([
  v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  v.pipe(v.number(), v.finite(), v.minValue(-5), v.maxValue(5)),
  v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  v.pipe(v.number(), v.finite(), v.minValue(-5), v.maxValue(5)),
]);

const joints = v.pipe(
  v.array(v.strictObject({
    time: v.pipe(v.number(), v.gtValue(0), v.ltValue(1)),
    progress: v.pipe(v.number(), v.minValue(-1), v.maxValue(2)),
    easing,
  })),
  v.maxLength(MAX_JOINTS),
  v.check(
    (all) => all.every((j, i) => i === 0 || j.time > all[i - 1]!.time),
    "expected joints in rising order",
  ),
);

const timing = v.pipe(
  v.strictObject({
    start: frame,
    end: frame,
    easing,
    joints: v.optional(joints),
    outside: v.picklist(["hold", "hide"]),
  }),
  v.check((t) => t.start <= t.end, "expected start <= end"),
);

const splinePoint = v.strictObject({
  x: px,
  y: px,
  in: v.optional(point),
  out: v.optional(point),
});

const shape = v.variant("kind", [
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
    tension: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    points: v.pipe(
      v.array(splinePoint),
      v.minLength(1),
      v.maxLength(MAX_POINTS),
    ),
  }),
  v.strictObject({ kind: v.literal("static"), x: px, y: px }),
  v.strictObject({
    kind: v.literal("circle"),
    x: px,
    y: px,
    count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64)),
    angle: v.pipe(v.number(), v.finite()),
    radii: v.pipe(
      v.array(v.strictObject({
        frame,
        radius: v.pipe(px, v.minValue(0)),
      })),
      v.minLength(1),
      v.maxLength(MAX_LONG_FRAMES),
      v.check(
        (keys) => keys.every((k, i) => i === 0 || k.frame > keys[i - 1]!.frame),
        "expected frames in rising order",
      ),
    ),
    frames,
  }),
  v.strictObject({
    kind: v.literal("object"),
    outline: v.pipe(
      v.array(
        v.pipe(v.array(point), v.minLength(1), v.maxLength(MAX_POINTS)),
      ),
      v.minLength(1),
      v.maxLength(1000),
    ),
    path: v.pipe(v.array(point), v.minLength(1), v.maxLength(MAX_POINTS)),
    times: v.pipe(
      v.array(v.pipe(v.number(), v.finite(), v.minValue(0))),
      v.maxLength(MAX_POINTS),
    ),
    points: v.pipe(v.array(point), v.minLength(1), v.maxLength(64)),
    turns: v.pipe(
      v.array(v.strictObject({
        frame,
        degrees: v.pipe(
          v.number(),
          v.finite(),
          v.minValue(-7200),
          v.maxValue(7200),
        ),
        scale: v.pipe(v.number(), v.minValue(0.01), v.maxValue(100)),
      })),
      v.maxLength(MAX_LONG_FRAMES),
      v.check(
        (keys) => keys.every((k, i) => i === 0 || k.frame > keys[i - 1]!.frame),
        "expected frames in rising order",
      ),
    ),
    frames,
  }),
  v.strictObject({
    kind: v.literal("free"),
    samples: v.pipe(
      v.array(px),
      v.minLength(TRACK_FRAMES * 3),
      v.maxLength(MAX_LONG_FRAMES * 3),
      v.check(({ length }) => length % 3 === 0, "expected x, y, visible"),
    ),
  }),
]);

const track = v.strictObject({
  id,
  name,
  colour: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(999)),
  locked: v.boolean(),
  hidden: v.boolean(),
  shape,
  timing,
  visible: v.pipe(
    v.array(v.pipe(
      v.tuple([frame, frame]),
      v.check(([from, to]) => from <= to, "expected from <= to"),
    )),
    v.maxLength(MAX_LONG_FRAMES),
  ),
});

const moveBase = {
  id,
  name,
  enabled: v.boolean(),
  applies: v.union([
    v.literal("all"),
    v.pipe(v.array(id), v.maxLength(MAX_TRACKS)),
  ]),
  timing,
};

const cameraMove = v.variant("kind", [
  v.strictObject({ ...moveBase, kind: v.literal("pan"), dx: px, dy: px }),
  v.strictObject({
    ...moveBase,
    kind: v.literal("zoom"),
    factor: v.pipe(v.number(), v.minValue(0.01), v.maxValue(100)),
    x: px,
    y: px,
  }),
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
  v.strictObject({
    ...moveBase,
    kind: v.literal("orbit"),
    shift: px,
    x: px,
    y: px,
  }),
  v.strictObject({
    ...moveBase,
    kind: v.literal("scene"),
    move: v.picklist(SCENE_MOVES),
    strength: v.pipe(
      v.number(),
      v.minValue(-MAX_STRENGTH),
      v.maxValue(MAX_STRENGTH),
    ),
  }),
]);

const depthSide = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1),
  v.maxValue(MAX_DEPTH_SIDE),
);

const scene = v.strictObject({
  fov: v.pipe(v.number(), v.minValue(1), v.maxValue(170)),
  depth: v.variant("kind", [
    v.strictObject({ kind: v.literal("flat") }),
    v.strictObject({
      kind: v.literal("plane"),
      horizon: v.pipe(v.number(), v.minValue(-10), v.maxValue(0.99)),
    }),
    v.pipe(
      v.strictObject({
        kind: v.literal("image"),
        name,
        width: depthSide,
        height: depthSide,
        values: v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]*={0,2}$/)),
        sense: v.picklist(DEPTH_KINDS),
        span: v.pipe(v.number(), v.minValue(0), v.maxValue(1000)),
      }),
      v.check(
        ({ width, height, values }) =>
          values.length === 4 * Math.ceil(width * height / 3),
        "expected a byte a pixel",
      ),
    ),
  ]),
  about: v.optional(point),
});

const documentSchema: v.GenericSchema<unknown, EditorDocument> = v.pipe(
  v.strictObject({
    version: v.literal(1),
    width: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000)),
    height: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000)),
    frames,
    prompt: text,
    nextPrompts: v.optional(v.pipe(
      v.array(text),
      v.minLength(1),
      v.maxLength(MAX_NEXT_PROMPTS),
    )),
    negative: text,
    tracks: v.pipe(v.array(track), v.maxLength(MAX_TRACKS)),
    camera: v.pipe(v.array(cameraMove), v.maxLength(100)),
    scene: v.optional(scene),
  }),
  v.check(
    (d) => new Set(d.tracks.map((t) => t.id)).size === d.tracks.length,
    "expected every track id once",
  ),
);

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
    `Cannot read the document: ${path ?? "it"}: ${issue.message}`,
  );
}
