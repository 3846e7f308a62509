/**
 * Points as a table of text: one row for each track and frame.
 *
 * Written is `track,frame,x,y,visible` with frames from 1, as Blender counts
 * them, x and y in px from the upper left corner. Blender's marker positions
 * are x / width, 1 - y / height.
 *
 * Read is any table with such columns under their usual names, separated by
 * commas, semicolons or tabs, in any order.
 *
 * @module
 */

import { FormatError, quote } from "../../base/errors.ts";
import { checkTrackCount, type RawTrack } from "../raw_tracks.ts";
import type { TrackSet } from "../track_set.ts";
import {
  checkSampleCount,
  heldPoints,
  shortest,
  type StoredPoints,
} from "./stored_points.ts";

/** The names of the columns. */
const NAMES = {
  track: /^(track|point|point_?id|track_?id|id|name)$/i,
  frame: /^(frame|frame_?index|t)$/i,
  x: /^(x|x_?px|pos_?x|track_x)$/i,
  y: /^(y|y_?px|pos_?y|track_y)$/i,
  visible: /^(visible|visibility|vis|enabled?)$/i,
  hidden: /^(occluded|occlusion|hidden|mute|muted)$/i,
} as const;

type Column = keyof typeof NAMES;

function columnsOf(text: string): Map<Column, number> | undefined {
  const head = text.slice(0, 1000).split(/\r\n?|\n/, 1)[0]!;
  const cells = splitRow(head);
  const found = new Map<Column, number>();
  for (const [column, pattern] of Object.entries(NAMES)) {
    const at = cells.findIndex((cell) => pattern.test(cell));
    if (at >= 0) found.set(column as Column, at);
  }
  return (["track", "frame", "x", "y"] as const).every((column) =>
      found.has(column)
    )
    ? found
    : undefined;
}

function splitRow(line: string): string[] {
  return line.replace(/^\ufeff/, "").split(/[,;\t]/).map((cell) =>
    cell.trim().replace(/^"(.*)"$/, "$1")
  );
}

/** Whether a text is a table of points. */
export function isPointTable(text: string): boolean {
  return columnsOf(text) !== undefined;
}

/** The table of tracks. */
export function formatPointTable(tracks: TrackSet): string {
  const lines = ["track,frame,x,y,visible"];
  for (let track = 0; track < tracks.count; track++) {
    heldPoints(tracks, track).forEach(({ x, y, visible }, frame) =>
      lines.push(
        `${track + 1},${frame + 1},${shortest(x)},${shortest(y)},${
          Number(visible)
        }`,
      )
    );
  }
  return lines.join("\n") + "\n";
}

/**
 * The tracks in a table, in the order in which they first appear. Frames that
 * have no row are hidden; the smallest frame of the table is frame 0.
 *
 * @throws {FormatError} When a cell is not a number; with its line.
 */
export function parsePointTable(
  text: string,
  options: { readonly name: string },
): StoredPoints {
  const { name } = options;
  const columns = columnsOf(text);
  if (!columns) {
    throw new FormatError(
      `Cannot read ${
        quote(name)
      } as a table of points, expected columns track, frame, x, y`,
    );
  }
  const rows = new Map<string, Map<number, [number, number, number]>>();
  let least = Infinity, most = -Infinity;
  text.split(/\r\n?|\n/).forEach((line, index) => {
    if (index === 0 || line.trim() === "") return;
    const cells = splitRow(line);
    const cell = (column: Column) => cells[columns.get(column) ?? -1];
    const number = (column: Column) => {
      const value = cell(column) ? Number(cell(column)) : NaN;
      if (Number.isFinite(value)) return value;
      throw new FormatError(
        `Cannot read ${quote(name)}: ${column} in line ${index + 1} is ${
          quote(cell(column) ?? "")
        }, expected a number`,
      );
    };
    const frame = Math.round(number("frame"));
    least = Math.min(least, frame);
    most = Math.max(most, frame);
    const track = cell("track")!;
    const seen = columns.has("visible")
      ? truth(cell("visible"))
      : columns.has("hidden")
      ? !truth(cell("hidden"))
      : true;
    const samples = rows.get(track) ?? new Map();
    samples.set(frame, [number("x"), number("y"), Number(seen)]);
    rows.set(track, samples);
  });
  const length = rows.size === 0 ? 0 : most - least + 1;
  checkSampleCount({ tracks: rows.size, frames: length }, name);
  checkTrackCount(rows.size, name);
  const tracks = [...rows.values()].map((samples): RawTrack => {
    const track = new Float32Array(length * 3);
    for (const [frame, sample] of samples) {
      track.set(sample, (frame - least) * 3);
    }
    return track;
  });
  return { tracks, notes: [`A table of ${tracks.length} tracks.`] };
}

/** `1`, `0.7`, `true`, `True`, `yes`. */
function truth(cell: string | undefined): boolean {
  return /^(true|yes)$/i.test(cell ?? "") || Number(cell) >= 0.5;
}
