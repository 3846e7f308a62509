/**
 * Guesses which pixels belong to the thing that some points are on, from
 * colors and edges alone.
 *
 * Regions of several sizes around the points are refined, each by a color
 * model and a minimum cut (as GrabCut does); the one whose outline follows the
 * strongest edges is the guess.
 *
 * Source: Rother, Kolmogorov, Blake, "GrabCut" (SIGGRAPH 2004); Carreira,
 * Sminchisescu, "CPMC" (PAMI 2012) for the family of sizes.
 *
 * @module
 */

import type { Point } from "../../base/image.ts";
import type { Steps } from "../../base/steps.ts";
import { type ColorModel, colorModel } from "./color_model.ts";
import { geodesicDistance } from "./geodesic.ts";
import { minCut, NEIGHBORS } from "./min_cut.ts";
import type { LabImage } from "./work_image.ts";

/** What is known about a region. */
export interface RegionHints {
  /** Lines on the thing, px of the image: a point for each single track. */
  readonly inside: readonly (readonly Point[])[];
  /** Points that are not on it. */
  readonly outside: readonly Point[];
}

/** A region that was found. */
export interface GuessedRegion {
  /** (height, width): 1 inside. */
  readonly mask: Uint8Array;
  /** How sharp its outline is, 0 to 1. */
  readonly contrast: number;
  /** Its share of the image. */
  readonly area: number;
  /** The share of its outline that is the image's border. */
  readonly cut: number;
  /** 1 for a disc, less the longer the outline. */
  readonly compact: number;
}

/** Radius of what surely is inside around a point, as a share of the short side. */
const SEED = 0.018;
/** The shares of the image that are tried first. */
const SIZES = [0.004, 0.012, 0.03, 0.07, 0.14, 0.24];
/** Rounds of color model and cut. */
const ROUNDS = 2;
/** How much neighbors of one color want to agree. */
const SMOOTHNESS = 14;
/** How much a color may say against a pixel's position. */
const MOST_COLOR = 6;
/** What the distance to the points says. */
const POSITION = 2.2;
/** Things are seldom smaller or larger than these shares of the image. */
const SMALL = 0.005, LARGE = 0.15;
/** How much sharp, uncut, compact outlines are preferred, as powers. */
const SHARP = 6, WHOLE = 3, COMPACT = 0.3;

/**
 * The regions that may be meant, the most likely first; none without a point
 * inside the image.
 */
export function* guessRegions(
  image: LabImage,
  hints: RegionHints,
): Steps<GuessedRegion[]> {
  const { width, height } = image;
  const short = Math.min(width, height);
  const seeds = stamp(image, hints.inside, Math.max(1, SEED * short));
  if (seeds.size === 0) return [];
  const outside = stamp(
    image,
    hints.outside.map((point) => [point]),
    Math.max(1, SEED * short),
  );
  for (const at of seeds) outside.delete(at);
  yield;
  const near = geodesicDistance(image, seeds);
  yield;
  const far = geodesicDistance(image, outside.union(border(image, seeds)));
  // From 0 at the points to 1 at what is outside.
  const place = near.map((value, i) => value / (value + far[i]! + 1e-6));
  const order = Int32Array.from(place, (_, i) => i).sort((a, b) =>
    place[a]! - place[b]!
  );
  const links = linkCosts(image);
  const found: (GuessedRegion & { readonly score: number })[] = [];
  for (const size of SIZES) {
    const count = Math.max(seeds.size, Math.round(size * order.length));
    let mask: Uint8Array = new Uint8Array(order.length);
    for (let k = 0; k < count; k++) mask[order[k]!] = 1;
    const level = place[order[Math.min(order.length - 1, count)]!]!;
    for (let round = 0; round < ROUNDS; round++) {
      const inner: number[] = [], outer: number[] = [];
      for (let i = 0; i < mask.length; i++) (mask[i] ? inner : outer).push(i);
      if (inner.length < 4 || outer.length < 4) break;
      const preference = preferences(image, {
        inside: colorModel(image.lab, inner),
        outside: colorModel(image.lab, outer),
        place,
        level,
      });
      for (const at of seeds) preference[at] = Infinity;
      for (const at of outside) preference[at] = -Infinity;
      mask = connected(
        minCut({ width, height, preference, links }),
        seeds,
        image,
      );
      yield;
    }
    fillHoles(mask, image);
    const region = { mask, ...measure(mask, image) };
    found.push({
      ...region,
      score: region.contrast ** SHARP * (1 - region.cut) ** WHOLE *
        region.compact ** COMPACT * usual(region.area),
    });
  }
  return found.sort((a, b) => b.score - a.score);
}

/** How usual it is for a thing to have a share of the image, up to 1. */
function usual(area: number): number {
  return area / (area + SMALL) / (1 + (area / LARGE) ** 2);
}

/** The pixels within a radius of some lines. */
function stamp(
  { width, height }: LabImage,
  lines: readonly (readonly Point[])[],
  radius: number,
): Set<number> {
  const found = new Set<number>();
  const disc = ({ x, y }: Point) => {
    for (let v = Math.ceil(y - radius); v <= y + radius; v++) {
      for (let u = Math.ceil(x - radius); u <= x + radius; u++) {
        if (u < 0 || v < 0 || u >= width || v >= height) continue;
        if (Math.hypot(u - x, v - y) <= radius) found.add(v * width + u);
      }
    }
  };
  for (const line of lines) {
    if (line.length === 1) disc(line[0]!);
    for (let k = 1; k < line.length; k++) {
      const a = line[k - 1]!, b = line[k]!;
      const steps = Math.ceil(Math.hypot(b.x - a.x, b.y - a.y)) + 1;
      for (let s = 0; s <= steps; s++) {
        const t = s / steps;
        disc({ x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) });
      }
    }
  }
  return found;
}

