/**
 * Prompts and image as embeddings, the image as a video's latent, and the cache
 * on disk that keeps them: a second seed starts at the transformer.
 *
 * @module
 */

import { join } from "node:path";
import type { AtiCheckpoint } from "../checkpoint/checkpoint.ts";
import type { Component } from "../wan/networks.ts";
import { preprocessClipImage } from "../wan/image_encoder/preprocess_image.ts";
import {
  type MotionSignal,
  signalPlanes,
} from "../control/time_to_move/motion_signal.ts";
import type { RgbImage } from "../base/image.ts";
import { encodeClipImage } from "../wan/image_encoder/encode_clip_image.ts";
import { encodeTexts } from "../wan/text_encoder/encode_text.ts";
import type { NetworkOptions, NetworkRunOptions } from "../wan/network_run.ts";
import { encodeVideo, type VaeRunOptions } from "../wan/vae/run_vae.ts";
import type { Tensor } from "../base/tensor.ts";
import { conditioningFrames } from "../wan/frames/tensor_to_frames.ts";
import { fingerprint, fingerprintWeights } from "./fingerprint.ts";
import { describePlacement } from "./placement.ts";
import type { Placement } from "../wan/network_run.ts";
import { storeTensors, tryLoadTensors } from "./tensor_store.ts";

/** Embeddings on disk, each in a file named after all that they depend on. */
export class EmbeddingCache {
  readonly #folder: string | undefined;
  readonly #onDamaged: (reason: string) => void;
  /** How many embeddings were found. */
  hits = 0;

  /**
   * A cache in a folder, which is made when needed; without one, none.
   * `onDamaged` is called with why a file of it cannot be used.
   */
  constructor(
    folder: string | undefined,
    onDamaged: (reason: string) => void = () => {},
  ) {
    this.#folder = folder;
    this.#onDamaged = onDamaged;
  }

  /** Whether anything is kept; otherwise keys are not worth computing. */
  get isEnabled(): boolean {
    return this.#folder !== undefined;
  }

