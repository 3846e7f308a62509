/**
 * GPU memory of each network's activations, besides its weights.
 *
 * @module
 */

import { allTrackerActivationBytes } from "./alltracker/alltracker_memory.ts";
import { clipActivationBytes } from "./image_encoder/clip_memory.ts";
import type { ComponentKind, NetworkConfigs } from "./networks.ts";
import { transformerActivationBytes } from "./transformer/transformer_memory.ts";
import { umt5ActivationBytes } from "./text_encoder/umt5_memory.ts";
import { tinyVaeActivationBytes } from "./tiny_vae/tiny_vae_memory.ts";
import { decodingOnGpu } from "./vae/vae_memory.ts";

/** The size of a video. */
export interface VideoShape {
  /** px */
  readonly width: number;
  /** px */
  readonly height: number;
  /** 4n + 1 */
  readonly frames: number;
}

/**
 * The GPU memory of a network's activations, in bytes.
 *
 * The factors were counted on full-width graphs, opened and run through ONNX
 * Runtime's CUDA provider with a stand-in for the driver that computes nothing
 * and counts every allocation. More is allocated than is used at once: the arena
 * grows in large blocks and leaves gaps.
 *
 * @param network which network, with its config
 * @param video the size of the video; it affects the transformer and the VAE
 * @param dtype `fp32`, or any other: quantized weights are computed in 16 bit
 */
export function activationBytes(
  network: { readonly kind: ComponentKind; readonly config: unknown },
  video: VideoShape,
  dtype: string,
): number {
  const element = dtype === "fp32" ? 4 : 2;
  const { kind, config } = network;
  switch (kind) {
    case "transformer":
      return transformerActivationBytes(
        config as NetworkConfigs["transformer"],
        video,
        element,
      );
    case "t5":
      return umt5ActivationBytes(config as NetworkConfigs["t5"], element);
    case "clip":
      return clipActivationBytes(config as NetworkConfigs["clip"], element);
    case "tinyVae":
      return tinyVaeActivationBytes(config as NetworkConfigs["tinyVae"], {
        pixels: video.width * video.height,
        element,
      });
    case "allTracker":
      return allTrackerActivationBytes(
        config as NetworkConfigs["allTracker"],
        video,
      );
    case "vae":
      return decodingOnGpu(config as NetworkConfigs["vae"], {
        pixels: video.width * video.height,
        frames: video.frames,
        element,
      });
  }
}
