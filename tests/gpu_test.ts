/**
 * The goldens of the text encoder, the image encoder and the autoencoder on
 * every GPU that is here. Where there is none, that is said.
 *
 * @module
 */

import assert from "node:assert/strict";
import { preprocessClipImage } from "../core/wan/image_encoder/preprocess_image.ts";
import { decodeImage } from "../core/media/image.ts";
import { CPU, deviceName, parseDevice } from "../core/onnx/runtime/device.ts";
import {
  type ProbedDevice,
  probeDevice,
} from "../core/onnx/runtime/devices.ts";
import { encodeClipImage } from "../core/wan/image_encoder/encode_clip_image.ts";
import { encodeTexts } from "../core/wan/text_encoder/encode_text.ts";
import {
  decodeVideo,
  encodeVideo,
  tensorFrames,
} from "../core/wan/vae/run_vae.ts";
import type { Tensor } from "../core/base/tensor.ts";
import { assertClose, goldenUrl, readGolden } from "./fixtures/golden.ts";
import { openTinyComponent } from "./fixtures/tiny_checkpoint.ts";

/**
 * On WebGPU float32 is float32: the manifests' tolerances hold. An NVIDIA GPU
 * multiplies with 10 bits of mantissa (TF32): 2^-11 = 5e-4 per product, as in
 * float16.
 */
const TOLERANCES = {
  cpu: { t5: 3e-5, clip: 2e-5, latent: 3e-5, film: 3e-4 },
  webgpu: { t5: 3e-5, clip: 2e-5, latent: 3e-5, film: 3e-4 },
  cuda: { t5: 5e-3, clip: 5e-3, latent: 1e-2, film: 3e-2 },
};

const found: ProbedDevice[] = [];
for (const name of ["cuda", "webgpu"]) {
  const report = await probeDevice(parseDevice(name));
  if (report.state === "works") found.push(report.found);
  else console.warn(`${name} is not tested: ${report.reason.message}`);
}
// The test itself must not rot where there is no GPU.
if (found.length === 0) {
  found.push({ device: CPU, attention: "manual", compute: ["float32"] });
}

for (const { device, attention } of found) {
  const name = deviceName(device);
  const tolerance = TOLERANCES[device.kind];
  const options = {
    device,
    execution: "monolithic",
    target: { compute: "float32", attention, float8: "cast" },
  } as const;

  Deno.test(`${name}, ${attention} attention: texts have the features of the reference`, async () => {
    const expected = readGolden("t5/a.out.npy");
    const ids = readGolden("t5/a.ids.npy").data.subarray(0, expected.dims[0]);
    const t5 = await openTinyComponent("t5");
    const [actual] = await encodeTexts(t5, [ids], options);
    assertClose(`t5 on ${name}`, actual!, expected, { relative: tolerance.t5 });
  });

  Deno.test(`${name}, ${attention} attention: images have the features of the reference`, async () => {
    const expected = readGolden("clip/features.npy");
    const image = await decodeImage(
      Deno.readFileSync(goldenUrl("clip/image.png")),
    );
    const clip = await openTinyComponent("clip");
    const { data } = await encodeClipImage(
      clip,
      preprocessClipImage(image),
      options,
    );
    assertClose(`clip on ${name}`, { dims: expected.dims, data }, expected, {
      relative: tolerance.clip,
    });
  });

  for (const latentFramesPerRun of [1, "all"] as const) {
    Deno.test(`${name}, ${attention} attention: films and latents are the reference's (${latentFramesPerRun} at a time)`, async () => {
      const vae = await openTinyComponent("vae");
      const film = tensorFrames(readGolden("vae/video.npy"));
      const latent = readGolden("vae/latent_T17.npy");
      assertClose(
        `vae encode on ${name}`,
        await encodeVideo(vae, film, { ...options, latentFramesPerRun }),
        latent,
        { max: tolerance.latent },
      );
      const expected = readGolden("vae/decoded_T17.npy");
      const parts: Tensor[] = await Array.fromAsync(
        decodeVideo(vae, latent, { ...options, latentFramesPerRun }),
      );
      let from = 0;
      for (const part of parts) {
        const part17 = tensorFrames(expected).read(from, from += part.dims[1]!);
        assertClose(`vae decode on ${name}`, part, part17, {
          max: tolerance.film,
        });
      }
      assert.equal(from, 17);
    });
  }
}
