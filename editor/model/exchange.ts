/**
 * Tracks that come from files and go into files. Runs in the page as on the
 * server: bytes in, bytes out.
 *
 * @module
 */

import { LongTracks } from "../../core/tracks/long_tracks.ts";
import {
  fitTracks,
  type RawTracksFile,
  readRawTracks,
  type TrackReading,
} from "../../core/tracks/read_tracks.ts";
import { formatSplineEditor } from "../../core/tracks/exchange/spline_editor.ts";
import type { TrackCurve } from "../../core/tracks/track_curve.ts";
import {
  TRACK_FPS,
  type TrackPoint,
  type TrackPositions,
} from "../../core/tracks/track_set.ts";
import {
  type WritableTracksFormat,
  writeTracks,
} from "../../core/tracks/write_tracks.ts";
import {
  type CameraMove,
  CameraScene,
  type EditorDocument,
  type EditorTrack,
  lastFrameOf,
  MAX_TRACKS,
  type Point,
  type Shape,
} from "./document.ts";
import { withLength } from "./document_length.ts";
import { addTracks, createTrack } from "./edits.ts";
import { likelySizes } from "./likely_sizes.ts";
import { exportCurves } from "./export_curves.ts";
import {
  addMotion,
  findMotion,
  formatMotion,
  motionOf,
  type MotionSize,
} from "./motion.ts";
import { parseDocument } from "./parse_document.ts";
import { renderDocument } from "./render_document.ts";
import "./scene_camera.ts";

