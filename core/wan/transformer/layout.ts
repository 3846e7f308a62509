/**
 * The video transformer: its config, the names and shapes of its tensors, and
 * the names under which other programs store them.
 *
 * Source: the constructors of `wan/modules/model.py` in Wan2.1; the tensors are in the order of
 * the state dict.
 *
 * @module
 */

import {
  layerNorm,
  type LayoutTensor,
  linear,
  type NetworkDescriptor,
  type ShapeReader,
  times,
  weight,
} from "../network_descriptor.ts";
import { sizeOf } from "../../base/tensor.ts";
import type { TensorEntry, TensorIndex } from "../../formats/tensor_index.ts";
import { type NameRule, renameByRules } from "../tensor_names.ts";

/**
 * The video transformer: `wan/modules/model.py`, image-to-video. The values
 * of the 14B model stand in parentheses.
 */
export interface TransformerConfig {
  /** Width of a token (5120). */
  readonly dim: number;
  /** Width of the feed-forward layer (13824). */
  readonly ffnDim: number;
  /** Attention heads (40); `dim / numHeads` is the head's width (128). */
  readonly numHeads: number;
  /** Blocks (40). */
  readonly numLayers: number;
  /** Input channels: 16 of noise, 4 of mask, 16 of condition (36). */
  readonly inDim: number;
  /** Output channels (16). */
  readonly outDim: number;
  /** Width of the text features (4096). */
  readonly textDim: number;
  /** Width of the image features (1280). */
  readonly imageDim: number;
  /** Width of the sinusoidal time embedding (256). */
  readonly freqDim: number;
  /** Text tokens, padded with zeros up to here (512). */
  readonly textLen: number;
  /** Latent cells per token in frames, rows and columns (1, 2, 2). */
  readonly patchSize: readonly [number, number, number];
  /** Of the norms of the blocks (1e-6). */
  readonly eps: number;
}

/** The 14B image-to-video transformer of Wan2.1 and ATI. */
export const WAN_14B_I2V: TransformerConfig = {
  dim: 5120,
  ffnDim: 13824,
  numHeads: 40,
  numLayers: 40,
  inDim: 36,
  outDim: 16,
  textDim: 4096,
  imageDim: 1280,
  freqDim: 256,
  textLen: 512,
  patchSize: [1, 2, 2],
  eps: 1e-6,
};

/** Every official Wan transformer has heads of this width. */
const HEAD_WIDTH = 128;

const DIFFUSERS_TRANSFORMER: readonly NameRule[] = [
  [/^condition_embedder\.time_embedder\.linear_1\./, "time_embedding.0."],
  [/^condition_embedder\.time_embedder\.linear_2\./, "time_embedding.2."],
  [/^condition_embedder\.text_embedder\.linear_1\./, "text_embedding.0."],
  [/^condition_embedder\.text_embedder\.linear_2\./, "text_embedding.2."],
  [/^condition_embedder\.time_proj\./, "time_projection.1."],
  [/^condition_embedder\.image_embedder\.norm1\./, "img_emb.proj.0."],
  [
    /^condition_embedder\.image_embedder\.ff\.net\.0\.proj\./,
    "img_emb.proj.1.",
  ],
  [/^condition_embedder\.image_embedder\.ff\.net\.2\./, "img_emb.proj.3."],
  [/^condition_embedder\.image_embedder\.norm2\./, "img_emb.proj.4."],
  [/^(blocks\.\d+)\.attn1\.to_([qkv])\./, "$1.self_attn.$2."],
  [/^(blocks\.\d+)\.attn1\.to_out\.0\./, "$1.self_attn.o."],
  [/^(blocks\.\d+)\.attn1\.norm_([qk])\./, "$1.self_attn.norm_$2."],
  [/^(blocks\.\d+)\.attn2\.to_([qkv])\./, "$1.cross_attn.$2."],
  [/^(blocks\.\d+)\.attn2\.to_out\.0\./, "$1.cross_attn.o."],
  [/^(blocks\.\d+)\.attn2\.norm_([qk])\./, "$1.cross_attn.norm_$2."],
  [/^(blocks\.\d+)\.attn2\.add_([kv])_proj\./, "$1.cross_attn.$2_img."],
  [/^(blocks\.\d+)\.attn2\.norm_added_k\./, "$1.cross_attn.norm_k_img."],
  // diffusers counts the norms in the order in which they run.
  [/^(blocks\.\d+)\.norm2\./, "$1.norm3."],
  [/^(blocks\.\d+)\.ffn\.net\.0\.proj\./, "$1.ffn.0."],
  [/^(blocks\.\d+)\.ffn\.net\.2\./, "$1.ffn.2."],
  [/^(blocks\.\d+)\.scale_shift_table$/, "$1.modulation"],
  [/^scale_shift_table$/, "head.modulation"],
  [/^proj_out\./, "head.head."],
];

/** How the video transformer is recognized, checked and built. */
export const TRANSFORMER_DESCRIPTOR: NetworkDescriptor<TransformerConfig> = {
  layout: transformerLayout,
  derive: deriveTransformer,
  prefix: /^(?:model\.diffusion_model|diffusion_model|model)\./,
  names: [{
    naming: "diffusers",
    rename: (name) => renameByRules(DIFFUSERS_TRANSFORMER, name),
  }],
  restoreShape: patchShape,
  unused: [
    [/^scaled_fp8$/, "marker of scaled fp8"],
    [/\.(?:scale_input|input_scale)$/, "scale of fp8 activations"],
    [/\.comfy_quant$/, "marker of ComfyUI's quantisation"],
  ],
  mark: "head.modulation",
};

