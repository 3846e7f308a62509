/**
 * Cuts an image into layers: the things that groups of tracks move, each with
 * a soft edge, and what is seen where they were.
 *
 * @module
 */

import type { Point, RgbImage } from "../base/image.ts";
import { atOnce, type Steps } from "../base/steps.ts";
import type { TrackGroup, TrackGroups } from "./group_tracks.ts";
import { fillHole } from "./regions/fill_hole.ts";
import { type GuessedRegion, guessRegions } from "./regions/guess_region.ts";
import { fillOutline } from "./regions/outline.ts";
import { boxMean, softMask } from "./regions/soft_mask.ts";
import { fitSize, resizeImage, smoothed, toLab } from "./regions/work_image.ts";

/** One thing, cut out. */
export interface CutLayer {
  /** The index of its group. */
  readonly group: number;
  /** (height, width): 0 outside of the thing to 255 inside. */
  readonly alpha: Uint8Array;
}

/** An image in layers, see {@linkcode cutLayers}. */
export interface CutImage {
  /** Width in px. */
  readonly width: number;
  /** Height in px. */
  readonly height: number;
  /** The things from back to front; empty: the image is one sheet. */
  readonly layers: readonly CutLayer[];
  /** The image without the things: what they hide is filled in. */
  readonly background: RgbImage;
  /** (height, width): 255 where `background` differs from the image. */
  readonly hole: Uint8Array;
}

/** The longest side in which regions are looked for, px. */
const WORK_SIDE = 192;
/** The longest side in which the image is cut, px. */
export const CUT_SIDE = 832;
/** How soft an edge may be, over the short side. */
const SOFTNESS = 0.006;
/** How much more than a thing is filled in, over the short side. */
const MARGIN = 0.016;
/** A thing is smaller than this share of the image. */
const LARGEST = 0.4;
/** And has less of its outline on the border. */
const MOST_CUT = 0.35;
/** An outline with less contrast is no thing's, unless it goes far. */
const FAINT = 0.5;
/** What goes this far (over the short side) is cut out even if faint. */
const FAR = 0.25;

/**
 * Cuts an image into layers. A group whose region cannot be guessed is left
 * out; its tracks bend the image as before.
 *
 * @param drawnOn The size of the image that the tracks were drawn on, px.
 */
export function cutLayers(
  image: RgbImage,
  groups: Pick<TrackGroups, "groups" | "outside">,
  drawnOn: { readonly width: number; readonly height: number },
): CutImage {
  return atOnce(cutInSteps(image, groups, drawnOn));
}

/** {@linkcode cutLayers}, left several times for each layer. */
export function* cutInSteps(
  image: RgbImage,
  groups: Pick<TrackGroups, "groups" | "outside">,
  drawnOn: { readonly width: number; readonly height: number },
): Steps<CutImage> {
  const size = fitSize(image, CUT_SIDE);
  const sheet = size.width === image.width ? image : resizeImage(image, size);
  const short = Math.min(size.width, size.height);
  const masks = yield* regionsOf(sheet, groups, drawnOn);
  const soft = SOFTNESS * short;
  const layers: CutLayer[] = [];
  for (const [group, region] of masks) {
    const alpha = "outline" in region
      ? region.outline
      : softMask(sheet, region, soft);
    yield;
    if (alpha.some((value) => value > 0)) layers.push({ group, alpha });
  }
  const none = new Uint8Array(size.width * size.height);
  if (layers.length === 0) {
    return { ...size, layers, background: sheet, hole: none };
  }
  const covered = new Float32Array(none.length);
  for (const { alpha } of layers) {
    for (let i = 0; i < alpha.length; i++) {
      covered[i] = Math.max(covered[i]!, alpha[i]!);
    }
  }
  const around = boxMean(covered, {
    ...size,
    radius: Math.max(2, Math.round(MARGIN * short)),
  });
  const hole = Uint8Array.from(around, (value) => value > 0.5 ? 255 : 0);
  const background = yield* fillHole(sheet, hole);
  return { ...size, layers, background, hole };
}

type Region =
  | { readonly outline: Uint8Array }
  | { width: number; height: number; mask: Uint8Array };

/** The region of each group that has one, the farthest first. */
function* regionsOf(
  image: RgbImage,
  { groups, outside }: Pick<TrackGroups, "groups" | "outside">,
  drawnOn: { readonly width: number; readonly height: number },
): Steps<Map<number, Region>> {
  const regions = new Map<number, Region>();
  const guessed: { index: number; region: Region; low: number }[] = [];
  const work = fitSize(image, WORK_SIDE);
  let lab: ReturnType<typeof toLab> | undefined;
  const toWork = ({ x, y }: Point): Point => ({
    x: x * work.width / drawnOn.width - 0.5,
    y: y * work.height / drawnOn.height - 0.5,
  });
  for (const [index, group] of groups.entries()) {
    if (group.outline) {
      const outline = fillOutline(group.outline, { ...image, drawnOn });
      regions.set(index, { outline: softened(outline, image) });
      continue;
    }
    lab ??= smoothed(toLab(resizeImage(image, work)));
    const others = groups.filter((other) => other !== group)
      .flatMap((other) => other.inside.flat());
    const found = (yield* guessRegions(lab, {
      inside: group.inside.map((line) => line.map(toWork)),
      outside: [...outside, ...others].map(toWork),
    })).find((region) => isThing(region, group));
    if (!found) continue;
    const low = found.mask.lastIndexOf(1);
    guessed.push({ index, region: { ...work, mask: found.mask }, low });
  }
  // What is lower in the image is nearer.
  for (const { index, region } of guessed.sort((a, b) => a.low - b.low)) {
    regions.set(index, region);
  }
  return regions;
}

function isThing(region: GuessedRegion, group: TrackGroup): boolean {
  return region.area <= LARGEST && region.cut <= MOST_CUT &&
    (region.contrast >= FAINT || group.travel >= FAR);
}

/** An outline's mask with an edge that is a little soft. */
function softened(
  mask: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
): Uint8Array {
  const radius = Math.max(
    1,
    Math.round(0.5 * SOFTNESS * Math.min(width, height)),
  );
  return Uint8Array.from(
    boxMean(Float32Array.from(mask), { width, height, radius }),
    Math.round,
  );
}
