/**
 * The image encoder, the visual half of open-clip's XLM-RoBERTa ViT-H/14: its config, the names and shapes of its tensors, and
 * the names under which other programs store them.
 *
 * Source: the constructors of `wan/modules/clip.py` in Wan2.1; the tensors are in the order of
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
import { type NameRule, renameByRules } from "../tensor_names.ts";

/**
 * The image encoder: the visual half of `wan/modules/clip.py`. The values of
 * the ViT-H/14 stand in parentheses.
 */
export interface ClipConfig {
  /** Width of a token (1280). */
  readonly dim: number;
  /** Width of the feed-forward layer (5120). */
  readonly mlpDim: number;
  /** Attention heads; the weights do not tell (16). */
  readonly numHeads: number;
  /** Blocks in the file (32); the features are those of the last but one. */
  readonly numLayers: number;
  /** Edge of the square image, px (224). */
  readonly imageSize: number;
  /** Edge of a patch, px (14). */
  readonly patchSize: number;
}

/** The visual half of open-clip's XLM-RoBERTa ViT-H/14. */
export const CLIP_VIT_H_14: ClipConfig = {
  dim: 1280,
  mlpDim: 5120,
  numHeads: 16,
  numLayers: 32,
  imageSize: 224,
  patchSize: 14,
};

/** Width of the space that image and text share; only `visual.head` leads there. */
const CLIP_EMBED_DIM = 1024;

/** The image encoder's heads; transformers' configuration may say otherwise. */
const CLIP_HEADS = 16;

const BLOCK = String.raw`^vision_model\.encoder\.layers\.(\d+)\.`;

const TRANSFORMERS_CLIP: readonly NameRule[] = [
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

/** How the image encoder, the visual half of open-clip's XLM-RoBERTa ViT-H/14 is recognized, checked and built. */
export const CLIP_DESCRIPTOR: NetworkDescriptor<ClipConfig> = {
  layout: clipLayout,
  derive: deriveClip,
  prefix: /^(?:model|image_encoder|clip_vision)\./,
  names: [{
    naming: "transformers",
    // transformers 5 writes the vision half without its prefix.
    rename: (name) =>
      renameByRules(TRANSFORMERS_CLIP, name) ??
        renameByRules(TRANSFORMERS_CLIP, `vision_model.${name}`),
  }],
  unused: [
    [/^(?:textual\.|text_model\.|text_projection\.)/, "text half"],
    [/^(?:log_scale|logit_scale)$/, "similarity scale"],
    [/^visual_projection\./, "projection to the shared space"],
    [/\.position_ids$/, "position numbers"],
  ],
  mark: "visual.pos_embedding",
};

function clipLayout(p: ClipConfig): LayoutTensor[] {
  const { dim, mlpDim, patchSize } = p;
  const tokens = (p.imageSize / patchSize) ** 2 + 1;
  return [
    { name: "visual.cls_embedding", shape: [1, 1, dim] },
    { name: "visual.pos_embedding", shape: [1, tokens, dim] },
    { name: "visual.head", shape: [dim, CLIP_EMBED_DIM], optional: true },
    weight("visual.patch_embedding", dim, 3, patchSize, patchSize),
    ...layerNorm("visual.pre_norm", dim),
    ...times(p.numLayers, (i) => [
      ...layerNorm(`visual.transformer.${i}.norm1`, dim),
      ...linear(`visual.transformer.${i}.attn.to_qkv`, 3 * dim, dim),
      ...linear(`visual.transformer.${i}.attn.proj`, dim, dim),
      ...layerNorm(`visual.transformer.${i}.norm2`, dim),
      ...linear(`visual.transformer.${i}.mlp.0`, mlpDim, dim),
      ...linear(`visual.transformer.${i}.mlp.2`, dim, mlpDim),
    ]),
    ...layerNorm("visual.post_norm", dim).map((t) => ({
      ...t,
      optional: true,
    })),
  ];
}

function deriveClip(reader: ShapeReader): ClipConfig {
  const [dim, , patchSize] = reader.shape("visual.patch_embedding.weight", 4);
  const tokens = reader.tensors.get("visual.pos_embedding")?.shape.at(-2) ?? 0;
  const edge = Math.sqrt(tokens - 1);
  if (!Number.isInteger(edge) || edge < 1) {
    throw reader.fail(
      "wrong-shape",
      `"visual.pos_embedding" has ${tokens} tokens, expected a square and one more`,
    );
  }
  return {
    dim: dim!,
    mlpDim: reader.shape("visual.transformer.0.mlp.0.bias", 1)[0]!,
    numHeads: reader.number("num_attention_heads") ?? CLIP_HEADS,
    numLayers: reader.count("visual.transformer.", ".norm1.weight"),
    imageSize: edge * patchSize!,
    patchSize: patchSize!,
  };
}
