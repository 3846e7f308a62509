/**
 * Fills what a thing leaves behind with what is around it: patches of the
 * image are copied into the hole, from coarse to fine, until they fit.
 *
 * Source: Barnes, Shechtman, Finkelstein, Goldman, "PatchMatch" (SIGGRAPH
 * 2009); Wexler, Shechtman, Irani, "Space-Time Completion of Video" (PAMI 2007)
 * for the rounds of search and vote.
 *
 * @module
 */

import type { RgbImage } from "../../base/image.ts";
import type { Steps } from "../../base/steps.ts";
import { seeded } from "../../base/seeded.ts";
import { fitSize, resizeImage } from "./work_image.ts";

/** Half of a patch: 7 x 7 px. */
const HALF = 3;
/** The longest side in which patches are searched for; then they are copied finer. */
const SEARCHED = 320;
/** The longest side of the coarsest level. */
const COARSEST = 40;
/** Rounds of search and vote on each level. */
const ROUNDS = 4;
/** Sweeps of one search. */
const SWEEPS = 2;
/**
 * What it costs to copy from the other end of the image, in squared levels:
 * patches from nearby fit in light and scale.
 */
const NEARBY = 120_000;

interface Level {
  readonly width: number;
  readonly height: number;
  /** (height, width, 3). */
  readonly color: Float32Array;
  /** 1 in the hole. */
  readonly hole: Uint8Array;
  /** 1 where a patch may be copied from: its center. */
  readonly source: Uint8Array;
}

/**
 * The image with its hole filled. What is not in the hole stays as it is, and
 * a hole that leaves nothing to copy from stays, too.
 *
 * @param hole (height, width): not 0 in the hole.
 * @param avoid (height, width): not 0 where nothing is copied from, though it
 * is no hole.
 */
export function* fillHole(
  image: RgbImage,
  hole: Uint8Array,
  avoid?: Uint8Array,
): Steps<RgbImage> {
  const { width, height } = image;
  if (!hole.some((value) => value > 0)) return image;
  const levels: Level[] = [];
  for (
    let longest = Math.min(SEARCHED, Math.max(width, height));;
    longest = Math.round(longest / 1.8)
  ) {
    levels.unshift(levelOf(image, { hole, avoid, longest }));
    if (longest <= COARSEST) break;
  }
  while (levels.length > 1 && !levels[0]!.source.includes(1)) levels.shift();
  if (!levels[0]!.source.includes(1)) return image;
  const random = seeded(1);
  let field: Int32Array | undefined;
  let last: Level | undefined;
  for (const level of levels) {
    field = startField(level, { last, field, random });
    if (!last) diffuse(level);
    else vote(level, field);
    for (let round = 0; round < ROUNDS; round++) {
      search(level, field, random);
      yield;
      vote(level, field);
      yield;
    }
    last = level;
  }
  return copyFine(image, { hole, level: last!, field: field! });
}

function levelOf(
  image: RgbImage,
  options: {
    hole: Uint8Array;
    avoid: Uint8Array | undefined;
    longest: number;
  },
): Level {
  const size = fitSize(image, options.longest);
  const { width, height } = size;
  const color = Float32Array.from(resizeImage(image, size).data);
  const shrunk = (mask: Uint8Array | undefined) => {
    const small = new Uint8Array(width * height);
    if (!mask) return small;
    for (let y = 0, i = 0; y < image.height; y++) {
      const row = Math.floor(y * height / image.height) * width;
      for (let x = 0; x < image.width; x++, i++) {
        if (mask[i]! > 0) small[row + Math.floor(x * width / image.width)] = 1;
      }
    }
    return small;
  };
  const hole = shrunk(options.hole), avoid = shrunk(options.avoid);
  const source = new Uint8Array(width * height);
  for (let y = HALF; y < height - HALF; y++) {
    for (let x = HALF; x < width - HALF; x++) {
      let free = 1;
      for (let v = y - HALF; free && v <= y + HALF; v++) {
        for (let u = x - HALF; u <= x + HALF; u++) {
          if (hole[v * width + u] || avoid[v * width + u]) {
            free = 0;
            break;
          }
        }
      }
      source[y * width + x] = free;
    }
  }
  return { width, height, color, hole, source };
}

