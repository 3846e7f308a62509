/**
 * The golden transformers, opened, and what the reference fed them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Component } from "../core/checkpoint/components.ts";
import { diskFiles, openComponent } from "../core/checkpoint_files.ts";
import { quantizeTransformer } from "../core/models/quantize_transformer.ts";
import { transformerFeeds } from "../core/models/transformer_feeds.ts";
import type { Tensor } from "../core/tensor.ts";
import { goldenUrl, readGolden } from "./_golden.ts";

function open(
  path: string,
  config?: string,
): Promise<Component<"transformer">> {
  return openComponent(
    "transformer",
    fileURLToPath(goldenUrl(path)),
    config ? { config: fileURLToPath(goldenUrl(config)) } : {},
  );
}

/** Two blocks of width 256, bfloat16. */
export const openDit = () =>
  open("dit/model/diffusion_pytorch_model.safetensors.index.json");
/** Two blocks of width 64, the matrices float8, the rest float16. */
export const openFp8 = () =>
  open(
    "dit_fp8/Wan2_1-I2V-ATI-tiny_fp8_e4m3fn.safetensors",
    "dit_fp8/config.json",
  );

/** The feeds of one golden call. */
export function feedsOf(
  folder: string,
  component: Component<"transformer">,
  call: { context: number; timestep: number },
): Record<string, Tensor> {
  return transformerFeeds({
    latent: readGolden(`${folder}/x.npy`),
    condition: readGolden(`${folder}/y.npy`),
    timestep: call.timestep,
    text: readGolden(`${folder}/context${call.context}.npy`),
    image: readGolden(`${folder}/clip_fea.npy`),
  }, component.hyperparameters);
}

/** The size of the folder's latents. */
export function latentOf(folder: string): readonly [number, number, number] {
  const [, frames, height, width] = readGolden(`${folder}/x.npy`).dims;
  return [frames!, height!, width!];
}

/** Quantises into a file and opens that. */
export async function quantized(
  component: Component<"transformer">,
  options: { path: string; bits: 4 | 8; blockSize: number; config?: string },
): Promise<Component<"transformer">> {
  const { path, config, ...quantization } = options;
  using file = Deno.openSync(path, { write: true, create: true });
  for (
    const _ of quantizeTransformer(component, {
      ...quantization,
      open: (name) => diskFiles.open(name),
      sink: {
        write(offset, bytes) {
          file.seekSync(offset, Deno.SeekMode.Start);
          assert.equal(file.writeSync(bytes), bytes.length);
        },
      },
    })
  );
  return await openComponent("transformer", path, config ? { config } : {});
}