function transformerLayout(p: TransformerConfig): LayoutTensor[] {
  const { dim, ffnDim } = p;
  const patch = p.patchSize[0] * p.patchSize[1] * p.patchSize[2];
  const attention = (name: string) => [
    ...linear(`${name}.q`, dim, dim),
    ...linear(`${name}.k`, dim, dim),
    ...linear(`${name}.v`, dim, dim),
    ...linear(`${name}.o`, dim, dim),
    weight(`${name}.norm_q`, dim),
    weight(`${name}.norm_k`, dim),
  ];
  return [
    weight("patch_embedding", dim, p.inDim, ...p.patchSize),
    { name: "patch_embedding.bias", shape: [dim] },
    ...linear("text_embedding.0", dim, p.textDim),
    ...linear("text_embedding.2", dim, dim),
    ...linear("time_embedding.0", dim, p.freqDim),
    ...linear("time_embedding.2", dim, dim),
    ...linear("time_projection.1", 6 * dim, dim),
    ...times(p.numLayers, (i) => [
      { name: `blocks.${i}.modulation`, shape: [1, 6, dim] },
      ...attention(`blocks.${i}.self_attn`),
      ...layerNorm(`blocks.${i}.norm3`, dim),
      ...attention(`blocks.${i}.cross_attn`),
      ...linear(`blocks.${i}.cross_attn.k_img`, dim, dim),
      ...linear(`blocks.${i}.cross_attn.v_img`, dim, dim),
      weight(`blocks.${i}.cross_attn.norm_k_img`, dim),
      ...linear(`blocks.${i}.ffn.0`, ffnDim, dim),
      ...linear(`blocks.${i}.ffn.2`, dim, ffnDim),
    ]),
    { name: "head.modulation", shape: [1, 2, dim] },
    ...linear("head.head", patch * p.outDim, dim),
    ...layerNorm("img_emb.proj.0", p.imageDim),
    ...linear("img_emb.proj.1", p.imageDim, p.imageDim),
    ...linear("img_emb.proj.3", dim, p.imageDim),
    ...layerNorm("img_emb.proj.4", dim),
  ];
}

/**
 * The five axes of the patch embedding where a file has fewer: GGUF files made
 * by stable-diffusion.cpp have two of them in one. The bias has the first,
 * and every Wan transformer has the same cells per token.
 */
function patchShape(
  { name, shape }: TensorEntry,
  tensors: TensorIndex,
): readonly number[] | undefined {
  if (name !== "patch_embedding.weight" || shape.length === 5) return undefined;
  const [dim] = tensors.get("patch_embedding.bias")?.shape ?? [];
  if (!dim) return undefined;
  const { patchSize } = WAN_14B_I2V;
  const channels = sizeOf(shape) / dim / sizeOf(patchSize);
  return Number.isInteger(channels) ? [dim, channels, ...patchSize] : undefined;
}

function deriveTransformer(reader: ShapeReader): TransformerConfig {
  const [dim, inDim, ...patch] = reader.shape("patch_embedding.weight", 5) as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (!reader.tensors.has("img_emb.proj.0.weight")) {
    throw reader.fail(
      "unknown-layout",
      `it is a Wan transformer without image conditioning (${inDim} input channels)`,
      "ATI needs its own weights: Wan2.1-ATI-14B, not a text-to-video model.",
    );
  }
  const [head] = reader.shape("head.head.bias", 1) as [number];
  const cells = patch[0]! * patch[1]! * patch[2]!;
  const numHeads = reader.number("num_heads", "num_attention_heads") ??
    dim / HEAD_WIDTH;
  if (!Number.isInteger(numHeads) || dim % numHeads !== 0) {
    throw reader.fail(
      "wrong-shape",
      `a width of ${dim} does not tell the number of heads`,
      'Put a config.json with "num_heads" beside the weights, or name one.',
    );
  }
  const parameters: TransformerConfig = {
    dim,
    ffnDim: reader.shape("blocks.0.ffn.0.bias", 1)[0]!,
    numHeads,
    numLayers: reader.count("blocks.", ".modulation"),
    inDim,
    outDim: head / cells,
    textDim: reader.shape("text_embedding.0.weight", 2)[1]!,
    imageDim: reader.shape("img_emb.proj.0.weight", 1)[0]!,
    freqDim: reader.shape("time_embedding.0.weight", 2)[1]!,
    textLen: reader.number("text_len") ?? 512,
    patchSize: patch,
    eps: reader.number("eps") ?? 1e-6,
  };
  reader.agree(dim, "dim");
  reader.agree(parameters.ffnDim, "ffn_dim");
  reader.agree(parameters.numLayers, "num_layers");
  reader.agree(inDim, "in_dim", "in_channels");
  reader.agree(parameters.outDim, "out_dim", "out_channels");
  reader.agree(parameters.freqDim, "freq_dim");
  return parameters;
}
