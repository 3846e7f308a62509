/**
 * Stored files for an image of another size.
 *
 * @module
 */

import {
  formatObjects,
  type ObjectsFile,
  parseObjects,
} from "../../core/tracks/motion_objects.ts";
import { LongTracks } from "../../core/tracks/long_tracks.ts";
import { readRawTracks } from "../../core/tracks/read_tracks.ts";
import { TRACK_FRAMES, TrackSet } from "../../core/tracks/track_set.ts";
import { writeTracks } from "../../core/tracks/write_tracks.ts";
import { wholeTracks } from "../model/exchange.ts";
import type { ScaledFiles, SizeChange } from "./project_formats.ts";
import { digest } from "./tagged_document.ts";

/**
 * The files with all positions scaled, x and y apart; undefined where the track
 * file is none that this program writes, whose numbers may mean something else.
 * Objects that are of other tracks, or cannot be read, stay as they are.
 */
export async function scaleFiles(
  { pth, objects }: ScaledFiles,
  { from, to }: SizeChange,
): Promise<ScaledFiles | undefined> {
  const name = "the stored tracks";
  const tracks = await readOwn(pth, name);
  if (!tracks) return undefined;
  const { frames, count } = tracks;
  const sx = to.width / from.width, sy = to.height / from.height;
  const data = tracks.toArray().map((value, i) =>
    i % 3 === 0 ? value * sx : i % 3 === 1 ? value * sy : value
  );
  const scaled = await writeTracks(
    frames === TRACK_FRAMES
      ? TrackSet.fromArray(data)
      : LongTracks.fromArray(data, { frames }),
    "pth",
  );
  const file = readObjects(objects, { name, trackCount: count });
  const isOfThese = file?.trackHash === await digest(pth);
  return {
    pth: scaled,
    // Their positions are of the size that the file says.
    objects: file && isOfThese
      ? formatObjects({ ...file, trackHash: await digest(scaled) })
      : objects,
  };
}

function readObjects(
  text: string | undefined,
  options: { readonly name: string; readonly trackCount: number },
): ObjectsFile | undefined {
  try {
    return text === undefined ? undefined : parseObjects(text, options);
  } catch {
    return undefined;
  }
}

/** The tracks of a file that this program has written; undefined of others. */
async function readOwn(
  pth: Uint8Array<ArrayBuffer>,
  name: string,
): Promise<TrackSet | LongTracks | undefined> {
  try {
    const raw = await readRawTracks(pth, { name });
    const { tracks } = wholeTracks(raw, { name, length: "auto" });
    const own = tracks as TrackSet | LongTracks;
    return await digest(await writeTracks(own, "pth")) === await digest(pth)
      ? own
      : undefined;
  } catch {
    return undefined;
  }
}
