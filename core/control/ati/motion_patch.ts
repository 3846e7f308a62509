/**
 * The trajectory instruction: how the tracks are written into the latent of
 * the conditioning clip.
 *
 * Every track takes the latent feature of its start along its way and leaves a
 * Gaussian footprint of it in every latent frame, and the footprint's weight in
 * the mask.
 *
 * Source: ATI, arXiv 2505.22944, section 3; the reference's
 * `wan/modules/motion_patch.py`, lines 77-150. Its oddities are kept, because
 * the model was trained with them: see the comments below.
 *
 * @module
 */

import { quote } from "../../base/errors.ts";
import type { Tensor } from "../../base/tensor.ts";
import { nearestTracks } from "./_nearest_tracks.ts";

/** Channels of the latent; the mask adds {@linkcode MASK_CHANNELS}. */
const LATENT_CHANNELS = 16;
/** Channels of the mask, all the same. */
const MASK_CHANNELS = 4;
/** Frames of the clip to one frame of the latent, after the first. */
const FRAMES_PER_LATENT = 4;

/** Random loss of the ends of tracks, as in training. */
export interface TailDropout {
  /** How many of the tracks lose their end, 0 to 1; the reference takes 0.2. */
  readonly probability: number;
  /** A source of random numbers from 0 up to but not including 1. */
  readonly random: () => number;
}

/** Options of {@linkcode patchMotion}. */
export interface PatchMotionOptions {
  /**
   * How narrow a footprint is; the weight is exp(-temperature d^2), d in half
   * short sides. The model was trained with 220, the default: at 480p the
   * weight falls to 37 % within 16 px.
   */
  readonly temperature?: number;
  /**
   * How many tracks act at one place at most, the strongest first. The model
   * was trained with 2, the default.
   */
  readonly topk?: number;
  /** Only for training; none when left out. */
  readonly tailDropout?: TailDropout;
}

/**
 * Writes tracks into a latent.
 *
 * Where two tracks weigh exactly the same, the one with the lower index goes
 * first (torch promises no order there; it matters only when their features
 * differ as well). A place sums the weights of its `topk` tracks: the mask
 * reaches up to `topk`, while the latent below fades out at 1.
 *
 * Memory: the result, and about 150 bytes per track and latent frame at a time.
 *
 * @param tracks (F, N, 4): time (not used), x, y, visible, with F = 4 T - 3.
 * x and y from the picture's centre in half short sides; visible from 0.5 to 1
 * counts, anything from 0 down does not (the reference clamps to 0..1).
 * @param latent (16, T, h, w): the encoded conditioning clip.
 * @returns (20, T, h, w): 4 times the mask, then the features.
 * @throws {RangeError} When the dimensions do not fit, or an option is out of
 * its range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { patchMotion } from "@ati/ati";
 * // One track that rests in the middle of a latent of 3 by 3.
 * const tracks = { dims: [5, 1, 4], data: new Float32Array(20) };
 * for (let t = 0; t < 5; t++) tracks.data[4 * t + 3] = 1;
 * const latent = { dims: [16, 2, 3, 3], data: new Float32Array(16 * 18).fill(2) };
 * const patched = patchMotion(tracks, latent);
 * assert.equal(patched.dims.join(), "20,2,3,3");
 * assert.equal(patched.data[9 + 4], 1); // the mask where the track is
 * ```
 */
export function patchMotion(
  tracks: Tensor,
  latent: Tensor,
  options: PatchMotionOptions = {},
): Tensor {
  const { temperature = 220, topk = 2, tailDropout } = options;
  const [frames, count] = checkTracks(tracks);
  const [latentFrames, height, width] = checkLatent(latent);
  if (frames !== FRAMES_PER_LATENT * (latentFrames - 1) + 1) {
    throw new RangeError(
      `Cannot patch ${frames} frames of tracks into ${latentFrames} latent frames, expected ${
        FRAMES_PER_LATENT * (latentFrames - 1) + 1
      }`,
    );
  }
  if (!(temperature >= 0) || !Number.isFinite(temperature)) {
    throw new RangeError(
      `Cannot patch with temperature ${
        quote(temperature)
      }, expected a number from 0 up`,
    );
  }
  if (!Number.isInteger(topk) || topk < 1) {
    throw new RangeError(
      `Cannot patch with topk ${
        quote(topk)
      }, expected a whole number from 1 up`,
    );
  }
  const cells = height * width;
  const volume = latentFrames * cells;
  const out = new Float32Array((MASK_CHANNELS + LATENT_CHANNELS) * volume);
  out.set(latent.data, MASK_CHANNELS * volume);
  out.fill(1, 0, cells);

  const visible = visibility(tracks, tailDropout);
  const features = startFeatures(tracks, latent);
  const grid = {
    xs: linspace(width / Math.min(height, width), width),
    ys: linspace(height / Math.min(height, width), height),
  };
  const places = {
    x: new Float64Array(count),
    y: new Float64Array(count),
    strength: new Float64Array(count),
  };
  const mix = new Float64Array(LATENT_CHANNELS);
  for (let frame = 1; frame < latentFrames; frame++) {
    meanPlaces(tracks, { visible, frame, places });
    nearestTracks(grid, {
      places,
      temperature,
      topk,
      visit(cell, found, members, weights) {
        let total = 0;
        mix.fill(0);
        for (let k = 0; k < found; k++) {
          const weight = weights[k]!;
          const feature = LATENT_CHANNELS * members[k]!;
          total += weight;
          for (let c = 0; c < LATENT_CHANNELS; c++) {
            mix[c] = mix[c]! + weight * features[feature + c]!;
          }
        }
        let at = frame * cells + cell;
        out[at] = total;
        at += MASK_CHANNELS * volume;
        const rest = 1 - Math.min(1, total);
        for (let c = 0; c < LATENT_CHANNELS; c++, at += volume) {
          out[at] = mix[c]! + out[at]! * rest;
        }
      },
    });
  }
  for (let channel = 1; channel < MASK_CHANNELS; channel++) {
    out.copyWithin(channel * volume, 0, volume);
  }
  return {
    dims: [MASK_CHANNELS + LATENT_CHANNELS, latentFrames, height, width],
    data: out,
  };
}

