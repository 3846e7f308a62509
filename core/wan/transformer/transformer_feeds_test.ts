import assert from "node:assert/strict";
import {
  padText,
  timestepEmbedding,
  transformerFeeds,
} from "./transformer_feeds.ts";

Deno.test("a time becomes cosines, then sines", () => {
  assert.deepEqual([...timestepEmbedding(0, 4).data], [1, 1, 0, 0]);
  const [cos, , sin] = timestepEmbedding(2, 4).data;
  assert.ok(Math.abs(cos! - Math.cos(2)) < 1e-7);
  assert.ok(Math.abs(sin! - Math.sin(2)) < 1e-7);
});

Deno.test("a text is filled up with zeros to the model's length", () => {
  const text = { dims: [1, 2], data: new Float32Array([3, 4]) };
  const padded = padText(text, { textLen: 2, textDim: 2 });
  assert.deepEqual([...padded.data], [3, 4, 0, 0]);
});

Deno.test("the transformer is fed what its graph's inputs are", () => {
  const zeros = (...dims: number[]) => ({
    dims,
    data: new Float32Array(dims.reduce((a, b) => a * b)),
  });
  const feeds = transformerFeeds({
    latent: zeros(16, 1, 2, 2),
    condition: zeros(20, 1, 2, 2),
    timestep: 999,
    text: zeros(7, 4),
    image: zeros(1, 257, 8),
  }, { freqDim: 256, textLen: 512, textDim: 4, imageDim: 8 });
  assert.deepEqual(
    Object.entries(feeds).map(([name, { dims }]) => `${name} ${dims}`),
    [
      "latent 16,1,2,2",
      "condition 20,1,2,2",
      "time 256",
      "text 512,4",
      "image 257,8",
    ],
  );
});
