import assert from "node:assert/strict";
import { FormatError } from "../base/errors.ts";
import type { RgbImage } from "../base/image.ts";
import { loadSharp } from "./_sharp.ts";
import { decodeImage, encodeImage } from "./image.ts";
import { IMAGE_FORMATS } from "./image_format.ts";

/** An image without two equal pixels next to each other. */
function gradient(width: number, height: number): RgbImage {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data.set([x * 3, y * 5, (x + y) * 2], 3 * (y * width + x));
    }
  }
  return { width, height, data };
}

/** An image file of a kind that `encodeImage` does not write. */
async function made(
  image: RgbImage,
  change: (
    encoder: ReturnType<Awaited<ReturnType<typeof loadSharp>>>,
  ) => { toBuffer(): Promise<Uint8Array> },
): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const { width, height, data } = image;
  return await change(sharp(data, { raw: { width, height, channels: 3 } }))
    .toBuffer();
}

const largest = (a: Uint8Array, b: Uint8Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

Deno.test("encodeImage() and decodeImage() keep the image", async () => {
  const image = gradient(40, 30);
  for (const format of IMAGE_FORMATS) {
    const found = await decodeImage(
      await encodeImage(image, format, { quality: 100 }),
    );
    assert.equal(found.width, 40);
    assert.equal(found.height, 30);
    const off = largest(found.data, image.data);
    assert.ok(
      off <= (format === "png" ? 0 : format === "jpeg" ? 4 : 12),
      `${format}: ${off}`,
    );
  }
});

Deno.test("decodeImage() turns the image as EXIF says, the reference does not", async () => {
  const bytes = await made(
    gradient(40, 30),
    (encoder) => encoder.png().withMetadata({ orientation: 6 }),
  );
  const turned = await decodeImage(bytes);
  assert.deepEqual([turned.width, turned.height], [30, 40]);
  // Orientation 6: the left column becomes the top row, from its lower end on.
  assert.deepEqual([...turned.data.subarray(0, 3)], [0, 29 * 5, 29 * 2]);
  const plain = await decodeImage(bytes, { compat: "reference" });
  assert.deepEqual(plain, gradient(40, 30));
});

Deno.test("decodeImage() makes 8-bit RGB of gray, 16-bit, palette and CMYK", async () => {
  const image = gradient(40, 30);
  const gray = await decodeImage(
    await made(image, (encoder) => encoder.toColourspace("b-w").png()),
  );
  assert.equal(gray.data.length, 3 * 40 * 30);
  assert.equal(gray.data[300], gray.data[301]);

  const deep = await decodeImage(
    await made(image, (encoder) => encoder.toColourspace("rgb16").png()),
  );
  assert.deepEqual(deep, image);

  const flat = { ...image, data: new Uint8Array(image.data.length).fill(64) };
  const palette = await decodeImage(
    await made(flat, (encoder) => encoder.png({ palette: true })),
  );
  assert.deepEqual(palette, flat);

  const cmyk = await decodeImage(
    await made(flat, (encoder) => encoder.toColourspace("cmyk").jpeg()),
  );
  assert.equal(cmyk.data.length, flat.data.length);
});

Deno.test("decodeImage() applies a color profile at 16 bits as at 8", async () => {
  const sharp = await loadSharp();
  const p3 = new Uint8Array(
    await made(
      gradient(40, 30),
      (encoder) => encoder.withIccProfile("p3").png(),
    ),
  );
  const stored = await sharp(p3, { ignoreIcc: true }).raw().toBuffer();
  const deep = await sharp(Uint16Array.from(stored, (value) => value * 257), {
    raw: { width: 40, height: 30, channels: 3 },
  }).toColourspace("rgb16").png().toBuffer();
  // The chunk with the profile, behind the header.
  const start = new TextDecoder("latin1").decode(p3).indexOf("iCCP") - 4;
  const length = new DataView(p3.buffer).getUint32(start) + 12;
  const { data } = await decodeImage(
    Uint8Array.from([
      ...deep.subarray(0, 33),
      ...p3.subarray(start, start + length),
      ...deep.subarray(33),
    ]),
  );
  const expected = (await decodeImage(p3)).data;
  const off = largest(data, expected);
  console.log(
    `${off} off, without a profile ${
      largest(new Uint8Array(stored), expected)
    }`,
  );
  assert.ok(off <= 1);
});

Deno.test("decodeImage() drops alpha without blending", async () => {
  const sharp = await loadSharp();
  const clear = await sharp(new Uint8Array([200, 100, 50, 0]), {
    raw: { width: 1, height: 1, channels: 4 },
  }).png().toBuffer();
  assert.deepEqual([...(await decodeImage(clear)).data], [200, 100, 50]);
});

Deno.test("decodeImage() refuses other formats by name", async () => {
  const text = new TextEncoder();
  const cases: [Uint8Array, RegExp][] = [
    [text.encode("<svg xmlns='http://www.w3.org/2000/svg'/>"), /SVG/],
    [text.encode("<?xml version='1.0'?><svg/>"), /SVG/],
    [text.encode("GIF89a......"), /GIF/],
    [text.encode("II*\0...."), /TIFF/],
    [text.encode("....ftypheic"), /HEIC/],
    [text.encode("....ftypisom"), /video/],
    [text.encode("%PDF-1.7"), /PDF/],
    [text.encode("hello"), /unknown format/],
    [new Uint8Array(), /it is empty/],
  ];
  for (const [bytes, expected] of cases) {
    await assert.rejects(
      decodeImage(bytes, { name: "dir/a.png" }),
      (error: Error) =>
        error instanceof FormatError && expected.test(error.message) &&
        error.message.startsWith('Cannot read "dir/a.png"'),
    );
  }
});

Deno.test("decodeImage() refuses damaged images of every format", async () => {
  for (const format of IMAGE_FORMATS) {
    const whole = await encodeImage(gradient(64, 64), format);
    for (const keep of [12, 40, whole.length >> 1, whole.length - 40]) {
      await assert.rejects(
        decodeImage(whole.slice(0, keep)),
        FormatError,
        `${format}, ${keep} of ${whole.length} bytes`,
      );
    }
  }
});

Deno.test("decodeImage() refuses an image beyond the pixel limit before it decodes", async () => {
  const bytes = await encodeImage(gradient(40, 30), "png");
  await assert.rejects(
    decodeImage(bytes, { maxPixels: 1199, name: "big.png" }),
    (error: Error) =>
      error instanceof RangeError && /40x30/.test(error.message),
  );
  await decodeImage(bytes, { maxPixels: 1200 });
  // A header that promises 60000x60000 pixels over no data at all.
  const bomb = bytes.slice(0, 60);
  new DataView(bomb.buffer).setUint32(16, 60_000);
  new DataView(bomb.buffer).setUint32(20, 60_000);
  await assert.rejects(decodeImage(bomb));
});

Deno.test("encodeImage() refuses an image that is none", async () => {
  const data = new Uint8Array(11);
  await assert.rejects(
    encodeImage({ width: 2, height: 2, data }, "png"),
    RangeError,
  );
  await assert.rejects(
    encodeImage(gradient(2, 2), "png", { quality: 0 }),
    RangeError,
  );
  await assert.rejects(
    encodeImage(gradient(2, 2), "bmp" as "png"),
    /one of jpeg, png, webp/,
  );
});
