/**
 * Small videos whose point motion is known exactly: textured layers, one over
 * the other, each moved by its own law.
 */

import type { RgbImage } from "../core/rgb_image.ts";
import { seeded } from "../core/seeded.ts";

/** Image = (a u + b v + x, c u + d v + y) for the layer's own (u, v). */
export interface LayerPose {
  readonly x: number;
  readonly y: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** One textured surface. Layers further on in the list cover those before. */
export interface Layer {
  /** Square texture of `side` px, repeated in both directions. */
  readonly texture: Texture;
  /** Where the layer is at a time in frames. */
  readonly pose: (frame: number) => LayerPose;
  /** Whether the layer has something at (u, v); everywhere by default. */
  readonly covers?: (u: number, v: number) => boolean;
  /** Moves (u, v) before the pose is applied, for motion that is not rigid. */
  readonly bend?: (
    u: number,
    v: number,
    frame: number,
  ) => { u: number; v: number };
}

/** A repeating RGB texture. */
export interface Texture {
  readonly side: number;
  /** `(side, side, 3)`, 0 to 255. */
  readonly data: Float32Array;
}

/** A pose out of position, scale and clockwise turn in radians. */
export function pose(
  x: number,
  y: number,
  scale = 1,
  turn = 0,
): LayerPose {
  const a = scale * Math.cos(turn), c = scale * Math.sin(turn);
  return { x, y, a, b: -c, c, d: a };
}

/** Soft colored noise; `coarse` is the size of its largest blobs in px. */
export function noiseTexture(
  seed: number,
  options: { side?: number; coarse?: number; contrast?: number } = {},
): Texture {
  const { side = 512, coarse = 64, contrast = 60 } = options;
  const random = seeded(seed);
  const data = new Float32Array(3 * side * side).fill(128);
  for (
    let size = coarse, strength = contrast;
    size >= 2;
    size /= 2, strength *= 0.6
  ) {
    const cells = Math.round(side / size);
    const grid = Float32Array.from(
      { length: 3 * cells * cells },
      () => (2 * random() - 1) * strength,
    );
    for (let y = 0; y < side; y++) {
      const gy = y / side * cells, y0 = Math.floor(gy), fy = smooth(gy - y0);
      for (let x = 0; x < side; x++) {
        const gx = x / side * cells, x0 = Math.floor(gx), fx = smooth(gx - x0);
        const x1 = (x0 + 1) % cells, y1 = (y0 + 1) % cells;
        for (let c = 0; c < 3; c++) {
          const at = (i: number, j: number) => grid[3 * (j * cells + i) + c]!;
          data[3 * (y * side + x) + c]! +=
            (at(x0, y0) * (1 - fx) + at(x1, y0) * fx) * (1 - fy) +
            (at(x0, y1) * (1 - fx) + at(x1, y1) * fx) * fy;
        }
      }
    }
  }
  return { side, data };
}

/** Flat colored discs and boxes over a soft ground. */
export function shapesTexture(
  seed: number,
  options: { side?: number; count?: number; ground?: number } = {},
): Texture {
  const { side = 512, count = 60, ground = 10 } = options;
  const texture = noiseTexture(seed + 1, { side, contrast: ground });
  const random = seeded(seed);
  for (let n = 0; n < count; n++) {
    const cx = random() * side, cy = random() * side;
    const rx = 4 + random() * 16, ry = 4 + random() * 16;
    const round = random() < 0.5;
    const color = [random() * 255, random() * 255, random() * 255];
    for (let y = Math.ceil(cy - ry); y <= cy + ry; y++) {
      for (let x = Math.ceil(cx - rx); x <= cx + rx; x++) {
        if (round && ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 > 1) continue;
        const at = 3 * (wrap(y, side) * side + wrap(x, side));
        texture.data.set(color, at);
      }
    }
  }
  return texture;
}

/** A frame of a scene, with 2x2 samples to the px. */
export function renderScene(
  layers: readonly Layer[],
  frame: number,
  options: {
    width: number;
    height: number;
    /** Brightness factor at a pixel. */
    light?: (x: number, y: number, frame: number) => number;
    /** Standard deviation of the noise in gray values. */
    noise?: number;
  },
): RgbImage {
  const { width, height, light, noise = 0 } = options;
  const data = new Uint8Array(3 * width * height);
  const poses = layers.map((layer) => layer.pose(frame));
  const random = seeded(frame + 1);
  const color = new Float64Array(3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      color.fill(0);
      for (const [sx, sy] of SAMPLES) {
        for (let l = layers.length - 1; l >= 0; l--) {
          const layer = layers[l]!;
          const at = unposed(layer, poses[l]!, x + sx, y + sy, frame);
          if (layer.covers && !layer.covers(at.u, at.v)) continue;
          addColor(layer.texture, at.u, at.v, color);
          break;
        }
      }
      const gain = light?.(x, y, frame) ?? 1;
      for (let c = 0; c < 3; c++) {
        const value = color[c]! / 4 * gain +
          (noise ? noise * 1.7 * (random() + random() - 1) * 1.4 : 0);
        data[3 * (y * width + x) + c] = Math.max(
          0,
          Math.min(255, Math.round(value)),
        );
      }
    }
  }
  return { width, height, data };
}

