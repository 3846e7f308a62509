import assert from "node:assert/strict";
import { seeded } from "../base/seeded.ts";
import { createLayers } from "./draw_layer.ts";

const size = { width: 128, height: 64 };
const random = seeded(3);
const image = {
  ...size,
  data: Uint8Array.from({ length: 24_576 }, () => 255 * random()),
};
/** Everything where it is. */
const still = {
  columns: 1,
  rows: 1,
  source: new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]),
};
const draw = createLayers(image, size)({
  ...size,
  alpha: new Uint8Array(8192).fill(255),
});

Deno.test("a thing that stays is drawn as it is in the image", () => {
  const frame = { ...size, data: new Uint8Array(24_576) };
  draw(frame, still);
  let most = 0;
  for (const [i, value] of frame.data.entries()) {
    most = Math.max(most, Math.abs(value - image.data[i]!));
  }
  console.log(`largest difference ${most} of 255`);
  assert.ok(most <= 1);
});

Deno.test("what a thing covers stays covered under one that is hardly seen", () => {
  const frame = { ...size, data: new Uint8Array(24_576) };
  const cover = new Uint8Array(8192);
  draw(frame, still, { cover });
  draw(frame, still, { cover, opacity: 0.3 });
  assert.ok(cover.every((value) => value >= 254));
});
