/**
 * `patchMotion` beside the plain formula, on the latent of 832x480. The plain
 * one is left out at 10000 tracks, where it takes half a minute and more.
 *
 * @module
 */

import type { Tensor } from "../../base/tensor.ts";
import { patchMotionPlainly } from "../../../tests/fixtures/motion_patch_plain.ts";
import { patchMotion } from "./motion_patch.ts";

const latent: Tensor = {
  dims: [16, 21, 60, 104],
  data: Float32Array.from(
    { length: 16 * 21 * 60 * 104 },
    (_, i) => Math.sin(0.37 * i),
  ),
};

/** Tracks that wander over the whole picture, one frame in four hidden. */
function wandering(count: number): Tensor {
  const data = new Float32Array(81 * count * 4);
  for (let t = 0; t < 81; t++) {
    for (let n = 0; n < count; n++) {
      data.set([
        t / 40 - 1,
        1.73 * Math.sin(2.3999 * n + 0.01 * t * (1 + n % 5)),
        Math.cos(1.618 * n + 0.013 * t * (1 + n % 3)),
        (7 * n + t) % 11 < 8 ? 1 : -1,
      ], 4 * (count * t + n));
    }
  }
  return { dims: [81, count, 4], data };
}

for (const count of [10, 100, 1000, 10000]) {
  const tracks = wandering(count);
  Deno.bench(`patchMotion, ${count} tracks`, {
    group: `${count} tracks`,
    n: 5,
    warmup: 1,
  }, () => {
    patchMotion(tracks, latent);
  });
  if (count > 1000) continue;
  Deno.bench(`the plain formula, ${count} tracks`, {
    group: `${count} tracks`,
    baseline: true,
    n: 3,
    warmup: 1,
  }, () => {
    patchMotionPlainly(tracks, latent);
  });
}
