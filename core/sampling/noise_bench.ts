/**
 * The noise of one clip, compared with the same Box-Muller with Math's own functions.
 *
 * @module
 */

import { MersenneTwister } from "./mersenne_twister.ts";
import { torchNormal } from "./noise.ts";

/** A latent of 81 frames at 832x480: (16, 21, 60, 104). */
const COUNT = 16 * 21 * 60 * 104;

Deno.bench("torchNormal", { group: "noise" }, () => {
  torchNormal(42, COUNT);
});

Deno.bench("Math.log, Math.cos", { group: "noise", baseline: true }, () => {
  const generator = new MersenneTwister(42);
  const values = new Float32Array(COUNT);
  for (let i = 0; i < COUNT; i += 2) {
    const radius = Math.sqrt(
      -2 * Math.log(1 - generator.nextUint32() * 2 ** -32),
    );
    const angle = 2 * Math.PI * generator.nextUint32() * 2 ** -32;
    values[i] = radius * Math.cos(angle);
    values[i + 1] = radius * Math.sin(angle);
  }
});
