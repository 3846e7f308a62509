/**
 * The video transformer of Wan2.1 I2V (and so ATI) as graphs: whole for a GPU,
 * or in parts for a processor, where progress shall move and an abort act
 * within one step.
 *
 * Source: `WanModel` in wan/modules/model.py; the paper "Wan: Open and Advanced
 * Large-Scale Video Generative Models", section 4.2.
 *
 * @module
 */

import type { Component } from "../networks.ts";
import type { TransformerConfig } from "./layout.ts";
import {
  type BuiltGraph,
  GraphBuilder,
} from "../../onnx/graph/graph_builder.ts";
import type { LayerAdapter } from "../../onnx/graph/value.ts";
import {
  type GraphTarget,
  REFERENCE_TARGET,
} from "../../onnx/graph/graph_target.ts";
import { concat, type Value } from "../../onnx/graph/value.ts";
import type { TokenGrid } from "./_rotary.ts";
import {
  blocks,
  context,
  head,
  IMAGE_TOKENS,
  patchEmbedding,
  timeEmbedding,
  unpatchify,
} from "./_transformer_modules.ts";
import type { NetworkBlocks } from "../../onnx/graph/network_pieces.ts";

/** What a transformer graph is built for. */
export interface TransformerOptions {
  /** The latent video's frames, height and width in latent cells (21, 60, 104). */
  readonly latent: readonly [frames: number, height: number, width: number];
  /** What it shall run on; plain float32 by default. */
  readonly target?: GraphTarget;
  /** What LoRAs add, see `lora.ts`. */
  readonly adapters?: ReadonlyMap<string, LayerAdapter>;
  /** Makes inputs of the blocks' weights; only of the transformer in pieces. */
  readonly streamed?: boolean;
}

/** The transformer, as far as its graphs need it: `checkpoint.transformer`. */
export type TransformerComponent = Pick<
  Component<"transformer">,
  "tensors" | "config"
>;

/**
 * The whole transformer as one graph.
 *
 * Inputs, all float32: `latent` `[outDim, F, H, W]`, `condition`
 * `[inDim - outDim, F, H, W]`, `time` `[freqDim]`, `text` `[textLen, textDim]`
 * and `image` `[257, imageDim]`; `transformer_feeds.ts` makes the last three.
 * Output: `prediction` `[outDim, F, H, W]`, the velocity.
 *
 * Text and image pass through their embeddings and the keys and values of the
 * cross attention in every step although they do not change: that is 0.2 % of
 * the arithmetic of a step at 480p, less than what keeping them would cost in
 * memory is worth.
 *
 * @throws {FormatError} When the checkpoint lacks a tensor or one has another
 * shape.
 * @throws {RangeError} When the latent is not divisible into patches.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { buildTransformer } from "@ati/ati";
 * import { networkLayout } from "@ati/ati/wan";
 *
 * const config = {
 *   dim: 12, ffnDim: 16, numHeads: 2, numLayers: 2, inDim: 36, outDim: 16, textDim: 8,
 *   imageDim: 8, freqDim: 4, textLen: 512, patchSize: [1, 2, 2], eps: 1e-6,
 * } as const;
 * const tensors = new Map(networkLayout("transformer", config).map(({ name, shape }) => {
 *   const length = shape.reduce((a, b) => a * b, 2);
 *   return [name, { name, shape, dtype: "BF16", file: "/dit", offset: 0, length } as const];
 * }));
 * const graph = buildTransformer({ tensors, config }, { latent: [3, 4, 6] });
 * assert.equal(graph.outputs[0]?.shape.join(), "16,3,4,6");
 * ```
 */
export function buildTransformer(
  source: TransformerComponent,
  options: TransformerOptions,
): BuiltGraph {
  const g = newGraph("transformer", source, options);
  writeWanTransformer(g, {
    parameters: source.config,
    latent: options.latent,
  });
  return g.build();
}

/**
 * Writes inputs, transformer and output into a graph of your own, whose
 * weights are the transformer's; inputs, outputs and errors as with
 * {@linkcode buildTransformer}.
 */
export function writeWanTransformer(
  g: GraphBuilder,
  options: Pick<TransformerOptions, "latent"> & {
    readonly parameters: TransformerConfig;
  },
): void {
  const { parameters } = options;
  const grid = tokenGrid(parameters, options);
  const { x, e, e0, context } = embed(g, parameters, options);
  const y = blocks(x, { e0, context, grid }, {
    parameters,
    from: 0,
    to: parameters.numLayers,
  });
  g.output("prediction", predict(y, e, { parameters, grid }));
}

