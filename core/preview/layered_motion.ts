/**
 * The frames of a motion preview, in layers where something moves of its own:
 * one implementation for the preview, for Time-to-Move's signal and for the
 * page's videos.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import { atOnce, type Steps } from "../base/steps.ts";
import type { TrackPositions } from "../tracks/track_set.ts";
import { type CutImage, cutInSteps } from "./cut_layers.ts";
import { createLayers, type DrawLayer } from "./draw_layer.ts";
import {
  groupInSteps,
  type GroupOptions,
  type TrackGroups,
} from "./group_tracks.ts";
import type { MotionMesh } from "./motion_plan.ts";
import { sceneInSteps, type SteppedScene } from "./plan_scene.ts";
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
  const at = atOnce(layersInSteps(image, tracks, options));
  return (frame) => atOnce(at(frame));
}

/** {@linkcode layeredMotion}, and its frames, left after some milliseconds. */
export function* layersInSteps(
  image: RgbImage,
  tracks: TrackPositions,
  options: LayeredMotionOptions,
): Steps<(frame: number) => Steps<LayeredFrame>> {
  const { size } = options;
  const groups = yield* groupInSteps(tracks, options);
  const still = createWarp(image, size);
  // Cutting takes a second: not before there is a frame that needs it.
  let moving: Prepared | undefined;
  return function* (frame) {
    moving ??= yield* prepare(image, tracks, { ...options, groups, still });
    const { plan, warp, draws } = moving;
    const mesh = yield* plan.background.meshInSteps(frame);
    const drawn = frame === 0 ? still(mesh) : warp(mesh);
    const cover = new Uint8Array(size.width * size.height);
    for (const [k, { meshInSteps, opacity }] of plan.layers.entries()) {
      if (frame === 0) break;
      draws[k]!(drawn, yield* meshInSteps(frame), {
        opacity: opacity(frame),
        cover,
      });
      yield;
    }
    return { image: drawn, mesh, cover };
  };
}

/** An image that is cut, and how its layers move. */
interface Prepared {
  readonly plan: SteppedScene;
  readonly warp: (mesh: MotionMesh) => RgbImage;
  /** For each layer. */
  readonly draws: readonly DrawLayer[];
}

function* prepare(
  image: RgbImage,
  tracks: TrackPositions,
  options: LayeredMotionOptions & {
    readonly groups: TrackGroups;
    readonly still: (mesh: MotionMesh) => RgbImage;
  },
): Steps<Prepared> {
  const { size, groups, still } = options;
  const cut = groups.groups.length === 0
    ? undefined
    : options.cut ?? (yield* cutInSteps(image, groups, options));
  const layers = cut?.layers ?? [];
  const plan = yield* sceneInSteps(tracks, groups, {
    ...options,
    layers: layers.map(({ group }) => group),
  });
  if (!cut || layers.length === 0) return { plan, warp: still, draws: [] };
  const layer = createLayers(image, size);
  const draws: DrawLayer[] = [];
  for (const { alpha } of layers) {
    yield;
    draws.push(layer({ width: cut.width, height: cut.height, alpha }));
  }
  const warp = createWarp(withBackground(image, cut), size);
  return { plan, warp, draws };
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
