/**
 * The text encoder, umt5-xxl: its config, the names and shapes of its tensors, and
 * the names under which other programs store them.
 *
 * Source: the constructors of `wan/modules/t5.py` in Wan2.1; the tensors are in the order of
 * the state dict.
 *
 * @module
 */

import {
  type LayoutTensor,
  type NetworkDescriptor,
  type ShapeReader,
  times,
  weight,
} from "../network_descriptor.ts";
import { type NameRule, renameByRules } from "../tensor_names.ts";

/** The text encoder: `wan/modules/t5.py`. umt5-xxl's values in parentheses. */
export interface T5Config {
  /** Tokens known (256384). */
  readonly vocabSize: number;
  /** Width of a token (4096). */
  readonly dim: number;
  /** Width of all attention heads together (4096). */
  readonly dimAttn: number;
  /** Width of the feed-forward layer (10240). */
  readonly dimFfn: number;
  /** Attention heads (64). */
  readonly numHeads: number;
  /** Blocks (24). */
  readonly numLayers: number;
  /** Buckets of the relative position bias; every block has its own table (32). */
  readonly numBuckets: number;
}

/** umt5-xxl, the text encoder of Wan2.1. */
export const UMT5_XXL: T5Config = {
  vocabSize: 256384,
  dim: 4096,
  dimAttn: 4096,
  dimFfn: 10240,
  numHeads: 64,
  numLayers: 24,
  numBuckets: 32,
};

const TRANSFORMERS_T5: readonly NameRule[] = [
  [/^(?:shared|encoder\.embed_tokens)\./, "token_embedding."],
  [/^encoder\.final_layer_norm\./, "norm."],
  [
    /^encoder\.block\.(\d+)\.layer\.0\.SelfAttention\.([qkvo])\./,
    "blocks.$1.attn.$2.",
  ],
  [
    /^encoder\.block\.(\d+)\.layer\.0\.SelfAttention\.relative_attention_bias\./,
    "blocks.$1.pos_embedding.embedding.",
  ],
  [/^encoder\.block\.(\d+)\.layer\.0\.layer_norm\./, "blocks.$1.norm1."],
  [/^encoder\.block\.(\d+)\.layer\.1\.layer_norm\./, "blocks.$1.norm2."],
  [
    /^encoder\.block\.(\d+)\.layer\.1\.DenseReluDense\.wi_0\./,
    "blocks.$1.ffn.gate.0.",
  ],
  [
    /^encoder\.block\.(\d+)\.layer\.1\.DenseReluDense\.wi_1\./,
    "blocks.$1.ffn.fc1.",
  ],
  [
    /^encoder\.block\.(\d+)\.layer\.1\.DenseReluDense\.wo\./,
    "blocks.$1.ffn.fc2.",
  ],
];

/** llama.cpp's names for the tensors of an encoder. */
const LLAMA_CPP_T5: readonly NameRule[] = [
  [/^token_embd\./, "token_embedding."],
  [/^enc\.output_norm\./, "norm."],
  [/^enc\.blk\.(\d+)\.attn_([qkvo])\./, "blocks.$1.attn.$2."],
  [/^enc\.blk\.(\d+)\.attn_rel_b\./, "blocks.$1.pos_embedding.embedding."],
  [/^enc\.blk\.(\d+)\.attn_norm\./, "blocks.$1.norm1."],
  [/^enc\.blk\.(\d+)\.ffn_norm\./, "blocks.$1.norm2."],
  [/^enc\.blk\.(\d+)\.ffn_gate\./, "blocks.$1.ffn.gate.0."],
  [/^enc\.blk\.(\d+)\.ffn_up\./, "blocks.$1.ffn.fc1."],
  [/^enc\.blk\.(\d+)\.ffn_down\./, "blocks.$1.ffn.fc2."],
];

/** How the text encoder, umt5-xxl is recognized, checked and built. */
export const UMT5_DESCRIPTOR: NetworkDescriptor<T5Config> = {
  layout: t5Layout,
  derive: deriveT5,
  prefix:
    /^(?:text_encoders\.(?:umt5xxl|t5xxl)\.transformer|text_encoder|transformer)\./,
  names: [
    {
      naming: "transformers",
      rename: (name) => renameByRules(TRANSFORMERS_T5, name),
    },
    {
      naming: "llama.cpp",
      rename: (name) => renameByRules(LLAMA_CPP_T5, name),
    },
  ],
  unused: [
    [/^scaled_fp8$/, "marker of scaled fp8"],
    [/\.(?:scale_input|input_scale)$/, "scale of fp8 activations"],
    [/\.comfy_quant$/, "marker of ComfyUI's quantisation"],
    [/^spiece_model$/, "SentencePiece model"],
    [/^(?:decoder\.|dec\.|lm_head\.|output\.)/, "decoder"],
  ],
  mark: "blocks.0.pos_embedding.embedding.weight",
};

function t5Layout(p: T5Config): LayoutTensor[] {
  const { dim, dimAttn, dimFfn } = p;
  return [
    weight("token_embedding", p.vocabSize, dim),
    ...times(p.numLayers, (i) => [
      weight(`blocks.${i}.norm1`, dim),
      weight(`blocks.${i}.attn.q`, dimAttn, dim),
      weight(`blocks.${i}.attn.k`, dimAttn, dim),
      weight(`blocks.${i}.attn.v`, dimAttn, dim),
      weight(`blocks.${i}.attn.o`, dim, dimAttn),
      weight(`blocks.${i}.norm2`, dim),
      weight(`blocks.${i}.ffn.gate.0`, dimFfn, dim),
      weight(`blocks.${i}.ffn.fc1`, dimFfn, dim),
      weight(`blocks.${i}.ffn.fc2`, dim, dimFfn),
      weight(`blocks.${i}.pos_embedding.embedding`, p.numBuckets, p.numHeads),
    ]),
    weight("norm", dim),
  ];
}

function deriveT5(reader: ShapeReader): T5Config {
  const [vocabSize, dim] = reader.shape("token_embedding.weight", 2);
  const [numBuckets, numHeads] = reader.shape(
    "blocks.0.pos_embedding.embedding.weight",
    2,
  );
  return {
    vocabSize: vocabSize!,
    dim: dim!,
    dimAttn: reader.shape("blocks.0.attn.q.weight", 2)[0]!,
    dimFfn: reader.shape("blocks.0.ffn.fc1.weight", 2)[0]!,
    numHeads: numHeads!,
    numLayers: reader.count("blocks.", ".norm1.weight"),
    numBuckets: numBuckets!,
  };
}