/** Where a layer's (u, v) is in a frame, and whether it can be seen. */
export function scenePoint(
  layers: readonly Layer[],
  point: { layer: number; u: number; v: number },
  frame: number,
  size: { width: number; height: number },
): { x: number; y: number; visible: boolean } {
  const layer = layers[point.layer]!;
  const p = layer.pose(frame);
  const { u, v } = layer.bend?.(point.u, point.v, frame) ?? point;
  const x = p.a * u + p.b * v + p.x, y = p.c * u + p.d * v + p.y;
  let visible = x >= 0 && y >= 0 && x <= size.width - 1 && y <= size.height - 1;
  for (let l = point.layer + 1; l < layers.length; l++) {
    const cover = layers[l]!;
    const at = unposed(cover, cover.pose(frame), x, y, frame);
    if (!cover.covers || cover.covers(at.u, at.v)) visible = false;
  }
  return { x, y, visible };
}

/** The layer's (u, v) under a pixel. */
export function layerPoint(
  layers: readonly Layer[],
  x: number,
  y: number,
  frame: number,
): { layer: number; u: number; v: number } {
  for (let l = layers.length - 1; l > 0; l--) {
    const at = unposed(layers[l]!, layers[l]!.pose(frame), x, y, frame);
    if (layers[l]!.covers?.(at.u, at.v) ?? true) return { layer: l, ...at };
  }
  return {
    layer: 0,
    ...unposed(layers[0]!, layers[0]!.pose(frame), x, y, frame),
  };
}

const SAMPLES = [[-0.25, -0.25], [0.25, -0.25], [-0.25, 0.25], [
  0.25,
  0.25,
]] as const;

function unposed(
  layer: Layer,
  p: LayerPose,
  x: number,
  y: number,
  frame: number,
): { u: number; v: number } {
  const det = p.a * p.d - p.b * p.c, dx = x - p.x, dy = y - p.y;
  const goal = {
    u: (p.d * dx - p.b * dy) / det,
    v: (p.a * dy - p.c * dx) / det,
  };
  if (!layer.bend) return goal;
  // The bend is gentle: a few corrections invert it.
  let { u, v } = goal;
  for (let i = 0; i < 6; i++) {
    const bent = layer.bend(u, v, frame);
    u += goal.u - bent.u;
    v += goal.v - bent.v;
  }
  return { u, v };
}

function addColor(
  { side, data }: Texture,
  u: number,
  v: number,
  color: Float64Array,
): void {
  const u0 = Math.floor(u), v0 = Math.floor(v), fu = u - u0, fv = v - v0;
  const l = wrap(u0, side), r = wrap(u0 + 1, side);
  const t = wrap(v0, side) * side, b = wrap(v0 + 1, side) * side;
  for (let c = 0; c < 3; c++) {
    color[c]! +=
      (data[3 * (t + l) + c]! * (1 - fu) + data[3 * (t + r) + c]! * fu) *
        (1 - fv) +
      (data[3 * (b + l) + c]! * (1 - fu) + data[3 * (b + r) + c]! * fu) * fv;
  }
}

function wrap(i: number, side: number): number {
  return ((i % side) + side) % side;
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}
