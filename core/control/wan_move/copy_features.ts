/**
 * Wan-Move's rule: every track carries the latent feature of its first cell to
 * the cells that it passes.
 *
 * Source: Wan-Move (ali-vilab), `wan/modules/trajectory.py`,
 * `create_pos_feature_map` and `replace_feature`. The reference shuffles the
 * tracks; here their order decides: where tracks meet in a cell, the last one
 * is kept.
 *
 * @module
 */

import type { Tensor } from "../../base/tensor.ts";
import { trackFrameAt } from "../../tracks/resample.ts";
import type { TrackSet } from "../../tracks/track_set.ts";

/** Px of the video to a cell of the latent. */
const CELL = 8;
/** Frames of the video to one frame of the latent, after the first. */
const FRAMES_PER_LATENT = 4;

/** Where tracks are in the latent. */
export interface TrackCells {
  /** `[tracks * latent frames]`: `row * width + column`, or -1 for none. */
  readonly cells: Int32Array;
  /** How many tracks there are. */
  readonly count: number;
  /** How many latent frames there are. */
  readonly frames: number;
}

/**
 * The cell of every track in every latent frame: that of video frame 4k, or
 * none where the track is hidden or outside the video.
 *
 * @param samples `[frames, tracks, 3]`: x and y in px of the video, and
 * visibility (any value but 0); fewer frames than the video leave the last
 * latent frames without cells
 * @param size the video's size in px and its latent frames
 */
export function trackCells(
  samples: Tensor,
  size: {
    readonly width: number;
    readonly height: number;
    readonly latentFrames: number;
  },
): TrackCells {
  const [frames = 0, count = 0] = samples.dims;
  const { width, height, latentFrames } = size;
  const columns = Math.floor(width / CELL);
  const cells = new Int32Array(count * latentFrames).fill(-1);
  for (let k = 0; k < latentFrames; k++) {
    const frame = FRAMES_PER_LATENT * k;
    if (frame >= frames) break;
    for (let n = 0; n < count; n++) {
      const at = 3 * (frame * count + n);
      const x = samples.data[at]!, y = samples.data[at + 1]!;
      const inside = x >= 0 && x < width && y >= 0 && y < height;
      if (samples.data[at + 2] === 0 || !inside) continue;
      cells[n * latentFrames + k] = Math.floor(y / CELL) * columns +
        Math.floor(x / CELL);
    }
  }
  return { cells, count, frames: latentFrames };
}

/** How features are copied. */
export interface CopyOptions {
  /**
   * 1 replaces a cell's feature, the default and the reference's rule; less
   * mixes it with what is there, more exaggerates.
   */
  readonly strength?: number;
  /**
   * What a track carries that has no cell in the first frame (hidden or
   * outside). By default nothing: it has no feature. `reference` carries that
   * of the last cell, as an index of -1 does there.
   */
  readonly compat?: "exact" | "reference";
}

/**
 * The latent with every track's first feature in the cells that it passes, a
 * new tensor `[channels, T, h, w]`. All features are read before any is
 * written.
 *
 * @param latent `[channels, T, h, w]`
 */
export function copyFeatures(
  latent: Tensor,
  { cells, count, frames }: TrackCells,
  options: CopyOptions = {},
): Tensor {
  const { strength = 1, compat = "exact" } = options;
  const [channels = 0, , height = 0, width = 0] = latent.dims;
  const plane = height * width;
  const data = latent.data.slice();
  for (let n = 0; n < count; n++) {
    let source = cells[n * frames]!;
    if (source < 0) {
      if (compat !== "reference") continue;
      source = plane - 1;
    }
    for (let k = 1; k < frames; k++) {
      const cell = cells[n * frames + k]!;
      if (cell < 0) continue;
      for (let c = 0; c < channels; c++) {
        const start = c * frames * plane;
        const from = latent.data[start + source]!;
        const at = start + k * plane + cell;
        const there = latent.data[at]!;
        data[at] = strength === 1 ? from : Math.fround(
          there + Math.fround(Math.fround(from - there) * strength),
        );
      }
    }
  }
  return { dims: latent.dims, data };
}

/**
 * Tracks as the rule takes them, `[frames, tracks, 3]` in px of the video: the
 * 121 samples at 24 per second are read at 16 per second, as for ATI.
 */
export function samplesInVideo(
  tracks: TrackSet,
  options: {
    readonly image: { readonly width: number; readonly height: number };
    readonly video: {
      readonly width: number;
      readonly height: number;
      readonly frameCount: number;
    };
  },
): Tensor {
  const { image, video } = options;
  const { count } = tracks;
  const across = Math.fround(video.width / image.width);
  const down = Math.fround(video.height / image.height);
  const data = new Float32Array(video.frameCount * count * 3);
  let at = 0;
  for (let frame = 0; frame < video.frameCount; frame++) {
    const sample = trackFrameAt(frame);
    for (let n = 0; n < count; n++) {
      data[at++] = tracks.x(n, sample) * across;
      data[at++] = tracks.y(n, sample) * down;
      data[at++] = tracks.visible(n, sample) ? 1 : 0;
    }
  }
  return { dims: [video.frameCount, count, 3], data };
}
