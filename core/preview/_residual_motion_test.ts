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
