/**
 * The modules of the video transformer, one function for each class or
 * Sequential of wan/modules/model.py, in the same order of computation.
 *
 * `x` is the residual stream: `[1, tokens, dim]`, float32 throughout, as are
 * the modulation and the norms. Linear layers and attention run in the
 * target's compute type, which is what autocast does in the reference.
 */

import type { TransformerConfig } from "./layout.ts";
import type { GraphWriter } from "../../onnx/graph/value.ts";
import type { ComputeType } from "../../onnx/graph/graph_target.ts";
import {
  attention,
  layerNorm,
  linear,
  parameter,
  rmsNorm,
} from "../../onnx/graph/layers.ts";
import { concat, type Value } from "../../onnx/graph/value.ts";
import { rotaryTables, rotate, type TokenGrid } from "./_rotary.ts";

/** The image features' tokens; they stand in front of the text's. */
export const IMAGE_TOKENS = 257;

/** Of the norms in `img_emb`: torch's default, which the reference leaves. */
const EMBEDDING_EPS = 1e-5;

/**
 * `Conv3d(in_dim, dim, kernel=patch, stride=patch)` on latent and condition
 * `[channels, frames, height, width]`. Patches do not overlap, so this is one
 * matrix product. Result `[1, tokens, dim]` float32.
 */
export function patchEmbedding(
  video: Value,
  options: { patchSize: readonly [number, number, number] },
): Value {
  const [channels, frames, height, width] = video.shape as [
    number,
    number,
    number,
    number,
  ];
  const [p, q, r] = options.patchSize;
  const patches = video
    .reshape([channels, frames / p, p, height / q, q, width / r, r])
    .transpose([1, 3, 5, 0, 2, 4, 6])
    .reshape([1, -1, channels * p * q * r]);
  return linear(patches, "patch_embedding", { type: "float32" });
}

/**
 * `time_embedding` and `time_projection` on the sinusoids `[freqDim]`: `e`
 * `[1, 1, dim]` for the head, `e0` `[1, 6, dim]` for the blocks, both float32.
 */
export function timeEmbedding(sinusoids: Value): { e: Value; e0: Value } {
  const type = "float32";
  const hidden = linear(sinusoids.reshape([1, 1, -1]), "time_embedding.0", {
    type,
  });
  const e = linear(hidden.silu(), "time_embedding.2", { type });
  const projected = linear(e.silu(), "time_projection.1", { type });
  return { e, e0: projected.reshape([1, 6, -1]) };
}

/** `text_embedding` on the padded features `[1, textLen, textDim]`. */
export function textEmbedding(text: Value): Value {
  const hidden = linear(text, "text_embedding.0").gelu("tanh");
  return linear(hidden, "text_embedding.2");
}

/** `MLPProj` on the image features `[1, 257, imageDim]`. */
export function imageEmbedding(image: Value): Value {
  const eps = EMBEDDING_EPS;
  let x = layerNorm(image, { name: "img_emb.proj.0", eps });
  x = linear(x, "img_emb.proj.1").gelu("none");
  x = linear(x, "img_emb.proj.3").cast("float32");
  return layerNorm(x, { name: "img_emb.proj.4", eps });
}

/** Image tokens first, then text: `[1, 257 + textLen, dim]` float32. */
export function context(text: Value, image: Value): Value {
  return concat([
    imageEmbedding(image),
    textEmbedding(text).cast("float32"),
  ], 1);
}

/** What all blocks share. */
export interface BlockInputs {
  /** The time embedding, `[1, 6, dim]`. */
  readonly e0: Value;
  /** Image and text, `[1, 257 + textLen, dim]`. */
  readonly context: Value;
  /** The tokens along each axis. */
  readonly grid: TokenGrid;
}

/** The blocks `from` (included) to `to` (excluded) on `x`. */
export function blocks(
  x: Value,
  inputs: BlockInputs,
  options: {
    parameters: TransformerConfig;
    from: number;
    to: number;
  },
): Value {
  const { parameters, from, to } = options;
  const { numHeads: heads, dim, ffnDim, eps } = parameters;
  const rotary = rotaryTables(x.graph, {
    grid: inputs.grid,
    headLength: dim / heads,
  });
  for (let i = from; i < to; i++) {
    x = attentionBlock(x, `blocks.${i}`, {
      ...inputs,
      rotary,
      heads,
      ffnDim,
      eps,
    });
  }
  return x;
}

/** What a block's parts need besides `x`. */
export interface Block {
  readonly e0: Value;
  readonly context: Value;
  readonly rotary: { cos: Value; sin: Value };
  readonly heads: number;
  readonly eps: number;
}

