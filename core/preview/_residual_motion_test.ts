import assert from "node:assert/strict";
import { tracksOf } from "../../tests/fixtures/track_paths.ts";
import { atOnce } from "../base/steps.ts";
import { TRACK_FRAMES } from "../tracks/track_set.ts";
import { smoothstep } from "./_camera.ts";
import { residualMotion } from "./_residual_motion.ts";
import { IDENTITY } from "./_similarity.ts";

Deno.test("a track takes hold from frame 0, or over twelve frames later", () => {
  const frames = atOnce(residualMotion(
    tracksOf(
      (t) => t > 0.5 ? null : [100 + 240 * t, 50],
      (t) => t < 0.25 ? null : [300, 200 + 120 * t],
    ),
    {
      undoCamera: Array.from({ length: TRACK_FRAMES }, () => IDENTITY),
      softness: 3,
    },
  ));
  const held = (track: number, frame: number) => frames[frame]!.weight[track]!;
  const at = (share: number) => smoothstep(0, 1, share) ** 4;
  assert.equal(held(0, 0), 1);
  assert.equal(held(0, 60), 1);
  assert.ok(Math.abs(held(0, 61) - at(17 / 18)) < 1e-9, "it lets go");
  assert.equal(held(0, 90), 0);
  assert.equal(held(1, 29), 0);
  assert.ok(Math.abs(held(1, 30) - at(1 / 12)) < 1e-9);
  assert.ok(held(1, 40) < 1);
  assert.ok(Math.abs(held(1, 41) - 1) < 1e-9);
  // What moves is carried along from where it was.
  assert.deepEqual([...frames[30]!.from.subarray(0, 2)], [160, 50]);
  assert.deepEqual([...frames[30]!.to.subarray(0, 2)], [100, 50]);
});

Deno.test("a track that appears later rests where the other has taken what is there", () => {
  const near = (actual: Float64Array, expected: readonly number[]) =>
    actual.forEach((value, i) =>
      assert.ok(Math.abs(value - expected[i]!) < 1e-4, `${actual}`)
    );
  for (const [frame, gone] of [[1, [2, 1]], [30, [60, 30]]] as const) {
    const frames = atOnce(residualMotion(
      tracksOf(
        (t) => [100 + 240 * t, 50 + 120 * t],
        (t) => t < frame / (TRACK_FRAMES - 1) ? null : [300, 200],
      ),
      {
        undoCamera: Array.from({ length: TRACK_FRAMES }, () => IDENTITY),
        softness: 3,
      },
    ));
    const rest = [300 - gone[0], 200 - gone[1]] as const;
    near(frames[frame]!.to.subarray(2), rest);
    // From where it is, it pulls as far as it has hold.
    const hold = smoothstep(0, 1, 1 / 12);
    near(
      frames[frame]!.from.subarray(2),
      [rest[0] + gone[0] * hold, rest[1] + gone[1] * hold],
    );
    near(frames[120]!.from.subarray(2), [300, 200]);
  }
});
