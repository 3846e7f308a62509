/**
 * Videos whose frames are not shown at even distances.
 *
 * @module
 */

/** How far a frame may be from its place at an even rate, as a share of a frame. */
const TOLERANCE = 0.25;

/**
 * The times of a video's frames where its rate varies; undefined where frame
 * `i` is shown at `i / fps`.
 *
 * @param times In seconds, ascending, from 0.
 */
export function unevenTimes(
  times: readonly number[],
  fps: number,
): readonly number[] | undefined {
  return times.some((time, i) => Math.abs(time * fps - i) > TOLERANCE)
    ? times
    : undefined;
}

/** The least time between two frames, in seconds: two ticks of a writer's clock. */
const LEAST_STEP = 2 / 90_000;

/**
 * When a frame is shown whose time stamp is `time`, after one that is shown at
 * `before`: time stamps that do not rise are moved on.
 */
export function risingTime(time: number, before: number): number {
  return Math.max(time, before + LEAST_STEP);
}
