import assert from "node:assert/strict";
import { readTrackingTruth } from "../../tests/fixtures/tracking_truth.ts";
import type { PointTracks } from "./point_tracker.ts";
import { scoreFollowing, scoreTracks } from "./score.ts";

/**
 * What an independent implementation in NumPy gives for tracks that are moved
 * away and flipped by the formula below.
 */
const EXPECTED = {
  lowtexture: {
    averageJaccard: 0.4158417234821579,
    positionAccuracy: 0.5439443155452436,
    occlusionAccuracy: 0.9093922651933701,
    within1: 0.13132250580046403,
    within4: 0.4897911832946636,
  },
  leave: {
    averageJaccard: 0.3780359771229818,
    positionAccuracy: 0.5202130234809974,
    occlusionAccuracy: 0.9090909090909091,
    within1: 0.14717985959816024,
    within4: 0.4122488501573469,
  },
  rotate: {
    averageJaccard: 0.4688267885286237,
    positionAccuracy: 0.6048907882241215,
    occlusionAccuracy: 0.9092831465426094,
    within1: 0.17497625830959165,
    within4: 0.5985280151946819,
  },
} as const;

/** Moves tracks away from the truth, more and more, and flips some samples. */
function worsened({ count, frames, ...truth }: PointTracks): PointTracks {
  const positions = Float32Array.from(truth.positions);
  const visible = Uint8Array.from(truth.visible);
  for (let n = 0; n < count; n++) {
    for (let t = 0; t < frames; t++) {
      const at = n * frames + t;
      positions[2 * at]! += Math.sin(0.7 * n + 0.11 * t) * t * 0.2;
      positions[2 * at + 1]! += Math.cos(0.3 * n - 0.05 * t) * t * 0.1;
      if ((3 * n + 7 * t) % 11 === 0) visible[at] = 1 - visible[at]!;
    }
  }
  return { count, frames, positions, visible };
}

for (const [name, expected] of Object.entries(EXPECTED)) {
  Deno.test(`the TAP-Vid figures of ${name} are those of the independent implementation`, async () => {
    const { truth, queryFrames, width, height } = await readTrackingTruth(name);
    const score = scoreTracks(worsened(truth), truth, {
      width,
      height,
      queryFrames,
    });
    const pairs = [
      [score.averageJaccard, expected.averageJaccard],
      [score.positionAccuracy, expected.positionAccuracy],
      [score.occlusionAccuracy, expected.occlusionAccuracy],
      [score.within[0]!, expected.within1],
      [score.within[2]!, expected.within4],
    ] as const;
    const largest = Math.max(...pairs.map(([a, b]) => Math.abs(a - b)));
    console.log(`${name}: largest difference ${largest.toExponential(1)}`);
    assert.ok(largest < 1e-12);
  });
}

Deno.test("the query frame is the first visible one unless given", async () => {
  const { truth, queryFrames, width, height } = await readTrackingTruth(
    "lowtexture",
  );
  const size = { width, height };
  const bad = worsened(truth);
  assert.deepEqual(
    scoreTracks(bad, truth, size),
    scoreTracks(bad, truth, { ...size, queryFrames }),
  );
  assert.equal(scoreTracks(truth, truth, size).averageJaccard, 1);
});

Deno.test("following is measured in px and in shares of the diagonal", () => {
  const wanted = {
    count: 1,
    frames: 5,
    positions: new Float32Array(10),
    visible: new Uint8Array([1, 1, 1, 0, 1]),
  };
  // The diagonal of 300x400 is 500 px: 5 px are 1 %, 25 px are 5 %.
  const shown = {
    ...wanted,
    positions: new Float32Array([99, 0, 3, 4.1, 0, 24, 99, 99, 3, 0]),
  };
  const score = scoreFollowing(shown, wanted, { width: 300, height: 400 });
  assert.equal(score.samples, 3);
  const error = (Math.hypot(3, Math.fround(4.1)) + 24 + 3) / 3;
  assert.ok(Math.abs(score.endPointError - error) < 1e-9);
  assert.equal(score.within1Percent, 1 / 3);
  assert.equal(score.within5Percent, 1);
});

Deno.test("tracks of other sizes are refused", () => {
  const tracks = (count: number, frames: number): PointTracks => ({
    count,
    frames,
    positions: new Float32Array(2 * count * frames),
    visible: new Uint8Array(count * frames).fill(1),
  });
  const size = { width: 9, height: 9 };
  assert.throws(
    () => scoreTracks(tracks(2, 3), tracks(2, 4), size),
    /2 tracks of 3 frames against 2 of 4/,
  );
  assert.throws(
    () => scoreFollowing(tracks(2, 1), tracks(2, 1), size),
    /without a visible sample/,
  );
});
