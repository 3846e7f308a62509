/**
 * Moves a rough outline to the edges of the image near it: a cut-out that is
 * drawn with a few strokes.
 *
 * Source: Rother, Kolmogorov, Blake, "GrabCut" (SIGGRAPH 2004), with the
 * unknown part kept to a band around the outline.
 *
 * @module
 */

import type { RgbImage } from "../../base/image.ts";
import { colorModel } from "./color_model.ts";
import { linkCosts } from "./guess_region.ts";
import { minCut } from "./min_cut.ts";
import { boxMean, softMask } from "./soft_mask.ts";
import { fitSize, resizeImage, smoothed, toLab } from "./work_image.ts";

/** The longest side in which edges are looked for, px. */
const SIDE = 320;
/** How far an edge may be from the outline, over the region's size. */
const REACH = 0.16;
/** The same at least and at most, over the image's short side. */
const NEAR = 0.02, FAR = 0.07;
/** How much a color may say. */
const MOST_COLOR = 5;
/** What the place in the rough region says, from its edge to its middle. */
const POSITION = 2.5;
/** Rounds of color models and cut. */
const ROUNDS = 3;

/**
 * A region whose outline follows the edges of the image.
 *
 * @param rough (height, width) of the image: 0 outside to 255 inside.
 * @returns The same, in the size of the image.
 */
export function snapRegion(image: RgbImage, rough: Uint8Array): Uint8Array {
  const size = fitSize(image, SIDE);
  const { width, height } = size;
  const small = shrink(rough, image, size);
  const area = small.reduce((sum, value) => sum + value, 0);
  if (area < 4 || area > small.length - 4) return rough;
  const short = Math.min(width, height);
  const reach = Math.round(Math.max(
    2,
    Math.min(FAR * short, Math.max(NEAR * short, REACH * Math.sqrt(area))),
  ));
  const near = boxMean(small, { width, height, radius: reach });
  const deep = boxMean(small, { width, height, radius: 2 * reach });
  const lab = smoothed(toLab(resizeImage(image, size)), 1);
  const links = linkCosts(lab);
  let mask: Uint8Array = Uint8Array.from(
    small,
    (value) => Number(value >= 0.5),
  );
  for (let round = 0; round < ROUNDS; round++) {
    const inner: number[] = [], outer: number[] = [];
    const around = boxMean(Float32Array.from(mask), {
      width,
      height,
      radius: 2 * reach,
    });
    for (let i = 0; i < mask.length; i++) {
      if (mask[i]) inner.push(i);
      else if (around[i]! > 0) outer.push(i);
    }
    if (inner.length < 4 || outer.length < 4) return rough;
    const inside = colorModel(lab.lab, inner);
    const outside = colorModel(lab.lab, outer);
    const preference = new Float32Array(mask.length);
    for (let i = 0; i < mask.length; i++) {
      if (near[i]! <= 0.02) preference[i] = -Infinity;
      else if (deep[i]! >= 0.98) preference[i] = Infinity;
      else {
        const l = lab.lab[3 * i]!, a = lab.lab[3 * i + 1]!;
        const b = lab.lab[3 * i + 2]!;
        const color = outside(l, a, b) - inside(l, a, b);
        preference[i] = Math.min(MOST_COLOR, Math.max(-MOST_COLOR, color)) +
          POSITION * (near[i]! - 0.5);
      }
    }
    mask = minCut({ width, height, preference, links });
  }
  // What has lost most of the region has found something else.
  const left = mask.reduce((sum, value) => sum + value, 0);
  if (left < LEAST * area) return rough;
  mask = withoutSpecks(mask, size);
  const soft = 0.006 * Math.min(image.width, image.height);
  return softMask(image, { width, height, mask }, Math.max(1, soft));
}

/** As much of the region stays at least. */
const LEAST = 0.25;
/** Parts that are smaller than this share of the region are not of it. */
const SPECK = 0.12;

/** A mask without small parts and small holes. */
function withoutSpecks(
  mask: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
): Uint8Array {
  const clean = mask.slice();
  const least = SPECK * mask.reduce((sum, value) => sum + value, 0);
  const seen = new Uint8Array(mask.length);
  for (let start = 0; start < mask.length; start++) {
    if (seen[start]) continue;
    const value = mask[start]!;
    const part = [start];
    seen[start] = 1;
    let border = false;
    for (const at of part) {
      const x = at % width, y = (at - x) / width;
      border ||= x === 0 || y === 0 || x === width - 1 || y === height - 1;
      for (
        const [u, v] of [[x + 1, y], [x - 1, y], [x, y + 1], [x, y - 1]]
      ) {
        if (u! < 0 || v! < 0 || u! >= width || v! >= height) continue;
        const other = v! * width + u!;
        if (seen[other] || mask[other] !== value) continue;
        seen[other] = 1;
        part.push(other);
      }
    }
    if (part.length >= least || (value === 0 && border)) continue;
    for (const at of part) clean[at] = 1 - value;
  }
  return clean;
}

/** How much of each pixel of a smaller size is inside, 0 to 1. */
function shrink(
  mask: Uint8Array,
  from: { readonly width: number; readonly height: number },
  to: { readonly width: number; readonly height: number },
): Float32Array {
  const sum = new Float32Array(to.width * to.height);
  const count = new Float32Array(sum.length);
  for (let y = 0, i = 0; y < from.height; y++) {
    const row = Math.floor(y * to.height / from.height) * to.width;
    for (let x = 0; x < from.width; x++, i++) {
      const at = row + Math.floor(x * to.width / from.width);
      sum[at] = sum[at]! + mask[i]! / 255;
      count[at]!++;
    }
  }
  return sum.map((value, i) => value / Math.max(1, count[i]!));
}
