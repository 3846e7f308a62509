/**
 * The image encoder, the visual half of open-clip's XLM-RoBERTa ViT-H/14, as a
 * graph: an image becomes one vector per patch.
 *
 * Mirrors `wan/modules/clip.py` (VisionTransformer with `use_31_block`): the
 * last block is not run, and no norm, pooling or head follows.
 *
 * @module
 */

import type { Component } from "../networks.ts";
import {
  type BuiltGraph,
  GraphBuilder,
} from "../../onnx/graph/graph_builder.ts";
import {
  type GraphTarget,
  REFERENCE_TARGET,
} from "../../onnx/graph/graph_target.ts";
import { attention, conv, layerNorm, linear } from "../../onnx/graph/layers.ts";
import { concat, type Value } from "../../onnx/graph/value.ts";
import type { NetworkBlocks } from "../../onnx/graph/network_pieces.ts";

/** What of a checkpoint's image encoder a graph is written from. */
export type ClipComponent = Pick<
  Component<"clip">,
  "tensors" | "config"
>;

/** What a graph of the image encoder is built for. */
export interface ClipOptions {
  /** What it shall run on; float32 by default. */
  readonly target?: GraphTarget;
  /** Makes inputs of the blocks' weights; only of the encoder in pieces. */
  readonly streamed?: boolean;
}

/** torch's LayerNorm default. */
const EPS = 1e-5;

/** How many blocks are run: all but the last. */
function blockCount(component: ClipComponent): number {
  return component.config.numLayers - 1;
}

/** Patches and the class token: 257 for 224 px and patches of 14. */
function tokenCount(component: ClipComponent): number {
  const { imageSize, patchSize } = component.config;
  return (imageSize / patchSize) ** 2 + 1;
}

/**
 * The whole encoder in one graph.
 *
 * Input: `pixels` float32 `[1, 3, imageSize, imageSize]`, normalised as
 * `preprocessClipImage` does it. Output: `features` float32 `[1, tokens, dim]`, the
 * class token first.
 */
export function buildClipVision(
  component: ClipComponent,
  options: ClipOptions = {},
): BuiltGraph {
  const g = start("clip", component, options);
  writeClipVision(g, component);
  return g.build();
}

/** Writes the whole encoder into a graph of the caller's. */
export function writeClipVision(
  g: GraphBuilder,
  component: ClipComponent,
): void {
  let x = embed(g, component);
  for (let i = 0; i < blockCount(component); i++) x = block(x, i, component);
  g.output("features", x);
}

/**
 * The same encoder block by block. The first piece makes `y` of `pixels`, each
 * block `y` of `x`; the last block's `y` are the features.
 */
export function buildClipPieces(
  component: ClipComponent,
  options: ClipOptions = {},
): NetworkBlocks {
  const { dim } = component.config;
  return {
    count: blockCount(component),
    first() {
      const g = start("clip embedding", component, options);
      g.output("y", embed(g, component));
      return g.build();
    },
    block(i) {
      const g = options.streamed
        ? start("clip block", component, options, true)
        : start(`clip block ${i}`, component, options);
      const x = g.input("x", "float32", [1, tokenCount(component), dim]);
      g.output("y", block(x, i, component));
      return g.build();
    },
  };
}

function start(
  name: string,
  component: ClipComponent,
  options: ClipOptions,
  streamed = false,
): GraphBuilder {
  const { target = REFERENCE_TARGET } = options;
  return new GraphBuilder(name, {
    weights: component.tensors,
    target,
    streamed,
  });
}

/** Patches, class token, positions and the norm in front: float32 `[1, tokens, dim]`. */
function embed(g: GraphBuilder, component: ClipComponent): Value {
  const { dim, imageSize, patchSize } = component.config;
  const pixels = g.input("pixels", "float32", [1, 3, imageSize, imageSize]);
  const stored = { type: "float32" } as const;
  // In float32: hardly any arithmetic, and bfloat16 has no convolution.
  const patches = conv(pixels, "visual.patch_embedding", {
    strides: [patchSize, patchSize],
    ...stored,
  }).reshape([1, dim, -1]).transpose([0, 2, 1]);
  const tokens = concat(
    [g.weight("visual.cls_embedding", stored), patches],
    1,
  );
  return layerNorm(tokens.add(g.weight("visual.pos_embedding", stored)), {
    eps: EPS,
    name: "visual.pre_norm",
  });
}

/** AttentionBlock with norms in front; `x` float32 `[1, tokens, dim]`. */
function block(x: Value, i: number, component: ClipComponent): Value {
  const name = `visual.transformer.${i}`;
  const norm = (x: Value, which: string) =>
    layerNorm(x, { eps: EPS, name: `${name}.${which}` });
  const [q, k, v] = queryKeyValue(norm(x, "norm1"), `${name}.attn`);
  const attended = attention(q, k, v, {
    heads: component.config.numHeads,
  });
  x = x.add(linear(attended, `${name}.attn.proj`).cast("float32"));
  const inner = linear(norm(x, "norm2"), `${name}.mlp.0`).gelu("none");
  return x.add(linear(inner, `${name}.mlp.2`).cast("float32"));
}

/** The projection that the official file has in one piece and others in three. */
function queryKeyValue(x: Value, name: string): [Value, Value, Value] {
  if (!x.graph.has(`${name}.to_qkv.weight`)) {
    return [
      linear(x, `${name}.to_q`),
      linear(x, `${name}.to_k`),
      linear(x, `${name}.to_v`),
    ];
  }
  return linear(x, `${name}.to_qkv`).chunk(-1, 3) as [Value, Value, Value];
}
