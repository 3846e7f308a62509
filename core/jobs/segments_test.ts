import assert from "node:assert/strict";
import { fadeAt, planSegments } from "./segments.ts";
import { trackFrameAt } from "../tracks/resample.ts";

Deno.test("planSegments() covers every frame of the tracks once", () => {
  for (
    const [tracks, length, overlap] of [
      [122, 81, 0],
      [241, 81, 0],
      [241, 81, 8],
      [300, 81, 16],
      [124, 45, 0],
      [131, 5, 2],
    ] as const
  ) {
    const plan = planSegments(tracks, { length, overlap });
    const { segments, frameCount } = plan;
    assert.ok(trackFrameAt(frameCount - 1) < tracks);
    assert.ok(trackFrameAt(frameCount) >= tracks);
    let shown = 0;
    segments.forEach(({ start, trackStart, shown: own }, i) => {
      const isLast = i === segments.length - 1;
      assert.equal(start, i * (length - 1 - overlap));
      // A frame shows the same frame of the tracks as in one piece.
      for (let frame = 0; frame < length; frame++) {
        assert.equal(
          trackStart + trackFrameAt(frame),
          trackFrameAt(start + frame),
        );
      }
      assert.equal(own, isLast ? frameCount - start : length);
      assert.ok(own > overlap + 1);
      shown += isLast ? own : length - 1 - overlap;
    });
    assert.equal(shown, frameCount);
  }
});

Deno.test("planSegments() refuses an overlap that cannot be", () => {
  for (const overlap of [-2, 1, 7.5, 80]) {
    assert.throws(
      () => planSegments(241, { length: 81, overlap }),
      /by .* frames: expected an even number from 0 to 78\nHINT/,
    );
  }
  assert.throws(() => planSegments(241, { length: 80 }), /of 80 frames/);
});

Deno.test("fadeAt() begins with the first segment and ends with the second", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5].map((i) => fadeAt(i, 4)), [
    0,
    0.2,
    0.4,
    0.6,
    0.8,
    1,
  ]);
  assert.deepEqual([fadeAt(0, 0), fadeAt(1, 0)], [0, 1]);
});
