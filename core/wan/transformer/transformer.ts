/**
 * The transformer of Wan2.1 I2V (and so ATI) as graphs: one graph for a GPU, or
 * one per block for a CPU, to report progress and act on an abort within a
 * step.
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
import {
  type AttentionGuidance,
  completeAttentionGuidance,
} from "../../sampling/attention_guidance.ts";
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
import type { NetworkBlocks } from "../../onnx/graph/network_blocks.ts";

/** Options of the transformer's graphs. */
export interface TransformerOptions {
  /** Frames, height and width of the latent (21, 60, 104). */
  readonly latent: readonly [frames: number, height: number, width: number];
  /** The target device and types; plain float32 by default. */
  readonly target?: GraphTarget;
  /** The LoRA adapters, see `lora.ts`. */
  readonly adapters?: ReadonlyMap<string, LayerAdapter>;
  /**
   * Makes the blocks' weights graph inputs and saves memory: tokens go through a
   * block `rows` at a time. Only for the transformer in blocks.
   */
  readonly streamed?: boolean;
  /** Tokens at a time in streamed blocks; by default as many as are 128 MiB. */
  readonly rows?: number;
  /**
   * Guides the attention by a negative prompt: one more input `negative`
   * `[textLen, textDim]`. None by default.
   */
  readonly nag?: AttentionGuidance | undefined;
}

/** The part of `checkpoint.transformer` that its graphs need. */
export type TransformerComponent = Pick<
  Component<"transformer">,
  "tensors" | "config"
>;

/**
 * The transformer as one graph.
 *
 * Inputs, all float32: `latent` `[outDim, F, H, W]`, `condition`
 * `[inDim - outDim, F, H, W]`, `time` `[freqDim]`, `text` `[textLen, textDim]`
 * and `image` `[257, imageDim]`; see `transformer_feeds.ts` for the last three.
 * Output: `prediction` `[outDim, F, H, W]`, the velocity.
 *
 * With `nag` there is an input `negative` `[textLen, textDim]` besides `text`.
 *
 * Text and image pass through their embeddings and the keys and values of the
 * cross attention in every step although they do not change: that is 0.2 % of
 * the computation of a step at 480p, and caching them would cost more in memory
 * than it saves.
 *
 * @throws {FormatError} When the checkpoint lacks a tensor or one has the wrong
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
    nag: options.nag,
  });
  return g.build();
}

/**
 * Writes inputs, transformer and output into an existing graph, whose weights
 * are the transformer's; inputs, outputs and errors as with
 * {@linkcode buildTransformer}.
 */
export function writeWanTransformer(
  g: GraphBuilder,
  options: Pick<TransformerOptions, "latent" | "nag"> & {
    readonly parameters: TransformerConfig;
  },
): void {
  const { parameters } = options;
  const grid = tokenGrid(parameters, options);
  const { x, e, e0, context } = embed(g, parameters, options);
  const nag = options.nag && completeAttentionGuidance(options.nag);
  const y = blocks(x, { e0, context, nag, grid }, {
    parameters,
    from: 0,
    to: parameters.numLayers,
  });
  g.output("prediction", predict(y, e, { parameters, grid }));
}

/**
 * The transformer as one graph per `blocksPerGraph` blocks (1 by default); run
 * one after the other they compute the same as {@linkcode buildTransformer}.
 *
 * `first` has the inputs of {@linkcode buildTransformer}. Besides `y`
 * `[1, tokens, dim]` it computes inputs of later graphs: `e0` `[1, 6, dim]` and
 * `context` `[1, 257 + textLen, dim]` (of the blocks; with `nag` `textLen` rows
 * more), `e` `[1, 1, dim]` (of `last`). The output of `last` is `prediction`.
 *
 * @throws As {@linkcode buildTransformer}, here or when a graph is built.
 */
