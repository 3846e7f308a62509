/**
 * Points as JSON has them: `{x, y}` with what else is said about each of them,
 * or `[x, y]` and `[x, y, visible]`.
 *
 * @module
 */

import { FormatError, quote } from "../base/errors.ts";
import { checkThirdNumbers } from "./array_layout.ts";
import { placeSamples, type TimedSamples } from "./point_times.ts";
import type { RawTrack } from "./raw_tracks.ts";

/** What tracks in JSON look like. */
export const SHAPES = "a list of tracks, each a list of {x, y} points";

/** Whether a value is a point: `{x, y}`, `[x, y]` or `[x, y, visible]`. */
export function isPoint(value: unknown): boolean {
  if (Array.isArray(value)) {
    return (value.length === 2 || value.length === 3) &&
      value.every((item) => typeof item === "number" || item === null);
  }
  return typeof value === "object" && value !== null &&
    Object.hasOwn(value, "x") && Object.hasOwn(value, "y");
}

/** What a point says besides x and y when it is a sample of a track. */
const SAMPLE_KEYS = [
  ...["frame", "t", "time"],
  ...["visible", "visibility", "occluded", "hidden"],
];

/**
 * Whether a value is a list of `{points}` that are samples, as trackers write
 * them, and no control points of curves: they have times or visibility, or
 * they are as many as videos have frames and nobody gave them a color.
 */
export function areSampledTracks(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  const items = value.map((item) => (item ?? {}) as Record<string, unknown>);
  if (!items.every(({ points }) => Array.isArray(points))) return false;
  const says = ({ points }: Record<string, unknown>) =>
    (points as unknown[]).some((point) =>
      typeof point === "object" && point !== null &&
      SAMPLE_KEYS.some((key) => Object.hasOwn(point, key))
    );
  return items.some(says) ||
    items.every(({ points, color }) =>
      color === undefined && [81, 121].includes((points as unknown[]).length)
    );
}

/**
 * The tracks in lists of points, or of `{points}`, each where its points' own
 * times put it.
 *
 * @throws {FormatError} When a point is none, with the index of the track and
 * the point; when third numbers are no visibility; when times are not even.
 */
export function readPointLists(
  lists: readonly unknown[],
  options: { readonly name: string },
): TimedSamples {
  const { name } = options;
  const points = lists.map((list, index) => {
    const inner = pointsOf(list);
    if (inner) return inner;
    throw refuseShape(name, `track ${index} is ${describe(list)}`);
  });
  const seen = areFlags(points) ? FLAG : SEEN;
  if (seen === SEEN) {
    checkThirdNumbers(thirdNumbers(points), {
      name,
      scale: 1,
      hint:
        'A point that has more says what it is: {"frame", "x", "y", "visible"}.',
    });
  }
  const tracks = points.map((list, index) =>
    readTrack(list, { name, index, seen })
  );
  const placed = placeSamples(tracks, points, { name });
  return seen === SEEN ? placed : {
    ...placed,
    warnings: [
      ...placed.warnings,
      "Third numbers were taken as COCO's flags: 2 is visible, 1 and 0 are hidden.",
    ],
  };
}

/** From which third number on a point is visible: visibility, COCO's flags. */
const SEEN = 0.5, FLAG = 2;

/**
 * Whether third numbers are COCO's flags, 2 for a point that is visible and 1
 * for one that is known but hidden; not where they, or the first numbers, count
 * the points.
 */
function areFlags(lists: readonly (readonly unknown[])[]): boolean {
  const thirds = [...thirdNumbers(lists)];
  if (!thirds.includes(2) || !thirds.every((n) => [0, 1, 2].includes(n))) {
    return false;
  }
  const counts = (list: readonly unknown[], axis: number) => {
    const numbers = list.map((point) =>
      Array.isArray(point) ? Number(point[axis]) : NaN
    );
    return numbers.length > 1 && numbers[0]! <= 1 &&
      numbers.every((n, i) => n === numbers[0]! + i);
  };
  return !lists.some((list) => counts(list, 0) || counts(list, 2));
}

/** The points of a list, or of `{points}`; undefined for anything else. */
export function pointsOf(list: unknown): readonly unknown[] | undefined {
  const points: unknown = Array.isArray(list)
    ? list
    : (list as { points?: unknown } | null)?.points;
  return Array.isArray(points) ? points : undefined;
}

function* thirdNumbers(
  lists: readonly (readonly unknown[])[],
): Generator<number> {
  for (const list of lists) {
    for (const point of list) {
      if (Array.isArray(point) && point.length === 3) yield Number(point[2]);
    }
  }
}

function readTrack(
  points: readonly unknown[],
  { name, index, seen }: {
    readonly name: string;
    readonly index: number;
    /** From which third number on a point is visible. */
    readonly seen: number;
  },
): RawTrack {
  const samples = new Float32Array(points.length * 3);
  points.forEach((point, at) => {
    const fault = () =>
      refuseShape(name, `point ${at} of track ${index} is ${describe(point)}`);
    if (!isPoint(point)) throw fault();
    const [x, y, visible] = Array.isArray(point)
      ? [point[0], point[1], (point[2] ?? seen) >= seen]
      : [
        (point as Record<string, unknown>).x,
        (point as Record<string, unknown>).y,
        seenOf(point as Record<string, unknown>),
      ];
    if (typeof visible !== "number" && typeof visible !== "boolean") {
      throw fault();
    }
    const isSeen = Number(visible) >= 0.5;
    // Trackers leave anything where a point is lost.
    if (!isSeen && !(Number.isFinite(x) && Number.isFinite(y))) return;
    if (typeof x !== "number" || typeof y !== "number") throw fault();
    samples.set([x, y, Number(isSeen)], at * 3);
  });
  return samples;
}

/** Whether a point is visible, under the names that others give it. */
function seenOf(point: Readonly<Record<string, unknown>>): unknown {
  const hidden = point.occluded ?? point.hidden;
  return point.visible ?? point.visibility ??
    (typeof hidden === "boolean" || typeof hidden === "number"
      ? Number(hidden) < 0.5
      : hidden ?? 1);
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

/** The error of what holds no tracks. */
export function refuseShape(name: string, state: string): FormatError {
  return new FormatError(
    `Cannot read tracks from ${quote(name)}: ${state}, expected ${SHAPES}`,
  );
}
