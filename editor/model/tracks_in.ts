/**
 * The tracks of a document of any length, as what makes segments takes them.
 *
 * @module
 */

import { LongTracks } from "../../core/tracks/long_tracks.ts";
import { TRACK_FRAMES, TrackSet } from "../../core/tracks/track_set.ts";

/** Tracks of these numbers, `(N, frames, 3)`: x, y, visible. */
export function tracksIn(
  data: Float32Array,
  frames: number,
): TrackSet | LongTracks {
  return frames > TRACK_FRAMES
    ? LongTracks.fromArray(data, { frames })
    : TrackSet.fromArray(data);
}
