/**
 * The size at which AllTracker looks at frames, and frames brought to it.
 *
 * @module
 */

import type { RgbImage } from "../../base/image.ts";
import type { Tensor } from "../../base/tensor.ts";

/** A size in px. */
export interface WorkingSize {
  /** Px across. */
  readonly width: number;
  /** Px down. */
  readonly height: number;
}

/** Px of the largest working size by default: 768x448 on a GPU, 448x256 else. */
export const WORKING_AREA = { gpu: 768 * 448, cpu: 448 * 256 } as const;

/** The sides of a frame are padded to multiples of this. */
const STEP = 64;
/** Smaller ones leave nothing on the last level of the pyramid. */
const LEAST = 128;

/**
 * The working size for frames of a size: multiples of 64, of about their aspect,
 * with at most `area` px (but at least 128x128).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { allTrackerSize } from "@ati/ati";
 * assert.deepEqual(allTrackerSize({ width: 1920, height: 1080 }, 768 * 448), {
 *   width: 768,
 *   height: 448,
 * });
 * ```
 */
export function allTrackerSize(
  frame: WorkingSize,
  area: number,
): WorkingSize {
  let best = { width: LEAST, height: LEAST }, least = Infinity;
  for (let height = LEAST; height * LEAST <= area; height += STEP) {
    for (let width = LEAST; width * height <= area; width += STEP) {
      const aspect = Math.log((width * frame.height) / (height * frame.width));
      // A quarter of the area is given up for a tenth of distortion.
      const cost = Math.abs(aspect) + Math.log(area / (width * height)) / 3;
      if (cost < least) {
        least = cost;
        best = { width, height };
      }
    }
  }
  return best;
}

/** How frames of one size become the network's input. */
export interface FramePlan {
  /** The size of the frames. */
  readonly frame: WorkingSize;
  /** The size they are brought to. */
  readonly working: WorkingSize;
  /** The working size with its border. */
  readonly padded: WorkingSize;
  /** Px of the border at the left. */
  readonly left: number;
  /** Px of the border at the top. */
  readonly top: number;
}

/**
 * How frames become the input at a working size, which gets a border up to
 * multiples of 64.
 *
 * @throws {RangeError} When a side with its border is under 128 px.
 */
export function planFrames(
  frame: WorkingSize,
  working: WorkingSize,
): FramePlan {
  const up = (length: number) => Math.ceil(length / STEP) * STEP;
  const padded = { width: up(working.width), height: up(working.height) };
  for (const [name, { width, height }] of Object.entries({ frame, padded })) {
    const least = name === "frame" ? 1 : LEAST;
    if (
      Number.isSafeInteger(width) && Number.isSafeInteger(height) &&
      width >= least && height >= least
    ) continue;
    throw new RangeError(
      `Cannot track at ${working.width}x${working.height} in frames of ${frame.width}x${frame.height}: expected whole numbers, and at least ${LEAST} px with a border up to multiples of ${STEP}`,
    );
  }
  return {
    frame,
    working,
    padded,
    left: Math.floor((padded.width - working.width) / 2),
    top: Math.floor((padded.height - working.height) / 2),
  };
}

/**
 * A frame as `[1, 3, height, width]` of the padded size, from 0 to 255: bilinear
 * between pixel centers as OpenCV's INTER_LINEAR, the border repeats the edge.
 */
export function frameTensor(
  { data, width, height }: RgbImage,
  { working, padded, left, top }: FramePlan,
): Tensor<Float32Array<ArrayBuffer>> {
  const area = padded.width * padded.height;
  const out = new Float32Array(3 * area);
  const columns = samples(width, working.width, padded.width, left);
  const rows = samples(height, working.height, padded.height, top);
  for (let y = 0; y < padded.height; y++) {
    const above = 3 * width * rows.low[y]!, below = 3 * width * rows.high[y]!;
    const down = rows.part[y]!;
    for (let x = 0; x < padded.width; x++) {
      const from = 3 * columns.low[x]!, to = 3 * columns.high[x]!;
      const across = columns.part[x]!;
      const at = y * padded.width + x;
      for (let color = 0; color < 3; color++) {
        const a = data[above + from + color]!, b = data[above + to + color]!;
        const c = data[below + from + color]!, d = data[below + to + color]!;
        const upper = a + (b - a) * across;
        out[color * area + at] = upper + (c + (d - c) * across - upper) * down;
      }
    }
  }
  return { dims: [1, 3, padded.height, padded.width], data: out };
}

/** Of each px of an axis with its border: between which px of the frame it is. */
function samples(
  from: number,
  to: number,
  padded: number,
  border: number,
): { low: Uint32Array; high: Uint32Array; part: Float32Array } {
  const low = new Uint32Array(padded), high = new Uint32Array(padded);
  const part = new Float32Array(padded);
  for (let i = 0; i < padded; i++) {
    const inside = Math.min(Math.max(i - border, 0), to - 1);
    const position = Math.min(
      Math.max((inside + 0.5) * from / to - 0.5, 0),
      from - 1,
    );
    low[i] = Math.floor(position);
    high[i] = Math.min(low[i]! + 1, from - 1);
    part[i] = position - low[i]!;
  }
  return { low, high, part };
}
