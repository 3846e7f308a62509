/**
 * Track sets as files: for the reference, for NumPy and for ComfyUI.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import { ATI_SCALE, writeAtiFile } from "./ati_file.ts";
import { formatJsonTracks } from "./json_tracks.ts";
import { writeNpz } from "../formats/npz.ts";
import { checkWritableCount } from "./raw_tracks.ts";
import type { LongTracks } from "./long_tracks.ts";
import type { TrackSet } from "./track_set.ts";

/** The formats that are written. */
export type WritableTracksFormat = "pth" | "npz" | "json";

/** The values of {@linkcode WritableTracksFormat}. */
export const WRITABLE_FORMATS: readonly WritableTracksFormat[] = [
  "pth",
  "npz",
  "json",
];

/**
 * The bytes of a track file.
 *
 * `pth` and `npz` hold float32, eight times x, y and visible, (N, 121, 1, 3),
 * of long tracks with as many frames as they have, as the reference's editor
 * writes them; multiplying by eight is exact. `json`
 * is ComfyUI's nested list in px, {@link formatJsonTracks}. With `compress`
 * false the `.npz` is stored instead of deflated; `folder` is the top folder
 * inside a `.pth`.
 *
 * @throws {RangeError} When the format is none of these, a coordinate is too
 * large for it, or there are more than 50,000 tracks, which no file may hold.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readTracks, TrackSet, writeTracks } from "@ati/ati";
 * const set = TrackSet.fromPoints([[{ x: 1.5, y: 2, visible: true }]]);
 * const pth = await writeTracks(set, "pth");
 * const { tracks } = await readTracks(pth, { name: "track.pth" });
 * assert.equal(tracks.x(0, 0), 1.5);
 * ```
 */
export async function writeTracks(
  tracks: TrackSet | LongTracks,
  format: WritableTracksFormat,
  options: { compress?: boolean; folder?: string } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkWritableCount(tracks.count);
  switch (format) {
    case "json":
      return new TextEncoder().encode(formatJsonTracks(tracks));
    case "npz":
      return await atiNpz(tracks, options);
    case "pth":
      return await writeAtiFile(await atiNpz(tracks, options), options);
    default:
      throw new RangeError(
        `Cannot write tracks as ${quote(format)}, expected one of ${
          WRITABLE_FORMATS.join(", ")
        }`,
      );
  }
}

async function atiNpz(
  tracks: TrackSet | LongTracks,
  options: { compress?: boolean },
): Promise<Uint8Array<ArrayBuffer>> {
  const data = tracks.toArray().map((value) => value * ATI_SCALE);
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) {
    throw new RangeError(
      `Cannot write track ${
        Math.floor(at / (tracks.frames * 3))
      }: a coordinate is beyond ${(3.4e38 / ATI_SCALE).toExponential(1)} px`,
    );
  }
  return await writeNpz(
    { array: { dims: [tracks.count, tracks.frames, 1, 3], data } },
    options,
  );
}
