import assert from "node:assert/strict";
import { validateTracks } from "./validate.ts";
import { TrackSet } from "./track_set.ts";
import type { RawTrack } from "./raw_tracks.ts";
import { seeded } from "../base/seeded.ts";

const IMAGE = { width: 640, height: 480 };

/** 121 samples from a function of the frame; visible unless it says so. */
function track(
  at: (frame: number) => readonly [x: number, y: number, visible?: number],
  frames = 121,
): RawTrack {
  return Float32Array.from(
    Array.from({ length: frames }, (_, frame) => {
      const [x, y, visible = 1] = at(frame);
      return [x, y, visible];
    }).flat(),
  );
}

const still = (x: number, y: number) => track(() => [x, y]);

function codes(...tracks: RawTrack[]): string[] {
  return validateTracks(tracks, IMAGE).map(({ severity, code, track, frame }) =>
    `${severity} ${code} ${track}@${frame}`
  );
}

Deno.test("validateTracks() finds nothing in a calm track", () => {
  assert.deepEqual(codes(track((t) => [100 + t, 200])), []);
  const set = TrackSet.fromArray(track((t) => [100 + t, 200]));
  assert.deepEqual(validateTracks(set, IMAGE), []);
});

Deno.test("validateTracks() names the first sample that is no number", () => {
  assert.deepEqual(
    codes(still(9, 9), track((t) => [t === 7 ? NaN : 9, 200])),
    ["error not-finite 1@7"],
  );
  assert.deepEqual(
    codes(track((t) => [9, t === 120 ? -Infinity : 9])),
    ["error not-finite 0@120", "warning too-fast 0@120"],
  );
});

Deno.test("validateTracks() refuses other lengths than 121", () => {
  assert.deepEqual(codes(track(() => [9, 9], 81)), ["error wrong-length 0@81"]);
  assert.deepEqual(codes(track(() => [9, 9], 122)), [
    "error wrong-length 0@122",
  ]);
  assert.deepEqual(codes(track(() => [9, 9], 0)), [
    "error wrong-length 0@0",
    "warning never-visible 0@0",
  ]);
});

Deno.test("validateTracks() looks through all frames of longer tracks", () => {
  const jumps = track((t) => [t > 200 ? 500 : 9, 9], 241);
  const crowd = [0, 1, 2].map((i) =>
    track((t) => [t > 150 ? i : 99 * i, 9], 241)
  );
  const find = (...tracks: RawTrack[]) =>
    validateTracks(tracks, IMAGE, { frames: 241 }).map(({ code, frame }) =>
      `${code} ${frame}`
    );
  assert.deepEqual(find(jumps), ["too-fast 201"]);
  assert.deepEqual(find(...crowd), [
    "overlap 151",
    "overlap 151",
    "overlap 151",
  ]);
  assert.deepEqual(find(track(() => [9, 9])), ["wrong-length 121"]);
});

Deno.test("validateTracks() wants at least one track", () => {
  assert.deepEqual(codes(), ["error no-tracks 0@0"]);
});

Deno.test("validateTracks() warns of a start outside the image", () => {
  assert.deepEqual(codes(track((t) => [t - 1, 50])), [
    "warning start-outside 0@0",
  ]);
  assert.deepEqual(codes(still(640, 480)), []);
  assert.deepEqual(codes(still(640.5, 480)), ["warning start-outside 0@0"]);
  // Leaving the image later is what objects do.
  assert.deepEqual(codes(track((t) => [600 + t, 50])), []);
});

Deno.test("validateTracks() warns of tracks that are hidden at first or for ever", () => {
  assert.deepEqual(codes(track((t) => [5, 5, t < 3 ? 0 : 1])), [
    "warning start-invisible 0@0",
  ]);
  assert.deepEqual(codes(track(() => [0, 0, 0])), [
    "warning never-visible 0@0",
  ]);
});

Deno.test("validateTracks() warns of more than 20 tracks", () => {
  const spread = (n: number) =>
    Array.from(
      { length: n },
      (_, i) => still(50 + 100 * (i % 5), 50 + 80 * Math.floor(i / 5)),
    );
  assert.deepEqual(codes(...spread(20)), []);
  assert.deepEqual(codes(...spread(21)), ["warning too-many 20@0"]);
});

Deno.test("validateTracks() warns of half the width within two frames", () => {
  // 320 px is half the width: over two frames, not over three.
  assert.deepEqual(codes(track((t) => [t < 10 ? 0 : 321, 0])), [
    "warning too-fast 0@10",
  ]);
  assert.deepEqual(
    codes(track((t) => [Math.min(321, Math.max(0, t - 9) * 161), 0])),
    [
      "warning too-fast 0@11",
    ],
  );
  assert.deepEqual(
    codes(track((t) => [Math.min(321, Math.max(0, t - 9) * 107), 0])),
    [],
  );
  // A jump while the track is invisible is none.
  assert.deepEqual(
    codes(track((t) => [t < 10 ? 0 : 600, 0, t < 10 || t > 11 ? 1 : 0])),
    [],
  );
});

Deno.test("validateTracks() warns where three footprints overlap", () => {
  // Twice the 1/e radius of a footprint is 32.4 px at 480 px.
  assert.deepEqual(codes(still(100, 100), still(120, 100)), []);
  assert.deepEqual(codes(still(100, 100), still(120, 100), still(110, 110)), [
    "warning overlap 0@0",
    "warning overlap 1@0",
    "warning overlap 2@0",
  ]);
  // Two are no crowd, also where they are in one cell with all around it.
  assert.doesNotMatch(
    codes(still(1e15, 1e15), still(1e15, 1e15)).join(),
    /overlap/,
  );
  // A chain is no crowd: its ends do not overlap.
  assert.deepEqual(
    codes(still(100, 100), still(130, 100), still(160, 100)),
    [],
  );
  assert.deepEqual(
    codes(still(100, 100), still(120, 100), track((t) => [110, 110 + 120 - t])),
    // 110 + 120 - t comes within 32.4 px of (100, 100) at t = 100.
    ["warning overlap 0@100", "warning overlap 1@100", "warning overlap 2@100"],
  );
});

Deno.test("validateTracks() says the same as all pairs of a random crowd", () => {
  const reach = (2 / Math.sqrt(220)) * 240;
  const random = seeded(1);
  const points = Array.from(
    { length: 60 },
    () => [random() * 640, random() * 480] as const,
  );
  const close = (a: number, b: number) =>
    Math.hypot(points[a]![0] - points[b]![0], points[a]![1] - points[b]![1]) <
      reach;
  const expected = points.map((_, i) => i).filter((i) =>
    points.some((_, j) =>
      j !== i && close(i, j) &&
      points.some((_, k) => k > j && k !== i && close(i, k) && close(j, k))
    )
  );
  const found = validateTracks(points.map(([x, y]) => still(x, y)), IMAGE)
    .filter(({ code }) => code === "overlap").map(({ track }) => track);
  assert.deepEqual(found, expected);
  assert.ok(expected.length > 0 && expected.length < 60);
});

Deno.test("validateTracks() lists errors first, then by track", () => {
  assert.deepEqual(
    codes(still(-5, 5), track(() => [9, 9], 3), still(-5, 100)),
    [
      "error wrong-length 1@3",
      "warning start-outside 0@0",
      "warning start-outside 2@0",
    ],
  );
});