/** Tracks that a file holds, ready to be added to a document. */
export interface ImportedTracks {
  /** The tracks; their ids are new. */
  readonly tracks: readonly EditorTrack[];
  /** The frames that the document needs for them, where it has fewer. */
  readonly frames?: number;
  /** The moves of the camera, of a motion that this editor has saved. */
  readonly camera?: readonly CameraMove[];
  /** What its camera moves in. */
  readonly scene?: CameraScene;
  /**
   * The sizes that the image may have had on which px were drawn that would be
   * in a corner of this one, or beyond it; none where the file says it.
   */
  readonly sizes?: readonly MotionSize[];
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

/** Points as a shape, sample by sample as they are. */
export function freeShape(points: readonly TrackPoint[]): Shape {
  return {
    kind: "free",
    samples: points.flatMap((p) => [p.x, p.y, p.visible ? 1 : 0]),
  };
}

/**
 * The tracks of a file of any format that `core/tracks` reads, recognized by
 * its bytes. Curves of other editors stay curves, with their control points
 * and their timing. Tracks of more than five seconds stay as long as they are,
 * unless `length` says otherwise.
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
  const motion = motionIn(bytes);
  if (motion) return fromMotion(motion, { document, ...reading });
  const raw = await readRawTracks(bytes, { ...reading, name, image });
  checkRoomFor(raw.tracks.length, document);
  const { tracks, notes, warnings } = wholeTracks(raw, {
    name,
    length,
    ...fps !== undefined && { fps },
    ...times && { times },
  });
  const longer = withLength(
    document,
    Math.max(tracks.frames, lastFrameOf(document) + 1),
  );
  const sizes = reading.fromSize || raw.fromSize || reading.unit ||
      raw.inShares
    ? []
    : likelySizes(extentOf(tracks), image);
  const free = Array.from(tracks, freeShape);
  const curves = free.map((_, i) => raw.curves?.[i]);
  const count = curves.filter((curve) => curve).length;
  return {
    tracks: named(
      longer,
      free.map((shape, i) => curves[i] ? curveShape(curves[i]) : shape),
      curves.map((curve) => curve?.name),
    ).map((track, i) => {
      const { timing } = track;
      return curves[i]
        ? {
          ...track,
          ...curveTiming(curves[i], {
            last: tracks.frames - 1,
            until: lastFrameOf(longer),
          }),
        }
        // At its own pace, also in a longer document.
        : { ...track, timing: { ...timing, end: tracks.frames - 1 } };
    }),
    ...longer !== document && { frames: tracks.frames },
    ...sizes.length > 0 && { sizes },
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

/**
 * The tracks of a file as long as they are, where that is more than five
 * seconds; else of 121 frames.
 *
 * @throws {FormatError} As `fitTracks`.
 */
export function wholeTracks(
  raw: RawTracksFile,
  options: Parameters<typeof fitTracks>[1],
): {
  readonly tracks: TrackPositions;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
} {
  const tracks = raw.unit === "px"
    ? LongTracks.fromReading(raw, options)
    : undefined;
  return tracks
    ? {
      tracks,
      notes: [
        ...raw.notes,
        `Tracks of ${tracks.frames} samples, ${
          ((tracks.frames - 1) / TRACK_FPS).toFixed(1)
        } seconds.`,
      ],
      warnings: raw.warnings,
    }
    : fitTracks(raw, options);
}

/** The motion in a file of this editor; undefined for any other. */
function motionIn(bytes: Uint8Array): EditorDocument | undefined {
  if (bytes[0] !== "{".charCodeAt(0)) return undefined;
  const found = findMotion(new TextDecoder().decode(bytes));
  return found === undefined ? undefined : parseDocument(found);
}

/** A motion on a document's image: scaled, unless px are asked for. */
function fromMotion(
  motion: EditorDocument,
  { document, unit, fromSize }: Pick<TrackReading, "unit" | "fromSize"> & {
    readonly document: EditorDocument;
  },
): ImportedTracks {
  const made = addMotion(document, { ...motion, ...fromSize }, {
    scaled: unit !== "px" || fromSize !== undefined,
  });
  parseDocument(made.document);
  const camera = made.document.camera.slice(document.camera.length);
  return {
    tracks: made.document.tracks.slice(document.tracks.length),
    camera,
    ...made.document.scene && { scene: made.document.scene },
    ...made.document.frames !== undefined &&
      made.document.frames !== document.frames &&
      { frames: made.document.frames },
    notes: [
      `A motion of an image of ${motion.width} × ${motion.height} px, all of it editable.`,
    ],
  };
}

/** How far tracks reach where they can be seen, px. */
function extentOf(tracks: TrackPositions): MotionSize {
  let width = 0, height = 0;
  for (const points of tracks) {
    for (const { x, y, visible } of points) {
      if (!visible) continue;
      width = Math.max(width, x);
      height = Math.max(height, y);
    }
  }
  return { width, height };
}

function curveShape({ points, tension, handles }: TrackCurve): Shape {
  const [first] = points;
  if (points.length === 1) return { kind: "static", ...first! };
  if (handles) {
    return {
      kind: "spline",
      curve: "bezier",
      tension: 0,
      points: points.map(({ x, y }, i) => ({ x, y, ...handles[i]! })),
    };
  }
  return {
    kind: "spline",
    curve: tension === 1 ? "linear" : "cardinal",
    tension,
    points: points.map(({ x, y }) => ({ x, y })),
  };
}

/**
 * When a curve moves, and when it can be seen: what is seen to the `last` frame
 * of its file is seen `until` that of the document, where it stays.
 */
function curveTiming(
  { start, end, easing, joints, visible: [from, to] }: TrackCurve,
  { last, until }: { readonly last: number; readonly until: number },
): Pick<EditorTrack, "timing" | "visible"> {
  const [x1, y1, x2, y2] = easing;
  return {
    timing: {
      start,
      end,
      easing: [x1, y1, x2, y2],
      ...joints && {
        joints: joints.map(({ time, progress, easing: [a, b, c, d] }) => ({
          time,
          progress,
          easing: [a, b, c, d],
        })),
      },
      outside: "hold",
    },
    visible: [[from, to < last ? to : until]],
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
  checkRoomFor(lines.length, options.document);
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

/** Said before each track is made, which takes long for very many. */
function checkRoomFor(added: number, { tracks }: EditorDocument): void {
  const count = tracks.length + added;
  if (count <= MAX_TRACKS) return;
  throw new RangeError(
    `Cannot import ${added} tracks: the image would have ${count}, expected at most ${MAX_TRACKS}`,
  );
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
 * The formats in which tracks leave the editor: files of tracks, a workflow
 * with KJNodes' SplineEditor, and all of the motion as this editor keeps it.
 */
export type ExportFormat = WritableTracksFormat | "kjnodes" | "motion";

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
  format: ExportFormat,
): Promise<Uint8Array<ArrayBuffer>> {
  const tracks = renderDocument(document);
  if (tracks.count === 0) {
    throw new RangeError(
      "Cannot export the tracks: there are none, expected at least one that is not hidden",
    );
  }
  const text = (content: string) => new TextEncoder().encode(content);
  switch (format) {
    case "motion":
      return text(formatMotion(motionOf(document)));
    case "kjnodes":
      return text(formatSplineEditor(exportCurves(document), {
        image: document,
        tracks,
      }));
    default:
      return await writeTracks(tracks, format);
  }
}
