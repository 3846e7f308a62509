/**
 * mt19937, the generator behind every CPU random number of PyTorch.
 *
 * @module
 */

import { isSeed, type Seed } from "../base/seed.ts";

const LENGTH = 624;
const MIDDLE = 397;

/**
 * A 32-bit Mersenne Twister, seeded as `torch.Generator("cpu").manual_seed`
 * seeds it: only the low 32 bits of the seed count.
 *
 * Source: Matsumoto and Nishimura, "Mersenne Twister", 1998.
 */
export class MersenneTwister {
  readonly #state = new Uint32Array(LENGTH);
  #position = LENGTH;

  /**
   * A generator at its start.
   *
   * @throws {RangeError} When the seed is not an integer from 0 to 2^64 - 1.
   */
  constructor(seed: Seed) {
    if (!isSeed(seed)) {
      throw new RangeError(
        `Cannot seed the noise with ${seed}: expected an integer from 0 to 2^64 - 1`,
      );
    }
    const state = this.#state;
    state[0] = Number(BigInt.asUintN(32, BigInt(seed)));
    for (let i = 1; i < LENGTH; i++) {
      const previous = state[i - 1]!;
      state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
  }

  /** The next integer, from 0 to 2^32 - 1. */
  nextUint32(): number {
    if (this.#position === LENGTH) this.#twist();
    let y = this.#state[this.#position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < LENGTH; i++) {
      const y = (state[i]! & 0x80000000) |
        (state[(i + 1) % LENGTH]! & 0x7fffffff);
      state[i] = state[(i + MIDDLE) % LENGTH]! ^ (y >>> 1) ^
        ((y & 1) === 0 ? 0 : 0x9908b0df);
    }
    this.#position = 0;
  }
}
