/**
 * Bicubic resizing as PyTorch does it, for the pictures that networks see.
 *
 * Source: `torch.nn.functional.interpolate(mode="bicubic")` with its defaults:
 * align_corners False, no antialiasing, a = -0.75, borders repeated, and
 * overshoot left as it is. It is not how a picture should be scaled for eyes
 * (a large photo aliases), but it is how the models' inputs were made.
 *
 * @module
 */

import { quote } from "../../base/errors.ts";
import type { RgbImage } from "../../base/image.ts";
import type { Tensor } from "../../base/tensor.ts";

/** A size in px. */
export interface PixelSize {
  /** Width in px. */
  readonly width: number;
  /** Height in px. */
  readonly height: number;
}

/**
 * Resizes float planes, stretching them to the size.
 *
 * @param planes (C, H, W).
 * @returns (C, height, width).
 * @throws {RangeError} When a side is not a positive whole number, or the
 * dimensions do not fit the data.
 */
export function resizeBicubic(
  planes: Tensor,
  size: PixelSize,
  options: {
    /** Whether corner pixels keep their places (torch's `align_corners`). */
    readonly alignCorners?: boolean;
  } = {},
): Tensor {
  const [channels, height, width] = planes.dims;
  if (
    planes.dims.length !== 3 || channels === undefined || !height || !width ||
    planes.data.length !== channels * height * width
  ) {
    throw new RangeError(
      `Cannot resize planes of (${
        planes.dims.join(", ")
      }) with ${planes.data.length} numbers, expected (C, H, W)`,
    );
  }
  return resample({
    from: { width, height },
    to: size,
    channels,
    alignCorners: options.alignCorners ?? false,
    readRow: (channel, y) => {
      const start = (channel * height + y) * width;
      return planes.data.subarray(start, start + width);
    },
  });
}

/**
 * Resizes a picture, stretching it to the size, in the numbers that Wan's
 * networks take: -1 is black, 1 is white.
 *
 * @returns (3, height, width); red, green, blue.
 * @throws {RangeError} When a side is not a positive whole number, or the
 * picture's bytes do not fit its size.
 */
export function resizeImageBicubic(image: RgbImage, size: PixelSize): Tensor {
  const { width, height, data } = image;
  checkSide("image width", width);
  checkSide("image height", height);
  if (data.length !== 3 * width * height) {
    throw new RangeError(
      `Cannot resize a picture of ${width}x${height}: it has ${data.length} bytes, expected ${
        3 * width * height
      }`,
    );
  }
  const row = new Float32Array(width);
  return resample({
    from: image,
    to: size,
    channels: 3,
    alignCorners: false,
    readRow: (channel, y) => {
      let at = 3 * y * width + channel;
      for (let x = 0; x < width; x++, at += 3) row[x] = SIGNED[data[at]!]!;
      return row;
    },
  });
}

/** (v / 255 - 0.5) / 0.5, rounded to float32 at each step as torch does. */
const SIGNED = Float32Array.from(
  { length: 256 },
  (_, v) => Math.fround(Math.fround(v / 255) - 0.5) / 0.5,
);

interface Resampling {
  readonly from: PixelSize;
  readonly to: PixelSize;
  readonly channels: number;
  readonly alignCorners: boolean;
  /** One row of one channel; may be the same array each time. */
  readonly readRow: (channel: number, y: number) => Float32Array;
}

function resample(
  { from, to, channels, alignCorners, readRow }: Resampling,
): Tensor {
  checkSide("width", to.width);
  checkSide("height", to.height);
  const across = taps(from.width, to.width, alignCorners);
  const down = taps(from.height, to.height, alignCorners);
  const out = new Float32Array(channels * to.height * to.width);
  for (let channel = 0; channel < channels; channel++) {
    // Rows resized in width are kept while the next output row needs them too.
    const rows = new Map<number, Float32Array>();
    const resizedRow = (y: number) => {
      let row = rows.get(y);
      if (row === undefined) {
        row = resizeRow(readRow(channel, y), across);
        rows.set(y, row);
      }
      return row;
    };
    for (let y = 0; y < to.height; y++) {
      const at = (channel * to.height + y) * to.width;
      const top = down.indices[4 * y]!;
      for (const old of rows.keys()) if (old < top) rows.delete(old);
      const [a, b, c, d] = [0, 1, 2, 3].map((k) =>
        resizedRow(down.indices[4 * y + k]!)
      ) as [Float32Array, Float32Array, Float32Array, Float32Array];
      const wa = down.weights[4 * y]!, wb = down.weights[4 * y + 1]!;
      const wc = down.weights[4 * y + 2]!, wd = down.weights[4 * y + 3]!;
      for (let x = 0; x < to.width; x++) {
        out[at + x] = a[x]! * wa + b[x]! * wb + c[x]! * wc + d[x]! * wd;
      }
    }
  }
  return { dims: [channels, to.height, to.width], data: out };
}

function resizeRow(row: Float32Array, { indices, weights }: Taps) {
  const out = new Float32Array(indices.length / 4);
  for (let x = 0, k = 0; x < out.length; x++, k += 4) {
    out[x] = row[indices[k]!]! * weights[k]! +
      row[indices[k + 1]!]! * weights[k + 1]! +
      row[indices[k + 2]!]! * weights[k + 2]! +
      row[indices[k + 3]!]! * weights[k + 3]!;
  }
  return out;
}

/** Four neighbours for each place along an axis. */
interface Taps {
  readonly indices: Int32Array;
  readonly weights: Float32Array;
}

/**
 * Keys' cubic kernel with a = -0.75. The scale is a float32, as torch has it,
 * and the places are not rounded: that is what its results agree with.
 */
function taps(from: number, to: number, alignCorners: boolean): Taps {
  const A = -0.75;
  const near = (t: number) => ((A + 2) * t - (A + 3)) * t * t + 1;
  const far = (t: number) => ((A * t - 5 * A) * t + 8 * A) * t - 4 * A;
  const scale = alignCorners
    ? to > 1 ? Math.fround((from - 1) / (to - 1)) : 0
    : Math.fround(from / to);
  const indices = new Int32Array(4 * to);
  const weights = new Float32Array(4 * to);
  for (let i = 0; i < to; i++) {
    const place = alignCorners ? scale * i : scale * (i + 0.5) - 0.5;
    const first = Math.floor(place);
    const t = place - first;
    const four = [far(t + 1), near(t), near(1 - t), far(2 - t)];
    four.forEach((weight, k) => {
      indices[4 * i + k] = Math.min(from - 1, Math.max(0, first - 1 + k));
      weights[4 * i + k] = weight;
    });
  }
  return { indices, weights };
}

function checkSide(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(
      `Cannot resize with ${name} ${
        quote(value)
      }, expected a positive whole number of px`,
    );
  }
}
