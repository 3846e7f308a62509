/**
 * Tells a camera move from moving things: do the tracks, spread over the
 * image, follow one turn, zoom and shift together?
 *
 * @module
 */

import type { TrackPositions } from "../tracks/track_set.ts";
import {
  fitSimilarity,
  IDENTITY,
  mapX,
  mapY,
  type PointPairs,
  type Similarity,
} from "./_similarity.ts";

/** What was found out about the camera. */
export interface CameraGuess {
  /** From 0, the camera stands, to 1, it moves. */
  readonly strength: number;
  /** How well each track follows the camera, 0 to 1. */
  readonly follows: Float64Array;
}

/** The frames between those that are looked at, or a multiple of it. */
const KEY_STEP = 24;
/** As many frames are looked at. */
const MAX_KEYS = 20;
/** A track follows when it is within this share of the diagonal. */
const TOLERANCE = 0.012;
/** A camera that moves less than this share of the diagonal stands. */
const STILL = 0.004;
/** Pairs of tracks that are tried as guesses of the move. */
const MAX_PAIRS = 300;
/** Tracks that judge a guess. */
const MAX_JUDGES = 64;

/** 0 below `low`, 1 above `high`, smooth between. */
export function smoothstep(low: number, high: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return t * t * (3 - 2 * t);
}

/**
 * Looks for a camera move among the tracks that are visible from the start.
 * Pairs of tracks propose a transform at each key frame and all tracks vote;
 * tracks that stand still vote for a camera that stands. The more of the
 * image the followers cover, the surer the camera: an object is smaller.
 */
export function guessCamera(
  tracks: TrackPositions,
  image: { readonly width: number; readonly height: number },
): CameraGuess {
  const follows = new Float64Array(tracks.count);
  const keyFrames = keyFramesOf(tracks);
  const nobody: CameraGuess = { strength: 0, follows };
  const candidates: number[] = [];
  for (let n = 0; n < tracks.count; n++) {
    if (tracks.visible(n, 0)) candidates.push(n);
  }
  if (candidates.length < 3) return nobody;
  const diagonal = Math.hypot(image.width, image.height);
  const tolerance = TOLERANCE * diagonal;
  const judges = spread(candidates, MAX_JUDGES);

  const votes = (moves: readonly Similarity[], n: number) => {
    let sum = 0, seen = 0;
    keyFrames.forEach((frame, k) => {
      if (!tracks.visible(n, frame)) return;
      const gap = gapOf(tracks, n, frame, moves[k]!) / tolerance;
      sum += 1 / (1 + gap * gap);
      seen++;
    });
    return seen === 0 ? 0 : sum / seen;
  };
  const count = (moves: readonly Similarity[]) =>
    judges.reduce((sum, n) => sum + votes(moves, n), 0);

  const still = keyFrames.map(() => IDENTITY);
  const votesForStill = count(still);
  let best: Similarity[] = still, most = votesForStill;
  for (const [i, j] of pairsOf(judges)) {
    const moves = proposal(tracks, [i, j]);
    const found = count(moves);
    if (found > most) [best, most] = [moves, found];
  }
  // Better than any pair: all that follow the best pair, together.
  for (let round = 0; round < 3 && best !== still; round++) {
    const weight = judges.map((n) => votes(best, n) ** 2);
    const moves = proposal(tracks, judges, weight);
    const found = count(moves);
    if (found < most) break;
    [best, most] = [moves, found];
  }

  let moving = 0;
  for (const move of best) {
    for (const [u, v] of [[0, 0], [1, 0], [0, 1], [1, 1], [0.5, 0.5]]) {
      const x = u! * image.width, y = v! * image.height;
      moving = Math.max(
        moving,
        Math.hypot(mapX(move, x, y) - x, mapY(move, x, y) - y) / diagonal,
      );
    }
  }
  if (moving < STILL) return nobody;

  let followers = 0, standing = 0;
  for (const n of candidates) {
    follows[n] = votes(best, n);
    followers += follows[n]! > 0.5 ? 1 : 0;
    standing += follows[n]! <= 0.5 && votes(still, n) > 0.5 ? 1 : 0;
  }
  if (followers < 3) return nobody;
  const cover = coverOf(tracks, { image, follows });
  const zoom = Math.max(
    ...best.map(({ a, b }) => Math.abs(Math.log(Math.hypot(a, b)))),
  );
  // A thing seldom grows by much: a zoom is believed from a smaller circle.
  const needed = zoom > 0.15 && followers >= 4 ? 0.2 : 0.35;
  const strength = smoothstep(needed, needed + 0.2, cover) *
    smoothstep(0.4, 0.6, followers / candidates.length) *
    (1 - smoothstep(0.1, 0.4, standing / followers));
  return { strength, follows };
}

