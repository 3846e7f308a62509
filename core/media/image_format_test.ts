import assert from "node:assert/strict";
import { encodeImage } from "./image.ts";
import { identifyImage, IMAGE_FORMATS } from "./image_format.ts";

Deno.test("an image's format is told by its first bytes", async () => {
  const image = { width: 2, height: 2, data: new Uint8Array(12) };
  for (const format of ["png", "jpeg", "webp"] as const) {
    assert.ok(IMAGE_FORMATS.includes(format));
    const bytes = await encodeImage(image, format);
    assert.equal(identifyImage(bytes).format, format);
  }
});

Deno.test("what is no image that is read is named", () => {
  const text = new TextEncoder();
  const { hint, ...svg } = identifyImage(text.encode("<svg/>"));
  assert.deepEqual(svg, { format: undefined, name: "an SVG drawing" });
  assert.match(hint!, /PNG or JPEG/);
  assert.equal(identifyImage(text.encode("hello")).format, undefined);
  assert.equal(identifyImage(new Uint8Array()).format, undefined);
});
