/**
 * The camera's path, from the tracks that follow it.
 *
 * @module
 */

import type { Steps } from "../base/steps.ts";
import type { TrackPositions } from "../tracks/track_set.ts";
import { guessCamera } from "./_camera.ts";
import {
  fitSimilarity,
  IDENTITY,
  shareOf,
  type Similarity,
} from "./_similarity.ts";

/** Tracks between two pauses. */
const MANY = 4096;
/** Frames before a track's end over which it loses its say in the camera. */
const FADE = 8;

/**
 * The camera: how surely it moves (0 it stands, 1 it moves), and where it takes
 * the image at each frame.
 */
export function* findCamera(
  tracks: TrackPositions,
  options: {
    readonly width: number;
    readonly height: number;
    /** Whether it moves, where that is known. */
    readonly camera?: "auto" | "moves" | "stands";
  },
): Steps<
  { readonly strength: number; readonly path: readonly Similarity[] }
> {
  const { width, height, camera = "auto" } = options;
  const guess = guessCamera(tracks, options);
  const strength = camera === "auto"
    ? guess.strength
    : camera === "moves"
    ? 1
    : 0;
  if (strength === 0) {
    const path = Array.from({ length: tracks.frames }, () => IDENTITY);
    return { strength, path };
  }
  // Told that the camera moves where none was found, every track has a say.
  const follows = guess.follows.some((value) => value > 0)
    ? guess.follows
    : new Float64Array(tracks.count).fill(1);
  const path = yield* cameraPath(tracks, { width, height, strength, follows });
  return { strength, path };
}

/** The camera at each frame, as a move of the image. */
function* cameraPath(
  tracks: TrackPositions,
  options: {
    width: number;
    height: number;
    strength: number;
    follows: Float64Array;
  },
): Steps<Similarity[]> {
  const { width, height, strength, follows } = options;
  const count = tracks.count;
  const from = new Float64Array(2 * count), to = new Float64Array(2 * count);
  const weight = new Float64Array(count);
  for (let n = 0; n < count; n++) {
    from[2 * n] = tracks.x(n, 0);
    from[2 * n + 1] = tracks.y(n, 0);
  }
  const left: Float64Array[] = [];
  for (let n = 0; n < count; n++) {
    left.push(framesLeft(tracks, n));
    if (n % MANY === 0) yield;
  }
  const path: Similarity[] = [];
  let last = IDENTITY, angle = 0;
  for (let frame = 0; frame < tracks.frames; frame++) {
    for (let n = 0; n < count; n++) {
      // Only tracks seen from the start: what the others show is unknown.
      const seen = tracks.visible(n, 0)
        ? Math.min(1, left[n]![frame]! / FADE)
        : 0;
      weight[n] = seen * follows[n]! ** 2;
      to[2 * n] = tracks.x(n, frame);
      to[2 * n + 1] = tracks.y(n, frame);
    }
    const fit = fitSimilarity({ count, from, to, weight }, last, 1);
    const turn = Math.atan2(
      fit.b * last.a - fit.a * last.b,
      fit.a * last.a + fit.b * last.b,
    );
    angle += turn;
    last = fit;
    path.push(
      shareOf(fit, strength, { angle, center: [width / 2, height / 2] }),
    );
    yield;
  }
  return path;
}

/**
 * For each frame: 0 when the track is invisible, else how many frames it is
 * away from being so (the clip's end does not count).
 */
function framesLeft(tracks: TrackPositions, n: number): Float64Array {
  const left = new Float64Array(tracks.frames);
  let ahead = Infinity;
  for (let frame = tracks.frames - 1; frame >= 0; frame--) {
    ahead = tracks.visible(n, frame) ? ahead + 1 : 0;
    left[frame] = ahead;
  }
  let behind = tracks.visible(n, 0) ? Infinity : 0;
  for (let frame = 0; frame < tracks.frames; frame++) {
    behind = tracks.visible(n, frame) ? behind + 1 : 0;
    left[frame] = Math.min(left[frame]!, behind);
  }
  return left;
}
