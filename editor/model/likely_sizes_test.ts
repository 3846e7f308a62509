import assert from "node:assert/strict";
import { likelySizes } from "./likely_sizes.ts";

const names = (
  [width, height]: [number, number],
  [imageWidth, imageHeight]: [number, number],
) =>
  likelySizes({ width, height }, { width: imageWidth, height: imageHeight })
    .map((size) => `${size.width}x${size.height}`);

Deno.test("likelySizes() offers the size that tracks in a corner were made on", () => {
  assert.deepEqual(names([810, 470], [6000, 4000]), [
    ...["832x480", "1280x720", "768x768"],
  ]);
  // Upright images first where the image is upright.
  assert.equal(names([450, 800], [3000, 4000])[0], "480x832");
  // What is larger than the image.
  assert.equal(names([1200, 700], [832, 480])[0], "1280x720");
});

Deno.test("likelySizes() offers none where the tracks fit the image", () => {
  assert.deepEqual(names([810, 470], [832, 480]), []);
  assert.deepEqual(names([860, 470], [832, 480]), []); // a bit outside
  assert.deepEqual(names([3000, 100], [6000, 4000]), []);
  assert.deepEqual(names([810, 470], [1280, 720]), []);
  // A small motion near the corner may just as well be one of this image.
  assert.deepEqual(names([200, 130], [6000, 4000]), []);
});
