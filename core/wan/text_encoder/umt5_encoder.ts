/**
 * The text encoder umt5-xxl as a graph: token ids become one vector each.
 *
 * Mirrors `wan/modules/t5.py` (T5Encoder): no scaling of the scores, a table of
 * relative positions of its own in every block, RMS norms, a gated GELU.
 * Never in float16: the feed-forward sums of umt5 overflow it.
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
import { attention, linear, rmsNorm } from "../../onnx/graph/layers.ts";
import type { Value } from "../../onnx/graph/value.ts";
import type { NetworkBlocks } from "../../onnx/graph/network_pieces.ts";
import { positionBuckets } from "./position_buckets.ts";
import { tokenEmbedding } from "./_token_embedding.ts";

/** What of a checkpoint's text encoder a graph is written from. */
export type Umt5Component = Pick<
  Component<"t5">,
  "tensors" | "config"
>;

/** What a graph of the text encoder is built for. */
export interface Umt5Options {
  /**
   * How many tokens are fed. Tokens behind a text's end are masked, and no
   * output depends on how many there are: the longest text decides.
   */
  readonly length: number;
  /** What it shall run on; float32 by default, float16 is refused. */
  readonly target?: GraphTarget;
  /** Makes inputs of the blocks' weights; only of the encoder in pieces. */
  readonly streamed?: boolean;
}

/** T5LayerNorm's default. */
const EPS = 1e-6;

/**
 * The whole encoder in one graph.
 *
 * Inputs: `ids` int32 `[1, length]`, token numbers; `mask` float32
 * `[1, length]`, 1 for a token of the text and 0 behind its end. Output:
 * `context` float32 `[1, length, dim]`; rows behind the text's end are of no
 * use.
 *
 * @throws {RangeError} When the target computes in float16.
 */
export function buildUmt5Encoder(
  component: Umt5Component,
  options: Umt5Options,
): BuiltGraph {
  const g = start("umt5", component, options);
  writeUmt5Encoder(g, component, options);
  return g.build();
}

/** Writes the whole encoder into a graph of the caller's. */
export function writeUmt5Encoder(
  g: GraphBuilder,
  component: Umt5Component,
  options: Pick<Umt5Options, "length">,
): void {
  const bias = keyBias(g, options);
  const { dim } = component.config;
  let x = embed(g, { ...options, dim });
  for (let i = 0; i < component.config.numLayers; i++) {
    x = block(x, i, { component, bias });
  }
  g.output("context", rmsNorm(x, { eps: EPS, name: "norm" }));
}

/**
 * The same encoder block by block, so that the converted weights of only one
 * block are in memory. The first piece makes `x` of `ids`, each block makes
 * `y` of `x` and `mask`, the last one makes `context` of `x`.
 *
 * @throws {RangeError} When the target computes in float16.
 */
export function buildUmt5Pieces(
  component: Umt5Component,
  options: Umt5Options,
): NetworkBlocks {
  const { dim, numLayers } = component.config;
  const shape = [1, options.length, dim];
  const piece = (
    name: string,
    write: (g: GraphBuilder) => void,
    streamed = false,
  ) => {
    const g = start(name, component, options, streamed);
    write(g);
    return g.build();
  };
  return {
    count: numLayers,
    first: () =>
      piece("umt5 embedding", (g) => {
        g.output("y", embed(g, { ...options, dim }));
      }),
    block: (i) =>
      piece(
        options.streamed ? "umt5 block" : `umt5 block ${i}`,
        (g) => {
          const x = g.input("x", "float32", shape);
          g.output("y", block(x, i, { component, bias: keyBias(g, options) }));
        },
        options.streamed,
      ),
    last: () =>
      piece("umt5 norm", (g) => {
        const x = g.input("x", "float32", shape);
        g.output("context", rmsNorm(x, { eps: EPS, name: "norm" }));
      }),
  };
}

function start(
  name: string,
  component: Umt5Component,
  options: Umt5Options,
  streamed = false,
): GraphBuilder {
  const { target = REFERENCE_TARGET } = options;
  if (target.compute === "float16") {
    throw new RangeError(
      "Cannot build the text encoder: float16 overflows in it, expected float32 or bfloat16",
    );
  }
  return new GraphBuilder(name, {
    weights: component.tensors,
    target,
    streamed,
  });
}

/** What is added to the scores of each key: 0, or so little that nothing is left. */
function keyBias(
  g: GraphBuilder,
  { length }: Pick<Umt5Options, "length">,
): Value {
  const mask = g.input("mask", "float32", [1, length]);
  return mask.sub(1).mul(1e30).reshape([1, 1, 1, length]);
}

/** The embedding of the ids `[1, length]`: float32 `[1, length, dim]`. */
function embed(
  g: GraphBuilder,
  { length, dim }: { length: number; dim: number },
): Value {
  const ids = g.input("ids", "int32", [1, length]);
  return tokenEmbedding(ids, dim);
}

/** T5SelfAttention with its FFN; `x` float32 `[1, length, dim]`. */
function block(
  x: Value,
  i: number,
  { component, bias }: { component: Umt5Component; bias: Value },
): Value {
  const name = `blocks.${i}`;
  const norm = (x: Value, which: string) =>
    rmsNorm(x, { eps: EPS, name: `${name}.${which}` });
  x = x.add(
    selfAttention(norm(x, "norm1"), name, { component, bias }).cast("float32"),
  );
  return x.add(feedForward(norm(x, "norm2"), `${name}.ffn`).cast("float32"));
}

function selfAttention(
  x: Value,
  name: string,
  { component, bias }: { component: Umt5Component; bias: Value },
): Value {
  const { numBuckets, numHeads } = component.config;
  const g = x.graph, length = x.shape[1]!;
  const buckets = g.constant(
    "int32",
    [length, length],
    positionBuckets(length, { numBuckets }),
  );
  const positions = g
    .weight(`${name}.pos_embedding.embedding.weight`, { type: "float32" })
    .gather(buckets).transpose([2, 0, 1]).reshape([
      1,
      numHeads,
      length,
      length,
    ]);
  const q = linear(x, `${name}.attn.q`);
  const k = linear(x, `${name}.attn.k`);
  const v = linear(x, `${name}.attn.v`);
  const y = attention(q, k, v, {
    heads: numHeads,
    scale: 1,
    bias: positions.add(bias).cast(q.type),
  });
  return linear(y, `${name}.attn.o`);
}

/** `fc2(fc1(x) * gelu(gate(x)))`. */
function feedForward(x: Value, name: string): Value {
  const gate = linear(x, `${name}.gate.0`).gelu("tanh");
  return linear(linear(x, `${name}.fc1`).mul(gate), `${name}.fc2`);
}
