/**
 * Common to the two halves of the VAE: sizes, and the scale of the latent.
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
import type { VaeChunk } from "../causal/causal_chunks.ts";

export { cacheName, pastName, type VaeChunk } from "../causal/causal_chunks.ts";

/** The VAE of a checkpoint, as its graphs need it. */
export type VaeComponent = Pick<
  Component<"vae">,
  "tensors" | "config"
>;

/**
 * A part of one half of the VAE. `coarse` runs at the size of the latent and
 * includes the attention; it is cheap, and its receptive field is the whole
 * frame. `fine` runs at larger sizes; it takes nearly all memory and time, and
 * its receptive field is a few latent cells, so that it can be tiled.
 *
 * `outer` is the level at the frames' full size, which has no layers over time
 * and can run frame by frame; `inner` is all the rest.
 */
export type VaePart = "fine" | "coarse" | "outer" | "inner";

/** Options of the VAE's graphs. */
export interface VaeOptions {
  /** Height and width of the latent (or of a tile of it), in latent cells. */
  readonly size: readonly [height: number, width: number];
  /** Only this part; by default all. */
  readonly part?: VaePart;
  /** The part of the video that it processes. */
  readonly chunk: VaeChunk;
  /**
   * The target device and types; float32 by default, as in the reference.
   * bfloat16 has no convolution: such a target gets float32.
   */
  readonly target?: GraphTarget;
}

/** The target of the VAE's graphs. */
export function vaeTarget(
  options: Pick<VaeOptions, "target">,
): GraphTarget {
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

/** Px per latent cell, along each side: 8 with three changes of level. */
export function pixelsPerCell(component: VaeComponent): number {
  return 2 ** (component.config.dimMult.length - 1);
}

/** Video frames per latent frame after the first: 4. */
export function framesPerLatent(component: VaeComponent): number {
  const { temporalDownsample } = component.config;
  return 2 ** temporalDownsample.filter(Boolean).length;
}

/**
 * Normalizes the latent channels for the transformer: `(x - mean) / std`. The
 * reciprocal is rounded to float32 first, as in the reference.
 */
export function normalizeLatent(x: Value): Value {
  const { mean, reciprocal } = latentScale(x.graph);
  return x.sub(mean).mul(reciprocal);
}

/** Denormalizes the latent channels for the decoder. */
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
