import assert from "node:assert/strict";
import { resizeImageBicubic } from "./bicubic.ts";
import { conditioningVideo, firstFrame } from "./first_frame.ts";

const image = {
  width: 5,
  height: 3,
  data: Uint8Array.from({ length: 45 }, (_, i) => (i * 97) % 256),
};

Deno.test("conditioningVideo() is the resized image and 80 frames of zeros", () => {
  const size = { width: 32, height: 16 };
  const { dims, data } = conditioningVideo(image, size);
  const frame = resizeImageBicubic(image, size);
  assert.deepEqual(dims, [3, 81, 16, 32]);
  for (let c = 0; c < 3; c++) {
    const start = c * 81 * 512;
    assert.deepEqual(
      data.subarray(start, start + 512),
      frame.data.subarray(c * 512, (c + 1) * 512),
    );
    assert.ok(
      data.subarray(start + 512, start + 81 * 512).every((v) => v === 0),
    );
  }
});

Deno.test("firstFrame() at the image's own size is the image", () => {
  const { data } = firstFrame(image, image);
  for (let i = 0; i < 15; i++) {
    assert.ok(
      Math.abs((data[15 + i]! + 1) * 127.5 - image.data[3 * i + 1]!) < 1e-4,
    );
  }
});
