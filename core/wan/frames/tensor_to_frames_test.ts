import assert from "node:assert/strict";
import { tensorToFrames } from "./tensor_to_frames.ts";

Deno.test("tensorToFrames() clamps what is too bright, and refuses NaN", () => {
  const part = (...values: number[]) => ({
    dims: [3, 2, 1, 1],
    data: Float32Array.from(values),
  });
  const frames = Array.from(
    tensorToFrames(part(-1, 0, 2, 1, -Infinity, Infinity)),
    ({ data }) => [...data],
  );
  assert.deepEqual(frames, [[0, 255, 0], [127, 255, 255]]);
  assert.throws(
    () => [...tensorToFrames(part(0, 0, 0, 0, 0, NaN))],
    /^RangeError: Cannot make frame 1 of .* is NaN, expected numbers\nHINT: .*vae=fp32/,
  );
});
