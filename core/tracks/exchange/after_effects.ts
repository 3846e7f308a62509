/**
 * Points as After Effects' keyframe data: the text that is on the clipboard
 * when keyframes are copied, and that can be pasted onto a layer.
 *
 * Each track is the point of one Point Control, "Effects / Point Control #1 /
 * Point #2", frame by frame from 0; where a track is hidden, the checkbox of
 * Checkbox Control #1 is off. The layer needs as many of these effects as there
 * are tracks.
 *
 * Read is every property with "X pixels" and "Y pixels": positions of layers,
 * points of trackers, point controls. What a tracker follows is there twice, as
 * the feature's center and, with the offset, as the attach point: one of them is
 * taken.
 *
 * @module
 */

import { FormatError, quote } from "../../base/errors.ts";
import type { ImageSize } from "../coordinates.ts";
import { checkTrackCount } from "../raw_tracks.ts";
import { TRACK_FPS, type TrackSet } from "../track_set.ts";
import {
  divisorOf,
  heldPoints,
  type KeyedPoint,
  samplesOf,
  shortest,
  startFrame,
  type StoredPoints,
  type StoredPointsOptions,
  visibilityChanges,
} from "./stored_points.ts";

const HEAD = /^Adobe After Effects \d+(\.\d+)? Keyframe Data/;

/** Whether a text is keyframe data. */
export function isAfterEffects(text: string): boolean {
  return HEAD.test(text.slice(0, 100).trimStart());
}

/** The keyframe data of tracks on an image of this size. */
export function formatAfterEffects(tracks: TrackSet, image: ImageSize): string {
  const lines = [
    "Adobe After Effects 8.0 Keyframe Data",
    "",
    `\tUnits Per Second\t${TRACK_FPS}`,
    `\tSource Width\t${image.width}`,
    `\tSource Height\t${image.height}`,
    "\tSource Pixel Aspect Ratio\t1",
    "\tComp Pixel Aspect Ratio\t1",
    "",
  ];
  for (let track = 0; track < tracks.count; track++) {
    const points = heldPoints(tracks, track);
    lines.push(
      `Effects\tPoint Control #${track + 1}\tPoint #2`,
      "\tFrame\tX pixels\tY pixels\t",
      ...points.map(({ x, y }, frame) =>
        `\t${frame}\t${shortest(x)}\t${shortest(y)}\t`
      ),
      "",
    );
    if (points.every(({ visible }) => visible)) continue;
    lines.push(
      `Effects\tCheckbox Control #${track + 1}\tCheckbox #2`,
      "\tFrame\t\t",
      ...visibilityChanges(points).map(([frame, visible]) =>
        `\t${frame}\t${Number(visible)}\t`
      ),
      "",
    );
  }
  lines.push("", "End of Keyframe Data", "");
  return lines.join("\n");
}

/** How the paths of trackers' properties begin. */
const TRACKERS = "Motion Trackers";

