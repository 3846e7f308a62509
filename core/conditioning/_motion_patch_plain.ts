/**
 * The trajectory instruction as its formula reads, every track in every cell:
 * what `patchMotion` is tested and measured against. Not for use.
 *
 * @module
 */

import type { Tensor } from "../tensor.ts";
import type { PatchMotionOptions } from "./motion_patch.ts";

/** The plain transcription of motion_patch.py, lines 77-150, without dropout. */
export function patchMotionPlainly(
  tracks: Tensor,
  latent: Tensor,
  options: Pick<PatchMotionOptions, "temperature" | "topk"> = {},
): Tensor {
  const { temperature = 220, topk = 2 } = options;
  const [, count] = tracks.dims as [number, number, number];
  const [, T, H, W] = latent.dims as [number, number, number, number];
  const short = Math.min(H, W);
  const kept = Math.min(topk, count);
  const out = new Float32Array(20 * T * H * W);
  const track = (t: number, n: number, c: number) =>
    tracks.data[4 * (t * count + n) + c]!;
  const cell = (c: number, t: number, y: number, x: number) =>
    y < 0 || x < 0 || y >= H || x >= W
      ? 0
      : latent.data[((c * T + t) * H + y) * W + x]!;
  const feature = Array.from({ length: count }, (_, n) => {
    const clamp = (v: number) => Math.min(1, Math.max(-1, v));
    const x = ((clamp(track(0, n, 1) / (W / short)) + 1) * W - 1) / 2;
    const y = ((clamp(track(0, n, 2) / (H / short)) + 1) * H - 1) / 2;
    const i = Math.floor(x), j = Math.floor(y);
    return Array.from(
      { length: 16 },
      (_, c) =>
        cell(c, 0, j, i) * (j + 1 - y) * (i + 1 - x) +
        cell(c, 0, j, i + 1) * (j + 1 - y) * (x - i) +
        cell(c, 0, j + 1, i) * (y - j) * (i + 1 - x) +
        cell(c, 0, j + 1, i + 1) * (y - j) * (x - i),
    );
  });
  for (let c = 0; c < 20; c++) {
    for (let y = 0; y < H; y++) {
      for (let x = 0; x < W; x++) {
        out[(c * T * H + y) * W + x] = c < 4 ? 1 : cell(c - 4, 0, y, x);
      }
    }
  }
  const weights = new Float64Array(count);
  for (let t = 1; t < T; t++) {
    const place = Array.from({ length: count }, (_, n) => {
      let seen = 0, x = 0, y = 0;
      for (let k = 4 * t - 3; k <= 4 * t; k++) {
        const visible = Math.min(1, Math.max(0, track(k, n, 3)));
        seen += visible;
        x += visible * track(k, n, 1);
        y += visible * track(k, n, 2);
      }
      return {
        x: x / (seen + 1e-5),
        y: y / (seen + 1e-5),
        strength: Math.min(1, seen),
      };
    });
    for (let j = 0; j < H; j++) {
      for (let i = 0; i < W; i++) {
        const gx = W / short * (2 * i / (W - 1) - 1);
        const gy = H / short * (2 * j / (H - 1) - 1);
        for (let n = 0; n < count; n++) {
          const { x, y, strength } = place[n]!;
          const d2 = (x - gx) ** 2 + (y - gy) ** 2;
          weights[n] = Math.exp(-temperature * d2) * strength;
        }
        let total = 0;
        const mix = new Float64Array(16);
        for (let k = 0; k < kept; k++) {
          let best = 0;
          for (let n = 1; n < count; n++) {
            if (weights[n]! > weights[best]!) best = n;
          }
          const weight = weights[best]!;
          weights[best] = -1;
          total += weight;
          for (let c = 0; c < 16; c++) {
            mix[c] = mix[c]! + weight * feature[best]![c]!;
          }
        }
        for (let c = 0; c < 20; c++) {
          out[((c * T + t) * H + j) * W + i] = c < 4
            ? total
            : mix[c - 4]! + cell(c - 4, t, j, i) * (1 - Math.min(1, total));
        }
      }
    }
  }
  return { dims: [20, T, H, W], data: out };
}
