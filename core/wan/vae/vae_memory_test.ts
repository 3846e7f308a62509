import assert from "node:assert/strict";
import { buildVaeDecoder } from "./vae_decoder.ts";
import { sizeOf } from "../../base/tensor.ts";
import { buildVaeEncoder } from "./vae_encoder.ts";
import {
  cachedByDecoder,
  cachedByEncoder,
  decodingOnCpu,
  decodingOnGpu,
  encodingOnGpu,
} from "./vae_memory.ts";
import { networkLayout } from "../networks.ts";
import { WAN_VAE } from "./layout.ts";

Deno.test("what is planned for the caches is what the graphs have", () => {
  const tensors = new Map(
    networkLayout("vae", WAN_VAE).map(({ name, shape }) => [name, {
      ...{ name, shape, dtype: "F32" as const, file: "/vae", offset: 0 },
      length: 4 * sizeOf(shape),
    }]),
  );
  const height = 240, width = 416;
  for (
    const [build, cached] of [
      [buildVaeDecoder, cachedByDecoder(WAN_VAE).all],
      [buildVaeEncoder, cachedByEncoder(WAN_VAE)],
    ] as const
  ) {
    const { inputs } = build({ tensors, config: WAN_VAE }, {
      size: [height / 8, width / 8],
      chunk: { kind: "next", latents: 1 },
    });
    const past = inputs.filter(({ name }) => name.startsWith("past."))
      .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    assert.equal(cached * height * width, past);
  }
});

Deno.test("decodingOnCpu() is not below the measured memory, nor far above", () => {
  // Private memory at its peak, GB, onnxruntime-node 1.30 on Linux.
  for (
    const [width, height, measured] of [[416, 240, 2.86], [
      832,
      480,
      8.5,
    ]] as const
  ) {
    const weights = 4 * networkLayout("vae", WAN_VAE)
      .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const estimate = (decodingOnCpu(WAN_VAE, width * height) + weights) / 1e9;
    console.log(
      `${width}x${height}: ${estimate.toFixed(2)} GB, measured ${measured} GB`,
    );
    assert.ok(estimate >= measured && estimate < 1.3 * measured);
  }
});

Deno.test("decodingOnGpu() counts the cache twice", () => {
  const at = (pixels: number, element: number) =>
    decodingOnGpu(WAN_VAE, { pixels, frames: 81, element });
  assert.equal(at(200, 4), 2 * at(100, 4));
  const { all } = cachedByDecoder(WAN_VAE);
  assert.ok(at(100, 4) > 2 * 4 * 100 * all);
  assert.ok(at(100, 2) > at(100, 4) / 2); // sums stay in float32
  // What is planned for encoding alone is less, and not by far.
  const encoding = encodingOnGpu(WAN_VAE, { pixels: 100, element: 4 });
  assert.ok(encoding < at(100, 4) && encoding > at(100, 4) / 2);
  // Pixels, bytes per element, and the GB that the CUDA provider allocated.
  for (
    const [pixels, element, counted] of [
      [832 * 480, 4, 15.4],
      [832 * 480, 2, 8.7],
      [1280 * 720, 4, 35.2],
      [1280 * 720, 2, 20.5],
    ] as const
  ) {
    const estimate = at(pixels, element) / 1e9;
    console.log(
      `${pixels} px: ${estimate.toFixed(1)} GB, counted ${counted} GB`,
    );
    assert.ok(estimate >= counted && estimate < 1.1 * counted);
  }
});
