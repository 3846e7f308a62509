/**
 * The noise a generation starts from: the numbers that
 * `torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed))`
 * gives, bit for bit as the AVX2 build of PyTorch computes them. A seed thus
 * means the same here as in ComfyUI, or in diffusers with a CPU generator.
 *
 * The original ATI draws its noise on the GPU (image2video.py:204-212), whose
 * generator is another one: its seeds do not carry over.
 *
 * @module
 */

import type { Seed } from "../base/seed.ts";
import { log32, sinCos32 } from "./_float32_math.ts";
import { MersenneTwister } from "./mersenne_twister.ts";

const round = Math.fround;
/** From this length on PyTorch takes its vectorised path. */
const BLOCK = 16;
const HALF = BLOCK / 2;
const TWO_PI = round(2 * Math.PI);

/**
 * `count` float32 samples of the normal distribution with mean 0 and
 * deviation 1, in the order in which PyTorch fills a contiguous tensor.
 *
 * The seed is an integer from 0 to 2^64 - 1; the generator knows its low 32
 * bits only, so that 7 and 2^33 + 7 give the same noise.
 *
 * @throws {RangeError} When the seed or the count is no such integer.
 */
export function torchNormal(
  seed: Seed,
  count: number,
): Float32Array<ArrayBuffer> {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(
      `Cannot draw ${count} values of noise: expected a whole number`,
    );
  }
  const generator = new MersenneTwister(seed);
  return count < BLOCK
    ? drawOneByOne(generator, count)
    : drawInBlocks(generator, count);
}

/** Box-Muller in float64, each pair's second half kept for the next call. */
function drawOneByOne(
  generator: MersenneTwister,
  count: number,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    const angle = 2 * Math.PI * uniform64(generator);
    const radius = Math.sqrt(-2 * Math.log1p(-uniform64(generator)));
    values[i] = radius * Math.cos(angle);
    if (i + 1 < count) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}

/** 53 bits as a number in [0, 1). */
function uniform64(generator: MersenneTwister): number {
  const high = generator.nextUint32() & 0x1fffff;
  return (high * 2 ** 32 + generator.nextUint32()) * 2 ** -53;
}

/**
 * Uniform numbers first, then Box-Muller on blocks of 16: value j of a block
 * is the radius, value j + 8 the angle. A rest is dealt with by drawing the
 * last 16 values once more.
 */
function drawInBlocks(
  generator: MersenneTwister,
  count: number,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  const drawUniform = (from: number) => {
    for (let i = from; i < count; i++) {
      values[i] = (generator.nextUint32() & 0xffffff) * 2 ** -24;
    }
  };
  drawUniform(0);
  for (let start = 0; start + BLOCK <= count; start += BLOCK) {
    boxMuller(values, start);
  }
  if (count % BLOCK !== 0) {
    drawUniform(count - BLOCK);
    boxMuller(values, count - BLOCK);
  }
  return values;
}

const turned = new Float32Array(2);

function boxMuller(values: Float32Array, start: number): void {
  for (let j = start; j < start + HALF; j++) {
    const radius = round(Math.sqrt(round(-2 * log32(round(1 - values[j]!)))));
    sinCos32(round(TWO_PI * values[j + HALF]!), turned);
    values[j] = radius * turned[1]!;
    values[j + HALF] = radius * turned[0]!;
  }
}
