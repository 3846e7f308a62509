/**
 * Tracks as text, in all the shapes in which ComfyUI's nodes and Python scripts
 * pass them on:
 *
 * - `[{"x": 1, "y": 2}, ...]`: one track (KJNodes' SplineEditor with a single
 *   spline), or a bare `{"x": 1, "y": 2}` (with a single point);
 * - `[[{"x": 1, "y": 2}, ...], ...]`: several tracks;
 * - `[[[{"x": 1, "y": 2}, ...], ...]]`: a batch with one list of tracks;
 * - `["[{\"x\": 1, ...}]", ...]`: a list of strings, each of them a track;
 * - any of these as Python prints them, {@link parsePythonLiteral};
 * - points as `[x, y]` or `[x, y, visible]`, or with `frame`, `t`, `time` next to
 *   x and y, `point_times.ts`; hidden ones may have no numbers;
 * - `[{"points": [...]}, ...]`, where the points have times or visibility;
 * - numbers nested as an array is, `tracks.tolist()`, also next to their
 *   visibility in an object: read as arrays are, {@link tracksFromArrays};
 * - an object with one of these under `tracks` or `coordinates`, possibly with
 *   `fps` (or `frame_rate`), `width` and `height`;
 * - a SplineEditor's `points_store`, or a ComfyUI workflow that holds one;
 * - a scene of Spline-Path-Control, {@link splineScene}.
 *
 * What is written is always the nested form, all tracks with 121 points, also
 * one track: ComfyUI's nodes take the length of the first for all. A point that
 * cannot be seen has `"visible": false` and, where it had no position of its
 * own, the last one that was seen; ComfyUI's WanVideoATITracks, which knows no
 * visibility, then sees a track that stays in its place.
 *
 * @module
 */

import { FormatError, quote, withHint } from "../base/errors.ts";
import {
  checkScale,
  type LayoutOptions,
  type LayoutResult,
  scaleNote,
  tracksFromArray,
} from "./array_layout.ts";
import {
  findSplineEditors,
  type SplineEditor,
  storedSplines,
} from "./comfy_workflow.ts";
import type { ImageSize } from "./coordinates.ts";
import { lengthRule } from "./fit_length.ts";
import { heldPoints, shortest } from "./exchange/stored_points.ts";
import { numericArrays } from "./json_arrays.ts";
import {
  areSampledTracks,
  isPoint,
  pointsOf,
  readPointLists,
  refuseShape,
  SHAPES,
} from "./json_points.ts";
import { parsePythonLiteral } from "./python_literal.ts";
import {
  checkTrackCount,
  lengthOf,
  type RawTrack,
  type RawTracks,
} from "./raw_tracks.ts";
import { VIDEO_FPS } from "./resample.ts";
import { splineScene } from "./spline_scene.ts";
import { tracksFromArrays } from "./track_arrays.ts";
import { sampleCurve, type TrackCurve } from "./track_curve.ts";
import { TRACK_FPS, TRACK_FRAMES, type TrackPositions } from "./track_set.ts";

/** Tracks of a text. */
export interface JsonTracks extends LayoutResult {
  /** The size of the image that the coordinates belong to, where it is stored. */
  readonly fromSize?: ImageSize;
  /** The tracks as curves, those that are. */
  readonly curves?: readonly (TrackCurve | undefined)[];
  /** Samples per second, where the text says it. */
  readonly fps?: number;
}

/** How a text of tracks is read. */
export interface JsonTracksOptions extends LayoutOptions {
  /** The array of an object, or the number of a batch, from 0. */
  readonly array?: string;
}

/**
 * The tracks in a text, each with as many samples as it has points or, where
 * these say their frame, with one for each frame.
 *
 * @throws {FormatError} When the text is no JSON and no Python value, or no
 * tracks, or the times of points are not even; with the index of the track and
 * the point.
 */
export async function readJsonTracks(
  text: string,
  options: JsonTracksOptions,
): Promise<JsonTracks> {
  const { name } = options;
  const value = inside(parse(text, name), name);
  // Curves have no order of axes.
  const splines = areSampledTracks(value) ? undefined : storedSplines(value);
  if (splines) {
    checkTrackCount(splines.length, name);
    return {
      ...scaled(sampleSplines(splines), options, [
        `${splines.length} splines of a SplineEditor were sampled along their curves.`,
      ]),
      curves: splines,
    };
  }
  const scene = splineScene(value);
  if (scene) {
    const { tracks, note, curves, fromSize } = scene;
    checkTrackCount(tracks.length, name);
    return {
      ...scaled(tracks, options, [note]),
      curves,
      ...fromSize && { fromSize },
    };
  }
  const editors = /SplineEditor|SparseTrackEditor/.test(text)
    ? findSplineEditors(value)
    : [];
  if (editors.length > 0) return await fromEditors(editors, options);
  return withStated(await readSamples(value, options), value);
}