  /** The embeddings of that key, if there are any; a damaged file has none. */
  async get(key: string): Promise<Tensor | undefined> {
    if (this.#folder === undefined) return undefined;
    const stored = await tryLoadTensors(this.#path(key), this.#onDamaged);
    const features = stored?.tensors["features"];
    if (features !== undefined && stored?.texts["key"] === key) {
      this.hits++;
      return features;
    }
    return undefined;
  }

  /** Keeps features under a key. */
  async put(key: string, features: Tensor): Promise<void> {
    if (this.#folder === undefined) return;
    await storeTensors(this.#path(key), {
      tensors: { features },
      texts: { key },
    });
  }

  #path(key: string): string {
    return join(this.#folder!, `${key}.safetensors`);
  }
}

/** Where a network runs, and how. */
export type PlannedPlacement =
  & Placement
  & Pick<NetworkRunOptions, "execution" | "arenaLimit">;

/** What the encoders need. */
export interface EncoderOptions {
  /** The checkpoint. */
  readonly checkpoint: Pick<AtiCheckpoint, "t5" | "clip" | "vae">;
  /** Where the network runs, and how. */
  readonly placement: PlannedPlacement;
  /** What was encoded before. */
  readonly cache: EmbeddingCache;
  /** Signal, progress and threads. */
  readonly stage: Pick<NetworkOptions, "signal" | "onProgress" | "threads">;
  /** Called before a network is opened; not when the cache has everything. */
  readonly onOpen: () => void;
}

/** The features `[tokens, dim]` of texts given as ids; equal ones once. */
export async function embedTexts(
  texts: readonly ArrayLike<number>[],
  options: EncoderOptions,
): Promise<Tensor[]> {
  const { checkpoint: { t5 }, placement, cache, stage, onOpen } = options;
  const weights = await fingerprintWeights(t5);
  const keys = await Promise.all(texts.map((ids) =>
    fingerprint(
      "text",
      weights,
      describePlacement(placement),
      Int32Array.from(ids),
    )
  ));
  const found = new Map<string, Tensor>();
  for (const key of new Set(keys)) {
    const features = await cache.get(key);
    if (features) found.set(key, features);
  }
  const missing = [...new Set(keys)].filter((key) => !found.has(key));
  if (missing.length > 0) {
    onOpen();
    const made = await encodeTexts(
      t5,
      missing.map((key) => texts[keys.indexOf(key)]!),
      { ...stage, ...placement },
    );
    for (const [i, key] of missing.entries()) {
      found.set(key, made[i]!);
      await cache.put(key, made[i]!);
    }
  }
  return keys.map((key) => found.get(key)!);
}

/** The features `[257, dim]` of an image. */
export function embedImage(
  image: RgbImage,
  options: EncoderOptions,
): Promise<Tensor> {
  const { checkpoint: { clip }, stage, placement } = options;
  return cached(
    ["image", clip, image],
    options,
    () =>
      encodeClipImage(clip, preprocessClipImage(image), {
        ...stage,
        ...placement,
      }),
  );
}

/**
 * The latent `[16, frames, height, width]` of the video that begins with the
 * image, all other frames empty.
 */
export function encodeFirstFrame(
  image: RgbImage,
  size: { width: number; height: number; frameCount: number },
  options: EncoderOptions & {
    vae: Pick<VaeRunOptions, "tiles" | "latentFramesPerRun">;
  },
): Promise<Tensor> {
  const { checkpoint, stage, placement, vae } = options;
  const { width, height, frameCount } = size;
  const how = `${width}x${height}x${frameCount} ${JSON.stringify(vae)}`;
  return cached(
    ["film", checkpoint.vae, image, how],
    options,
    () =>
      encodeVideo(checkpoint.vae, conditioningFrames(image, size), {
        ...stage,
        ...placement,
        ...vae,
      }),
  );
}

/** The latent `[16, frames, height, width]` of a motion signal. */
export async function encodeSignal(
  signal: MotionSignal,
  size: { width: number; height: number; frameCount: number },
  options: EncoderOptions & {
    vae: Pick<VaeRunOptions, "tiles" | "latentFramesPerRun">;
  },
): Promise<Tensor> {
  const { checkpoint, stage, placement, vae, cache, onOpen } = options;
  const { width, height, frameCount } = size;
  const plane = width * height;
  const key = cache.isEnabled && await fingerprint(
    "signal",
    await fingerprintWeights(checkpoint.vae),
    describePlacement(placement),
    `${width}x${height}x${frameCount} ${JSON.stringify(vae)}`,
    ...signal.frames.flatMap((frame) => [
      `${frame.width}x${frame.height}`,
      frame.data,
    ]),
  );
  const known = key && await cache.get(key);
  if (known) return known;
  onOpen();
  const made = await encodeVideo(checkpoint.vae, {
    dims: [frameCount, height, width],
    read(from, to) {
      const length = to - from;
      const data = new Float32Array(3 * length * plane);
      for (let i = 0; i < length; i++) {
        const planes = signalPlanes(signal.frames[from + i]!, size);
        for (let c = 0; c < 3; c++) {
          data.set(
            planes.data.subarray(c * plane, (c + 1) * plane),
            (c * length + i) * plane,
          );
        }
      }
      return { dims: [3, length, height, width], data };
    },
  }, { ...stage, ...placement, ...vae });
  if (key) await cache.put(key, made);
  return made;
}

/** What the cache has for an image, or what is made of it now. */
async function cached(
  [kind, component, image, how = ""]: readonly [
    kind: string,
    component: Pick<Component, "tensors">,
    image: RgbImage,
    how?: string,
  ],
  { placement, cache, onOpen }: EncoderOptions,
  make: () => Promise<Tensor>,
): Promise<Tensor> {
  const key = await fingerprint(
    kind,
    await fingerprintWeights(component),
    describePlacement(placement),
    how,
    `${image.width}x${image.height}`,
    image.data,
  );
  const known = await cache.get(key);
  if (known) return known;
  onOpen();
  const made = await make();
  await cache.put(key, made);
  return made;
}
