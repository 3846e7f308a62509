/**
 * Tracks for a video that is at hand.
 *
 * @module
 */

import type { VideoReader } from "../../core/media/video_reader.ts";
import {
  fitTracks,
  readRawTracks,
  type ReadTracksOptions,
  type TrackReading,
  type TracksFile,
} from "../../core/tracks/read_tracks.ts";
import { lengthOf } from "../../core/tracks/raw_tracks.ts";
import { LongTracks } from "../../core/tracks/long_tracks.ts";
import {
  TRACK_FPS,
  TRACK_FRAMES,
  type TrackPositions,
} from "../../core/tracks/track_set.ts";

/**
 * The tracks of a file. Where they have as many samples as the video has
 * frames, and neither a rate nor a length says otherwise, they are taken as
 * those of its frames, at their times.
 */
export async function readVideoTracks(
  bytes: Uint8Array,
  video: VideoReader,
  options: ReadTracksOptions & TrackReading,
): Promise<TracksFile> {
  const { name, length = "auto", fps, times, ...rest } = options;
  const raw = await readRawTracks(bytes, { name, ...rest });
  const reading = {
    name,
    length,
    ...fps !== undefined && { fps },
    ...times && { times },
  };
  const longest = Math.max(0, ...raw.tracks.map(lengthOf));
  const isOpen = length === "auto" && fps === undefined && !times &&
    raw.fps === undefined;
  if (!isOpen || longest === TRACK_FRAMES || longest < 2) {
    return fitTracks(raw, reading);
  }
  const own = await video.times();
  if (own.length !== longest) return fitTracks(raw, reading);
  const file = fitTracks(raw, { ...reading, times: own });
  return {
    ...file,
    warnings: [
      `Tracks of ${longest} samples were taken as those of the video's ${longest} frames (length "pad" takes one for each frame at 24 per second, fps their own rate).`,
      ...file.warnings,
    ],
  };
}

/** When the last frame of a video of one segment is shown, in seconds. */
const FIVE_SECONDS = (TRACK_FRAMES - 1) / TRACK_FPS;

/**
 * {@linkcode readVideoTracks}, to be drawn over the video: in one of more than
 * five seconds, tracks that last longer are followed to their end, as a run has
 * made them.
 */
export async function readOverlayTracks(
  bytes: Uint8Array,
  video: VideoReader,
  options: ReadTracksOptions & TrackReading,
): Promise<
  Pick<TracksFile, "notes" | "warnings"> & { readonly tracks: TrackPositions }
> {
  const file = await readVideoTracks(bytes, video, options);
  const { name, length = "auto", fps, times, ...rest } = options;
  if (length !== "auto" || times) return file;
  const raw = await readRawTracks(bytes, { name, ...rest });
  const long = LongTracks.fromReading(raw, { name, fps });
  if (!long) return file;
  const shown = await video.times();
  const isOwn = (fps ?? raw.fps) === undefined &&
    shown.length === Math.max(...raw.tracks.map(lengthOf));
  return shown.at(-1)! > FIVE_SECONDS && !isOwn
    ? { tracks: long, notes: raw.notes, warnings: raw.warnings }
    : file;
}
