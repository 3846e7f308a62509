/**
 * Tracks for the tests and the bench of the preview.
 *
 * @module
 */

import { TRACK_FRAMES, TrackSet } from "../tracks/track_set.ts";

/** Where a track is at a time from 0 to 1; nothing where it is invisible. */
export type Path = (time: number) => readonly [x: number, y: number] | null;

/** A track for each path. */
export function tracksOf(...paths: Path[]): TrackSet {
  return TrackSet.fromPoints(
    paths.map((path) =>
      Array.from({ length: TRACK_FRAMES }, (_, frame) => {
        const point = path(frame / (TRACK_FRAMES - 1));
        return {
          x: point?.[0] ?? 0,
          y: point?.[1] ?? 0,
          visible: point !== null,
        };
      })
    ),
  );
}

/** Six places spread over a picture of 640x360, each on its way. */
export function everywhere(
  move: (time: number, x: number, y: number) => readonly [number, number],
): Path[] {
  return [[100, 60], [540, 60], [100, 300], [540, 300], [320, 50], [320, 310]]
    .map(([x, y]) => (time) => move(time, x!, y!));
}
