/**
 * The frames of an LTX motion-track control video: discs with a trail on black,
 * as Lightricks' LTXVDrawTracks paints them for the Motion-Track IC-LoRA.
 *
 * They are painted at 1080 px on the short side, with radii of 2 to 8 px by age
 * over 50 frames, blue over green and yellow to red for the newest, the newest
 * on top; then scaled down bilinearly, with red and blue exchanged, which is
 * what the model was trained with.
 *
 * Source: `sparse_tracks.py` of ComfyUI-LTXVideo.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import type { RgbImage } from "../base/image.ts";
import { TRACK_FRAMES, type TrackSet } from "../tracks/track_set.ts";

const SHORT_SIDE = 1080;
const TRAIL = 50;
const LEAST_RADIUS = 2;
const MOST_RADIUS = 8;
const HALF_STAMP = MOST_RADIUS + 1;

const { fround } = Math;

/**
 * The 121 frames of a control video at 24 per second, made one by one. `image`
 * is the size of the image that the tracks were drawn on, `width` and `height`
 * that of the frames.
 *
 * Each frame has its own buffer.
 *
 * @throws {RangeError} At once, when a size is not a positive whole number.
 */
export function motionTrackFrames(
  tracks: TrackSet,
  options: {
    readonly image: { readonly width: number; readonly height: number };
    readonly width: number;
    readonly height: number;
  },
): Iterable<RgbImage> {
  const { image, width, height } = options;
  for (const side of [image.width, image.height, width, height]) {
    if (Number.isInteger(side) && side >= 1) continue;
    throw new RangeError(
      `Cannot paint tracks of ${image.width}x${image.height} at ${width}x${height}: ${
        quote(side)
      } is not a positive whole number of px`,
    );
  }
  const wide = height <= width;
  const fineWidth = wide ? Math.trunc(width * SHORT_SIDE / height) : SHORT_SIDE;
  const fineHeight = wide
    ? SHORT_SIDE
    : Math.trunc(height * SHORT_SIDE / width);
  const stamps = makeStamps();
  const columns = sampling(fineWidth, width);
  const rows = sampling(fineHeight, height);
  // What the fine pixels show: 0 for black, else the age and one.
  const ages = new Uint8Array(fineWidth * fineHeight);

  const stamp = (track: number, frame: number, age: number) => {
    const x = fround(
      tracks.x(track, frame) * width / image.width * (fineWidth / width),
    );
    const y = fround(
      tracks.y(track, frame) * height / image.height * (fineHeight / height),
    );
    const cx = roundHalfToEven(x), cy = roundHalfToEven(y);
    const { reach } = stamps[age]!;
    for (let dy = -HALF_STAMP; dy <= HALF_STAMP; dy++) {
      const half = reach[Math.abs(dy)]!;
      const row = cy + dy;
      if (half < 0 || row < 0 || row >= fineHeight) continue;
      const from = Math.max(0, cx - half);
      const to = Math.min(fineWidth - 1, cx + half);
      if (from <= to) {
        ages.fill(age + 1, row * fineWidth + from, row * fineWidth + to + 1);
      }
    }
  };

  const colors = new Float64Array(3 * (TRAIL + 2));
  stamps.forEach(({ color }, age) => colors.set(color, 3 * (age + 1)));

  return {
    *[Symbol.iterator]() {
      for (let frame = 0; frame < TRACK_FRAMES; frame++) {
        ages.fill(0);
        for (let past = Math.max(0, frame - TRAIL); past <= frame; past++) {
          for (let track = 0; track < tracks.count; track++) {
            if (tracks.visible(track, past)) stamp(track, past, frame - past);
          }
        }
        yield shrink(ages, { columns, rows, colors, fineWidth });
      }
    },
  };
}

/** A disc and its color for each age. */
function makeStamps(): { reach: Int32Array; color: number[] }[] {
  return Array.from({ length: TRAIL + 1 }, (_, age) => {
    const ratio = fround(1 - fround(age / TRAIL));
    const radius = fround(
      LEAST_RADIUS + fround((MOST_RADIUS - LEAST_RADIUS) * ratio),
    );
    const most = fround(radius * radius);
    const reach = Int32Array.from({ length: HALF_STAMP + 1 }, (_, dy) => {
      let dx = HALF_STAMP;
      while (dx >= 0 && dx * dx + dy * dy > most) dx--;
      return dx;
    });
    return { reach, color: colorOf(ratio) };
  });
}

/** Blue at 0, green at a third, yellow at two thirds, red at 1; from 0 to 1. */
function colorOf(ratio: number): number[] {
  if (ratio <= 1 / 3) return [0, ratio * 3, 1 - ratio * 3];
  if (ratio <= 2 / 3) return [(ratio - 1 / 3) * 3, 1, 0];
  return [1, 1 - (ratio - 2 / 3) * 3, 0];
}

/** For each coarse pixel the two fine ones it mixes, and the share of the second. */
interface Sampling {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly share: Float64Array;
}

/** Bilinear sampling with the edges aligned, not the centers of the corners. */
function sampling(fine: number, coarse: number): Sampling {
  const first = new Int32Array(coarse), second = new Int32Array(coarse);
  const share = new Float64Array(coarse);
  for (let i = 0; i < coarse; i++) {
    const at = Math.max(0, fine / coarse * (i + 0.5) - 0.5);
    first[i] = Math.floor(at);
    second[i] = Math.min(first[i]! + 1, fine - 1);
    share[i] = at - first[i]!;
  }
  return { first, second, share };
}

function shrink(
  ages: Uint8Array,
  options: {
    readonly columns: Sampling;
    readonly rows: Sampling;
    readonly colors: Float64Array;
    readonly fineWidth: number;
  },
): RgbImage {
  const { columns, rows, colors, fineWidth } = options;
  const width = columns.first.length, height = rows.first.length;
  const data = new Uint8Array(3 * width * height);
  for (let y = 0, out = 0; y < height; y++) {
    const top = rows.first[y]! * fineWidth, low = rows.second[y]! * fineWidth;
    const down = rows.share[y]!;
    for (let x = 0; x < width; x++, out += 3) {
      const left = columns.first[x]!, right = columns.second[x]!;
      const a = ages[top + left]!, b = ages[top + right]!;
      const c = ages[low + left]!, d = ages[low + right]!;
      if (a + b + c + d === 0) continue;
      const across = columns.share[x]!;
      for (let channel = 0; channel < 3; channel++) {
        const upper = colors[3 * a + channel]! * (1 - across) +
          colors[3 * b + channel]! * across;
        const lower = colors[3 * c + channel]! * (1 - across) +
          colors[3 * d + channel]! * across;
        // Red goes where blue is expected, and blue where red is.
        data[out + 2 - channel] = Math.round(
          255 * (upper * (1 - down) + lower * down),
        );
      }
    }
  }
  return { width, height, data };
}

function roundHalfToEven(value: number): number {
  const down = Math.floor(value), rest = value - down;
  if (rest !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}
