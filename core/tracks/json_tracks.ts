/**
 * Tracks as JSON, in all the shapes in which ComfyUI's nodes pass them on:
 *
 * - `[{"x": 1, "y": 2}, ...]`: one track (KJNodes' SplineEditor with a single
 *   spline), or a bare `{"x": 1, "y": 2}` (with a single point);
 * - `[[{"x": 1, "y": 2}, ...], ...]`: several tracks;
 * - `["[{\"x\": 1, ...}]", ...]`: a list of strings, each of them a track;
 * - any of these in single quotes, as Python prints them;
 * - points as `[x, y]` or `[x, y, visible]`;
 * - an object with one of these under `tracks` or `coordinates`.
 *
 * What is written is always the nested form, also for one track. A point that
 * cannot be seen has `"visible": false`; invisible points at a track's end are
 * left out, which readers pad invisible. So ComfyUI's WanVideoATITracks,
 * which knows no visibility, sees the same tracks as long as they are visible
 * from their start to their end.
 *
 * @module
 */

import { FormatError, quote, withHint } from "../base/errors.ts";
import {
  checkTrackCount,
  type RawTrack,
  type RawTracks,
} from "./raw_tracks.ts";
import type { TrackSet } from "./track_set.ts";

const SHAPES = "a list of tracks, each a list of {x, y} points";

/**
 * The tracks in a JSON text, each with as many samples as it has points.
 *
 * @throws {FormatError} When the text is no JSON or no tracks; with the index
 * of the track and the point.
 */
export function parseJsonTracks(
  text: string,
  options: { name: string },
): RawTracks {
  const { name } = options;
  const tracks = unwrap(parse(text, name), { name, depth: 0 });
  checkTrackCount(tracks.length, name);
  return tracks.map((track, index) => readTrack(track, { name, index }));
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    try {
      // Python's repr(); KJNodes and WanVideoATITracks do the same.
      if (text.includes("'")) return JSON.parse(text.replaceAll("'", '"'));
    } catch {
      // The first error tells more.
    }
    throw new FormatError(
      withHint(
        `Cannot read ${quote(name)} as JSON: ${(cause as Error).message}`,
        `Tracks are ${SHAPES}.`,
      ),
      { cause },
    );
  }
}

/** The list of tracks inside whatever was wrapped around it. */
function unwrap(
  value: unknown,
  place: { name: string; depth: number },
): readonly unknown[] {
  const { name, depth } = place;
  const inside = { name, depth: depth + 1 };
  if (depth > 3) throw refuse(name, "it is nested too deeply");
  if (typeof value === "string") return unwrap(parse(value, name), inside);
  if (isPoint(value)) return [[value]];
  if (Array.isArray(value)) {
    if (value.length === 0) return [];
    if (value.every((item) => typeof item === "string")) {
      return value.flatMap((item) => unwrap(item, inside));
    }
    if (value.every(isPoint)) return [value];
    return value;
  }
  if (typeof value === "object" && value !== null) {
    for (const key of ["tracks", "coordinates"]) {
      if (Object.hasOwn(value, key)) {
        return unwrap((value as Record<string, unknown>)[key], inside);
      }
    }
    throw refuse(
      name,
      `it is an object with ${
        Object.keys(value).slice(0, 5).map(quote).join(", ") || "no keys"
      }`,
    );
  }
  throw refuse(name, `it is ${quote(value)}`);
}

/** Whether a value is a point: `{x, y}`, `[x, y]` or `[x, y, visible]`. */
function isPoint(value: unknown): boolean {
  if (Array.isArray(value)) {
    return (value.length === 2 || value.length === 3) &&
      value.every((item) => typeof item === "number");
  }
  return typeof value === "object" && value !== null &&
    Object.hasOwn(value, "x") && Object.hasOwn(value, "y");
}

function readTrack(
  value: unknown,
  place: { name: string; index: number },
): RawTrack {
  const { name, index } = place;
  if (!Array.isArray(value)) {
    throw refuse(name, `track ${index} is ${describe(value)}`);
  }
  const samples = new Float32Array(value.length * 3);
  value.forEach((point: unknown, frame) => {
    if (!isPoint(point)) {
      throw refuse(
        name,
        `point ${frame} of track ${index} is ${describe(point)}`,
      );
    }
    const [x, y, visible] = Array.isArray(point)
      ? [point[0], point[1], point[2] ?? 1]
      : [
        (point as Record<string, unknown>).x,
        (point as Record<string, unknown>).y,
        (point as Record<string, unknown>).visible ?? 1,
      ];
    if (
      typeof x !== "number" || typeof y !== "number" ||
      (typeof visible !== "number" && typeof visible !== "boolean")
    ) {
      throw refuse(
        name,
        `point ${frame} of track ${index} is ${describe(point)}`,
      );
    }
    samples.set([x, y, Number(visible) >= 0.5 ? 1 : 0], frame * 3);
  });
  return samples;
}

/** A value in an error message; what is nested in it is not looked at. */
function describe(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value !== "object" || value === null) return quote(value);
  const shallow = Object.entries(value).slice(0, 5).map(([key, item]) => [
    key,
    typeof item === "object" && item !== null ? "…" : item,
  ]);
  return JSON.stringify(Object.fromEntries(shallow)).slice(0, 100);
}

function refuse(name: string, state: string): FormatError {
  return new FormatError(
    `Cannot read tracks from ${quote(name)}: ${state}, expected ${SHAPES}`,
  );
}

/** The JSON text of a track set, in the nested form; see the module's text. */
export function formatJsonTracks(tracks: TrackSet): string {
  const lines = Array.from(tracks, (points) => {
    const last = points.findLastIndex(({ visible }) => visible);
    // A track that is never seen keeps one point: an empty list upsets readers.
    const kept = points.slice(0, Math.max(1, last + 1));
    return "  " + JSON.stringify(
      kept.map(({ x, y, visible }) => ({
        x: shortest(x),
        y: shortest(y),
        ...visible ? {} : { visible: false },
      })),
    );
  });
  return lines.length === 0 ? "[]\n" : `[\n${lines.join(",\n")}\n]\n`;
}

/** The float32 with as few digits as tell it from its neighbours. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return Number(value.toPrecision(9));
}
