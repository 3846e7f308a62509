import assert from "node:assert/strict";
import { loadSharp } from "./_sharp.ts";
import { decodeGray } from "./gray_image.ts";
import { encodeImage } from "./image.ts";

async function png16(values: readonly number[], width: number) {
  const sharp = await loadSharp();
  const raw = { width, height: values.length / width, channels: 1 as const };
  return new Uint8Array(
    await sharp(Uint16Array.from(values), { raw })
      .toColourspace("grey16").png().toBuffer(),
  );
}

Deno.test("all 16 bits of a gray PNG arrive", async () => {
  const values = [0, 1, 255, 256, 1000, 65535];
  const gray = await decodeGray(await png16(values, 3));
  assert.deepEqual([gray.width, gray.height, gray.bits], [3, 2, 16]);
  assert.deepEqual([...gray.data], values);
});

Deno.test("8 bits stay 8 bits, with one channel or three equal ones", async () => {
  const sharp = await loadSharp();
  const values = [0, 1, 127, 128, 254, 255];
  const one = await sharp(Uint8Array.from(values), {
    raw: { width: 6, height: 1, channels: 1 },
  }).toColourspace("b-w").png().toBuffer();
  const three = await encodeImage({
    width: 6,
    height: 1,
    data: Uint8Array.from(values.flatMap((value) => [value, value, value])),
  }, "png");
  for (const bytes of [new Uint8Array(one), three]) {
    const gray = await decodeGray(bytes);
    assert.equal(gray.bits, 8);
    assert.deepEqual([...gray.data], values);
  }
});

Deno.test("colors, other files and damaged ones are refused", async () => {
  const color = await encodeImage({
    width: 2,
    height: 1,
    data: new Uint8Array([9, 9, 9, 200, 10, 10]),
  }, "png");
  await assert.rejects(
    decodeGray(color, { name: "heat.png" }),
    /Cannot read "heat.png" as gray: pixel 1,0 is a color, \(200, 10, 10\)/,
  );
  await assert.rejects(
    decodeGray(new TextEncoder().encode("no image"), { name: "a.txt" }),
    /Cannot read "a.txt"/,
  );
  await assert.rejects(
    decodeGray((await png16([1, 2], 2)).subarray(0, 60), { name: "cut.png" }),
    /begins as a PNG image but is damaged/,
  );
});
