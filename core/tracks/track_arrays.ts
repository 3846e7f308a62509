/**
 * Which of several arrays holds the tracks, and which their visibility.
 *
 * Trackers name them in many ways: `tracks` and `visibility` (Wan-Move),
 * `pred_tracks` and `pred_visibility` (CoTracker), `tracks` and `visibles`
 * (TAPIR), `points` and `occluded` (TAP-Vid), `track_path` and
 * `track_visibility` (ComfyUI), `trajs` and `visibs` (PointOdyssey), or only by
 * their place in a tuple.
 *
 * @module
 */

import type { NpyArray } from "../formats/npy.ts";
import { FormatError, quote, withHint } from "../base/errors.ts";
import { sizeOf } from "../base/tensor.ts";
import {
  isAtiLayout,
  type LayoutOptions,
  type LayoutResult,
  tracksFromArray,
} from "./array_layout.ts";

/** Several arrays, each unpacked when it is asked for. */
export interface NamedArrays {
  /** Their names, in the order of the file. */
  readonly names: readonly string[];
  /** One array. */
  array(name: string): Promise<NpyArray>;
}

/** How the arrays of a file are taken. */
export interface TrackArraysOptions extends LayoutOptions {
  /** The array with the tracks; found out when absent. */
  readonly array?: string;
}

/** Names that mean tracks, best first, with the order of their axes if it is known. */
const TRACKS: readonly (readonly [
  name: string,
  likely?: "tracks-first" | "time-first",
])[] = [
  ["array"],
  ["tracks"],
  ["pred_tracks", "time-first"],
  ["track_path", "time-first"],
  ["trajectories"],
  ["trajs_2d", "time-first"],
  ["trajs", "time-first"],
  ["target_points", "tracks-first"],
  ["points"],
  ["coords"],
  ["coordinates"],
];

const VISIBLE = /(^|[^a-z])vis([^a-z]|$)|visib/i;
const HIDDEN = /(^|[^a-z])occs?([^a-z]|$)|occlu|invisib|hidden/i;

/**
 * The tracks among several arrays, with their visibility.
 *
 * The tracks are in the array that is asked for, else in the first that has one
 * of the known names, else in the only one that has the shape of tracks. The
 * visibility is in an array whose name says so and whose shape fits, else in
 * the only array of booleans that fits.
 *
 * @throws {FormatError} With the arrays' names, when no array or several can be
 * meant, or the visibility fits no array.
 */
export async function tracksFromArrays(
  arrays: NamedArrays,
  options: TrackArraysOptions,
): Promise<LayoutResult> {
  const { name } = options;
  const found = options.array ?? await findTracks(arrays, name);
  const array = await arrays.array(found);
  const mask = options.visibility || isAtiLayout(array.dims)
    ? undefined
    : array.dims.at(-1) === 3
    ? await namedVisibility(arrays, { array, found })
    : await findVisibility(arrays, { array, found, name });
  const likely = TRACKS.find(([known]) => known === found)?.[1] ??
    // TAPIR and TAP-Vid keep tracks first and name the visibility like this.
    (mask && /^(visibles|occluded)$/.test(mask.name)
      ? "tracks-first" as const
      : undefined);
  const { names } = arrays;
  const { notes, ...result } = tracksFromArray(array, {
    ...options,
    ...likely && { likely },
    ...mask && { visibility: mask.array, inverted: mask.inverted },
  });
  return {
    ...result,
    notes: [
      ...names.length === 1 ? [] : [
        `Of the arrays ${names.map(quote).join(", ")}, ${quote(found)} ${
          mask
            ? `with the ${mask.inverted ? "occlusion" : "visibility"} ${
              quote(mask.name)
            } was taken`
            : "was taken"
        }.`,
      ],
      ...notes,
    ],
  };
}

