import assert from "node:assert/strict";
import { encodeImage } from "./image.ts";
import { loadSharp } from "./_sharp.ts";
import { animateWebp } from "./webp_animation.ts";

/** An image of one gray level with a white column, as WebP. */
async function still(
  level: number,
  size = { width: 33, height: 20 },
): Promise<Uint8Array> {
  const { width, height } = size;
  const data = new Uint8Array(3 * width * height).fill(level);
  for (let y = 0; y < height; y++) {
    data.fill(255, 3 * (y * width + 5), 3 * (y * width + 9));
  }
  return await encodeImage({ width, height, data }, "webp", { quality: 90 });
}

Deno.test("animateWebp() is decoded by libwebp: size, frames, delays, pixels", async () => {
  const levels = [10, 60, 110, 160, 210];
  const frames = await Promise.all(
    levels.map(async (level, i) => ({
      bytes: await still(level),
      duration: 62 + i % 2,
    })),
  );
  const sharp = await loadSharp();
  const animation = animateWebp(frames);
  const { pages, width, pageHeight, delay, loop } = await sharp(animation, {
    animated: true,
  }).metadata();
  assert.deepEqual([pages, width, pageHeight, loop], [5, 33, 20, 0]);
  assert.deepEqual(delay, [62, 63, 62, 63, 62]);
  for (const [page, { bytes }] of frames.entries()) {
    const decode = (input: Uint8Array, page = 0) =>
      sharp(input, { page }).removeAlpha().raw().toBuffer();
    assert.deepEqual(await decode(animation, page), await decode(bytes));
  }
});

Deno.test("animateWebp() keeps transparency and lossless data", async () => {
  const sharp = await loadSharp();
  const clear = async (alpha: number, lossless: boolean) =>
    new Uint8Array(
      await sharp({
        create: {
          width: 7,
          height: 3,
          channels: 4,
          background: { r: 200, g: 100, b: 50, alpha },
        },
      }).webp({ lossless }).toBuffer(),
    );
  const animation = animateWebp([
    { bytes: await clear(0.5, true), duration: 40 },
    { bytes: await clear(0.25, false), duration: 40 },
  ], { loops: 3 });
  const meta = await sharp(animation, { animated: true }).metadata();
  assert.deepEqual([meta.hasAlpha, meta.loop, meta.pages], [true, 3, 2]);
  const second = await sharp(animation, { page: 1 }).raw().toBuffer();
  assert.equal(second[3], 64);
});

Deno.test("animateWebp() refuses what it cannot put together", async () => {
  const bytes = await still(9);
  const other = await still(9, { width: 32, height: 20 });
  const one = (bytes: Uint8Array, duration = 62) =>
    animateWebp([{ bytes, duration }]);
  assert.throws(() => animateWebp([]), /there is no image/);
  assert.throws(() => one(new Uint8Array(40)), /image 0 is no WebP/);
  assert.throws(() => one(bytes.subarray(0, 30)), /ends inside its VP8/);
  assert.throws(() => one(one(bytes)), /is an animation itself/);
  assert.throws(() => one(bytes, 62.5), /62\.5 ms, expected a whole number/);
  assert.throws(
    () => animateWebp([{ bytes, duration: 1 }, { bytes: other, duration: 1 }]),
    /image 1 is 32 x 20, expected 33 x 20/,
  );
});
