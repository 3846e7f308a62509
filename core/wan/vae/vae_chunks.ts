/**
 * What the two halves of the video autoencoder have in common: sizes, and the
 * scale of the latent.
 *
 * @module
 */

import type { Component } from "../networks.ts";
import type { GraphWriter } from "../../onnx/graph/value.ts";
import {
  type GraphTarget,
  REFERENCE_TARGET,
} from "../../onnx/graph/graph_target.ts";
import type { Value } from "../../onnx/graph/value.ts";
import type { VaeChunk } from "./_causal_chunks.ts";

export { cacheName, pastName, type VaeChunk } from "./_causal_chunks.ts";

/** What of a checkpoint's autoencoder a graph is written from. */
export type VaeComponent = Pick<
  Component<"vae">,
  "tensors" | "config"
>;

/**
 * A part of one half of the autoencoder. `coarse` is what runs at the size of
 * the latent, the attention included; it is cheap, and every place in it may
 * depend on every other one. `fine` is what runs at larger sizes; it takes
 * nearly all memory and time, and looks only a few latent cells far, so that
 * it can be cut into tiles.
 *
 * `outer` is the level at the pictures' full size, which leaves time alone and
 * can take frame by frame; `inner` is all the rest.
 */
export type VaePart = "fine" | "coarse" | "outer" | "inner";

/** What a graph of the autoencoder is built for. */
export interface VaeOptions {
  /** Height and width of the latent (or of a tile of it), in latent cells. */
  readonly size: readonly [height: number, width: number];
  /** Only this part; both by default. */
  readonly part?: VaePart;
  /** Which part of the film it is for. */
  readonly chunk: VaeChunk;
  /**
   * What it shall run on; float32 by default, as the reference has it. There
   * is no convolution in bfloat16: such a target gets float32.
   */
  readonly target?: GraphTarget;
}

/** The target that the autoencoder's graphs are written for. */
export function vaeTarget(options: VaeOptions): GraphTarget {
  const { target = REFERENCE_TARGET } = options;
  return target.compute === "bfloat16"
    ? { ...target, compute: "float32" }
    : target;
}

/** Mean of each latent channel over the training set (`wan/modules/vae.py`). */
export const LATENT_MEAN: readonly number[] = [
  -0.7571,
  -0.7089,
  -0.9113,
  0.1075,
  -0.1745,
  0.9653,
  -0.1517,
  1.5508,
  0.4134,
  -0.0715,
  0.5517,
  -0.3632,
  -0.1922,
  -0.9497,
  0.2503,
  -0.2921,
];

/** Standard deviation of each latent channel over the training set. */
export const LATENT_STD: readonly number[] = [
  2.8184,
  1.4541,
  2.3275,
  2.6558,
  1.2196,
  1.7708,
  2.6052,
  2.0743,
  3.2687,
  2.1526,
  2.8652,
  1.5579,
  1.6382,
  1.1253,
  2.8251,
  1.9160,
];

/** How many pixels an edge of a latent cell has: 8 with three changes of level. */
export function pixelsPerCell(component: VaeComponent): number {
  return 2 ** (component.config.dimMult.length - 1);
}

/** How many frames a latent frame but the first one stands for: 4. */
export function framesPerLatent(component: VaeComponent): number {
  const { temporalDownsample } = component.config;
  return 2 ** temporalDownsample.filter(Boolean).length;
}

/**
 * The latent channels as the transformer has them: `(x - mean) / std`. The
 * reciprocal is rounded to float32 first, as in the reference.
 */
export function normalizeLatent(x: Value): Value {
  const { mean, reciprocal } = latentScale(x.graph);
  return x.sub(mean).mul(reciprocal);
}

/** The latent channels as the decoder has them. */
export function restoreLatent(x: Value): Value {
  const { mean, reciprocal } = latentScale(x.graph);
  return x.div(reciprocal).add(mean);
}

function latentScale(g: GraphWriter): { mean: Value; reciprocal: Value } {
  const perChannel = (numbers: readonly number[]) =>
    g.constant("float32", [1, numbers.length, 1, 1], numbers);
  return {
    mean: perChannel(LATENT_MEAN),
    reciprocal: perChannel(LATENT_STD.map((std) => 1 / Math.fround(std))),
  };
}