/** Tracks as samples: arrays of numbers, or lists of points. */
async function readSamples(
  value: unknown,
  options: JsonTracksOptions,
): Promise<JsonTracks> {
  const { name } = options;
  const arrays = numericArrays(value);
  if (arrays) {
    return arrays instanceof Map
      ? await tracksFromArrays({
        names: [...arrays.keys()],
        array: (key) => {
          const array = arrays.get(key);
          return array ? Promise.resolve(array) : Promise.reject(
            refuseShape(
              name,
              `it has ${[...arrays.keys()].map(quote).join(", ")}, no ${
                quote(key)
              }`,
            ),
          );
        },
      }, { otherwise: "tracks-first", ...options })
      : tracksFromArray(arrays, {
        // A batch, four deep, is one of a tracker's arrays.
        ...arrays.dims.length === 3 && { likely: "tracks-first" },
        ...options,
      });
  }
  const lists = batchOf(unwrap(value, { name, depth: 0 }), options);
  const list = options.order === "time-first"
    ? turnLists(lists, { name })
    : lists;
  checkTrackCount(list.length, name);
  const { tracks, notes, ...timing } = readPointLists(list, { name });
  return { ...timing, ...scaled(tracks, options, notes) };
}

/** How far beyond the image that a text speaks of its points may be. */
const FAR = 2;

/** The tracks with the rate and the size that the object around them says. */
function withStated(found: JsonTracks, value: unknown): JsonTracks {
  if (typeof value !== "object" || value === null) return found;
  const said = value as Record<string, unknown>;
  const { width, height } = said;
  const rate = said.fps ?? said.frame_rate;
  const { tracks } = found;
  const warnings = [...found.warnings ?? []];
  const longest = tracks.reduce((a, track) => Math.max(a, lengthOf(track)), 0);
  const isRate = typeof rate === "number" && rate > 0 && rate <= 1000 &&
    found.fps === undefined && longest > 1;
  // ATI's tracks have 24 per second, its videos 16.
  const isVideo = longest === TRACK_FRAMES && rate === VIDEO_FPS;
  if (isRate && rate !== lengthRule([longest]).fps) {
    warnings.push(
      isVideo
        ? `Samples were taken as ${TRACK_FPS} per second, as ATI has them; the file says ${rate} (fps takes it).`
        : `Samples were taken as ${rate} per second, as the file says (fps takes another rate, length "resample" spreads them over 5 seconds).`,
    );
  }
  const size = isSide(width) && isSide(height) ? { width, height } : undefined;
  const isFar = size &&
    tracks.some((track) =>
      track.some((value, i) =>
        i % 3 === 2 && value > 0 &&
        (track[i - 2]! > FAR * size.width || track[i - 1]! > FAR * size.height)
      )
    );
  if (isFar) {
    warnings.push(
      `The size that the file says, ${size.width}x${size.height}, was left out: its points are far outside of it.`,
    );
  }
  return {
    ...isRate && !isVideo && { fps: rate },
    ...size && !isFar && { fromSize: size },
    ...found,
    ...warnings.length > 0 && { warnings },
  };
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 &&
    Number(value) <= 100_000;
}

/** Lists of the points of one frame each as lists of one track each. */
function turnLists(
  lists: readonly unknown[],
  { name }: { readonly name: string },
): readonly unknown[] {
  const frames = lists.map(pointsOf);
  const [first] = frames;
  // One list is a track; what is none gets its error later.
  if (frames.length < 2 || !first || !frames.every((frame) => frame)) {
    return lists;
  }
  const at = frames.findIndex((frame) => frame!.length !== first.length);
  if (at >= 0) {
    throw new FormatError(
      `Cannot read ${quote(name)} with time first: frame ${at} has ${
        frames[at]!.length
      } points, expected ${first.length} as in frame 0`,
    );
  }
  return first.map((_, track) => frames.map((frame) => frame![track]));
}

/** Samples along curves, all as long as the one that lasts longest. */
function sampleSplines(splines: readonly TrackCurve[]): RawTrack[] {
  const frames = splines.reduce(
    (most, { end, visible }) => Math.max(most, end + 1, visible[1] + 1),
    TRACK_FRAMES,
  );
  return splines.map((spline) => sampleCurve(spline, { frames }));
}

function scaled(
  tracks: RawTracks,
  options: LayoutOptions,
  notes: readonly string[],
): LayoutResult {
  const scale = typeof options.scale === "number" ? options.scale : 1;
  checkScale(scale);
  return {
    tracks: scale === 1
      ? tracks
      : tracks.map((track) =>
        track.map((value, i) => i % 3 === 2 ? value : value / scale)
      ),
    notes: [...notes, scaleNote(scale)],
  };
}

/**
 * The tracks of a workflow's editors: what they gave out, else their curves.
 * Those that are muted or bypassed do not count if others are not.
 */
