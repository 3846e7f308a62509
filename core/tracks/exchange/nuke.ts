/**
 * Points as a Tracker node of Nuke: the text that is on the clipboard when the
 * node is copied, and that can be pasted into a node graph.
 *
 * Nuke counts y upwards from the lower edge and frames from 1. A hidden sample
 * has `enable` off. The first line is a comment with the image's size and the
 * rate, which Nuke ignores.
 *
 * Read are Tracker4 (a table of tracks) and the older Tracker3 (`track1`,
 * `track2`, ... knobs).
 *
 * @module
 */

import { FormatError, quote, withHint } from "../../base/errors.ts";
import type { ImageSize } from "../coordinates.ts";
import { checkTrackCount } from "../raw_tracks.ts";
import { TRACK_FPS, type TrackSet } from "../track_set.ts";
import {
  divisorOf,
  heldPoints,
  type KeyedPoint,
  type Keys,
  samplesOf,
  shortest,
  startFrame,
  type StoredPoints,
  type StoredPointsOptions,
  visibilityChanges,
} from "./stored_points.ts";

/** The columns of a Tracker4's table: kind, flag, width, name, label, shown. */
const COLUMNS = [
  "5 1 20 enable e 1",
  "3 1 75 name name 1",
  "2 1 58 track_x track_x 1",
  "2 1 58 track_y track_y 1",
  "2 1 63 offset_x offset_x 1",
  "2 1 63 offset_y offset_y 1",
  "4 1 27 T T 1",
  "4 1 27 R R 1",
  "4 1 27 S S 1",
  "2 0 45 error error 1",
  "1 1 0 error_min error_min 1",
  "1 1 0 error_max error_max 1",
  "1 1 0 pattern_x pattern_x 1",
  "1 1 0 pattern_y pattern_y 1",
  "1 1 0 pattern_r pattern_r 1",
  "1 1 0 pattern_t pattern_t 1",
  "1 1 0 search_x search_x 1",
  "1 1 0 search_y search_y 1",
  "1 1 0 search_r search_r 1",
  "1 1 0 search_t search_t 1",
  "2 1 0 key_track key_track 1",
  "2 1 0 key_search_x key_search_x 1",
  "2 1 0 key_search_y key_search_y 1",
  "2 1 0 key_search_r key_search_r 1",
  "2 1 0 key_search_t key_search_t 1",
  "2 1 0 key_track_x key_track_x 1",
  "2 1 0 key_track_y key_track_y 1",
  "2 1 0 key_track_r key_track_r 1",
  "2 1 0 key_track_t key_track_t 1",
  "2 1 0 key_centre_offset_x key_centre_offset_x 1",
  "2 1 0 key_centre_offset_y key_centre_offset_y 1",
];

