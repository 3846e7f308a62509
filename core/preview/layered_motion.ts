/**
 * The frames of a motion preview, in layers where something moves of its own:
 * one implementation for the preview, for Time-to-Move's signal and for the
 * page's videos.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import type { TrackPositions } from "../tracks/track_set.ts";
import { type CutImage, cutLayers } from "./cut_layers.ts";
import { createLayers } from "./draw_layer.ts";
import {
  type GroupOptions,
  groupTracks,
  type TrackGroups,
} from "./group_tracks.ts";
import type { MotionMesh } from "./motion_plan.ts";
import { planScene } from "./plan_scene.ts";
import { resizeImage } from "./regions/work_image.ts";
import { createWarp } from "./warp.ts";

/** How layered motion is made. */
export interface LayeredMotionOptions extends GroupOptions {
  /** The size of the frames, px. */
  readonly size: { readonly width: number; readonly height: number };
  /** The layers, when they were cut before (for the same groups). */
  readonly cut?: CutImage;
}

/** One frame of layered motion. */
export interface LayeredFrame {
  /** The frame. */
  readonly image: RgbImage;
  /** The mesh of what is not cut out. */
  readonly mesh: MotionMesh;
  /** (height, width): how much of each pixel a thing covers, 0 to 255. */
  readonly cover: Uint8Array;
}

/**
 * Prepares an image for its motion: the frames are made one by one, each of
 * those of the tracks in any order. Frame 0 is the image.
 *
 * @throws {RangeError} When a size is not a positive whole number, or an
 * object's tracks are not those of the set.
 */
export function layeredMotion(
  image: RgbImage,
  tracks: TrackPositions,
  options: LayeredMotionOptions,
): (frame: number) => LayeredFrame {
  const { size } = options;
  const groups = groupTracks(tracks, options);
  const still = createWarp(image, size);
  // Cutting takes a second: not before there is a frame that needs it.
  let moving: ReturnType<typeof prepare> | undefined;
  return (frame) => {
    moving ??= prepare(image, tracks, { ...options, groups, still });
    const { plan, warp, draws } = moving;
    const mesh = plan.background.mesh(frame);
    const drawn = frame === 0 ? still(mesh) : warp(mesh);
    const cover = new Uint8Array(size.width * size.height);
    for (const [k, { mesh, opacity }] of plan.layers.entries()) {
      if (frame === 0) break;
      draws[k]!(drawn, mesh(frame), { opacity: opacity(frame), cover });
    }
    return { image: drawn, mesh, cover };
  };
}

function prepare(
  image: RgbImage,
  tracks: TrackPositions,
  options: LayeredMotionOptions & {
    readonly groups: TrackGroups;
    readonly still: (mesh: MotionMesh) => RgbImage;
  },
) {
  const { size, groups, still } = options;
  const cut = groups.groups.length === 0
    ? undefined
    : options.cut ?? cutLayers(image, groups, options);
  const layers = cut?.layers ?? [];
  const plan = planScene(tracks, groups, {
    ...options,
    layers: layers.map(({ group }) => group),
  });
  if (!cut || layers.length === 0) return { plan, warp: still, draws: [] };
  const layer = createLayers(image, size);
  return {
    plan,
    warp: createWarp(withBackground(image, cut), size),
    draws: layers.map(({ alpha }) =>
      layer({ width: cut.width, height: cut.height, alpha })
    ),
  };
}

/** The image in its own size, with what its things hide filled in. */
function withBackground(image: RgbImage, cut: CutImage): RgbImage {
  if (cut.width === image.width && cut.height === image.height) {
    return cut.background;
  }
  const { width, height } = image;
  const filled = resizeImage(cut.background, image);
  const data = image.data.slice();
  for (let y = 0, i = 0; y < height; y++) {
    const row = Math.floor(y * cut.height / height) * cut.width;
    for (let x = 0; x < width; x++, i++) {
      if (!cut.hole[row + Math.floor(x * cut.width / width)]) continue;
      for (let c = 3 * i; c < 3 * i + 3; c++) data[c] = filled.data[c]!;
    }
  }
  return { width, height, data };
}