/** The image's border, without what is close to the seeds. */
function border(
  { width, height }: LabImage,
  seeds: ReadonlySet<number>,
): Set<number> {
  const found = new Set<number>();
  for (let x = 0; x < width; x++) found.add(x).add((height - 1) * width + x);
  for (let y = 0; y < height; y++) {
    found.add(y * width).add(y * width + width - 1);
  }
  for (const at of seeds) found.delete(at);
  return found;
}

/** What it costs to part neighbors: little where the color changes. */
export function linkCosts({ width, height, lab }: LabImage): Float32Array[] {
  const links = [0, 1, 2, 3].map(() => new Float32Array(width * height));
  const change = links.map(() => new Float32Array(width * height));
  let sum = 0, count = 0;
  for (let k = 0; k < 4; k++) {
    const [dx, dy] = NEIGHBORS[2 * k]!;
    for (let y = 0; y + dy < height; y++) {
      for (let x = Math.max(0, -dx); x + Math.max(0, dx) < width; x++) {
        const i = y * width + x, j = i + dy * width + dx;
        const l = lab[3 * i]! - lab[3 * j]!;
        const a = lab[3 * i + 1]! - lab[3 * j + 1]!;
        const b = lab[3 * i + 2]! - lab[3 * j + 2]!;
        const value = l * l + a * a + b * b;
        change[k]![i] = value;
        sum += value;
        count++;
      }
    }
  }
  const usual = Math.max(1, sum / Math.max(1, count));
  for (let k = 0; k < 4; k++) {
    const length = k < 2 ? 1 : Math.SQRT2;
    for (let i = 0; i < width * height; i++) {
      links[k]![i] = SMOOTHNESS / length *
        Math.exp(-change[k]![i]! / (2 * usual));
    }
  }
  return links;
}

function preferences(
  { lab }: LabImage,
  known: {
    readonly inside: ColorModel;
    readonly outside: ColorModel;
    readonly place: Float32Array;
    readonly level: number;
  },
): Float32Array {
  const { inside, outside, place, level } = known;
  return place.map((here, i) => {
    const l = lab[3 * i]!, a = lab[3 * i + 1]!, b = lab[3 * i + 2]!;
    const color = outside(l, a, b) - inside(l, a, b);
    const position = POSITION * Math.log((level + 0.02) / (here + 0.02));
    return Math.min(MOST_COLOR, Math.max(-MOST_COLOR, color)) + position;
  });
}

/** What of a mask hangs together with the seeds. */
function connected(
  mask: Uint8Array,
  seeds: Iterable<number>,
  { width, height }: LabImage,
): Uint8Array {
  const kept = new Uint8Array(mask.length);
  const open = [...seeds];
  for (const at of open) kept[at] = 1;
  while (open.length > 0) {
    const at = open.pop()!, x = at % width;
    const visit = (other: number) => {
      if (!mask[other] || kept[other]) return;
      kept[other] = 1;
      open.push(other);
    };
    if (x > 0) visit(at - 1);
    if (x < width - 1) visit(at + 1);
    if (at >= width) visit(at - width);
    if (at < width * (height - 1)) visit(at + width);
  }
  return kept;
}

/** Holes of a mask that do not reach the image's border are filled. */
function fillHoles(mask: Uint8Array, image: LabImage): void {
  const outer = mask.map((value) => 1 - value);
  const edge = [...border(image, new Set())].filter((at) => outer[at]);
  const reached = connected(outer, edge, image);
  for (let i = 0; i < mask.length; i++) mask[i] = reached[i] ? 0 : 1;
}

/** A change of color that is an edge, in Lab units. */
const EDGE = 14;

function measure(
  mask: Uint8Array,
  { width, height, lab }: LabImage,
): Omit<GuessedRegion, "mask"> {
  let inside = 0, outline = 0, sharp = 0, cut = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (!mask[i]) continue;
      inside++;
      if (x === 0 || y === 0 || x === width - 1 || y === height - 1) cut++;
      for (let d = 0; d < 4; d++) {
        const [dx, dy] = NEIGHBORS[d]!;
        const u = x + dx, v = y + dy;
        if (u < 0 || v < 0 || u >= width || v >= height) continue;
        if (mask[v * width + u]) continue;
        outline++;
        // The change across the outline, two pixels apart: edges are soft.
        const p = 3 * (Math.min(height - 1, Math.max(0, y - dy)) * width +
          Math.min(width - 1, Math.max(0, x - dx)));
        const q = 3 * (Math.min(height - 1, Math.max(0, v + dy)) * width +
          Math.min(width - 1, Math.max(0, u + dx)));
        const change = Math.hypot(
          lab[p]! - lab[q]!,
          lab[p + 1]! - lab[q + 1]!,
          lab[p + 2]! - lab[q + 2]!,
        );
        sharp += Math.min(1, change / EDGE);
      }
    }
  }
  return {
    contrast: sharp / Math.max(1, outline + cut),
    area: inside / (width * height),
    cut: cut / Math.max(1, outline + cut),
    // Counted in steps, a disc's outline is 8 radii long.
    compact: Math.min(1, 64 * inside / (Math.PI * (outline + cut) ** 2)),
  };
}
