import assert from "node:assert/strict";
import { seeded } from "../base/seeded.ts";
import { loadSharp } from "./_sharp.ts";
import { decodeImage, encodeImage } from "./image.ts";

/** Noise: nearly every byte of its scan holds bits of pixels. */
async function jpegs(): Promise<
  Record<"baseline" | "progressive", Uint8Array>
> {
  const sharp = await loadSharp();
  const random = seeded(5);
  const pixels = Uint8Array.from(
    { length: 3 * 72 * 40 },
    () => 256 * random(),
  );
  const image = () =>
    sharp(pixels, { raw: { width: 72, height: 40, channels: 3 } });
  return {
    baseline: new Uint8Array(await image().jpeg().toBuffer()),
    progressive: new Uint8Array(
      await image().jpeg({ progressive: true }).toBuffer(),
    ),
  };
}

const joined = (...parts: ArrayLike<number>[]) =>
  Uint8Array.from(parts.flatMap((part) => Array.from(part)));

Deno.test("a JPEG that lacks its end marker but no pixels is read", async () => {
  const { baseline, progressive } = await jpegs();
  const { data } = await decodeImage(baseline);
  const bare = baseline.subarray(0, -2);
  const files = {
    "no marker": bare,
    "half a marker": baseline.subarray(0, -1),
    "zeros": joined(bare, new Uint8Array(4096)),
    "a line end": joined(bare, [0x0d, 0x0a]),
  };
  for (const [what, bytes] of Object.entries(files)) {
    const notes: string[] = [];
    const found = await decodeImage(bytes, {
      onNote: (note) => void notes.push(note),
    });
    assert.deepEqual(found.data, data, what);
    assert.deepEqual(notes, ['"image" has no end marker']);
  }
  // There may have been another scan.
  await assert.rejects(
    decodeImage(progressive.subarray(0, -2)),
    /damaged \(its end is missing\)/,
  );
});

Deno.test("a JPEG that lacks pixels is refused, also with zeros in their place", async () => {
  for (const [kind, jpeg] of Object.entries(await jpegs())) {
    for (const missing of [4, 6, 12, 50, jpeg.length >> 1]) {
      await refused(jpeg, missing, kind);
    }
    // Between 0xff and the zero that belongs to it.
    const at = jpeg.findLastIndex((byte, i) =>
      byte === 0xff && jpeg[i + 1] === 0
    );
    assert.ok(at > jpeg.length / 2, kind);
    await refused(jpeg, jpeg.length - at - 1, kind);
  }
  // A smooth one, whose last line of blocks is a few bytes.
  const data = Uint8Array.from(
    { length: 3 * 64 * 64 },
    (_, i) => 4 * (i % 3 === 0 ? i / 3 % 64 : i / 192),
  );
  const smooth = await encodeImage({ width: 64, height: 64, data }, "jpeg");
  for (let missing = 4; missing < 100; missing += 8) {
    await refused(smooth, missing, "smooth");
  }
});

/** Refused with no and with many zeros in place of the bytes at the end. */
async function refused(
  jpeg: Uint8Array,
  missing: number,
  kind: string,
): Promise<void> {
  const cut = jpeg.subarray(0, -missing);
  for (const zeros of [0, missing, 4096]) {
    await assert.rejects(
      decodeImage(joined(cut, new Uint8Array(zeros))),
      /damaged \(its end is missing\)/,
      `${kind}, ${missing} missing, ${zeros} zeros`,
    );
  }
}
