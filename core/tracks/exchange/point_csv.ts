/**
 * Points as a table of text: one row for each track and frame.
 *
 * Written is `track,frame,x,y,visible` with frames from 1, as Blender counts
 * them, x and y in px from the upper left corner. Blender's marker positions
 * are x / width, 1 - y / height.
 *
 * Read is any table with such columns under their usual names, separated by
 * commas, semicolons or tabs, in any order; between semicolons or tabs, decimals
 * may have a comma.
 *
 * @module
 */

import { FormatError, quote } from "../../base/errors.ts";
import { checkTrackCount, type RawTrack } from "../raw_tracks.ts";
import type { TrackSet } from "../track_set.ts";
import {
  checkSampleCount,
  divisorOf,
  heldPoints,
  shortest,
  type StoredPoints,
  type StoredPointsOptions,
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

/** How a table is written. */
interface Table {
  /** The index of each column that is known. */
  readonly columns: ReadonlyMap<Column, number>;
  /** How many columns there are. */
  readonly width: number;
  /** What is between two cells. */
  readonly separator: string;
}

function tableOf(text: string): Table | undefined {
  const head = text.slice(0, 1000).split(/\r\n?|\n/, 1)[0]!;
  const separator = [";", "\t"].find((one) => head.includes(one)) ?? ",";
  const cells = splitRow(head, separator);
  const columns = new Map<Column, number>();
  for (const [column, pattern] of Object.entries(NAMES)) {
    const at = cells.findIndex((cell) => pattern.test(cell));
    if (at >= 0) columns.set(column as Column, at);
  }
  return (["track", "frame", "x", "y"] as const).every((column) =>
      columns.has(column)
    )
    ? { columns, width: cells.length, separator }
    : undefined;
}

/** The cells of a row; in quotes a separator is text, and two quotes are one. */
function splitRow(line: string, separator: string): string[] {
  const text = line.replace(/^\ufeff/, "");
  const cell = new RegExp(
    ` *"((?:[^"]|"")*)" *(?=${separator}|$)|([^${separator}]*)`,
    "y",
  );
  const cells: string[] = [];
  while (cell.lastIndex <= text.length) {
    const [, quoted, plain = ""] = cell.exec(text)!;
    cells.push(quoted?.replaceAll('""', '"') ?? plain.trim());
    cell.lastIndex++;
  }
  return cells;
}

/** Whether a text is a table of points. */
export function isPointTable(text: string): boolean {
  return tableOf(text) !== undefined;
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
 * @throws {FormatError} When a cell is not a number, a row has not as many cells
 * as the first, or a track has two positions in one frame; with its line.
 */
export function parsePointTable(
  text: string,
  options: StoredPointsOptions,
): StoredPoints {
  const { name } = options;
  const { divisor, notes } = divisorOf(options);
  const table = tableOf(text);
  if (!table) {
    throw new FormatError(
      `Cannot read ${
        quote(name)
      } as a table of points, expected columns track, frame, x, y`,
    );
  }
  const rows = new Map<string, Map<number, Row["sample"]>>();
  let least = Infinity, most = -Infinity;
  text.split(/\r\n?|\n/).forEach((line, index) => {
    if (index === 0 || line.trim() === "") return;
    const fail = (state: string) =>
      new FormatError(`Cannot read ${quote(name)}: ${state}`);
    const { track, frame, sample } = readRow(line, {
      table,
      number: index + 1,
      fail,
    });
    least = Math.min(least, frame);
    most = Math.max(most, frame);
    const samples = rows.get(track) ?? new Map<number, Row["sample"]>();
    const before = samples.get(frame);
    if (before && before.join() !== sample.join()) {
      throw fail(
        `track ${
          quote(track)
        } has a second position in frame ${frame} in line ${
          index + 1
        }, expected one`,
      );
    }
    samples.set(frame, sample);
    rows.set(track, samples);
  });
  const length = rows.size === 0 ? 0 : most - least + 1;
  checkSampleCount({ tracks: rows.size, frames: length }, name);
  checkTrackCount(rows.size, name);
  const tracks = [...rows.values()].map((samples): RawTrack => {
    const track = new Float32Array(length * 3);
    for (const [frame, sample] of samples) {
      const [x, y, seen] = sample;
      track.set([x / divisor, y / divisor, seen], (frame - least) * 3);
    }
    return track;
  });
  return { tracks, notes: [`A table of ${tracks.length} tracks.`, ...notes] };
}

/** One row of a table. */
interface Row {
  readonly track: string;
  readonly frame: number;
  /** x, y, and 1 where the point is visible. */
  readonly sample: readonly [number, number, number];
}

function readRow(
  line: string,
  { table: { columns, width, separator }, number: row, fail }: {
    readonly table: Table;
    readonly number: number;
    fail(state: string): FormatError;
  },
): Row {
  const cells = splitRow(line, separator);
  while (cells.length > width && cells.at(-1) === "") cells.pop();
  if (cells.length !== width) {
    throw fail(`line ${row} has ${cells.length} cells, expected ${width}`);
  }
  const cell = (column: Column) => cells[columns.get(column)!]!;
  const number = (column: Column) => {
    const text = separator === ","
      ? cell(column)
      : cell(column).replace(",", ".");
    const value = text === "" ? NaN : Number(text);
    if (Number.isFinite(value)) return value;
    throw fail(
      `${column} in line ${row} is ${quote(cell(column))}, expected a number`,
    );
  };
  const truth = (column: Column) => {
    if (cell(column) === "") return false;
    if (/^(true|yes)$/i.test(cell(column))) return true;
    return !/^(false|no)$/i.test(cell(column)) && number(column) >= 0.5;
  };
  const frame = number("frame");
  if (Math.abs(frame - Math.round(frame)) > 1e-3) {
    throw fail(
      `frame in line ${row} is ${
        quote(cell("frame"))
      }, expected a whole number`,
    );
  }
  const seen = columns.has("visible")
    ? truth("visible")
    : !columns.has("hidden") || !truth("hidden");
  return {
    track: cell("track"),
    frame: Math.round(frame),
    sample: [number("x"), number("y"), Number(seen)],
  };
}