function checkTracks({ dims, data }: Tensor): [number, number] {
  const [frames, count, four] = dims;
  if (
    dims.length !== 3 || frames === undefined || count === undefined ||
    four !== 4 || data.length !== frames * count * 4
  ) {
    throw new RangeError(
      `Cannot patch tracks of (${
        dims.join(", ")
      }) with ${data.length} numbers, expected (81, N, 4)`,
    );
  }
  return [frames, count];
}

function checkLatent({ dims, data }: Tensor): [number, number, number] {
  const [channels, frames, height, width] = dims;
  if (
    dims.length !== 4 || channels !== LATENT_CHANNELS || !frames || !height ||
    !width || data.length !== channels * frames * height * width
  ) {
    throw new RangeError(
      `Cannot patch a latent of (${
        dims.join(", ")
      }) with ${data.length} numbers, expected (16, T, h, w)`,
    );
  }
  return [frames, height, width];
}

/** Visibility clamped to 0..1, and with dropped tails: (F, N). */
function visibility(tracks: Tensor, dropout?: TailDropout): Float32Array {
  const [frames, count] = tracks.dims as [number, number, number];
  const visible = new Float32Array(frames * count);
  for (let i = 0; i < visible.length; i++) {
    visible[i] = Math.min(1, Math.max(0, tracks.data[4 * i + 3]!));
  }
  if (dropout === undefined) return visible;
  const { probability, random } = dropout;
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(
      `Cannot drop tails with probability ${
        quote(probability)
      }, expected 0 to 1`,
    );
  }
  if (probability === 0) return visible;
  // All draws of the one kind come before those of the other, as in torch.
  const kept = Array.from({ length: count }, () => random() > probability);
  for (let n = 0; n < count; n++) {
    const end = random() * (frames - 1);
    for (let frame = 0; frame < frames && !kept[n]; frame++) {
      if (frame >= end) visible[frame * count + n] = 0;
    }
  }
  return visible;
}

/**
 * The latent feature at every track's start, (N, 16): bilinear between the
 * centres of the cells, zero outside.
 *
 * This grid has its ends at the outer edges of the border cells
 * (grid_sample without align_corners), while the footprints' grid has them at
 * the border cells' centres: half a cell apart at the borders. And a start
 * outside the picture is moved to the outer edge, where half of what is
 * sampled is the zero outside. Visibility does not count.
 */
function startFeatures(tracks: Tensor, latent: Tensor): Float32Array {
  const count = tracks.dims[1]!;
  const [, frames, height, width] = latent.dims as [
    number,
    number,
    number,
    number,
  ];
  const short = Math.min(height, width);
  const features = new Float32Array(count * LATENT_CHANNELS);
  for (let n = 0; n < count; n++) {
    const x = unitToCell(tracks.data[4 * n + 1]! / (width / short), width);
    const y = unitToCell(tracks.data[4 * n + 2]! / (height / short), height);
    const left = Math.floor(x), top = Math.floor(y);
    const fx = x - left, fy = y - top;
    for (const [row, share] of [[top, 1 - fy], [top + 1, fy]] as const) {
      if (row < 0 || row >= height) continue;
      for (const [column, part] of [[left, 1 - fx], [left + 1, fx]] as const) {
        if (column < 0 || column >= width) continue;
        let at = row * width + column;
        for (let c = 0; c < LATENT_CHANNELS; c++) {
          const i = LATENT_CHANNELS * n + c;
          features[i] = features[i]! + share * part * latent.data[at]!;
          at += frames * height * width;
        }
      }
    }
  }
  return features;
}

/** From -1..1, and clamped to it, to cells: -0.5 is the outer edge of cell 0. */
function unitToCell(unit: number, cells: number): number {
  return (Math.min(1, Math.max(-1, unit)) + 1) * cells / 2 - 0.5;
}

/** `count` numbers from -end to end, both included. */
function linspace(end: number, count: number): Float64Array {
  return Float64Array.from(
    { length: count },
    (_, i) => count === 1 ? -end : -end + 2 * end * i / (count - 1),
  );
}

/**
 * Where every track is during one latent frame: the mean of its visible places
 * in the four frames of the clip, drawn towards the centre by 1e-5 of a frame
 * as the reference's divisor does. One visible frame is enough for full
 * strength.
 */
function meanPlaces(
  tracks: Tensor,
  options: {
    visible: Float32Array;
    frame: number;
    places: { x: Float64Array; y: Float64Array; strength: Float64Array };
  },
): void {
  const { visible, frame, places } = options;
  const count = tracks.dims[1]!;
  const first = FRAMES_PER_LATENT * (frame - 1) + 1;
  for (let n = 0; n < count; n++) {
    let seen = 0, x = 0, y = 0;
    for (let k = 0; k < FRAMES_PER_LATENT; k++) {
      const at = (first + k) * count + n;
      const v = visible[at]!;
      seen += v;
      x += v * tracks.data[4 * at + 1]!;
      y += v * tracks.data[4 * at + 2]!;
    }
    places.x[n] = x / (seen + 1e-5);
    places.y[n] = y / (seen + 1e-5);
    places.strength[n] = Math.min(1, seen);
  }
}
