/**
 * The names under which the four networks' tensors are met in the wild, and
 * how they lead back to the official ones: a prefix that a tool put in front,
 * the names of Hugging Face's transformers (which ComfyUI's text and image
 * encoders have), and those of diffusers. All of it is mechanical: the
 * numbers are the same.
 *
 * Sources: diffusers' `convert_wan_to_diffusers.py`; the modules `modeling_t5`
 * and `modeling_clip` of transformers; the loaders of ComfyUI and of its
 * WanVideoWrapper nodes.
 *
 * @module
 */

import type { Component, NetworkKind } from "./components.ts";

/** Whose names a file has. */
export type Naming = Component["naming"];

/** What became of a tensor's name. */
export interface RenamedTensor {
  /** The official name. */
  readonly name: string;
  /** Whose name it had, a prefix aside. */
  readonly naming: Naming;
}

type Rule = readonly [pattern: RegExp, replacement: string];

/** Put in front of every name by the tools that save a whole model. */
const PREFIXES: Readonly<Record<NetworkKind, RegExp>> = {
  transformer: /^(?:model\.diffusion_model|diffusion_model|model)\./,
  vae: /^(?:model|vae|first_stage_model)\./,
  t5: /^(?:text_encoders\.umt5xxl\.transformer|text_encoder|transformer)\./,
  clip: /^(?:model|image_encoder|clip_vision)\./,
};

/**
 * A scale that belongs to an fp8 weight. Newer files call it `weight_scale`;
 * `scale_weight` is the name that is used here.
 */
const SCALE: Rule = [/\.weight_scale$/, ".scale_weight"];

/** Three residual blocks and the step up make a level of the decoder. */
const BLOCKS_PER_LEVEL = 4;