/**
 * The transformer in pieces of `blocksPerPiece` blocks (1 by default); run one
 * after the other they compute what {@linkcode buildTransformer} computes.
 *
 * `first` has the inputs of {@linkcode buildTransformer}. Besides `y`
 * `[1, tokens, dim]` it makes what the later pieces take as inputs of the same
 * names: `e0` `[1, 6, dim]` and `context` `[1, 257 + textLen, dim]` (the
 * blocks), `e` `[1, 1, dim]` (`last`). The output of `last` is `prediction`.
 *
 * @throws As {@linkcode buildTransformer}, here or when a piece is built.
 */
export function buildTransformerBlocks(
  source: TransformerComponent,
  options: TransformerOptions & { readonly blocksPerPiece?: number },
): Required<NetworkBlocks> {
  const { config: parameters } = source;
  const { blocksPerPiece = 1 } = options;
  if (!Number.isInteger(blocksPerPiece) || blocksPerPiece < 1) {
    throw new RangeError(
      `Cannot cut the transformer into pieces of ${blocksPerPiece} blocks, expected a whole number from 1`,
    );
  }
  const grid = tokenGrid(parameters, options);
  const { dim, numLayers, textLen } = parameters;
  const tokens = [1, grid[0] * grid[1] * grid[2], dim];
  return {
    count: Math.ceil(numLayers / blocksPerPiece),
    first() {
      const g = newGraph("transformer.embed", source, options);
      const { x, ...others } = embed(g, parameters, options);
      g.output("y", x);
      for (const [name, value] of Object.entries(others)) g.output(name, value);
      return g.build();
    },
    block(i) {
      const from = i * blocksPerPiece;
      const g = options.streamed
        ? newGraph("transformer.blocks", source, options, true)
        : newGraph(`transformer.blocks.${from}`, source, options);
      const x = g.input("x", "float32", tokens);
      const e0 = g.input("e0", "float32", [1, 6, dim]);
      const length = IMAGE_TOKENS + textLen;
      const context = g.input("context", "float32", [1, length, dim]);
      const to = Math.min(numLayers, from + blocksPerPiece);
      g.output("y", blocks(x, { e0, context, grid }, { parameters, from, to }));
      return g.build();
    },
    last() {
      const g = newGraph("transformer.head", source, options);
      const x = g.input("x", "float32", tokens);
      const e = g.input("e", "float32", [1, 1, dim]);
      g.output("prediction", predict(x, e, { parameters, grid }));
      return g.build();
    },
  };
}

function newGraph(
  name: string,
  source: TransformerComponent,
  options: TransformerOptions,
  streamed = false,
): GraphBuilder {
  const { target = REFERENCE_TARGET, adapters = new Map() } = options;
  return new GraphBuilder(name, {
    weights: source.tensors,
    target,
    adapters,
    streamed,
  });
}

function tokenGrid(
  parameters: TransformerConfig,
  options: Pick<TransformerOptions, "latent">,
): TokenGrid {
  const { latent } = options;
  const grid = latent.map((length, i) => length / parameters.patchSize[i]!);
  if (!grid.every((length) => Number.isInteger(length) && length > 0)) {
    throw new RangeError(
      `Cannot build a transformer for a latent of ${
        latent.join(" x ")
      }, expected multiples of ${parameters.patchSize.join(" x ")}`,
    );
  }
  return grid as unknown as TokenGrid;
}

/** From the graph's inputs to what the blocks work on. */
function embed(
  g: GraphBuilder,
  parameters: TransformerConfig,
  options: Pick<TransformerOptions, "latent">,
): { x: Value; e: Value; e0: Value; context: Value } {
  const { inDim, outDim, freqDim, textLen, textDim, imageDim, patchSize } =
    parameters;
  const latent = g.input("latent", "float32", [outDim, ...options.latent]);
  const condition = g.input("condition", "float32", [
    inDim - outDim,
    ...options.latent,
  ]);
  const time = g.input("time", "float32", [freqDim]);
  const text = g.input("text", "float32", [textLen, textDim]);
  const image = g.input("image", "float32", [IMAGE_TOKENS, imageDim]);
  return {
    x: patchEmbedding(concat([latent, condition], 0), { patchSize }),
    ...timeEmbedding(time),
    context: context(
      text.reshape([1, textLen, textDim]),
      image.reshape([1, IMAGE_TOKENS, imageDim]),
    ),
  };
}

/** From the blocks' result to the video. */
function predict(
  x: Value,
  e: Value,
  options: { parameters: TransformerConfig; grid: TokenGrid },
): Value {
  const { parameters: { eps, patchSize, outDim }, grid } = options;
  return unpatchify(head(x, e, { eps }), { grid, patchSize, outDim });
}
