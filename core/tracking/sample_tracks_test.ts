import assert from "node:assert/strict";
import { sampleTracks, toTrackSet } from "./sample_tracks.ts";

/** One point that moves 240 px per second to the right. */
function moving(times: readonly number[], visible?: readonly number[]) {
  return {
    count: 1,
    frames: times.length,
    positions: Float32Array.from(
      times.flatMap((t) => [240 * (t - times[0]!), 7]),
    ),
    visible: Uint8Array.from(visible ?? times.map(() => 1)),
  };
}

for (
  const [name, times] of [
    ["24 frames per second", Array.from({ length: 30 }, (_, t) => t / 24)],
    ["60 frames per second", Array.from({ length: 70 }, (_, t) => 5 + t / 60)],
    ["10 frames per second", Array.from({ length: 12 }, (_, t) => t / 10)],
    ["a rate that varies", [0, 0.02, 0.11, 0.12, 0.3, 0.9, 1.2]],
  ] as const
) {
  Deno.test(`a steady motion at ${name} is steady at 24 samples per second`, () => {
    const { frames, positions } = sampleTracks(moving(times), times);
    assert.equal(
      frames,
      Math.floor((times.at(-1)! - times[0]!) * 24 + 1e-6) + 1,
    );
    for (let s = 0; s < frames; s++) {
      assert.ok(Math.abs(positions[2 * s]! - 10 * s) < 1e-3);
      assert.equal(positions[2 * s + 1], 7);
    }
  });
}

Deno.test("visibility is that of the nearer frame", () => {
  const times = [0, 0.1, 0.2];
  const { visible } = sampleTracks(moving(times, [1, 0, 1]), times);
  assert.deepEqual([...visible], [1, 1, 0, 0, 1]);
});

Deno.test("at most 121 samples are taken", () => {
  const times = Array.from({ length: 200 }, (_, t) => t / 24);
  assert.equal(sampleTracks(moving(times), times).frames, 121);
  const { frames } = sampleTracks(moving(times), times, { most: 130 });
  assert.equal(frames, 130);
});

Deno.test("a short video holds its last position out of sight", () => {
  const times = [0, 1 / 24];
  const set = toTrackSet(sampleTracks(moving(times, [1, 1]), times));
  assert.equal(set.x(0, 1), 10);
  assert.equal(set.visible(0, 1), true);
  assert.equal(set.x(0, 120), 10);
  assert.equal(set.visible(0, 2), false);
});

Deno.test("times that do not ascend or are missing are refused", () => {
  assert.throws(
    () => sampleTracks(moving([0, 1, 2]), [0, 1, 1]),
    /frame 2 is shown at 1 s/,
  );
  assert.throws(
    () => sampleTracks(moving([0, 1, 2]), [0, 1]),
    /3 frames shown at 2 times/,
  );
});
