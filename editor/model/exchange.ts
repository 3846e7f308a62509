/**
 * Tracks that come from files and go into files. Runs in the page as on the
 * server: bytes in, bytes out.
 *
 * @module
 */

import {
  fitTracks,
  readRawTracks,
  type TrackReading,
} from "../../core/tracks/read_tracks.ts";
import type { TrackCurve } from "../../core/tracks/track_curve.ts";
import type { TrackPoint } from "../../core/tracks/track_set.ts";
import {
  type WritableTracksFormat,
  writeTracks,
} from "../../core/tracks/write_tracks.ts";
import {
  type EditorDocument,
  type EditorTrack,
  type Point,
  type Shape,
} from "./document.ts";
import { addTracks, createTrack } from "./edits.ts";
import { parseDocument } from "./parse_document.ts";
import { renderDocument } from "./render_document.ts";

/** Tracks that a file holds, ready to be added to a document. */
export interface ImportedTracks {
  /** The tracks; their ids are new. */
  readonly tracks: readonly EditorTrack[];
  /** Notes on what was detected and decided. */
  readonly notes: readonly string[];
}

/** A line from a drawing, px of the image. */
export interface ImportedLine {
  /** What the drawing calls it. */
  readonly name?: string;
  /** Its points, at least one. */
  readonly points: readonly Point[];
  /** Whether the points are the corners of straight pieces. */
  readonly corners: boolean;
}

/** 121 points as a shape, sample by sample as they are. */
export function freeShape(points: readonly TrackPoint[]): Shape {
  return {
    kind: "free",
    samples: points.flatMap((p) => [p.x, p.y, p.visible ? 1 : 0]),
  };
}

/**
 * The tracks of a file of any format that `core/tracks` reads, recognized by
 * its bytes. Curves of other editors stay curves, with their control points
 * and their timing.
 *
 * @throws {FormatError} When it is not a track file, or is damaged.
 * @throws {TypeError} When the document cannot take so many tracks, or such
 * coordinates.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { emptyDocument } from "./document.ts";
 * import { importTracks } from "./exchange.ts";
 * const bytes = new TextEncoder().encode('[[{"x": 1, "y": 2}]]');
 * const { tracks } = await importTracks(bytes, {
 *   name: "a.json",
 *   document: emptyDocument({ width: 8, height: 6 }),
 * });
 * assert.equal(tracks[0]?.shape.kind, "free");
 * ```
 */
export async function importTracks(
  bytes: Uint8Array,
  options: TrackReading & {
    readonly name: string;
    readonly document: EditorDocument;
  },
): Promise<ImportedTracks> {
  const { name, document, length = "auto", fps, times, ...reading } = options;
  const { width, height } = document;
  const image = { width, height };
  const raw = await readRawTracks(bytes, { ...reading, name, image });
  const { tracks, notes, warnings } = fitTracks(raw, {
    name,
    length,
    ...fps !== undefined && { fps },
    ...times && { times },
  });
  const free = Array.from(tracks, freeShape);
  const curves = free.map((_, i) => raw.curves?.[i]);
  const count = curves.filter((curve) => curve).length;
  return {
    tracks: named(
      document,
      free.map((shape, i) => curves[i] ? curveShape(curves[i]) : shape),
      curves.map((curve) => curve?.name),
    ).map((track, i) =>
      curves[i] ? { ...track, ...curveTiming(curves[i]) } : track
    ),
    notes: [
      ...notes,
      ...warnings,
      ...count === 0 ? [] : [
        `${count} ${
          count === 1 ? "track has" : "tracks have"
        } control points that can be edited.`,
      ],
    ],
  };
}

function curveShape({ points, tension }: TrackCurve): Shape {
  const [first] = points;
  if (points.length === 1) return { kind: "static", ...first! };
  return {
    kind: "spline",
    curve: tension === 1 ? "linear" : "cardinal",
    tension,
    points: points.map(({ x, y }) => ({ x, y })),
  };
}

function curveTiming(
  { start, end, easing, visible: [from, to] }: TrackCurve,
): Pick<EditorTrack, "timing" | "visible"> {
  const [x1, y1, x2, y2] = easing;
  return {
    timing: { start, end, easing: [x1, y1, x2, y2], outside: "hold" },
    visible: [[from, to]],
  };
}

/**
 * Lines of a drawing (SVG paths) as tracks that stay editable: straight pieces
 * become a spline through their corners, everything else a stroke.
 *
 * @throws {TypeError} When the document cannot take them.
 */
export function importLines(
  lines: readonly ImportedLine[],
  options: { readonly document: EditorDocument },
): ImportedTracks {
  const shapes = lines.map(({ points, corners }): Shape =>
    points.length === 1 ? { kind: "static", ...points[0]! } : corners
      ? {
        kind: "spline",
        curve: "linear",
        tension: 0,
        points: points.map(({ x, y }) => ({ x, y })),
      }
      : {
        kind: "freehand",
        points: points.map(({ x, y }) => ({ x, y })),
        speed: "even",
        times: [],
      }
  );
  return {
    tracks: named(options.document, shapes, lines.map((line) => line.name)),
    notes: [],
  };
}

/** Tracks of these shapes, numbered on from those of the document. */
function named(
  document: EditorDocument,
  shapes: readonly Shape[],
  names: readonly (string | undefined)[] = [],
): EditorTrack[] {
  let next = document;
  const tracks = shapes.map((shape, i) => {
    const name = names[i]?.trim().slice(0, 200);
    const track = createTrack(next, shape, name ? { name } : {});
    next = addTracks(next, [track]);
    return track;
  });
  // What the server would refuse must not enter the document.
  parseDocument(next);
  return tracks;
}

/**
 * The tracks of a document, camera layer included, as a file.
 *
 * @throws {RangeError} When there is no track to write.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createTrack } from "./edits.ts";
 * import { emptyDocument } from "./document.ts";
 * import { exportTracks } from "./exchange.ts";
 * const document = emptyDocument({ width: 8, height: 6 });
 * document.tracks.push(createTrack(document, { kind: "static", x: 1, y: 2 }));
 * const json = await exportTracks(document, "json");
 * assert.ok(new TextDecoder().decode(json).startsWith("["));
 * ```
 */
export async function exportTracks(
  document: EditorDocument,
  format: WritableTracksFormat,
): Promise<Uint8Array<ArrayBuffer>> {
  const tracks = renderDocument(document);
  if (tracks.count === 0) {
    throw new RangeError(
      "Cannot export the tracks: there are none, expected at least one that is not hidden",
    );
  }
  return await writeTracks(tracks, format);
}
