/**
 * Memory of the VAE's activations when it decodes, which needs more than
 * encoding. Frames are large: at 832 x 480 px one of 96 channels in float32 has
 * 153 MB, and each convolution over time caches two of them.
 */

import type { VaeConfig } from "./layout.ts";

/** The frames cached from one run to the next, in values per px. */
interface CachedValues {
  /** By all convolutions. */
  readonly all: number;
  /** By those of the level at full size. */
  readonly outer: number;
}

/** The number of frames a convolution over time looks back. */
const BACK = 2;

/** The cache of the decoder's convolutions over time. */
export function cachedByDecoder(
  { dim, dimMult, zDim, numResBlocks, temporalDownsample }: VaeConfig,
): CachedValues {
  const last = dimMult.length - 1;
  const channels = dimMult.toReversed().map((factor) => dim * factor);
  const blocks = numResBlocks + 1;
  let all = 0, outer = 0;
  for (let level = 0; level <= last; level++) {
    const own = channels[level]!;
    // An upsampling halves the channels.
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

/** The cache of the encoder's convolutions over time, in values per px. */
export function cachedByEncoder(
  { dim, dimMult, numResBlocks, temporalDownsample }: VaeConfig,
): number {
  const last = dimMult.length - 1;
  const channels = dimMult.map((factor) => dim * factor);
  let all = BACK * 3; // of the first convolution, the frames themselves
  for (let level = 0; level <= last; level++) {
    const own = channels[level]!;
    const entering = level === 0 ? dim : channels[level - 1]!;
    let here = entering + (2 * numResBlocks - 1) * own;
    if (level === last) here += 4 * own + own; // the middle, and the head
    all += BACK * here / 4 ** level;
    // A downsampling over time caches one frame of its own, smaller size.
    if (level < last && temporalDownsample[level]) {
      all += own / 4 ** (level + 1);
    }
  }
  return all;
}

/** Bytes allocated by ONNX Runtime's GPU arena per byte in use. */
const ARENA = 1.5;

/**
 * Four frames at full size, in bytes per px: a block's input, in float32, the
 * normalized one, its convolution's output, and three interleaved frames as its
 * input.
 */
function outerActivations(
  { dim, dimMult }: VaeConfig,
  element: number,
): number {
  return dim * dimMult[0]! * (4 * 4 + (4 + 4 + 3) * element);
}

/**
 * GPU memory of encoding besides the weights, in bytes: as
 * {@linkcode decodingOnGpu} has it, with the encoder's cache. Not counted
 * itself.
 */
export function encodingOnGpu(
  config: VaeConfig,
  { pixels, element }: { pixels: number; element: number },
): number {
  const cached = 2 * cachedByEncoder(config) * element;
  return ARENA * pixels * (cached + outerActivations(config, element));
}

/**
 * GPU memory of decoding besides the weights, in bytes: the inputs and outputs
 * of an iteration of the loop are in memory at once.
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
  const cached = 2 * cachedByDecoder(config).all * element;
  const activations = outerActivations(config, element);
  const video = 2 * 3 * 4 * frames; // per iteration, and concatenated
  return ARENA * pixels * (cached + activations + video);
}

/** Unused gaps of glibc's allocator, bytes; measured. */
const GAPS = 1.2e9;

/**
 * CPU memory of decoding besides the mapped files, in bytes: the level at full
 * size runs frame by frame.
 *
 * Measured (without the pages): 2.9 GB at 416 x 240 px, 8.5 GB at 832 x 480.
 */
export function decodingOnCpu(
  config: VaeConfig,
  pixels: number,
): number {
  const { all, outer } = cachedByDecoder(config);
  const { dim, dimMult } = config;
  // One of two cached frames is new after each run. Then four input frames of
  // half the size; one that is twice as large, before and after ONNX Runtime has
  // changed its memory layout; the output of their convolution.
  const features = dim * dimMult[1]! * (4 / 4 + 1 + 1);
  const activations = features + dim * dimMult[0]! * (3 + 3 + 2);
  return 4 * pixels * (all + outer / 2 + activations) + GAPS;
}
