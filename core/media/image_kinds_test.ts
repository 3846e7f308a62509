/** Which image files the tools take, and the editor's server with them. */

import assert from "node:assert/strict";
import { readImageHeader as readOnServer } from "../../editor/server/image_header.ts";
import { imageKinds } from "../../tests/fixtures/image_kinds.ts";
import { FormatError } from "../base/errors.ts";
import { loadSharp } from "./_sharp.ts";
import { decodeImage } from "./image.ts";
import { readImageHeader } from "./image_header.ts";

Deno.test("what other decoders take is read, what cannot be decoded is refused", async () => {
  let taken = 0, refused = 0, longest = 0;
  await decodeImage((await imageKinds())[0]!.bytes); // loads sharp
  for (const { name, bytes, size } of await imageKinds()) {
    const began = performance.now();
    const found = await decodeImage(bytes).catch((error: Error) => error);
    longest = Math.max(longest, performance.now() - began);
    if (size === undefined) {
      assert.ok(found instanceof Error, `${name} was taken`);
      assert.ok(
        found instanceof FormatError || found instanceof RangeError,
        `${name}: ${found}`,
      );
      assert.match(found.message, /^Cannot read "image": /);
      refused++;
      continue;
    }
    assert.ok(!(found instanceof Error), `${name}: ${found}`);
    assert.deepEqual([found.width, found.height], size, name);
    const { width, height } = readOnServer(bytes);
    assert.deepEqual([width, height], size, `${name} on the server`);
    taken++;
  }
  console.log(
    `${taken} taken, ${refused} refused, each within ${longest.toFixed()} ms`,
  );
  assert.ok(longest < 1000);
});

Deno.test("what is refused by its kind is refused with the next step", async () => {
  const hints: Record<string, RegExp> = {
    "a GIF": /HINT: .*magick/,
    "a TIFF": /HINT: .*magick/,
    "an AVIF": /HINT: .*magick/,
    "an HEIC": /HINT: .*heif-convert/,
    "macOS's companion": /HINT: .*without "\._"/,
    "60,000,000 x 1": /sides of at most 65535 px\nHINT: /,
    "60,000 x 60,000": /3600.0 megapixels, expected at most 64.0\nHINT: /,
    "a PNG without its end": /damaged \(its end is missing\)/,
    "a JPEG without a frame": /damaged \(it has no frame\)/,
    "0 x 5": /damaged \(its size is 0x5\)/,
  };
  const kinds = await imageKinds();
  for (const [name, message] of Object.entries(hints)) {
    const { bytes } = kinds.find((kind) => kind.name === name)!;
    assert.throws(() => readImageHeader(bytes, { name: "a.jpg" }), message);
    assert.throws(
      () => readOnServer(bytes),
      /^[A-Z]\w+: Cannot add the image: /,
    );
  }
});

/** Ink on paper as Pillow reckons it, one pixel. */
const paper = ([c, m, y, k]: readonly number[]) =>
  [c!, m!, y!].map((ink) => {
    const white = 255 - k!;
    return white - Math.round(ink * white / 255);
  });

Deno.test("CMYK becomes RGB as browsers and Pillow have it", async () => {
  const sharp = await loadSharp();
  const inks = [[0, 0, 0, 0], [255, 0, 0, 0], [10, 120, 200, 30], [
    9,
    9,
    9,
    250,
  ]];
  for (const [i, ink] of inks.entries()) {
    const raw = Uint8Array.from({ length: 4 * 256 }, (_, at) => ink[at % 4]!);
    const bytes = await sharp(raw, {
      raw: { width: 16, height: 16, channels: 4 },
    }).pipelineColourspace("cmyk").toColourspace("cmyk")
      .jpeg({ quality: 100 }).toBuffer();
    const stored = await sharp(bytes).pipelineColourspace("cmyk")
      .toColourspace("cmyk").raw().toBuffer();
    const expected = paper(Array.from(stored.subarray(0, 4)));
    for (const compat of [undefined, "reference"] as const) {
      const { data } = await decodeImage(bytes, compat ? { compat } : {});
      assert.deepEqual([...data.subarray(0, 3)], expected, `ink ${i}`);
    }
  }
});

Deno.test("gray of 16 bits keeps its upper half, the reference cuts it off", async () => {
  const values = [0, 21, 255, 256, 700, 32_896, 65_535];
  const sharp = await loadSharp();
  const bytes = await sharp(Uint16Array.from(values), {
    raw: { width: values.length, height: 1, channels: 1 },
  }).toColourspace("grey16").png().toBuffer();
  const first = (data: Uint8Array) => [...data].filter((_, i) => i % 3 === 0);
  const cut = await decodeImage(bytes, { compat: "reference" });
  assert.deepEqual(first(cut.data), [0, 21, 255, 255, 255, 255, 255]);
  const whole = await decodeImage(bytes);
  assert.deepEqual(first(whole.data), values.map((value) => value >> 8));
});