async function fromEditors(
  found: readonly SplineEditor[],
  options: JsonTracksOptions,
): Promise<JsonTracks> {
  const { name } = options;
  const active = found.filter(({ active }) => active);
  const editors = active.length > 0 ? active : found;
  const sizes = editors.flatMap(({ size }) => size ?? []);
  const [first] = sizes;
  if (
    sizes.some(({ width, height }) =>
      width !== first!.width || height !== first!.height
    )
  ) {
    throw refuseShape(
      name,
      `its ${editors.length} SplineEditors have different sizes (${
        sizes.map(({ width, height }) => `${width}x${height}`).join(", ")
      })`,
    );
  }
  const tracks: RawTrack[] = [];
  const idle = found.length - active.length;
  const notes = idle === 0 || active.length === 0
    ? []
    : [`${idle} muted or bypassed SplineEditors were left out.`];
  const warnings = active.length > 0
    ? []
    : ["Every SplineEditor is muted or bypassed; their tracks were read."];
  const curves: (TrackCurve | undefined)[] = [];
  for (const [index, { coordinates, splines }] of editors.entries()) {
    const which = editors.length === 1 ? "" : ` ${index}`;
    const given = /\S/.test(coordinates) && coordinates.trim() !== "[]"
      ? (await readJsonTracks(coordinates, { ...options, order: "auto" }))
        .tracks
      : [];
    if (given.length > 0) tracks.push(...given);
    else tracks.push(...scaled(sampleSplines(splines), options, []).tracks);
    const whole = given.length === 0 || given.length === splines.length;
    curves.push(...whole ? splines : given.map(() => undefined));
    notes.push(
      given.length > 0
        ? `SplineEditor${which}: ${given.length} tracks as it sampled them.`
        : `SplineEditor${which}: ${splines.length} splines, sampled along their curves.`,
    );
  }
  checkTrackCount(tracks.length, name);
  return {
    ...{ tracks, notes, warnings, curves },
    ...first && { fromSize: first },
  };
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    let reason = (cause as Error).message;
    try {
      return parsePythonLiteral(text);
    } catch (error) {
      // Of a text that Python may have printed, its own error tells more.
      if (/\.\.\.|\bnan\b|\(|'/.test(text.slice(0, 1000))) {
        reason = (error as Error).message;
      }
    }
    throw new FormatError(
      withHint(
        `Cannot read ${quote(name)} as JSON: ${reason}`,
        `Tracks are ${SHAPES}.`,
      ),
      { cause },
    );
  }
}

/** What is inside strings of strings. */
function inside(value: unknown, name: string, depth = 0): unknown {
  if (typeof value !== "string") return value;
  if (depth > 3) throw refuseShape(name, "it is nested too deeply");
  return inside(parse(value, name), name, depth + 1);
}

/** The list of tracks inside whatever was wrapped around it. */
function unwrap(
  value: unknown,
  place: { name: string; depth: number },
): readonly unknown[] {
  const { name, depth } = place;
  const inner = { name, depth: depth + 1 };
  if (depth > 3) throw refuseShape(name, "it is nested too deeply");
  if (typeof value === "string") return unwrap(parse(value, name), inner);
  if (isPoint(value)) return [[value]];
  if (Array.isArray(value)) {
    if (value.length === 0) return [];
    if (value.every((item) => typeof item === "string")) {
      return value.flatMap((item) => unwrap(item, inner));
    }
    if (value.every(isPoint)) return [value];
    return value;
  }
  if (typeof value === "object" && value !== null) {
    for (const key of ["tracks", "coordinates", "track_coords", "coord_str"]) {
      if (Object.hasOwn(value, key)) {
        return unwrap((value as Record<string, unknown>)[key], inner);
      }
    }
    throw refuseShape(
      name,
      `it is an object with ${
        Object.keys(value).slice(0, 5).map(quote).join(", ") || "no keys"
      }`,
    );
  }
  throw refuseShape(name, `it is ${quote(value)}`);
}

/** The one list of tracks of a batch of such lists. */
function batchOf(
  list: readonly unknown[],
  options: JsonTracksOptions,
): readonly unknown[] {
  const isTrackList = (value: unknown): value is unknown[] =>
    Array.isArray(value) && value.length > 0 &&
    value.every((track) =>
      Array.isArray(track) && track.length > 0 && track.every(isPoint)
    );
  if (list.length === 0 || !list.every(isTrackList)) return list;
  const { array, name } = options;
  const index = array === undefined && list.length === 1 ? 0 : Number(array);
  const batch = Number.isInteger(index) ? list[index] : undefined;
  if (batch) return batch;
  throw new FormatError(
    withHint(
      `Cannot choose among the ${list.length} batches of ${quote(name)}${
        array === undefined ? "" : ` by ${quote(array)}`
      }, expected 0 to ${list.length - 1}`,
      'Say which: array "0".',
    ),
  );
}

/**
 * The JSON text of a track set, in the nested form; see the module's text. Only
 * the samples of `frames` are written if they are given.
 */
export function formatJsonTracks(
  tracks: Pick<TrackPositions, "count" | "track">,
  options: { readonly frames?: readonly number[] } = {},
): string {
  const { frames } = options;
  const lines = Array.from({ length: tracks.count }, (_, track) => {
    const points = heldPoints(tracks, track);
    const kept = frames ? frames.map((frame) => points[frame]!) : points;
    return "  " + JSON.stringify(kept.map(({ x, y, visible }) => ({
      x: shortest(x),
      y: shortest(y),
      ...visible ? {} : { visible: false },
    })));
  });
  return lines.length === 0 ? "[]\n" : `[\n${lines.join(",\n")}\n]\n`;
}