async function findTracks(
  { names, array }: NamedArrays,
  file: string,
): Promise<string> {
  for (const [known] of TRACKS) if (names.includes(known)) return known;
  if (names.length === 1) return names[0]!;
  const fitting: string[] = [];
  for (const name of names) {
    const candidate = await array(name).catch((error) => {
      // What is too large to unpack is no array of tracks.
      if (error instanceof FormatError) return undefined;
      throw error;
    });
    if (candidate && mayBeTracks(candidate)) fitting.push(name);
  }
  const [only, another] = fitting;
  if (only !== undefined && another === undefined) return only;
  throw new FormatError(
    withHint(
      `Cannot tell which array of ${quote(file)} holds the tracks: it has ${
        names.map(quote).join(", ")
      }, expected one named "tracks"`,
      `Say which: array ${quote(only ?? names[0] ?? "")}.`,
    ),
  );
}

/** Whether an array has the shape and the type of coordinates. */
function mayBeTracks({ dims, descr }: NpyArray): boolean {
  const depth = dims.at(-1);
  return descr !== "|b1" && descr !== "|u1" && dims.length >= 2 &&
    dims.length <= 4 && (depth === 2 || depth === 3) && sizeOf(dims) > 0;
}

/** An array whose name says that it is visibility, and whose shape fits. */
async function namedVisibility(
  { names, array }: NamedArrays,
  tracks: { array: NpyArray; found: string },
): Promise<{ name: string; array: NpyArray; inverted: boolean } | undefined> {
  const cells = sizeOf(tracks.array.dims.slice(0, -1));
  for (const name of names) {
    if (name === tracks.found) continue;
    if (!VISIBLE.test(name) && !HIDDEN.test(name)) continue;
    const mask = await array(name);
    if (sizeOf(mask.dims) === cells) {
      return { name, array: mask, inverted: HIDDEN.test(name) };
    }
  }
  return undefined;
}

async function findVisibility(
  arrays: NamedArrays,
  tracks: { array: NpyArray; found: string; name: string },
): Promise<{ name: string; array: NpyArray; inverted: boolean } | undefined> {
  const { names, array } = arrays;
  const { dims } = tracks.array;
  const cells = sizeOf(dims.slice(0, -1));
  const named = names.filter((name) =>
    name !== tracks.found && (VISIBLE.test(name) || HIDDEN.test(name))
  );
  const fitting = await namedVisibility(arrays, tracks);
  if (fitting) return fitting;
  // A tuple of tracks and visibility has no names.
  const next = /^\d+$/.test(tracks.found)
    ? String(Number(tracks.found) + 1)
    : undefined;
  if (next !== undefined && names.includes(next)) {
    const mask = await array(next);
    if (sizeOf(mask.dims) === cells) {
      return { name: next, array: mask, inverted: false };
    }
  }
  if (named.length === 0) {
    return await onlyBooleans(names, {
      fits: (mask) => sizeOf(mask.dims) === cells,
      found: tracks.found,
      array,
    });
  }
  throw new FormatError(
    `Cannot take the visibility ${named.map(quote).join(", ")} of ${
      quote(tracks.name)
    } for ${quote(tracks.found)} of shape (${dims.join(", ")}), expected (${
      dims.slice(0, -1).join(", ")
    })`,
  );
}

/** The only array of booleans that fits, under whatever name. */
async function onlyBooleans(
  names: readonly string[],
  options: {
    readonly found: string;
    readonly fits: (mask: NpyArray) => boolean;
    array(name: string): Promise<NpyArray>;
  },
): Promise<{ name: string; array: NpyArray; inverted: boolean } | undefined> {
  const fitting: { name: string; array: NpyArray; inverted: boolean }[] = [];
  for (const name of names) {
    if (name === options.found) continue;
    const mask = await options.array(name).catch((error) => {
      // What is too large to unpack, as a video may be, is none.
      if (error instanceof FormatError) return undefined;
      throw error;
    });
    if (mask?.descr === "|b1" && options.fits(mask)) {
      fitting.push({ name, array: mask, inverted: false });
    }
  }
  return fitting.length === 1 ? fitting[0] : undefined;
}
