/**
 * Runs the small decoder: a draft of a video in seconds.
 *
 * @module
 */

import type { Tensor } from "../../base/tensor.ts";
import { type ChunkNetwork, runChunks } from "../causal/chunk_runner.ts";
import { cutFrames, latentShape } from "../causal/frames.ts";
import { type NetworkOptions, openNetworkRuntime } from "../network_run.ts";
import {
  buildTinyDecoder,
  buildTinyOutput,
  type TinyVaeComponent,
} from "./tiny_decoder.ts";

/** Options for running the small decoder. */
export interface TinyRunOptions extends NetworkOptions {
  /**
   * Frames at full size are computed in bands of rows, so that no tensor has
   * more values; 2^23 by default, 32 MB in float32.
   */
  readonly bandValues?: number;
}

/**
 * Decodes a normalized latent `[16, latents, h, w]` with the small decoder:
 * parts of `[3, frames, 8 h, 8 w]` in [-1, 1] in the order of time, the first
 * one with one frame, the next ones with four. At most one latent frame is in
 * work at a time, and a band of one frame at full size.
 *
 * @throws {RangeError} When the latent has the wrong shape.
 *
 * @example
 * ```ts
 * import { CPU, decodeTiny, openComponent, type Tensor } from "@ati/ati";
 *
 * // `latent`: [16, 21, 60, 104]; 81 frames of 832x480.
 * export async function draft(file: string, latent: Tensor): Promise<Tensor[]> {
 *   const decoder = await openComponent("tinyVae", file); // taew2_1.safetensors
 *   return await Array.fromAsync(decodeTiny(decoder, latent, { device: CPU }));
 * }
 * ```
 */
export async function* decodeTiny(
  component: TinyVaeComponent,
  latent: Tensor,
  options: TinyRunOptions,
): AsyncGenerator<Tensor<Float32Array<ArrayBuffer>>, void, void> {
  const { zDim } = component.config;
  const [latents, height, width] = latentShape(latent, zDim);
  const { target, signal, onProgress } = options;
  const inner: ChunkNetwork = {
    name: NAME,
    input: "latent",
    output: "features",
    build: (chunk) =>
      buildTinyDecoder(component, {
        size: [height, width],
        part: "inner",
        chunk,
        ...(target && { target }),
      }),
  };
  await using runtime = openNetworkRuntime(options);
  const chunks = runChunks(runtime, [inner], {
    latents,
    perRun: 1,
    signal,
    read: (from, to) => {
      const { dims, data } = cutFrames(latent, { from, to });
      return { dims: [1, ...dims], data };
    },
  });
  const [rows, columns] = [4 * height, 4 * width];
  const { bandValues = 2 ** 23 } = options;
  const band = Math.min(
    rows,
    Math.max(
      1,
      // Four values at full size for one of the features.
      Math.floor(bandValues / (4 * component.config.widths[2] * columns)),
    ),
  );
  await using output = await runtime.open(
    buildTinyOutput(component, {
      rows: band,
      columns,
      ...(target && { target }),
    }),
    { name: NAME, signal },
  );
  let done = 0;
  for await (const features of chunks) {
    const count = features.dims.at(-3)!;
    const data = new Float32Array(3 * count * 4 * rows * columns);
    for (let frame = 0; frame < count; frame++) {
      for (const start of bandStarts(rows, band)) {
        const { frames } = await output.run(
          cutBand(features, { frame, start, band }),
          { signal, transfer: true },
        );
        // A row of features is two rows of pixels, twice as long.
        const length = 4 * columns * band;
        for (let color = 0; color < 3; color++) {
          data.set(
            frames!.data.subarray(color * length, (color + 1) * length),
            4 * columns * ((color * count + frame) * rows + start),
          );
        }
      }
    }
    onProgress?.(++done, latents);
    yield { dims: [3, count, 2 * rows, 2 * columns], data };
  }
}

/** What error messages call it. */
const NAME = "the small decoder";

/** Where the bands begin; the last one may overlap the one before. */
function bandStarts(rows: number, band: number): number[] {
  return Array.from(
    { length: Math.ceil(rows / band) },
    (_, i) => Math.min(i * band, rows - band),
  );
}

/** The inputs of `buildTinyOutput` for a band of a frame. */
function cutBand(
  features: Tensor,
  { frame, start, band }: { frame: number; start: number; band: number },
): { features: Tensor; inside: Tensor } {
  const [channels, count, rows, columns] = features.dims.slice(-4) as [
    number,
    number,
    number,
    number,
  ];
  const first = Math.max(0, start - 1);
  const last = Math.min(rows, start + band + 1);
  const data = new Float32Array(channels * (band + 2) * columns);
  for (let channel = 0; channel < channels; channel++) {
    const from = (channel * count + frame) * rows;
    data.set(
      features.data.subarray((from + first) * columns, (from + last) * columns),
      (channel * (band + 2) + first - (start - 1)) * columns,
    );
  }
  const inside = Float32Array.from({ length: 2 * band + 2 }, (_, i) => {
    const row = 2 * start - 1 + i;
    return row >= 0 && row < 2 * rows ? 1 : 0;
  });
  return {
    features: { dims: [1, channels, band + 2, columns], data },
    inside: { dims: [1, 1, inside.length, 1], data: inside },
  };
}
