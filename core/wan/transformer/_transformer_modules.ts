/**
 * The modules of the transformer, one function for each class or Sequential of
 * wan/modules/model.py, in the same order of computation.
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
import type { AttentionGuidance } from "../../sampling/attention_guidance.ts";
import { guideFeatures } from "./_guided_attention.ts";
import { rotaryTables, rotate, type TokenGrid } from "./_rotary.ts";

/** The number of image tokens; they precede the text tokens. */
export const IMAGE_TOKENS = 257;

/** Epsilon of the norms in `img_emb`: torch's default, as in the reference. */
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

/**
 * Image tokens, then text tokens: `[1, 257 + textLen, dim]` float32. With a
 * negative prompt its tokens follow, `textLen` more.
 */
export function context(text: Value, image: Value, negative?: Value): Value {
  const texts = negative ? concat([text, negative], 1) : text;
  return concat([
    imageEmbedding(image),
    textEmbedding(texts).cast("float32"),
  ], 1);
}

/** Inputs common to all blocks. */
export interface BlockInputs {
  /** The time embedding, `[1, 6, dim]`. */
  readonly e0: Value;
  /** Image and text, `[1, 257 + textLen, dim]`; see {@linkcode context}. */
  readonly context: Value;
  /** How the negative prompt in the context acts, if it has one. */
  readonly nag?: Required<AttentionGuidance> | undefined;
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
    /** Tokens that go through a block at a time; all by default. */
    rows?: number;
  },
): Value {
  const { parameters, from, to, rows = Infinity } = options;
  const { numHeads: heads, dim, ffnDim, eps } = parameters;
  const rotary = rotaryTables(x.graph, {
    grid: inputs.grid,
    headLength: dim / heads,
  });
  for (let i = from; i < to; i++) {
    const block = { ...inputs, rotary, heads, ffnDim, eps };
    x = rows < x.shape[1]!
      ? blockInChunks(x, `blocks.${i}`, { ...block, rows })
      : attentionBlock(x, `blocks.${i}`, block);
  }
  return x;
}

