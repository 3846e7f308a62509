/**
 * Views of a point that are remembered, and how a frame compares with them.
 *
 * @module
 */

import { alignPatch, type Fit, type WarpPrior } from "./_align_patch.ts";
import type { FramePyramid, Plane } from "./_frame_pyramid.ts";
import { type Patch, takePatch } from "./_patch.ts";
import { fromFirst, fromView, type Shape, type Warp } from "./_warp.ts";

/** A view of a point. */
export interface Template {
  /** The surroundings on levels 0, 1, 2, as far as the pyramid goes. */
  readonly patches: readonly Patch[];
  /** What the point's first view had become when this one was taken. */
  readonly shape: Shape;
  /** Blue and red minus luma at the point. */
  readonly color: readonly [number, number];
}

/** A fit, and the template that it belongs to. */
export interface TemplateFit extends Fit {
  /** From the point's first view into the frame, whatever the template. */
  readonly warp: Warp;
  readonly template: Template;
}

/** Radius of the patches on level 0, px; one less on each further level. */
export const RADIUS = 10;
const LEVELS = 3;
/** Px from the point to the edge of the square that decides whether it is covered. */
const CENTER = 3;
/** Gray values by which a flat patch may differ. */
const FLAT_DIFFERENCE = 5;
/** Contrast in gray values under which a patch is flat. */
export const FLAT = 6;
/** A second template has to fit so much better. */
const BETTER = 0.1;
/** From this correlation on no other template is tried. */
const GOOD = 0.8;

/** Remembers how a point looks in a frame. */
export function takeTemplate(frame: FramePyramid, warp: Warp): Template {
  const patches = frame.levels.slice(0, LEVELS).map((plane, level) => {
    const scale = 2 ** level;
    return takePatch(plane, warp.x / scale, warp.y / scale, RADIUS - level);
  });
  const { a, b, c, d } = warp;
  return { patches, shape: { a, b, c, d }, color: colorAt(frame, warp) };
}

/**
 * The best fit of the templates, the first ones preferred, or none where no
 * one reaches the correlation `least` near the prior.
 */
export function fitTemplates(
  templates: readonly Template[],
  frame: FramePyramid,
  options: {
    start: Warp;
    prior: WarpPrior;
    /** Pyramid levels to align on, one after the other. */
    levels: readonly number[];
    least: number;
    iterations?: number;
  },
): TemplateFit | undefined {
  const { start, prior, levels, least, iterations = 8 } = options;
  let best: TemplateFit | undefined;
  for (const template of templates) {
    const { shape } = template;
    const expected = { ...prior, warp: fromView(prior.warp, shape) };
    let fit: Fit | undefined;
    for (const level of levels) {
      fit = alignPatch(
        template.patches[level]!,
        frame.levels[level]!,
        fit?.warp ?? fromView(start, shape),
        { level, prior: expected, iterations },
      );
    }
    if (!fit) continue;
    const good = fit.likeness > least ||
      fit.difference < FLAT_DIFFERENCE && fit.contrast < FLAT;
    const moved = Math.hypot(
      fit.warp.x - prior.warp.x,
      fit.warp.y - prior.warp.y,
    );
    if (!good || moved > Math.max(3, 3 * prior.position)) continue;
    if (!best || fit.likeness > best.likeness + BETTER) {
      best = { ...fit, warp: fromFirst(fit.warp, shape), template };
    }
    if (best.likeness > GOOD) break;
  }
  return best;
}

/**
 * Mean difference of the px right around the point from the template, in gray
 * values, with the color's added: large where something covers the point.
 */
export function centerDifference(
  { warp, template, gain, offset }: TemplateFit,
  frame: FramePyramid,
): number {
  const at = fromView(warp, template.shape);
  const gray = frame.levels[0]!;
  const patch = template.patches[0]!;
  const side = 2 * patch.radius + 1;
  let sum = 0, n = 0;
  for (let j = -CENTER; j <= CENTER; j++) {
    for (let i = -CENTER; i <= CENTER; i++) {
      const k = (j + patch.radius) * side + i + patch.radius;
      if (patch.weight[k] === 0) continue;
      const x = at.x + at.a * i + at.b * j, y = at.y + at.c * i + at.d * j;
      if (x < 0 || y < 0 || x > gray.width - 1 || y > gray.height - 1) {
        continue;
      }
      const value = gain * sampleAt(gray, x, y) + offset;
      sum += Math.abs(value - patch.values[k]!);
      n++;
    }
  }
  if (n === 0) return 0;
  const [blue, red] = colorAt(frame, at);
  const color = Math.hypot(
    gain * blue - template.color[0],
    gain * red - template.color[1],
  );
  return sum / n + color / 2;
}

/** The color differences at a point; their planes have half the size. */
function colorAt(
  { chroma: [blue, red] }: FramePyramid,
  { x, y }: { readonly x: number; readonly y: number },
): [number, number] {
  const u = x / 2 - 0.25, v = y / 2 - 0.25;
  return [sampleAt(blue, u, v), sampleAt(red, u, v)];
}

/** Bilinear, held at the borders. */
function sampleAt(
  { width, height, data }: Plane,
  x: number,
  y: number,
): number {
  const cx = Math.min(Math.max(x, 0), width - 1);
  const cy = Math.min(Math.max(y, 0), height - 1);
  const x0 = Math.min(Math.floor(cx), width - 2);
  const y0 = Math.min(Math.floor(cy), height - 2);
  const fx = cx - x0, fy = cy - y0, at = y0 * width + x0;
  return (data[at]! * (1 - fx) + data[at + 1]! * fx) * (1 - fy) +
    (data[at + width]! * (1 - fx) + data[at + width + 1]! * fx) * fy;
}
