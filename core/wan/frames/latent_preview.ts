/**
 * A rough image of a latent without the VAE: each cell's color is a linear
 * function of its 16 values. It takes milliseconds and shows whether a run is
 * worth continuing.
 *
 * @module
 */

import type { RgbImage } from "../../base/image.ts";
import type { Tensor } from "../../base/tensor.ts";

/** Red, green and blue for each channel of Wan2.1's latent. */
const FACTORS: readonly (readonly [number, number, number])[] = [
  [-0.1299, -0.1692, 0.2932],
  [0.0671, 0.0406, 0.0442],
  [0.3568, 0.2548, 0.1747],
  [0.0372, 0.2344, 0.142],
  [0.0313, 0.0189, -0.0328],
  [0.0296, -0.0956, -0.0665],
  [-0.3477, -0.4059, -0.2925],
  [0.0166, 0.1902, 0.1975],
  [-0.0412, 0.0267, -0.1364],
  [-0.1293, 0.074, 0.1636],
  [0.068, 0.3019, 0.1128],
  [0.0032, 0.0581, 0.0639],
  [-0.1251, 0.0927, 0.1699],
  [0.006, -0.0633, 0.0005],
  [0.3477, 0.2275, 0.295],
  [0.1984, 0.0913, 0.1861],
];
const BIAS = [-0.1835, -0.0868, -0.336] as const;

/** Frames in a preview. */
const SHOWN = 6;
/** Frames in a row of a preview. */
export const PREVIEW_COLUMNS = 3;
/** Px to a latent cell. */
const SCALE = 4;

/** The frames in a preview of so many: evenly spaced, the first and the last too. */
export function previewFrames(count: number): readonly number[] {
  const shown = Math.min(SHOWN, count);
  return Array.from(
    { length: shown },
    (_, i) => shown === 1 ? 0 : Math.round(i * (count - 1) / (shown - 1)),
  );
}

/**
 * Six evenly spaced frames of a clean latent, including the first and the last,
 * in two rows of three; a cell is 4 px wide.
 *
 * Source of the factors: ComfyUI's latent format of Wan2.1.
 *
 * @param latent `[16, frames, height, width]`, the current estimate of the
 * clean latent: `latent - sigma * prediction`.
 */
export function latentPreview(latent: Tensor): RgbImage {
  const [, frames, rows, columns] = latent.dims as [
    number,
    number,
    number,
    number,
  ];
  const shown = previewFrames(frames);
  const across = Math.min(PREVIEW_COLUMNS, shown.length);
  const width = across * columns * SCALE;
  const height = Math.ceil(shown.length / across) * rows * SCALE;
  const data = new Uint8Array(3 * width * height);
  const plane = rows * columns;
  const color = [0, 0, 0];
  for (const [i, frame] of shown.entries()) {
    const left = (i % across) * columns * SCALE;
    const top = Math.floor(i / across) * rows * SCALE;
    for (let cell = 0; cell < plane; cell++) {
      colorOf(latent.data, frame * plane + cell, frames * plane, color);
      const x = left + (cell % columns) * SCALE;
      const y = top + Math.floor(cell / columns) * SCALE;
      fillSquare(data, (y * width + x) * 3, width * 3, color);
    }
  }
  return { width, height, data };
}

/** The color, 0 to 255, of the cell at `index` of every channel. */
function colorOf(
  latent: Float32Array,
  index: number,
  channelLength: number,
  color: number[],
): void {
  for (let part = 0; part < 3; part++) {
    let value = BIAS[part]!;
    for (let channel = 0; channel < FACTORS.length; channel++) {
      value += latent[channel * channelLength + index]! *
        FACTORS[channel]![part]!;
    }
    color[part] = Math.min(255, Math.max(0, Math.round((value + 1) * 127.5)));
  }
}

function fillSquare(
  data: Uint8Array,
  start: number,
  stride: number,
  color: readonly number[],
): void {
  for (let y = 0; y < SCALE; y++) {
    for (let x = 0; x < SCALE; x++) data.set(color, start + y * stride + 3 * x);
  }
}
