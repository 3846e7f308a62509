/** The frames of videos and latents, `[..., channels, frames, height, width]`. */

import { sizeOf, type Tensor } from "../../base/tensor.ts";

/** Frames `[from, to)`, copied. */
export function cutFrames(
  x: Tensor,
  { from, to }: { from: number; to: number },
): Tensor<Float32Array<ArrayBuffer>> {
  const [channels, frames, height, width] = lastFour(x.dims);
  const plane = height * width, length = (to - from) * plane;
  const data = new Float32Array(channels * length);
  for (let channel = 0; channel < channels; channel++) {
    const start = (channel * frames + from) * plane;
    data.set(x.data.subarray(start, start + length), channel * length);
  }
  return { dims: x.dims.with(-3, to - from), data };
}

/** Concatenates parts of a video. */
export function joinFrames(
  parts: readonly Tensor<Float32Array<ArrayBuffer>>[],
): Tensor<Float32Array<ArrayBuffer>> {
  if (parts.length === 1) return parts[0]!;
  const [channels, , height, width] = lastFour(parts[0]!.dims);
  const frames = parts.reduce((sum, part) => sum + part.dims.at(-3)!, 0);
  const plane = height * width;
  const data = new Float32Array(channels * frames * plane);
  let from = 0;
  for (const part of parts) {
    const length = part.dims.at(-3)! * plane;
    for (let channel = 0; channel < channels; channel++) {
      data.set(
        part.data.subarray(channel * length, (channel + 1) * length),
        channel * frames * plane + from,
      );
    }
    from += length;
  }
  return { dims: parts[0]!.dims.with(-3, frames), data };
}

/** Leading axes are counted as channels. */
function lastFour(
  dims: readonly number[],
): [channels: number, frames: number, height: number, width: number] {
  const [frames, height, width] = dims.slice(-3) as [number, number, number];
  return [sizeOf(dims.slice(0, -3)), frames, height, width];
}

/**
 * The frames, height and width of a latent that is to be decoded.
 *
 * @throws {RangeError} When it is not `[channels, frames, height, width]`, or
 * is empty.
 */
export function latentShape(
  { dims }: Tensor,
  channels: number,
): [frames: number, height: number, width: number] {
  const [has, frames = 0, height = 0, width = 0] = dims;
  if (dims.length !== 4 || has !== channels || sizeOf(dims) === 0) {
    throw new RangeError(
      `Cannot decode a latent of [${
        dims.join(", ")
      }], expected [${channels}, frames, height, width]`,
    );
  }
  return [frames, height, width];
}
