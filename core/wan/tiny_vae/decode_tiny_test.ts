import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  assertClose,
  goldenUrl,
  readGolden,
} from "../../../tests/fixtures/golden.ts";
import type { Tensor } from "../../base/tensor.ts";
import { openComponent } from "../../checkpoint/open_checkpoint.ts";
import { CPU } from "../../onnx/runtime/device.ts";
import { openRuntime } from "../../onnx/runtime/runtime.ts";
import { joinFrames } from "../causal/frames.ts";
import { decodeTiny } from "./decode_tiny.ts";
import { buildTinyDecoder, takesRawLatents } from "./tiny_decoder.ts";

const open = (name: string) =>
  openComponent("tinyVae", fileURLToPath(goldenUrl(`tiny_vae/${name}`)));
const latent = readGolden("tiny_vae/latent.npy"); // [16, 3, 3, 4]

/** The video in [-1, 1]; TAEHV's is in [0, 1]. */
function golden(name: string): Tensor {
  const { dims, data } = readGolden(`tiny_vae/${name}.npy`);
  return { dims, data: name === "taew2_1" ? data.map((x) => 2 * x - 1) : data };
}

for (const file of ["taew2_1.pth", "lighttaew2_1.safetensors"]) {
  const [name] = file.split(".") as [string];

  Deno.test(`${file} decodes as its reference does`, async () => {
    const component = await open(file);
    assert.equal(takesRawLatents(component), name === "lighttaew2_1");
    const progress: number[] = [];
    const parts = await Array.fromAsync(
      decodeTiny(component, latent, {
        device: CPU,
        onProgress: (done, total) => progress.push(done / total),
      }),
    );
    assert.deepEqual(parts.map(({ dims }) => dims[1]), [1, 4, 4]);
    assert.deepEqual(progress, [1 / 3, 2 / 3, 1]);
    assertClose(name, joinFrames(parts), golden(name), { max: 1e-5 });
  });
}

Deno.test("a frame in bands is the same", async () => {
  const component = await open("taew2_1.pth");
  // Features of 12 x 16 with 8 channels: bands of 5 rows, the last one overlaps.
  const parts = await Array.fromAsync(
    decodeTiny(component, latent, { device: CPU, bandValues: 5 * 4 * 8 * 16 }),
  );
  assertClose("bands", joinFrames(parts), golden("taew2_1"), { max: 1e-5 });
});

Deno.test("the small decoder as one graph is the same", async () => {
  await using runtime = openRuntime(CPU, {});
  const component = await open("taew2_1.pth");
  await using session = await runtime.open(
    buildTinyDecoder(component, {
      size: [3, 4],
      chunk: { kind: "all", latents: 3 },
    }),
  );
  const { frames } = await session.run({
    latent: { dims: [1, ...latent.dims], data: latent.data },
  });
  const video = { dims: frames!.dims.slice(1), data: frames!.data };
  assertClose("one graph", video, golden("taew2_1"), { max: 1e-5 });
});

Deno.test("a latent of the wrong shape is refused", async () => {
  const component = await open("taew2_1.pth");
  const wrong = { dims: [4, 1, 2, 2], data: new Float32Array(16) };
  await assert.rejects(
    Array.fromAsync(decodeTiny(component, wrong, { device: CPU })),
    /latent of \[4, 1, 2, 2\], expected \[16, frames, height, width\]/,
  );
});