export function buildTransformerBlocks(
  source: TransformerComponent,
  options: TransformerOptions & { readonly blocksPerGraph?: number },
): Required<NetworkBlocks> {
  const { config: parameters } = source;
  const { blocksPerGraph = 1 } = options;
  if (!Number.isInteger(blocksPerGraph) || blocksPerGraph < 1) {
    throw new RangeError(
      `Cannot build the transformer with ${blocksPerGraph} blocks per graph, expected an integer >= 1`,
    );
  }
  const grid = tokenGrid(parameters, options);
  const nag = options.nag && completeAttentionGuidance(options.nag);
  const { dim, numLayers, textLen } = parameters;
  const tokens = [1, grid[0] * grid[1] * grid[2], dim];
  const rows = options.streamed
    ? options.rows ?? rowsAtATime(grid, parameters.ffnDim)
    : Infinity;
  return {
    count: Math.ceil(numLayers / blocksPerGraph),
    first() {
      const g = newGraph("transformer.embed", source, options);
      const { x, ...others } = embed(g, parameters, options);
      g.output("y", x);
      for (const [name, value] of Object.entries(others)) g.output(name, value);
      return g.build();
    },
    block(i) {
      const from = i * blocksPerGraph;
      const g = options.streamed
        ? newGraph("transformer.blocks", source, options, true)
        : newGraph(`transformer.blocks.${from}`, source, options);
      const x = g.input("x", "float32", tokens);
      const e0 = g.input("e0", "float32", [1, 6, dim]);
      const length = IMAGE_TOKENS + textLen * (nag ? 2 : 1);
      const context = g.input("context", "float32", [1, length, dim]);
      const to = Math.min(numLayers, from + blocksPerGraph);
      g.output(
        "y",
        blocks(x, { e0, context, nag, grid }, { parameters, from, to, rows }),
      );
      return g.build();
    },
    last() {
      const g = newGraph("transformer.head", source, options);
      const x = g.input("x", "float32", tokens);
      const e = g.input("e", "float32", [1, 1, dim]);
      g.output("prediction", predict(x, e, { parameters, grid, rows }));
      return g.build();
    },
  };
}

/**
 * How many tokens go through a streamed block at a time: its widest activations
 * have at most that many values.
 */
export const MOST_VALUES = 2 ** 26;

function rowsAtATime(grid: TokenGrid, width: number): number {
  const tokens = grid[0] * grid[1] * grid[2];
  return Math.ceil(tokens / Math.ceil(tokens * width / MOST_VALUES));
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

/** From the graph's inputs to the blocks' inputs. */
function embed(
  g: GraphBuilder,
  parameters: TransformerConfig,
  options: Pick<TransformerOptions, "latent" | "nag">,
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
  const negative = options.nag &&
    g.input("negative", "float32", [textLen, textDim]);
  const image = g.input("image", "float32", [IMAGE_TOKENS, imageDim]);
  return {
    x: patchEmbedding(concat([latent, condition], 0), { patchSize }),
    ...timeEmbedding(time),
    context: context(
      text.reshape([1, textLen, textDim]),
      image.reshape([1, IMAGE_TOKENS, imageDim]),
      negative?.reshape([1, textLen, textDim]),
    ),
  };
}

/** From the blocks' output to the prediction. */
function predict(
  x: Value,
  e: Value,
  options: { parameters: TransformerConfig; grid: TokenGrid; rows?: number },
): Value {
  const { parameters: { eps, patchSize, outDim }, grid, rows = Infinity } =
    options;
  const tokens = x.shape[1]!;
  const patches = rows >= tokens ? head(x, e, { eps }) : concat(
    Array.from(
      { length: Math.ceil(tokens / rows) },
      (_, i) =>
        head(
          x.slice(1, i * rows, Math.min(tokens, (i + 1) * rows)),
          e,
          { eps },
        ),
    ),
    1,
  );
  return unpatchify(patches, { grid, patchSize, outDim });
}