/** `WanAttentionBlock`. */
function attentionBlock(
  x: Value,
  name: string,
  block: Block & { readonly ffnDim: number },
): Value {
  const { eps } = block;
  const [shift1, scale1, gate1, shift2, scale2, gate2] = modulation(
    x.graph,
    name,
    block.e0,
  ) as [Value, Value, Value, Value, Value, Value];

  const y = selfAttention(
    layerNorm(x, { eps }).mul(scale1.add(1)).add(shift1),
    `${name}.self_attn`,
    block,
  );
  x = x.add(y.mul(gate1));

  x = x.add(
    crossAttention(
      layerNorm(x, { eps, name: `${name}.norm3` }),
      `${name}.cross_attn`,
      block,
    ),
  );

  const z = feedForward(
    layerNorm(x, { eps }).mul(scale2.add(1)).add(shift2),
    `${name}.ffn`,
    block,
  );
  return x.add(z.mul(gate2));
}

/** The layer's own modulation plus the time's: its rows, each `[1, 1, dim]`. */
export function modulation(g: GraphWriter, name: string, e: Value): Value[] {
  const own = parameter(g, name, "modulation", { type: "float32" });
  const stored = own ?? g.weight(`${name}.modulation`, { type: "float32" });
  return stored.add(e).chunk(1, stored.shape[1]!);
}

/** `WanSelfAttention`; the result is float32. */
export function selfAttention(x: Value, name: string, block: Block): Value {
  const type = attentionType(x.graph);
  const turned = (part: "q" | "k") =>
    rotate(
      normed(linear(x, `${name}.${part}`), `${name}.norm_${part}`, block),
      block.rotary,
    )
      .cast(type);
  const v = linear(x, `${name}.v`).cast(type);
  const y = attention(turned("q"), turned("k"), v, block);
  return linear(y, `${name}.o`).cast("float32");
}

/**
 * `WanI2VCrossAttention`: image and text are attended to separately and their
 * results are added. All text tokens take part, padding too.
 */
export function crossAttention(x: Value, name: string, block: Block): Value {
  const type = attentionType(x.graph);
  const q = normed(linear(x, `${name}.q`), `${name}.norm_q`, block).cast(type);
  const attend = (tokens: Value, suffix: "" | "_img") =>
    attention(
      q,
      normed(
        linear(tokens, `${name}.k${suffix}`),
        `${name}.norm_k${suffix}`,
        block,
      ).cast(type),
      linear(tokens, `${name}.v${suffix}`).cast(type),
      block,
    );
  const image = block.context.slice(1, 0, IMAGE_TOKENS);
  const text = block.context.slice(1, IMAGE_TOKENS);
  const y = attend(text, "").add(attend(image, "_img"));
  return linear(y, `${name}.o`).cast("float32");
}

/** What attention runs in: other than linear layers where that is faster. */
function attentionType({ target }: GraphWriter): ComputeType {
  return target.attentionCompute ?? target.compute;
}

/** `WanRMSNorm`, over all heads together; the result is float32. */
function normed(x: Value, name: string, block: Block): Value {
  return rmsNorm(x.cast("float32"), { name, eps: block.eps });
}

/**
 * How many numbers between the two layers of `ffn` are there at once. All of
 * them would be 0.9 GB for the 14B model at 480p, and once more behind the
 * GELU: the most that a block takes.
 */
const MOST_HIDDEN = 2 ** 27;

/**
 * The block's `ffn`: tanh GELU between two linear layers, for so many tokens
 * after the other that the memory is not the largest of the block; float32.
 */
export function feedForward(
  x: Value,
  name: string,
  options: { ffnDim: number; most?: number },
): Value {
  const { ffnDim, most = MOST_HIDDEN } = options;
  const tokens = x.shape[1]!;
  const rounds = Math.ceil(tokens * ffnDim / most);
  const rows = Math.ceil(tokens / rounds);
  const lengths = Array.from(
    { length: Math.ceil(tokens / rows) },
    (_, i) => Math.min(rows, tokens - i * rows),
  );
  const parts = x.cast(x.graph.target.compute).split(1, lengths);
  return concat(
    parts.map((part) =>
      linear(linear(part, `${name}.0`).gelu("tanh"), `${name}.2`)
    ),
    1,
  ).cast("float32");
}

/** `Head`: `[1, tokens, product(patchSize) * outDim]`, float32. */
export function head(
  x: Value,
  e: Value,
  options: { eps: number },
): Value {
  const [shift, scale] = modulation(x.graph, "head", e) as [Value, Value];
  const y = layerNorm(x, options).mul(scale.add(1)).add(shift);
  return linear(y, "head.head", { type: "float32" });
}

/**
 * `unpatchify`: tokens back to `[outDim, frames, height, width]`. Within a
 * token the channel runs fastest.
 */
export function unpatchify(
  x: Value,
  options: {
    grid: TokenGrid;
    patchSize: readonly [number, number, number];
    outDim: number;
  },
): Value {
  const { grid: [f, h, w], patchSize: [p, q, r], outDim } = options;
  return x.reshape([f, h, w, p, q, r, outDim])
    .transpose([6, 0, 3, 1, 4, 2, 5])
    .reshape([outDim, f * p, h * q, w * r]);
}
