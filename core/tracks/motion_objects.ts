/**
 * Things that a user marked: which pixels belong to one, and which tracks move
 * it. They are kept in a JSON file next to the track file, which no other
 * program needs: the tracks are complete without it.
 *
 * @module
 */

import { FormatError, quote } from "../base/errors.ts";
import type { Point } from "../base/image.ts";

/** A thing that a user marked. */
export interface MotionObject {
  /** What the user calls it. */
  readonly name?: string;
  /**
   * Closed lines around it where it is in frame 0, px of the image: a position
   * is inside when a ray from it crosses them an odd number of times.
   */
  readonly outline: readonly (readonly Point[])[];
  /** The indices of the tracks that move it. */
  readonly tracks: readonly number[];
}

/** What a file of objects says. */
export interface ObjectsFile {
  /** The size of the image that the objects were marked on, px. */
  readonly image: { readonly width: number; readonly height: number };
  /** SHA-256 of the track file that the indices are of, hexadecimal. */
  readonly trackHash: string;
  /** The objects, the farthest first. */
  readonly objects: readonly MotionObject[];
}

/** Objects and points at most: more is a mistake. */
const MOST = { objects: 1000, points: 100_000 };

/**
 * Where the objects of a track file are: `a.objects.json` next to `a.pth`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { objectsPath } from "@ati/ati/tracks";
 * assert.equal(objectsPath("tracks/00.pth"), "tracks/00.objects.json");
 * ```
 */
export function objectsPath(trackFile: string): string {
  return `${trackFile.replace(/\.[^./\\]+$/, "")}.objects.json`;
}

/** The text of a file of objects. Positions are rounded to a tenth of a px. */
export function formatObjects(
  { image, trackHash, objects }: ObjectsFile,
): string {
  const tenth = (value: number) => Math.round(10 * value) / 10;
  return JSON.stringify({
    version: 1,
    width: image.width,
    height: image.height,
    track_sha256: trackHash,
    objects: objects.map(({ name, outline, tracks }) => ({
      ...name !== undefined && { name },
      tracks,
      outline: outline.map((ring) =>
        ring.map(({ x, y }) => [tenth(x), tenth(y)])
      ),
    })),
  }) + "\n";
}

/**
 * Reads a file of objects.
 *
 * @param options.name The file's name, for the errors.
 * @param options.trackCount How many tracks the track file has.
 * @throws {FormatError} When it is not such a file.
 */
export function parseObjects(
  text: string,
  options: { readonly name: string; readonly trackCount: number },
): ObjectsFile {
  const { name, trackCount } = options;
  const fail = (what: string): never => {
    throw new FormatError(`Cannot read the objects of ${quote(name)}: ${what}`);
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail("it is not JSON");
  }
  const file = isRecord(value) ? value : fail("expected a JSON object");
  if (file.version !== 1) {
    fail(`version is ${quote(file.version)}, expected 1`);
  }
  const size = (key: "width" | "height"): number => {
    const side = file[key];
    return typeof side === "number" && Number.isInteger(side) && side > 0
      ? side
      : fail(`${key} is ${quote(side)}, expected a positive whole number`);
  };
  const image = { width: size("width"), height: size("height") };
  const hash = file.track_sha256;
  if (typeof hash !== "string" || !/^[0-9a-f]{64}$/.test(hash)) {
    return fail("track_sha256 is not 64 hexadecimal digits");
  }
  if (!Array.isArray(file.objects) || file.objects.length > MOST.objects) {
    return fail(`objects is not a list of at most ${MOST.objects}`);
  }
  let points = 0;
  const taken = new Set<number>();
  const objects = file.objects.map((entry: unknown, index): MotionObject => {
    const at = `object ${index}`;
    if (!isRecord(entry)) return fail(`${at} is not a JSON object`);
    const { name, tracks, outline } = entry;
    if (name !== undefined && typeof name !== "string") {
      return fail(`${at}: name is not text`);
    }
    if (
      !Array.isArray(tracks) ||
      !tracks.every((n: unknown): n is number =>
        Number.isInteger(n) && Number(n) >= 0 && Number(n) < trackCount &&
        !taken.has(Number(n)) && taken.add(Number(n)) !== undefined
      )
    ) {
      return fail(
        `${at}: tracks are not indices from 0 to ${
          trackCount - 1
        }, each in one object`,
      );
    }
    if (!Array.isArray(outline)) return fail(`${at}: outline is not a list`);
    const rings = outline.map((ring: unknown): Point[] => {
      if (!Array.isArray(ring)) return fail(`${at}: an outline is not a list`);
      points += ring.length;
      if (points > MOST.points) fail(`more than ${MOST.points} points`);
      return ring.map((pair: unknown): Point => {
        if (
          !Array.isArray(pair) || pair.length !== 2 ||
          !pair.every(Number.isFinite)
        ) return fail(`${at}: a point is not a pair of numbers`);
        return { x: Number(pair[0]), y: Number(pair[1]) };
      });
    });
    return { ...name !== undefined && { name }, tracks, outline: rings };
  });
  return { image, trackHash: hash, objects };
}

/** Objects that were marked on an image of another size. */
export function scaleObjects(
  objects: readonly MotionObject[],
  options: {
    readonly from: { readonly width: number; readonly height: number };
    readonly to: { readonly width: number; readonly height: number };
  },
): MotionObject[] {
  const { from, to } = options;
  const sx = to.width / from.width, sy = to.height / from.height;
  return objects.map((object) => ({
    ...object,
    outline: object.outline.map((ring) =>
      ring.map(({ x, y }) => ({ x: x * sx, y: y * sy }))
    ),
  }));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
