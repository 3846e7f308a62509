import assert from "node:assert/strict";
import { latentPreview } from "./latent_preview.ts";

/** A latent filled with `value`, except 3 channels that encode the position. */
function latent(frames: number, value: number) {
  const plane = 2 * 3;
  const data = new Float32Array(16 * frames * plane).fill(value);
  // Channel 0 is blue: one more in every frame.
  for (let frame = 0; frame < frames; frame++) {
    data.fill(frame / frames * 3, frame * plane, (frame + 1) * plane);
  }
  return { dims: [16, frames, 2, 3], data };
}

function pixel(
  { width, data }: { width: number; data: Uint8Array },
  x: number,
  y: number,
): number[] {
  return [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

Deno.test("latentPreview() shows zeros as the bias's gray", () => {
  const image = latentPreview({
    dims: [16, 1, 1, 1],
    data: new Float32Array(16),
  });
  assert.deepEqual([image.width, image.height], [4, 4]);
  // (bias + 1) * 127.5 of -0.1835, -0.0868, -0.336
  assert.deepEqual(pixel(image, 3, 3), [104, 116, 85]);
});

Deno.test("latentPreview() shows six frames, including the first and the last", () => {
  const image = latentPreview(latent(21, 0));
  assert.deepEqual([image.width, image.height], [36, 16]);
  const blue = [0, 1, 2, 3, 4, 5].map((i) =>
    pixel(image, (i % 3) * 12 + 5, Math.floor(i / 3) * 8 + 5)[2]!
  );
  assert.deepEqual(blue, [...blue].sort((a, b) => a - b));
  assert.equal(new Set(blue).size, 6);
  const last = -0.336 + 0.2932 * (20 / 21 * 3);
  assert.equal(blue[5], Math.round((last + 1) * 127.5));
});

Deno.test("latentPreview() clamps what is too bright or too dark", () => {
  for (const [value, expected] of [[1e6, 255], [-1e6, 0]] as const) {
    const data = new Float32Array(16);
    data[14] = value; // lights up all three
    const image = latentPreview({ dims: [16, 1, 1, 1], data });
    assert.deepEqual(pixel(image, 0, 0), [expected, expected, expected]);
  }
});
