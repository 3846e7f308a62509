/**
 * Points as a table of text: one row for each track and frame.
 *
 * Written is `track,frame,x,y,visible` with frames from 1, as Blender counts
 * them, x and y in px from the upper left corner. Blender's marker positions
 * are x / width, 1 - y / height.
 *
 * Read is any table with such columns under their usual names, separated by
 * commas, semicolons or tabs, in any order; between semicolons or tabs, decimals
 * may have a comma. Without a column for the track there is one track.
 *
 * @module
 */

import { FormatError, quote, withHint } from "../../base/errors.ts";
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

/** What tables of one track have next to its positions. */
const OTHERS =
  /^(|unnamed: ?0|index|confidence|conf|score|likelihood|probability|prob|quality|error|time|timestamp|seconds|t|z|w|h|width|height|size|radius|scale|rotation|angle)$/i;

type Column = keyof typeof NAMES;

/** How a table is written. */
interface Table {
  /** The index of each column that is known. */
  readonly columns: ReadonlyMap<Column, number>;
  /** The names of columns that are not known. */
  readonly others: readonly string[];
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
  if (!columns.has("frame") || !columns.has("x") || !columns.has("y")) {
    return undefined;
  }
  const known = new Set(columns.values());
  const others = cells.filter((name, i) => !known.has(i) && !OTHERS.test(name));
  return { columns, others, width: cells.length, separator };
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
 * have no row are hidden, unless all rows are at an even step: then the path
 * between two of them is straight. The smallest frame of the table is frame 0.
 *
 * @throws {FormatError} When a cell is not a number, a row has not as many cells
 * as the first, or a track has two positions in one frame, with its line; when
 * there is no column for the track, and one that may be.
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
  if (!table.columns.has("track") && table.others.length > 0) {
    throw new FormatError(
      withHint(
        `Cannot read ${
          quote(name)
        }: no column says which track a row is of, next to ${
          table.others.slice(0, 5).map(quote).join(", ")
        }, expected "track"`,
        "Rename that column; leave columns away that a single track does not need.",
      ),
    );
  }
  const rows = readRows(text, table, name);
  let least = Infinity, most = -Infinity;
  for (const samples of rows.values()) {
    for (const frame of samples.keys()) {
      least = Math.min(least, frame);
      most = Math.max(most, frame);
    }
  }
  const length = rows.size === 0 ? 0 : most - least + 1;
  checkSampleCount({ tracks: rows.size, frames: length }, name);
  checkTrackCount(rows.size, name);
  const step = stepOf([...rows.values()]);
  const tracks = [...rows.values()].map((samples): RawTrack => {
    const track = new Float32Array(length * 3);
    const set = (frame: number, [x, y, seen]: Sample) =>
      track.set([x / divisor, y / divisor, seen], (frame - least) * 3);
    for (const [frame, sample] of samples) {
      set(frame, sample);
      const next = step > 1 ? samples.get(frame + step) : undefined;
      for (let at = 1; next && at < step; at++) {
        set(frame + at, between(sample, next, at / step));
      }
    }
    return track;
  });
  return {
    tracks,
    notes: [`A table of ${tracks.length} tracks.`, ...notes],
    warnings: gapWarnings(rows, step),
  };
}

/** The samples of each track by frame. */
type Rows = ReadonlyMap<string, ReadonlyMap<number, Sample>>;

function readRows(text: string, table: Table, name: string): Rows {
  const rows = new Map<string, Map<number, Sample>>();
  text.split(/\r\n?|\n/).forEach((line, index) => {
    if (index === 0 || line.trim() === "") return;
    const fail = (state: string) =>
      new FormatError(`Cannot read ${quote(name)}: ${state}`);
    const { track, frame, sample } = readRow(line, {
      table,
      number: index + 1,
      fail,
    });
    const samples = rows.get(track) ?? new Map<number, Sample>();
    const before = samples.get(frame);
    if (before && before.join() !== sample.join()) {
      throw fail(
        `${
          table.columns.has("track") ? `track ${quote(track)}` : "its track"
        } has a second position in frame ${frame} in line ${
          index + 1
        }, expected one`,
      );
    }
    samples.set(frame, sample);
    rows.set(track, samples);
  });
  return rows;
}

/** The step that divides all distances between the rows of a track. */
function stepOf(tracks: readonly ReadonlyMap<number, Sample>[]): number {
  let step = 0;
  for (const samples of tracks) {
    let first: number | undefined;
    for (const frame of samples.keys()) {
      first ??= frame;
      let [a, b] = [Math.abs(frame - first), step];
      while (b > 0) [a, b] = [b, a % b];
      step = a;
      if (step === 1) return 1;
    }
  }
  return step;
}

/** Between two samples that are seen, else the nearer one. */
function between(a: Sample, b: Sample, share: number): Sample {
  if (!a[2] || !b[2]) return share < 0.5 ? a : b;
  const mix = (axis: 0 | 1) => a[axis] + (b[axis] - a[axis]) * share;
  return [mix(0), mix(1), 1];
}

/** What a user should know of frames without a row. */
function gapWarnings(rows: Rows, step: number): string[] {
  const sparse = [...rows].flatMap(([track, samples]) => {
    const frames = [...samples.keys()].sort((a, b) => a - b);
    if (frames.length < 2) return [];
    const span = frames.at(-1)! - frames[0]! + 1;
    // Each row that is followed at the step stands for the frames up to it.
    const told = frames.reduce(
      (sum, frame) => sum + (step > 1 && samples.has(frame + step) ? step : 1),
      0,
    );
    return 2 * told < span ? [{ track, rows: frames.length, span }] : [];
  });
  const [first] = sparse;
  return [
    ...step > 1
      ? [
        `The table has a row for every ${step} frames: between two of them the path is straight.`,
      ]
      : [],
    ...first
      ? [
        `Most frames have no row, in ${sparse.length} of ${rows.size} tracks (${
          first.track === "" ? "" : `track ${quote(first.track)}, `
        }${first.rows} of ${first.span} frames): there they are hidden.`,
      ]
      : [],
  ];
}

/** x, y, and 1 where the point is visible. */
type Sample = readonly [x: number, y: number, visible: number];

/** How a missing number is written. */
const BLANK = /^(|[-+]?nan|null|none|n\/?a)$/i;

/** One row of a table. */
interface Row {
  readonly track: string;
  readonly frame: number;
  readonly sample: Sample;
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
  // Of a hidden point the position may be missing.
  const lost = !seen && BLANK.test(cell("x")) && BLANK.test(cell("y"));
  return {
    track: columns.has("track") ? cell("track") : "",
    frame: Math.round(frame),
    sample: lost ? [0, 0, 0] : [number("x"), number("y"), Number(seen)],
  };
}
