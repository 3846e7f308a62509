import { preprocessClipImage } from "../core/wan/image_encoder/preprocess_image.ts";
import { decodeImage } from "../core/media/image.ts";
import {
  assertClose,
  goldenUrl,
  readGolden,
  readGoldenJson,
} from "./fixtures/golden.ts";

Deno.test("preprocessClipImage() of a PNG agrees with the reference", async () => {
  const image = await decodeImage(
    Deno.readFileSync(goldenUrl("clip/image.png")),
  );
  const { data } = preprocessClipImage(image);
  const rows = new Float32Array(3 * 14 * 224);
  for (let row = 0; row < 3 * 14; row++) {
    const start = Math.floor(row / 14) * 224 * 224 + (row % 14) * 16 * 224;
    rows.set(data.subarray(start, start + 224), row * 224);
  }
  assertClose(
    "every 16th row",
    { dims: [3, 14, 224], data: rows },
    readGolden("clip/preprocessed_rows.npy"),
    { max: 2e-5 },
  );
  const { preprocessed_channel_mean: expected } = readGoldenJson<
    { preprocessed_channel_mean: number[] }
  >("clip/manifest.json");
  const means = [0, 1, 2].map((channel) => {
    const plane = data.subarray(channel * 224 ** 2, (channel + 1) * 224 ** 2);
    return plane.reduce((sum, value) => sum + value, 0) / 224 ** 2;
  });
  assertClose(
    "channel means",
    { dims: [3], data: Float32Array.from(means) },
    { dims: [3], data: Float32Array.from(expected) },
    { max: 2e-6 },
  );
});
