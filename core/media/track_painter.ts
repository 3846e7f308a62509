/**
 * Tracks over a video: every point leaves a trail of discs that shrink and turn
 * from red over yellow and green to blue as they grow older.
 *
 * Mirrors `paint_point_track` in the reference's
 * `tools/visualize_trajectory.py`, and paints frame by frame.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import { TRACK_FPS, type TrackPositions } from "../tracks/track_set.ts";
import { FrontDiscs } from "./_front_discs.ts";
import { discReach, drawPixelDisc } from "./disc.ts";
import type { Color } from "./draw.ts";

/** The tracks of a video: a place for every point in every frame. */
export interface VideoTracks {
  /** The number of tracks, N. */
  readonly count: number;
  /** The number of frames with places, F; later frames only show old trails. */
  readonly frames: number;
  /**
   * `(N, F, 2)`: x, y in px of the video. The addition of half a px rounds to
   * the type of the array, as it does in NumPy.
   */
  readonly points: Float32Array | Float64Array;
  /** `(N, F)`: not 0 where a point can be seen. */
  readonly visible: ArrayLike<number>;
}

/**
 * Tracks at the frames and in the px of a video.
 *
 * Frame t of the video shows the track's frame `floor(24 t / fps)`, or that of
 * its time where the rate varies; x and y are scaled apart (reference: `visualize_trajectory.py` lines 198 to 214).
 *
 * @param tracks What was drawn, in px of the source image.
 */
export function tracksForVideo(
  tracks: TrackPositions,
  options: {
    /** The size of the image that the tracks were drawn on. */
    readonly image: { readonly width: number; readonly height: number };
    /** The video's size and speed. */
    readonly video: {
      readonly width: number;
      readonly height: number;
      readonly fps: number;
    };
    /** When each frame is shown, in seconds from 0, where the rate varies. */
    readonly times?: readonly number[] | undefined;
  },
): VideoTracks {
  const { image, video, times } = options;
  if (!(video.fps > 0 && video.fps <= 1000)) {
    throw new RangeError(
      `Cannot lay tracks over a video of ${video.fps} frames per second, expected more than 0 and at most 1000`,
    );
  }
  const step = TRACK_FPS / video.fps;
  const sourceFrame = (frame: number) =>
    Math.floor(
      times ? times[frame]! * TRACK_FPS + 1e-4 : frame * step + 1e-9,
    );
  let frames = 0;
  while (
    (!times || frames < times.length) && sourceFrame(frames) < tracks.frames
  ) frames++;
  const { count } = tracks;
  const points = new Float64Array(2 * count * frames);
  const visible = new Uint8Array(count * frames);
  for (let track = 0; track < count; track++) {
    for (let frame = 0; frame < frames; frame++) {
      const source = sourceFrame(frame);
      const at = track * frames + frame;
      points[2 * at] = tracks.x(track, source) / image.width * video.width;
      points[2 * at + 1] = tracks.y(track, source) / image.height *
        video.height;
      visible[at] = tracks.visible(track, source) ? 1 : 0;
    }
  }
  return { count, frames, points, visible };
}

/** How trails are painted. */
export interface TrackPainterOptions {
  /** How many frames back a trail reaches; 50 unless given. */
  readonly trail?: number;
  /** The radius of the newest disc in px; 6 unless given. The oldest has 1. */
  readonly radius?: number;
  /**
   * `"reference"` moves points outside of the image to its border, as the
   * original does. By default what is outside is not seen.
   */
  readonly compat?: "reference";
}

/** Paints the trails over frame `index` of the video, in place. */
export type TrackPainter = (frame: RgbImage, index: number) => void;

const OLDEST_RADIUS = 1;

/** From so many tracks on, most of what is painted would be painted over. */
const MANY_TRACKS = 100;

/**
 * A painter of the tracks of one video. Tracks are painted in their order, each
 * from its oldest to its newest point.
 *
 * @throws {RangeError} When the numbers do not fit the counts, or an option is
 * out of range.
 */
export function createTrackPainter(
  tracks: VideoTracks,
  options: TrackPainterOptions = {},
): TrackPainter {
  const { trail = 50, radius = 6, compat } = options;
  const { count, frames, points, visible } = tracks;
  if (points.length !== 2 * count * frames) {
    throw new RangeError(
      `Cannot paint ${count} tracks over ${frames} frames: there are ${points.length} numbers, expected ${
        2 * count * frames
      }`,
    );
  }
  checkWhole("trail", trail, 1);
  checkWhole("radius", radius, OLDEST_RADIUS);
  const stamps = Array.from(
    { length: trail + 1 },
    (_, age) => {
      const ratio = 1 - age / trail;
      return {
        reach: discReach(
          roundHalfToEven(OLDEST_RADIUS + (radius - OLDEST_RADIUS) * ratio),
        ),
        color: colorOfAge(ratio),
      };
    },
  );
  // Half a px further, in the precision of the points.
  const places = points.map((value) => value + 0.5);

  const discs = count >= MANY_TRACKS ? new FrontDiscs(radius) : undefined;
  return (frame, index) => {
    const { width, height } = frame;
    const first = Math.max(0, index - trail);
    const last = Math.min(index, frames - 1);
    const paint = (track: number, past: number) => {
      const at = track * frames + past;
      if (!visible[at]) return;
      let x = places[2 * at]!, y = places[2 * at + 1]!;
      if (compat === "reference") {
        x = Math.min(Math.max(x, 0), width - 1);
        y = Math.min(Math.max(y, 0), height - 1);
      }
      x = Math.floor(x);
      y = Math.floor(y);
      if (discs?.isHidden(x, y)) return;
      const { reach, color } = stamps[index - past]!;
      if (discs) discs.draw({ x, y, reach }, color);
      else drawPixelDisc(frame, { x, y, reach }, color);
    };
    if (discs) {
      discs.begin(frame);
      for (let track = count - 1; track >= 0; track--) {
        for (let past = last; past >= first; past--) paint(track, past);
      }
      return;
    }
    for (let track = 0; track < count; track++) {
      for (let past = first; past <= last; past++) paint(track, past);
    }
  };
}

function checkWhole(what: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least && value <= 1000) return;
  throw new RangeError(
    `Cannot paint with a ${what} of ${value}, expected a whole number from ${least} to 1000`,
  );
}

/** Python's `round`: halves go to the even neighbor. */
function roundHalfToEven(value: number): number {
  const down = Math.floor(value), rest = value - down;
  if (rest !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}

/** Blue at 0, green at a third, yellow at two thirds, red at 1. */
function colorOfAge(ratio: number): Color {
  if (ratio <= 1 / 3) {
    const share = ratio / (1 / 3);
    return [0, Math.trunc(255 * share), Math.trunc(255 * (1 - share))];
  }
  if (ratio <= 2 / 3) {
    const share = (ratio - 1 / 3) / (1 / 3);
    return [Math.trunc(255 * share), 255, 0];
  }
  const share = (ratio - 2 / 3) / (1 / 3);
  return [255, Math.trunc(255 * (1 - share)), 0];
}
