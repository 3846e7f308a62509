import assert from "node:assert/strict";
import { loadSharp } from "./_sharp.ts";
import { ANIMATION_FORMATS, encodeAnimation } from "./animation.ts";

const plain = (level: number, width = 16, height = 12) => ({
  width,
  height,
  data: new Uint8Array(3 * width * height).fill(level),
});

Deno.test("encodeAnimation() keeps frames, order and speed", async () => {
  const levels = Array.from({ length: 16 }, (_, index) => 15 * index);
  const sharp = await loadSharp();
  for (const format of ANIMATION_FORMATS) {
    const frames = levels.map((level) => plain(level));
    const bytes = await encodeAnimation(frames, {
      format,
      loop: 3,
      quality: 100,
    });
    const found = await sharp(bytes, { animated: true }).metadata();
    assert.equal(found.format, format);
    assert.equal(found.pages, 16, format);
    assert.deepEqual([found.width, found.pageHeight], [16, 12]);
    const total = found.delay!.reduce((sum, delay) => sum + delay, 0);
    assert.equal(total, 1000, `${format} plays ${total} ms`);
    assert.equal(found.loop, 3);
    const raw = await sharp(bytes, { animated: true }).removeAlpha().raw()
      .toBuffer();
    levels.forEach((level, index) => {
      const value = raw[3 * 16 * 12 * index]!;
      assert.ok(
        Math.abs(value - level) <= 3,
        `${format}: ${value} for ${level}`,
      );
    });
  }
});

Deno.test("encodeAnimation() takes frames that arrive one by one in one buffer", async () => {
  async function* animation() {
    const frame = plain(0);
    for (const level of [10, 200]) {
      frame.data.fill(level);
      yield await Promise.resolve(frame);
    }
  }
  const bytes = await encodeAnimation(animation(), {
    format: "webp",
    quality: 100,
  });
  const sharp = await loadSharp();
  const raw = await sharp(bytes, { animated: true }).raw().toBuffer();
  assert.ok(raw[0]! < 20 && raw.at(-2)! > 190);
});

Deno.test("encodeAnimation() refuses what cannot be an animation", async () => {
  const webp = { format: "webp" } as const;
  await assert.rejects(encodeAnimation([], webp), /no frames/);
  await assert.rejects(
    encodeAnimation([plain(1), plain(1, 8, 8)], webp),
    /frame 1 .* 8x8, expected 16x12/,
  );
  const frame = [plain(1)];
  for (
    const options of [{ fps: 0 }, { fps: 51 }, { quality: 0 }, { loop: -1 }]
  ) {
    await assert.rejects(
      encodeAnimation(frame, { ...webp, ...options }),
      RangeError,
    );
  }
  await assert.rejects(
    encodeAnimation(frame, { format: "apng" as "gif" }),
    /one of webp, gif/,
  );
});
