import assert from "node:assert/strict";
import { buildVaeDecoder } from "./vae_decoder.ts";
import { sizeOf } from "../../base/tensor.ts";
import {
  decodingOnCpu,
  decodingOnGpu,
  rememberedByDecoder,
} from "./vae_memory.ts";
import { networkLayout } from "../networks.ts";
import { WAN_VAE } from "./layout.ts";

Deno.test("rememberedByDecoder() counts what the graph hands on", () => {
  const tensors = new Map(
    networkLayout("vae", WAN_VAE).map(({ name, shape }) => [name, {
      ...{ name, shape, dtype: "F32" as const, file: "/vae", offset: 0 },
      length: 4 * sizeOf(shape),
    }]),
  );
  const height = 240, width = 416;
  const { inputs } = buildVaeDecoder({ tensors, config: WAN_VAE }, {
    size: [height / 8, width / 8],
    chunk: { kind: "next", latents: 1 },
  });
  const past = inputs.filter(({ name }) => name.startsWith("past."))
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  assert.equal(rememberedByDecoder(WAN_VAE).all * height * width, past);
});

Deno.test("decodingOnCpu() is not below what was measured, nor far above", () => {
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

Deno.test("decodingOnGpu() counts what is remembered twice", () => {
  const at = (pixels: number, element: number) =>
    decodingOnGpu(WAN_VAE, { pixels, frames: 81, element });
  assert.equal(at(200, 4), 2 * at(100, 4));
  const { all } = rememberedByDecoder(WAN_VAE);
  assert.ok(at(100, 4) > 2 * 4 * 100 * all);
  assert.ok(at(100, 2) > at(100, 4) / 2); // sums stay in float32
  // Pixels, bytes of an element, and the GB that the CUDA provider asked for.
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