/** Inputs of a block's modules besides `x`. */
export interface Block {
  readonly e0: Value;
  readonly context: Value;
  readonly rotary: { cos: Value; sin: Value };
  readonly heads: number;
  readonly eps: number;
  readonly nag?: Required<AttentionGuidance> | undefined;
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

/**
 * `WanAttentionBlock`, for `rows` tokens at a time: only the keys and values of
 * the self attention are there for all tokens at once. The norm before it is
 * computed twice for each token, which takes less than keeping it.
 */
function blockInChunks(
  x: Value,
  name: string,
  block: Block & { readonly ffnDim: number; readonly rows: number },
): Value {
  const { eps, rows } = block;
  const [shift1, scale1, gate1, shift2, scale2, gate2] = modulation(
    x.graph,
    name,
    block.e0,
  ) as [Value, Value, Value, Value, Value, Value];
  const factors = [scale1.add(1), scale2.add(1)] as const;
  const attended = `${name}.self_attn`, tokens = x.shape[1]!;
  const spans = Array.from(
    { length: Math.ceil(tokens / rows) },
    (_, i) => [i * rows, Math.min(tokens, (i + 1) * rows)] as const,
  );
  const entering = (part: Value) =>
    layerNorm(part, { eps }).mul(factors[0]).add(shift1);

  const pairs = spans.map(([from, to]) => {
    const part = entering(x.slice(1, from, to));
    return {
      key: turned(part, attended, "k", { ...block, from }),
      value: values(part, attended),
    };
  });
  const keys = concat(pairs.map(({ key }) => key), 1);
  const all = concat(pairs.map(({ value }) => value), 1);
  const crossed = contextKeys(`${name}.cross_attn`, block);

  return concat(
    spans.map(([from, to]) => {
      let part = x.slice(1, from, to);
      const query = turned(entering(part), attended, "q", { ...block, from });
      const y = attention(query, keys, all, block);
      part = part.add(
        linear(y, `${attended}.o`).cast("float32").mul(gate1),
      );
      part = part.add(
        crossAttention(
          layerNorm(part, { eps, name: `${name}.norm3` }),
          `${name}.cross_attn`,
          { ...block, keys: crossed },
        ),
      );
      const z = feedForward(
        layerNorm(part, { eps }).mul(factors[1]).add(shift2),
        `${name}.ffn`,
        block,
      );
      return part.add(z.mul(gate2));
    }),
    1,
  );
}

/** The layer's modulation plus the time's: its rows, each `[1, 1, dim]`. */
export function modulation(g: GraphWriter, name: string, e: Value): Value[] {
  const own = parameter(g, name, "modulation", { type: "float32" });
  const stored = own ?? g.weight(`${name}.modulation`, { type: "float32" });
  return stored.add(e).chunk(1, stored.shape[1]!);
}

/** `WanSelfAttention`; the result is float32. */
export function selfAttention(x: Value, name: string, block: Block): Value {
  const [q, k] = [turned(x, name, "q", block), turned(x, name, "k", block)];
  const y = attention(q, k, values(x, name), block);
  return linear(y, `${name}.o`).cast("float32");
}

/** Queries or keys of the self attention, the first token being token `from`. */
function turned(
  x: Value,
  name: string,
  part: "q" | "k",
  block: Block & { readonly from?: number },
): Value {
  return rotate(
    normed(linear(x, `${name}.${part}`), `${name}.norm_${part}`, block),
    block.rotary,
    block.from,
  ).cast(attentionType(x.graph));
}

/** The values of the self attention. */
function values(x: Value, name: string): Value {
  return linear(x, `${name}.v`).cast(attentionType(x.graph));
}

/** Keys and values of some tokens of the context. */
interface KeysAndValues {
  readonly key: Value;
  readonly value: Value;
}

/** Keys and values of the context. */
interface ContextKeys {
  readonly text: KeysAndValues;
  readonly image: KeysAndValues;
  /** Those of the negative prompt, with guidance of the attention. */
  readonly negative: KeysAndValues | undefined;
}

/** What the cross attention attends to. */
function contextKeys(name: string, block: Block): ContextKeys {
  const { context } = block;
  const type = attentionType(context.graph);
  const pair = (tokens: Value, suffix: "" | "_img") => ({
    key: normed(
      linear(tokens, `${name}.k${suffix}`),
      `${name}.norm_k${suffix}`,
      block,
    ).cast(type),
    value: linear(tokens, `${name}.v${suffix}`).cast(type),
  });
  const { key, value } = pair(context.slice(1, IMAGE_TOKENS), "");
  const count = block.nag ? 2 : 1;
  const [keys, parts] = [key.chunk(1, count), value.chunk(1, count)];
  const texts = keys.map((key, i) => ({ key, value: parts[i]! }));
  return {
    text: texts[0]!,
    image: pair(context.slice(1, 0, IMAGE_TOKENS), "_img"),
    negative: texts[1],
  };
}

/**
 * `WanI2VCrossAttention`: separate attention to image and text, whose results
 * are added. All text tokens are attended to, including padding. A negative
 * prompt guides the attention to the text, not that to the image.
 */
export function crossAttention(
  x: Value,
  name: string,
  block: Block & { readonly keys?: ContextKeys },
): Value {
  const type = attentionType(x.graph);
  const q = normed(linear(x, `${name}.q`), `${name}.norm_q`, block).cast(type);
  const { text, image, negative } = block.keys ?? contextKeys(name, block);
  const attend = ({ key, value }: KeysAndValues) =>
    attention(q, key, value, block);
  const read = negative && block.nag
    ? guideFeatures(attend(text), attend(negative), block.nag)
    : attend(text);
  const y = read.add(attend(image));
  return linear(y, `${name}.o`).cast("float32");
}

/** The element type of attention, which may differ from that of linear layers. */
function attentionType({ target }: GraphWriter): ComputeType {
  return target.attentionCompute ?? target.compute;
}

/** `WanRMSNorm`, over all heads together; the result is float32. */
function normed(x: Value, name: string, block: Block): Value {
  return rmsNorm(x.cast("float32"), { name, eps: block.eps });
}

/**
 * The largest number of activations between the two layers of `ffn`. All of
 * them would be 0.9 GB for the 14B model at 480p, and the same again after the
 * GELU: the peak of a block.
 */
const MOST_HIDDEN = 2 ** 27;

/**
 * The block's `ffn`: tanh GELU between two linear layers, computed for chunks of
 * tokens so that it does not set the block's peak memory; float32.
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
