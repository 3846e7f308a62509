import assert from "node:assert/strict";
import { preprocessClipImage } from "./preprocess_image.ts";

Deno.test("preprocessClipImage() normalises each colour by CLIP's mean and deviation", () => {
  const flat = { width: 2, height: 3, data: new Uint8Array(18) };
  for (let i = 0; i < 18; i++) flat.data[i] = [255, 0, 51][i % 3]!;
  const { dims, data } = preprocessClipImage(flat);
  assert.deepEqual(dims, [1, 3, 224, 224]);
  const expected = [
    (1 - 0.48145466) / 0.26862954,
    (0 - 0.4578275) / 0.26130258,
    (0.2 - 0.40821073) / 0.27577711,
  ];
  data.forEach((value, i) =>
    assert.ok(Math.abs(value - expected[Math.floor(i / 224 ** 2)]!) < 1e-6)
  );
});