/** The frames that are looked at: 24, 48 and so on. */
function keyFramesOf({ frames }: TrackPositions): number[] {
  const last = frames - 1;
  const step = KEY_STEP * Math.ceil(last / (KEY_STEP * MAX_KEYS));
  return Array.from(
    { length: Math.floor(last / step) },
    (_, i) => step * (i + 1),
  );
}

/** How far a track is at a frame from where a move would take it, in px. */
function gapOf(
  tracks: TrackPositions,
  n: number,
  frame: number,
  move: Similarity,
): number {
  const x = tracks.x(n, 0), y = tracks.y(n, 0);
  return Math.hypot(
    mapX(move, x, y) - tracks.x(n, frame),
    mapY(move, x, y) - tracks.y(n, frame),
  );
}

/** The move of some tracks at each key frame. */
function proposal(
  tracks: TrackPositions,
  members: readonly number[],
  weights?: readonly number[],
): Similarity[] {
  const from = new Float64Array(2 * members.length);
  const to = new Float64Array(2 * members.length);
  const weight = new Float64Array(members.length);
  const pairs: PointPairs = { count: members.length, from, to, weight };
  let last: Similarity = IDENTITY;
  return keyFramesOf(tracks).map((frame) => {
    members.forEach((n, k) => {
      weight[k] = tracks.visible(n, frame) ? weights?.[k] ?? 1 : 0;
      from[2 * k] = tracks.x(n, 0);
      from[2 * k + 1] = tracks.y(n, 0);
      to[2 * k] = tracks.x(n, frame);
      to[2 * k + 1] = tracks.y(n, frame);
    });
    return last = fitSimilarity(pairs, last, 1e-3);
  });
}

/** How much of the image the followers reach, at any time; 1 is all. */
function coverOf(
  tracks: TrackPositions,
  options: {
    image: { readonly width: number; readonly height: number };
    follows: Float64Array;
  },
): number {
  const { image: { width, height }, follows } = options;
  let most = 0;
  for (const frame of [0, ...keyFramesOf(tracks)]) {
    let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
    for (let n = 0; n < tracks.count; n++) {
      if (!(follows[n]! > 0.5) || !tracks.visible(n, frame)) continue;
      const x = Math.min(width, Math.max(0, tracks.x(n, frame)));
      const y = Math.min(height, Math.max(0, tracks.y(n, frame)));
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
    if (left > right) continue;
    const cover = ((right - left) / width + (bottom - top) / height) / 2;
    most = Math.max(most, cover);
  }
  return most;
}

/** At most `limit` of the members, evenly taken. */
function spread(members: readonly number[], limit: number): number[] {
  if (members.length <= limit) return [...members];
  return Array.from(
    { length: limit },
    (_, i) => members[Math.floor(i * members.length / limit)]!,
  );
}

/** At most {@linkcode MAX_PAIRS} pairs of members, evenly taken. */
function* pairsOf(members: readonly number[]): Generator<[number, number]> {
  const n = members.length;
  const all = n * (n - 1) / 2;
  const stride = Math.max(1, all / MAX_PAIRS);
  let next = 0, index = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      if (index++ < next) continue;
      next += stride;
      yield [members[i]!, members[j]!];
    }
  }
}
