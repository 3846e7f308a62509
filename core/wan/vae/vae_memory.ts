/**
 * How much memory the video autoencoder takes while it decodes, which is more
 * than while it encodes. Frames of pictures are large: at 832 x 480 px one of
 * 96 channels in float32 is 153 MB, and each convolution over time remembers
 * two of them.
 */

import type { VaeConfig } from "./layout.ts";

/** What is remembered from one run to the next, in numbers for each px. */
interface Remembered {
  /** By all convolutions. */
  readonly all: number;
  /** By those of the level at full size. */
  readonly outer: number;
}

/** How many frames a convolution over time looks back. */
const BACK = 2;

/** What the decoder's convolutions over time remember. */
export function rememberedByDecoder(
  { dim, dimMult, zDim, numResBlocks, temporalDownsample }: VaeConfig,
): Remembered {
  const last = dimMult.length - 1;
  const channels = dimMult.toReversed().map((factor) => dim * factor);
  const blocks = numResBlocks + 1;
  let all = 0, outer = 0;
  for (let level = 0; level <= last; level++) {
    const own = channels[level]!;
    // A step up halves the channels.
    const entering = level === 0 ? own : channels[level - 1]! / 2;
    let here = entering + (2 * blocks - 1) * own;
    if (level === 0) here += zDim + 4 * own; // the first one, and the middle
    if (level < last && temporalDownsample.at(-1 - level)) here += own;
    if (level === last) here += own; // the head
    const share = BACK * here / 4 ** (last - level);
    all += share;
    outer = share;
  }
  return { all, outer };
}

/** What ONNX Runtime's arena on a GPU takes for each byte that lives. */
const ARENA = 1.5;

/**
 * What decoding takes on a GPU beside the weights, in bytes: what goes into a
 * round of the loop and what comes out of it are there at once.
 *
 * Counted from the allocations of ONNX Runtime's CUDA provider, on a stand-in
 * for the driver: 15.4 GB at 832 x 480 px in float32, 8.7 in float16; 35.2 and
 * 20.5 at 1280 x 720.
 */
export function decodingOnGpu(
  config: VaeConfig,
  { pixels, frames, element }: {
    pixels: number;
    frames: number;
    element: number;
  },
): number {
  const remembered = 2 * rememberedByDecoder(config).all * element;
  // Four frames at full size: a block's input, in float32, the normalised one,
  // what its convolution makes, and three frames beside each other as its input.
  const { dim, dimMult } = config;
  const channels = dim * dimMult[0]!;
  const working = channels * (4 * 4 + (4 + 4 + 3) * element);
  const film = 2 * 3 * 4 * frames; // in rounds, and as a whole
  return ARENA * pixels * (remembered + working + film);
}

/** What glibc's allocator keeps in its gaps, bytes; it was measured. */
const GAPS = 1.2e9;

/**
 * What decoding takes on the CPU beside the files' pages, in bytes: the level
 * at full size goes frame by frame.
 *
 * Measured (without the pages): 2.9 GB at 416 x 240 px, 8.5 GB at 832 x 480.
 */
export function decodingOnCpu(
  config: VaeConfig,
  pixels: number,
): number {
  const { all, outer } = rememberedByDecoder(config);
  const { dim, dimMult } = config;
  // One of two frames is new after each run. Then four frames of half the size
  // on their way in; one that is twice as large, before and after ONNX Runtime
  // has laid its channels out anew; the output of their convolution.
  const features = dim * dimMult[1]! * (4 / 4 + 1 + 1);
  const working = features + dim * dimMult[0]! * (3 + 3 + 2);
  return 4 * pixels * (all + outer / 2 + working) + GAPS;
}