/** The beginning of a tracker node; inside of a group it is indented. */
const NODE = /^[ \t]*Tracker[34] \{/m;

/** Whether a text holds a tracker node. */
export function isNuke(text: string): boolean {
  return NODE.test(text);
}

/** A Tracker4 node with the tracks, drawn on an image of this size. */
export function formatNuke(tracks: TrackSet, image: ImageSize): string {
  const rows = Array.from({ length: tracks.count }, (_, track) => {
    const points = heldPoints(tracks, track);
    const enable = visibilityChanges(points)
      .map(([frame, visible]) => `x${frame + 1} ${Number(visible)}`).join(" ");
    const curve = (value: (point: typeof points[number]) => number) =>
      `{curve x1 ${points.map((point) => shortest(value(point))).join(" ")}}`;
    const x = curve((point) => point.x);
    const y = curve((point) => image.height - point.y);
    return ` { {curve K ${enable}} "track ${
      track + 1
    }" ${x} ${y} {} {} 1 0 0 {} 1 0 -15 -15 15 15 -22 -22 22 22 ${
      Array(11).fill("{}").join(" ")
    } }`;
  });
  return [
    `# ${image.width}x${image.height}, ${TRACK_FPS} frames per second`,
    "Tracker4 {",
    `tracks { { 1 31 ${tracks.count} }`,
    `{ ${COLUMNS.map((column) => `{ ${column} }`).join("\n")} }`,
    "{",
    ...rows,
    "}",
    "}",
    "reference_frame 1",
    "name Tracker1",
    "}",
    "",
  ].join("\n");
}

/** A word of the script, or what braces hold. */
type Item = string | readonly Item[];

/**
 * The tracks of the tracker nodes in a script. They are on an image of
 * `fromSize`, else of the size that the script says, else on `image`.
 *
 * @throws {FormatError} When there is no track, the braces do not match, or the
 * height is not known.
 */
export function parseNuke(
  text: string,
  options: StoredPointsOptions,
): StoredPoints {
  const { name } = options;
  const { divisor, notes } = divisorOf(options);
  const size = storedSize(text);
  const height = (options.fromSize ?? size ?? options.image)?.height;
  if (height === undefined) {
    throw new FormatError(
      withHint(
        `Cannot read ${
          quote(name)
        }: Nuke counts y from the lower edge, and the image's size is not known`,
        "Give the image, or its size.",
      ),
    );
  }
  const points: KeyedPoint[] = [];
  for (const node of nodesOf(text, name)) {
    for (let i = 0; i + 1 < node.length; i++) {
      const knob = node[i]!, value = node[i + 1]!;
      if (typeof knob !== "string" || typeof value === "string") continue;
      if (knob === "tracks") points.push(...tableTracks(value));
      else if (/^track\d+$/.test(knob) && value.length === 2) {
        const [x, y] = value.map(curveOf);
        if (x?.size && y?.size) points.push({ x, y });
      }
    }
  }
  if (points.length === 0) {
    throw new FormatError(
      `Cannot read ${
        quote(name)
      }: its tracker has no tracks with curves, expected one or more`,
    );
  }
  checkTrackCount(points.length, name);
  const { start, warnings } = startFrame(points, {
    first: 1,
    said: firstFrame(text),
    few: true,
    hint: "a script's first_frame says where a shot begins",
  });
  const { tracks, holds } = samplesOf(points, { start, name });
  const fps = Number(
    /^#.* (\d+(?:\.\d+)?) frames per second/m.exec(text)?.[1] ??
      /^\s*fps (\d+(?:\.\d+)?)\s*$/m.exec(text)?.[1],
  );
  return {
    tracks: tracks.map((track) =>
      track.map((value, i) =>
        i % 3 === 2
          ? value
          : i % 3 === 1
          ? height - value / divisor
          : value / divisor
      )
    ),
    holds,
    notes: [`A tracker of Nuke with ${points.length} tracks.`, ...notes],
    warnings,
    ...fps > 0 && fps < 1000 && { fps },
    ...size && { fromSize: size },
  };
}

/** The size in our comment, or in the script's own format. */
function storedSize(text: string): ImageSize | undefined {
  const found = /^# (\d{1,6})x(\d{1,6}),/m.exec(text) ??
    /^\s*format "(\d{1,6}) (\d{1,6}) /m.exec(text);
  return found
    ? { width: Number(found[1]), height: Number(found[2]) }
    : undefined;
}

/** The first frame of the script, where it says one. */
function firstFrame(text: string): number | undefined {
  const found = /^Root \{[^{}]*?^\s*first_frame (-?\d{1,9})\s*$/m.exec(text);
  return found ? Number(found[1]) : undefined;
}

/** The bodies of the tracker nodes, word by word. */
function nodesOf(text: string, name: string): (readonly Item[])[] {
  return [...text.matchAll(new RegExp(NODE, "gm"))].map((match) =>
    parseBraces(text, match.index + match[0].length, name)
  );
}

const WORD = /\s*(?:([{}])|"((?:[^"\\]|\\.)*)"|([^\s{}"]+))/y;

/** What is between a brace that is open at `start` and the one that closes it. */
function parseBraces(
  text: string,
  start: number,
  name: string,
): readonly Item[] {
  const root: Item[] = [];
  const stack: Item[][] = [root];
  WORD.lastIndex = start;
  while (true) {
    const match = WORD.exec(text);
    if (!match) {
      throw new FormatError(
        `Cannot read ${quote(name)}: the braces of its tracker do not match`,
      );
    }
    const [, brace, quoted, word] = match;
    if (brace === "{") {
      const inner: Item[] = [];
      stack.at(-1)!.push(inner);
      stack.push(inner);
    } else if (brace === "}") {
      stack.pop();
      if (stack.length === 0) return root;
    } else stack.at(-1)!.push(quoted ?? word!);
  }
}

/** The rows of a Tracker4's table. */
function tableTracks(
  table: readonly Item[],
): KeyedPoint[] {
  const columns = table[1], rows = table[2];
  if (!Array.isArray(columns) || !Array.isArray(rows)) return [];
  const at = (name: string) =>
    columns.findIndex((column: Item) =>
      Array.isArray(column) && column[3] === name
    );
  const [e, x, y] = [at("enable"), at("track_x"), at("track_y")];
  return rows.flatMap((row: Item) => {
    if (!Array.isArray(row)) return [];
    const xs = curveOf(row[x]), ys = curveOf(row[y]);
    if (!xs || !ys || xs.size === 0 || ys.size === 0) return [];
    const enable = curveOf(row[e]) ?? new Map<number, number>();
    return [{ x: xs, y: ys, visible: enable }];
  });
}

/**
 * The keys of `curve x1 5 6 7 x20 3`: a frame, and values from there on. A bare
 * number is a value that does not change.
 */
function curveOf(item: Item | undefined): Keys | undefined {
  if (typeof item === "string") {
    const value = Number(item);
    return Number.isFinite(value) ? new Map([[1, value]]) : undefined;
  }
  if (item === undefined || item[0] !== "curve") return undefined;
  const keys = new Map<number, number>();
  let frame = 1;
  for (const word of item.slice(1)) {
    if (typeof word !== "string") continue;
    const jump = /^x(-?\d+(?:\.\d+)?)$/.exec(word)?.[1];
    if (jump !== undefined) {
      frame = Math.round(Number(jump));
      continue;
    }
    const value = Number(word);
    if (!Number.isFinite(value)) continue; // K, L, s0, t1: how it is drawn
    keys.set(frame++, value);
  }
  return keys;
}
