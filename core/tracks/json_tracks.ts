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
 * - an object with one of these under `tracks` or `coordinates`;
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

import type { NpyArray } from "../formats/npy.ts";
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
import { heldPoints, shortest } from "./exchange/stored_points.ts";
import {
  areSampledTracks,
  isPoint,
  readPointLists,
  refuseShape,
  SHAPES,
} from "./json_points.ts";
import { parsePythonLiteral } from "./python_literal.ts";
import {
  checkTrackCount,
  type RawTrack,
  type RawTracks,
} from "./raw_tracks.ts";
import { splineScene } from "./spline_scene.ts";
import { tracksFromArrays } from "./track_arrays.ts";
import { sampleCurve, type TrackCurve } from "./track_curve.ts";
import { TRACK_FRAMES, type TrackPositions } from "./track_set.ts";

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
    return { tracks, notes: [note], curves, ...fromSize && { fromSize } };
  }
  const editors = /SplineEditor|SparseTrackEditor/.test(text)
    ? findSplineEditors(value)
    : [];
  if (editors.length > 0) return await fromEditors(editors, options);
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
  const list = batchOf(unwrap(value, { name, depth: 0 }), options);
  checkTrackCount(list.length, name);
  const { tracks, notes, ...timing } = readPointLists(list, { name });
  return { ...timing, ...scaled(tracks, options, notes) };
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

/** The tracks of a workflow's editors: what they gave out, else their curves. */
async function fromEditors(
  editors: readonly SplineEditor[],
  options: JsonTracksOptions,
): Promise<JsonTracks> {
  const { name } = options;
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
  const notes: string[] = [];
  const curves: (TrackCurve | undefined)[] = [];
  for (const [index, { coordinates, splines }] of editors.entries()) {
    const which = editors.length === 1 ? "" : ` ${index}`;
    const given = /\S/.test(coordinates) && coordinates.trim() !== "[]"
      ? (await readJsonTracks(coordinates, options)).tracks
      : [];
    if (given.length > 0) tracks.push(...given);
    else tracks.push(...sampleSplines(splines));
    const whole = given.length === 0 || given.length === splines.length;
    curves.push(...whole ? splines : given.map(() => undefined));
    notes.push(
      given.length > 0
        ? `SplineEditor${which}: ${given.length} tracks as it sampled them.`
        : `SplineEditor${which}: ${splines.length} splines, sampled along their curves.`,
    );
  }
  checkTrackCount(tracks.length, name);
  return { tracks, notes, curves, ...first && { fromSize: first } };
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

/** Numbers nested three or four deep, as an array; by name inside an object. */
function numericArrays(
  value: unknown,
): NpyArray | Map<string, NpyArray> | undefined {
  if (Array.isArray(value)) return nestedArray(value, 3);
  if (typeof value !== "object" || value === null) return undefined;
  const arrays = new Map<string, NpyArray>();
  for (const [key, item] of Object.entries(value)) {
    const array = Array.isArray(item) ? nestedArray(item, 1) : undefined;
    if (array) arrays.set(key, array);
  }
  const tracks = [...arrays.values()].some(({ dims, descr }) =>
    dims.length >= 3 && descr !== "|b1" &&
    (dims.at(-1) === 2 || dims.at(-1) === 3)
  );
  return tracks ? arrays : undefined;
}

/** A regular nested list of numbers or booleans; undefined for anything else. */
function nestedArray(
  value: readonly unknown[],
  leastDepth: number,
): NpyArray | undefined {
  const dims: number[] = [];
  for (
    let level: unknown = value;
    Array.isArray(level);
    level = level[0]
  ) {
    if (level.length === 0 || dims.length === 5) return undefined;
    dims.push(level.length);
  }
  if (dims.length < leastDepth) return undefined;
  const numbers: number[] = [];
  let booleans = 0;
  const fill = (level: unknown, axis: number): boolean => {
    if (axis === dims.length) {
      const known = typeof level === "number" || typeof level === "boolean" ||
        level === null;
      if (typeof level === "boolean") booleans++;
      if (known) numbers.push(level === null ? NaN : Number(level));
      return known;
    }
    return Array.isArray(level) && level.length === dims[axis] &&
      level.every((item) => fill(item, axis + 1));
  };
  if (!fill(value, 0)) return undefined;
  return booleans === numbers.length
    ? { dims, descr: "|b1", data: Uint8Array.from(numbers) }
    : { dims, descr: "<f8", data: Float64Array.from(numbers) };
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