/** A first filling: the colors around, smoothly (layer by layer inwards). */
function diffuse({ width, height, color, hole }: Level): void {
  const known = hole.map((value) => 1 - value);
  let open = Array.from(hole.keys()).filter((i) => hole[i]);
  while (open.length > 0) {
    const done: number[] = [];
    for (const i of open) {
      const x = i % width, y = (i - x) / width;
      let sum = 0, r = 0, g = 0, b = 0;
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const k = v * width + u;
          if (!known[k]) continue;
          sum++;
          r += color[3 * k]!;
          g += color[3 * k + 1]!;
          b += color[3 * k + 2]!;
        }
      }
      if (sum === 0) continue;
      color[3 * i] = r / sum;
      color[3 * i + 1] = g / sum;
      color[3 * i + 2] = b / sum;
      done.push(i);
    }
    if (done.length === 0) return;
    for (const i of done) known[i] = 1;
    open = open.filter((i) => !known[i]);
  }
}

/** For every pixel whose patch touches the hole, where it is copied from. */
function startField(
  level: Level,
  from: {
    last: Level | undefined;
    field: Int32Array | undefined;
    random: () => number;
  },
): Int32Array {
  const { width, height, source } = level;
  const { last, field, random } = from;
  const next = new Int32Array(width * height).fill(-1);
  const sources = Int32Array.from(source.keys()).filter((i) => source[i]);
  const near = touched(level);
  for (let i = 0; i < near.length; i++) {
    if (!near[i]) continue;
    let guess = -1;
    if (last && field) {
      const x = i % width, y = (i - x) / width;
      const lx = Math.min(last.width - 1, Math.floor(x * last.width / width));
      const ly = Math.min(
        last.height - 1,
        Math.floor(y * last.height / height),
      );
      const before = field[ly * last.width + lx]!;
      if (before >= 0) {
        const sx = before % last.width, sy = (before - sx) / last.width;
        const u = x + Math.round((sx - lx) * width / last.width);
        const v = y + Math.round((sy - ly) * height / last.height);
        if (u >= 0 && v >= 0 && u < width && v < height) {
          if (source[v * width + u]) guess = v * width + u;
        }
      }
    }
    next[i] = guess >= 0
      ? guess
      : sources[Math.floor(random() * sources.length)]!;
  }
  return next;
}

/** 1 where a patch around the pixel touches the hole. */
function touched({ width, height, hole }: Level): Uint8Array {
  const near = new Uint8Array(width * height);
  for (let i = 0; i < hole.length; i++) {
    if (!hole[i]) continue;
    const x = i % width, y = (i - x) / width;
    for (
      let v = Math.max(0, y - HALF);
      v <= Math.min(height - 1, y + HALF);
      v++
    ) {
      near.fill(
        1,
        v * width + Math.max(0, x - HALF),
        v * width + Math.min(width - 1, x + HALF) + 1,
      );
    }
  }
  return near;
}

/** How badly the patch at a source fits the one at a target. */
function misfit(
  { width, height, color }: Level,
  [target, source]: readonly [number, number],
  most: number,
): number {
  const x = target % width, y = (target - x) / width;
  const sx = source % width, sy = (source - sx) / width;
  const away = (Math.abs(x - sx) + Math.abs(y - sy)) / Math.max(width, height);
  let sum = NEARBY * away;
  const left = Math.max(-HALF, -x), right = Math.min(HALF, width - 1 - x);
  const top = Math.max(-HALF, -y), bottom = Math.min(HALF, height - 1 - y);
  for (let v = top; v <= bottom; v++) {
    let a = 3 * ((y + v) * width + x + left);
    let b = 3 * ((sy + v) * width + sx + left);
    for (let u = left; u <= right; u++, a += 3, b += 3) {
      const r = color[a]! - color[b]!, g = color[a + 1]! - color[b + 1]!;
      const c = color[a + 2]! - color[b + 2]!;
      sum += r * r + g * g + c * c;
    }
    if (sum >= most) return sum;
  }
  return sum;
}

