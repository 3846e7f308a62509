/**
 * What each network's activations take on a GPU, next to its weights.
 *
 * @module
 */

import { clipActivationBytes } from "./image_encoder/clip_memory.ts";
import type { NetworkConfigs, NetworkKind } from "./networks.ts";
import { transformerActivationBytes } from "./transformer/transformer_memory.ts";
import { umt5ActivationBytes } from "./text_encoder/umt5_memory.ts";
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
 * What a network's activations take on a GPU, in bytes.
 *
 * The factors were read off full-width graphs, opened and run through ONNX
 * Runtime's CUDA provider with a stand-in for the driver that computes nothing
 * and counts every allocation. More is requested than is alive at once: the
 * arena grows in large pieces and leaves gaps.
 *
 * @param network which network, with its config
 * @param video the size of the video; matters to the transformer and the VAE
 * @param dtype `fp32`, or any other: quantized weights are computed in 16 bit
 */
export function activationBytes(
  network: { readonly kind: NetworkKind; readonly config: unknown },
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
    case "vae":
      return decodingOnGpu(config as NetworkConfigs["vae"], {
        pixels: video.width * video.height,
        frames: video.frames,
        element,
      });
  }
}