/** One property of keyframe data. */
interface Property {
  readonly path: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * The tracks in keyframe data.
 *
 * @throws {FormatError} When there is no property with x and y, or a number is
 * none; with its line.
 */
export function parseAfterEffects(
  text: string,
  options: StoredPointsOptions,
): StoredPoints {
  const { name } = options;
  const { divisor, notes } = divisorOf(options);
  if (!/^End of Keyframe Data/m.test(text)) {
    throw new FormatError(
      `Cannot read ${
        quote(name)
      } as keyframe data: it ends too early, expected "End of Keyframe Data"`,
    );
  }
  const { head, properties } = parseProperties(text);
  const number = (cell: string | undefined, where: string) => {
    const value = cell === undefined || cell.trim() === "" ? NaN : Number(cell);
    if (Number.isFinite(value)) return value;
    throw new FormatError(
      `Cannot read ${quote(name)} as keyframe data: ${quote(cell)} in ${
        quote(where)
      } is not a number`,
    );
  };
  const keysOf = ({ path, rows }: Property, column: number, unit = 1) => {
    const keys = new Map<number, number>();
    for (const row of rows) {
      // A value without keyframes has no frame.
      const frame = row[0]?.trim() ? number(row[0], path) : 0;
      keys.set(Math.round(frame), number(row[column], path) / unit);
    }
    return keys;
  };
  const checks = new Map(properties.flatMap((property) => {
    const control = /Checkbox Control #(\d+)/.exec(property.path)?.[1];
    return control ? [[control, keysOf(property, 1)]] : [];
  }));
  const found = oneForEachTracker(properties.filter(isPoint));
  const points = found.map((property) => {
    const { path, columns } = property;
    const control = /Point Control #(\d+)/.exec(path)?.[1];
    const visible = control === undefined ? undefined : checks.get(control);
    return {
      x: keysOf(property, columns.indexOf("X pixels"), divisor),
      y: keysOf(property, columns.indexOf("Y pixels"), divisor),
      ...visible && { visible },
      // A property has its first and its last value outside of its keys.
      holds: !path.startsWith(TRACKERS),
    };
  });
  if (points.length === 0) {
    throw new FormatError(
      `Cannot read ${
        quote(name)
      } as keyframe data: no property has "X pixels" and "Y pixels", expected points or positions`,
    );
  }
  checkTrackCount(points.length, name);
  const keyed = points.flatMap(({ x, y }) => [...x.keys(), ...y.keys()]);
  const { start, warnings } = startFrame(points, {
    first: 0,
    // What is before the composition is not in it.
    said: keyed.some((frame) => frame < 0) ? 0 : undefined,
    hint: "a composition begins at frame 0",
  });
  const fps = Number(head.get("Units Per Second"));
  const layer = {
    width: Number(head.get("Source Width")),
    height: Number(head.get("Source Height")),
  };
  const size = sizeOf(layer, points, {
    ...options,
    isTracker: found.every(({ path }) => path.startsWith(TRACKERS)),
    isPosition: found.some(({ path }) => /^Transform\tPosition/.test(path)),
  });
  return {
    ...samplesOf(points, { start, name }),
    notes: [
      `After Effects' keyframe data with ${points.length} points.`,
      ...notes,
      ...size.notes ?? [],
    ],
    warnings: [...warnings, ...size.warnings ?? []],
    ...fps > 0 && fps < 1000 && { fps },
    ...size.fromSize && { fromSize: size.fromSize },
  };
}

/** Whether a property is a track; sizes, offsets and what a layer turns about are none. */
function isPoint({ path, columns, rows }: Property): boolean {
  return columns.includes("X pixels") && columns.includes("Y pixels") &&
    rows.length > 0 && !/Anchor Point|Size|Offset|Scale/.test(path);
}

/**
 * Points without the feature centers of trackers that have an attach point of
 * as many keys.
 */
function oneForEachTracker(points: readonly Property[]): Property[] {
  const parts = ({ path }: Property) =>
    /^(.*\bTrack Point[^\t]*)\t(Attach Point|Feature Center)\b/.exec(path);
  const attached = new Map(points.flatMap((point) => {
    const [, tracker, kind] = parts(point) ?? [];
    return tracker !== undefined && kind === "Attach Point"
      ? [[tracker, point.rows.length]]
      : [];
  }));
  return points.filter((point) => {
    const [, tracker, kind] = parts(point) ?? [];
    return kind !== "Feature Center" ||
      !((attached.get(tracker!) ?? 0) >= point.rows.length);
  });
}

/** A null layer is as large as this, wherever it is. */
const NULL = 100;

/**
 * The size that points belong to. "Source Width" is the layer's own: trackers
 * and effects count in its px, also outside of it. A position counts in px of
 * the composition, which is as large as footage that fills it, as camera
 * trackers export it.
 */
function sizeOf(
  layer: ImageSize,
  points: readonly KeyedPoint[],
  { image, fromSize, isTracker, isPosition }: StoredPointsOptions & {
    /** Whether all points are a tracker's. */
    readonly isTracker: boolean;
    /** Whether some are a layer's position. */
    readonly isPosition: boolean;
  },
): Pick<StoredPoints, "fromSize" | "notes" | "warnings"> {
  const { width, height } = layer;
  if (!(width > 0 && height > 0 && width < 1e6 && height < 1e6)) {
    return { notes: [] };
  }
  const written = `${width}x${height}`;
  const isNull = width === NULL && height === NULL && !isTracker;
  const differs = image && !fromSize &&
    (image.width !== width || image.height !== height);
  if (isNull || isPosition && !mostlyInside(points, layer)) {
    const note =
      `The size ${written} is the layer's own: points were taken as px of the image (from-size says the composition's size).`;
    // A null of any composition has this size.
    const doubted = differs && !(isNull && mostlyInside(points, image));
    return doubted ? { notes: [], warnings: [note] } : { notes: [note] };
  }
  return {
    fromSize: layer,
    notes: [],
    ...isPosition && differs && {
      warnings: [
        `Positions are in px of the composition, which was taken to be as large as the layer, ${written} (from-size says another).`,
      ],
    },
  };
}

/** Whether half of the keys or more are inside of an image. */
function mostlyInside(
  points: readonly KeyedPoint[],
  { width, height }: ImageSize,
): boolean {
  let inside = 0, count = 0;
  for (const { x, y } of points) {
    for (const [frame, at] of x) {
      const other = y.get(frame) ?? 0;
      inside += Number(at >= 0 && at <= width && other >= 0 && other <= height);
      count++;
    }
  }
  return 2 * inside >= count;
}

/** The head's values by name, and the properties. */
function parseProperties(
  text: string,
): { head: Map<string, string>; properties: Property[] } {
  const head = new Map<string, string>();
  const properties: { path: string; columns: string[]; rows: string[][] }[] =
    [];
  let current: typeof properties[number] | undefined;
  for (const line of text.split(/\r\n?|\n/).slice(1)) {
    if (/^End of Keyframe Data/.test(line)) break;
    if (line.trim() === "") {
      current = undefined;
    } else if (!line.startsWith("\t")) {
      current = { path: line, columns: [], rows: [] };
      properties.push(current);
    } else {
      const cells = line.slice(1).split("\t");
      if (!current) head.set(cells[0]!, cells[1] ?? "");
      else if (cells[0] === "Frame") current.columns.push(...cells);
      else current.rows.push(cells);
    }
  }
  return { head, properties };
}
