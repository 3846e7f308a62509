import assert from "node:assert/strict";
import { runShare } from "./run_share.ts";

Deno.test("runShare() goes from 0 to 1 once, whatever the stages are", () => {
  const stages = [
    "starting",
    "text encoder",
    "image encoder",
    "VAE encode",
    "sampling",
    "VAE decode",
  ];
  const shares = stages.flatMap((stage) =>
    [0, 0.5, 1].map((within) => runShare(stage, within))
  );
  assert.deepEqual(shares, [...shares].sort((a, b) => a - b));
  assert.equal(shares[0], 0);
  assert.ok(Math.abs(shares.at(-1)! - 1) < 1e-12);
  // A preview has one stage.
  assert.deepEqual([0, 0.25, 2].map((s) => runShare("rendering", s)), [
    0,
    0.25,
    1,
  ]);
});

Deno.test("runShare() counts the segments of a longer video alike", () => {
  assert.equal(runShare("segment 1 of 2, rendering", 1), 0.5);
  assert.equal(runShare("segment 2 of 2, rendering", 0.5), 0.75);
  assert.equal(
    runShare("segment 3 of 4, sampling", 0),
    (2 + runShare("sampling", 0)) / 4,
  );
});