/** Better sources for all patches: those of neighbors, and random ones. */
function search(level: Level, field: Int32Array, random: () => number): void {
  const { width, height, source } = level;
  const targets = Int32Array.from(field.keys()).filter((i) => field[i]! >= 0);
  const fit = new Float32Array(field.length);
  for (const i of targets) fit[i] = misfit(level, [i, field[i]!], Infinity);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const back = sweep % 2 === 1, step = back ? 1 : -1;
    for (let k = 0; k < targets.length; k++) {
      const i = targets[back ? targets.length - 1 - k : k]!;
      const x = i % width;
      let best = field[i]!, least = fit[i]!;
      const attempt = (candidate: number) => {
        if (candidate < 0 || !source[candidate] || candidate === best) return;
        const found = misfit(level, [i, candidate], least);
        if (found < least) [best, least] = [candidate, found];
      };
      if (x + step >= 0 && x + step < width && field[i + step]! >= 0) {
        attempt(field[i + step]! - step);
      }
      const row = i + step * width;
      if (row >= 0 && row < field.length && field[row]! >= 0) {
        attempt(field[row]! - step * width);
      }
      for (let reach = Math.max(width, height); reach >= 1; reach /= 2) {
        const bx = best % width, by = (best - bx) / width;
        const u = Math.round(bx + reach * (2 * random() - 1));
        const v = Math.round(by + reach * (2 * random() - 1));
        if (u >= 0 && v >= 0 && u < width && v < height) {
          attempt(v * width + u);
        }
      }
      field[i] = best;
      fit[i] = least;
    }
  }
}

/** Every pixel of the hole becomes the mean of what the patches over it say. */
function vote(level: Level, field: Int32Array): void {
  const { width, height, color, hole } = level;
  const next: number[] = [];
  for (let i = 0; i < hole.length; i++) {
    if (!hole[i]) continue;
    const x = i % width, y = (i - x) / width;
    let sum = 0, r = 0, g = 0, b = 0;
    for (let v = -HALF; v <= HALF; v++) {
      if (y + v < 0 || y + v >= height) continue;
      for (let u = -HALF; u <= HALF; u++) {
        if (x + u < 0 || x + u >= width) continue;
        const from = field[i + v * width + u]!;
        if (from < 0) continue;
        const k = 3 * (from - v * width - u);
        const weight = 1 / (1 + u * u + v * v);
        sum += weight;
        r += weight * color[k]!;
        g += weight * color[k + 1]!;
        b += weight * color[k + 2]!;
      }
    }
    next.push(r / sum, g / sum, b / sum);
  }
  for (let i = 0, k = 0; i < hole.length; i++) {
    if (!hole[i]) continue;
    color[3 * i] = next[k++]!;
    color[3 * i + 1] = next[k++]!;
    color[3 * i + 2] = next[k++]!;
  }
}

/** Copies in the image's own size what the patches of the last level say. */
function copyFine(
  image: RgbImage,
  options: { hole: Uint8Array; level: Level; field: Int32Array },
): RgbImage {
  const { hole, level, field } = options;
  const { width, height } = image;
  const data = image.data.slice();
  const sx = width / level.width, sy = height / level.height;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!hole[i]) continue;
      const u = (x + 0.5) / sx - 0.5, v = (y + 0.5) / sy - 0.5;
      let sum = 0, r = 0, g = 0, b = 0;
      // The sources of the four nearest pixels, as far off as they are there.
      for (let k = 0; k < 4; k++) {
        const cx = Math.floor(u) + k % 2, cy = Math.floor(v) + (k >> 1);
        if (cx < 0 || cy < 0 || cx >= level.width || cy >= level.height) {
          continue;
        }
        const from = field[cy * level.width + cx]!;
        if (from < 0) continue;
        const fx = from % level.width, fy = (from - fx) / level.width;
        const px = Math.round(x + (fx - cx) * sx);
        const py = Math.round(y + (fy - cy) * sy);
        if (px < 0 || py < 0 || px >= width || py >= height) continue;
        if (hole[py * width + px]) continue;
        const weight = (1 - Math.abs(u - cx)) * (1 - Math.abs(v - cy)) + 1e-6;
        const at = 3 * (py * width + px);
        sum += weight;
        r += weight * image.data[at]!;
        g += weight * image.data[at + 1]!;
        b += weight * image.data[at + 2]!;
      }
      if (sum === 0) {
        const at = 3 *
          (Math.min(level.height - 1, Math.max(0, Math.round(v))) *
              level.width +
            Math.min(level.width - 1, Math.max(0, Math.round(u))));
        sum = 1;
        r = level.color[at]!;
        g = level.color[at + 1]!;
        b = level.color[at + 2]!;
      }
      data[3 * i] = Math.round(r / sum);
      data[3 * i + 1] = Math.round(g / sum);
      data[3 * i + 2] = Math.round(b / sum);
    }
  }
  return { width, height, data };
}
