import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { decodeImage, encodeImage } from "./image.ts";

/** An image whose pixels are in one chunk. */
const IMAGE = {
  width: 16,
  height: 12,
  data: Uint8Array.from({ length: 3 * 16 * 12 }, (_, i) => 37 * i % 256),
};

Deno.test("as the reference does, a PNG is read whose end is missing, not its pixels", async () => {
  const png = await encodeImage(IMAGE, "png");
  const compat = "reference";
  for (const missing of [1, 4, 8, 12]) {
    const cut = png.subarray(0, png.length - missing);
    const notes: string[] = [];
    const onNote = (note: string) => void notes.push(note);
    const { data } = await decodeImage(cut, { compat, onNote });
    assert.deepEqual(data, IMAGE.data, `${missing} bytes less`);
    assert.deepEqual(notes, ['"image" has no end chunk']);
    await assert.rejects(decodeImage(cut), /its end is missing/);
  }
  // One byte of the pixels' chunk, half of the file, everything after 30 bytes.
  for (const length of [png.length - 13, png.length / 2, 30]) {
    const cut = png.subarray(0, length);
    await assert.rejects(decodeImage(cut, { compat }), /damaged/);
  }
});

Deno.test("as the reference does, a PNG of half of its pixels is refused", async () => {
  const png = await encodeImage(IMAGE, "png");
  const at = new TextDecoder("latin1").decode(png).indexOf("IDAT");
  const view = new DataView(png.slice().buffer);
  const half = view.getUint32(at - 4) >> 1;
  view.setUint32(at - 4, half);
  const chunk = new Uint8Array(view.buffer, at, 4 + half);
  view.setUint32(at + 4 + half, crc32(chunk));
  const cut = new Uint8Array(view.buffer, 0, at + 4 + half + 4);
  await assert.rejects(
    decodeImage(cut, { compat: "reference" }),
    /damaged \(vips/,
  );
});