const DIFFUSERS_TRANSFORMER: readonly Rule[] = [
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

const DIFFUSERS_VAE: readonly Rule[] = [
  [/^quant_conv\./, "conv1."],
  [/^post_quant_conv\./, "conv2."],
  [/^(encoder|decoder)\.conv_in\./, "$1.conv1."],
  [/^(encoder|decoder)\.norm_out\./, "$1.head.0."],
  [/^(encoder|decoder)\.conv_out\./, "$1.head.2."],
  [/^(encoder|decoder)\.mid_block\.attentions\.0\./, "$1.middle.1."],
  [/^(encoder|decoder)\.mid_block\.resnets\.0\./, "$1.middle.0."],
  [/^(encoder|decoder)\.mid_block\.resnets\.1\./, "$1.middle.2."],
  [/^encoder\.down_blocks\.(\d+)\./, "encoder.downsamples.$1."],
];

/** The parts of a residual block; applied after the rules above. */
const DIFFUSERS_RESIDUAL: readonly Rule[] = [
  [/(\.\d+)\.norm1\.gamma$/, "$1.residual.0.gamma"],
  [/(\.\d+)\.conv1\.(weight|bias)$/, "$1.residual.2.$2"],
  [/(\.\d+)\.norm2\.gamma$/, "$1.residual.3.gamma"],
  [/(\.\d+)\.conv2\.(weight|bias)$/, "$1.residual.6.$2"],
  [/(\.\d+)\.conv_shortcut\./, "$1.shortcut."],
];

const TRANSFORMERS_T5: readonly Rule[] = [
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

const BLOCK = String.raw`^vision_model\.encoder\.layers\.(\d+)\.`;
const TRANSFORMERS_CLIP: readonly Rule[] = [
  [/^vision_model\.embeddings\.class_embedding$/, "visual.cls_embedding"],
  [
    /^vision_model\.embeddings\.position_embedding\.weight$/,
    "visual.pos_embedding",
  ],
  [/^vision_model\.embeddings\.patch_embedding\./, "visual.patch_embedding."],
  // The missing letter is transformers' own.
  [/^vision_model\.pre_layrnorm\./, "visual.pre_norm."],
  [/^vision_model\.post_layernorm\./, "visual.post_norm."],
  [new RegExp(BLOCK + "layer_norm1\\."), "visual.transformer.$1.norm1."],
  [new RegExp(BLOCK + "layer_norm2\\."), "visual.transformer.$1.norm2."],
  [
    new RegExp(BLOCK + "self_attn\\.([qkv])_proj\\."),
    "visual.transformer.$1.attn.to_$2.",
  ],
  [
    new RegExp(BLOCK + "self_attn\\.out_proj\\."),
    "visual.transformer.$1.attn.proj.",
  ],
  [new RegExp(BLOCK + "mlp\\.fc1\\."), "visual.transformer.$1.mlp.0."],
  [new RegExp(BLOCK + "mlp\\.fc2\\."), "visual.transformer.$1.mlp.2."],
];

/**
 * The official name of a tensor of that network. A name that no rule knows
 * comes back as it is, its prefix taken off.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { officialName } from "./tensor_names.ts";
 * assert.equal(
 *   officialName("transformer", "model.diffusion_model.head.modulation").name,
 *   "head.modulation",
 * );
 * assert.equal(
 *   officialName("t5", "encoder.block.3.layer.1.DenseReluDense.wo.weight").name,
 *   "blocks.3.ffn.fc2.weight",
 * );
 * ```
 */
export function officialName(kind: NetworkKind, name: string): RenamedTensor {
  const bare = name.replace(PREFIXES[kind], "").replace(...SCALE);
  const renamed = RENAME[kind](bare);
  return renamed === undefined ? { name: bare, naming: "official" } : {
    name: renamed,
    naming: kind === "transformer" || kind === "vae"
      ? "diffusers"
      : "transformers",
  };
}

/** For each network: the official name, or undefined when no rule applies. */
const RENAME: Readonly<
  Record<NetworkKind, (name: string) => string | undefined>
> = {
  transformer: (name) => firstMatch(DIFFUSERS_TRANSFORMER, name),
  t5: (name) => firstMatch(TRANSFORMERS_T5, name),
  clip: (name) => firstMatch(TRANSFORMERS_CLIP, name),
  vae: (name) => {
    const placed = firstMatch(DIFFUSERS_VAE, name) ?? flattenUpBlocks(name);
    return placed === undefined
      ? undefined
      : firstMatch(DIFFUSERS_RESIDUAL, placed) ?? placed;
  },
};

function firstMatch(rules: readonly Rule[], name: string): string | undefined {
  for (const [pattern, replacement] of rules) {
    if (pattern.test(name)) return name.replace(pattern, replacement);
  }
  return undefined;
}

/** diffusers groups the decoder's blocks by level; the official list is flat. */
function flattenUpBlocks(name: string): string | undefined {
  const match =
    /^decoder\.up_blocks\.(\d+)\.(?:resnets\.(\d+)|upsamplers\.0)\.(.+)$/
      .exec(name);
  if (!match) return undefined;
  const [, level, block, rest] = match;
  const index = Number(level) * BLOCKS_PER_LEVEL +
    (block === undefined ? BLOCKS_PER_LEVEL - 1 : Number(block));
  return `decoder.upsamples.${index}.${rest}`;
}

/** Tensors that such files carry and ATI has no use for. */
const UNUSED: Readonly<Record<NetworkKind, readonly Rule[]>> = {
  transformer: [
    [/^scaled_fp8$/, "marker of scaled fp8"],
    [/\.(?:scale_input|input_scale)$/, "scale of fp8 activations"],
    [/\.comfy_quant$/, "marker of ComfyUI's quantisation"],
  ],
  vae: [],
  t5: [
    [/^scaled_fp8$/, "marker of scaled fp8"],
    [/\.(?:scale_input|input_scale)$/, "scale of fp8 activations"],
    [/\.comfy_quant$/, "marker of ComfyUI's quantisation"],
    [/^spiece_model$/, "SentencePiece model"],
  ],
  clip: [
    [/^(?:textual\.|text_model\.|text_projection\.)/, "text half"],
    [/^(?:log_scale|logit_scale)$/, "similarity scale"],
    [/^visual_projection\./, "projection to the shared space"],
    [/\.position_ids$/, "position numbers"],
  ],
};

/**
 * Why ATI has no use for a tensor of that (official) name, or undefined when
 * it has.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { reasonUnused } from "./tensor_names.ts";
 * assert.equal(reasonUnused("clip", "textual.norm.weight"), "text half");
 * assert.equal(reasonUnused("clip", "visual.pos_embedding"), undefined);
 * ```
 */
export function reasonUnused(
  kind: NetworkKind,
  name: string,
): string | undefined {
  return UNUSED[kind].find(([pattern]) => pattern.test(name))?.[1];
}

/** A tensor that only this network has. */
const MARKS: Readonly<Record<NetworkKind, string>> = {
  transformer: "head.modulation",
  vae: "decoder.middle.0.residual.0.gamma",
  t5: "blocks.0.pos_embedding.embedding.weight",
  clip: "visual.pos_embedding",
};

/**
 * Which of the four networks tensors of these names make up, or undefined.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { recognizeNetwork } from "./tensor_names.ts";
 * assert.equal(
 *   recognizeNetwork(["vision_model.embeddings.position_embedding.weight"]),
 *   "clip",
 * );
 * assert.equal(recognizeNetwork(["lora_unet_a.lora_down.weight"]), undefined);
 * ```
 */
export function recognizeNetwork(
  names: Iterable<string>,
): NetworkKind | undefined {
  const kinds = Object.keys(MARKS) as NetworkKind[];
  for (const name of names) {
    for (const kind of kinds) {
      if (officialName(kind, name).name === MARKS[kind]) return kind;
    }
  }
  return undefined;
}
