/**
 * A complete tiny checkpoint: the official folder's files and formats with
 * random weights, small enough that a CPU runs the pipeline in seconds. For
 * smoke tests; the videos are noise.
 *
 * @module
 */

import { seeded } from "../base/seeded.ts";
import { sizeOf } from "../base/tensor.ts";
import type { ClipConfig } from "../wan/image_encoder/layout.ts";
import type { NetworkConfigs, NetworkKind } from "../wan/networks.ts";
import type { T5Config } from "../wan/text_encoder/layout.ts";
import type { TransformerConfig } from "../wan/transformer/layout.ts";
import type { VaeConfig } from "../wan/vae/layout.ts";
import { joinPath } from "../base/file_view.ts";
import { CLIP_VIT_H_14 } from "../wan/image_encoder/layout.ts";
import { networkLayout } from "../wan/networks.ts";
import { UMT5_XXL } from "../wan/text_encoder/layout.ts";
import { WAN_14B_I2V } from "../wan/transformer/layout.ts";
import { TAEW_2_1, type TinyVaeConfig } from "../wan/tiny_vae/layout.ts";
import { WAN_VAE } from "../wan/vae/layout.ts";
import { writeSafetensors } from "../formats/safetensors_writer.ts";
import type { TensorDtype } from "../formats/tensor_index.ts";
import { writeTorchZip } from "../formats/torch_zip_writer.ts";

/** The tiny networks' configs: the real ones, with small widths. */
export const TINY_CONFIG: Omit<NetworkConfigs, "allTracker"> = {
  transformer: {
    ...WAN_14B_I2V,
    dim: 64,
    ffnDim: 144,
    numHeads: 2,
    numLayers: 2,
    textDim: 64,
    imageDim: 64,
  } satisfies TransformerConfig,
  t5: {
    ...UMT5_XXL,
    vocabSize: 512,
    dim: 64,
    dimAttn: 64,
    dimFfn: 128,
    numHeads: 4,
    numLayers: 2,
  } satisfies T5Config,
  clip: {
    ...CLIP_VIT_H_14,
    dim: 64,
    mlpDim: 256,
    numLayers: 4,
  } satisfies ClipConfig,
  vae: { ...WAN_VAE, dim: 4 } satisfies VaeConfig,
  tinyVae: { ...TAEW_2_1, widths: [16, 12, 8, 8] } satisfies TinyVaeConfig,
};

/** A tensor with its values. */
type FilledTensor = Parameters<typeof writeSafetensors>[0][number];

/** Options of {@linkcode tinyCheckpoint}. */
export interface TinyCheckpointOptions {
  /** The folder's path, prepended to every file's name. */
  readonly folder: string;
  /** The same seed makes the same weights. An integer. */
  readonly seed: number;
  /** The transformer's element type; `BF16` by default. */
  readonly dtype?: "F32" | "F16" | "BF16";
}

/**
 * The files of a tiny random checkpoint in the official layout, by path: two
 * transformer shards with index and config.json, the VAE (float32), the text
 * encoder (bfloat16) and the image encoder (float16) as torch files, and a
 * tokenizer.json with a vocabulary of single characters.
 */
export async function tinyCheckpoint(
  options: TinyCheckpointOptions,
): Promise<Record<string, Uint8Array<ArrayBuffer>>> {
  const { folder, seed, dtype = "BF16" } = options;
  const chance = seeded(seed);
  const random = () => 2 * chance() - 1;
  const fill = (kind: NetworkKind, dtype: "F32" | "F16" | "BF16") =>
    networkLayout(kind, TINY_CONFIG[kind])
      .map(({ name, shape }) => fillTensor({ name, shape, dtype }, random));
  const files: Record<string, Uint8Array<ArrayBuffer>> = {};
  const put = (name: string, bytes: Uint8Array<ArrayBuffer>) => {
    files[joinPath(folder, name)] = bytes;
  };
  const json = (value: unknown) =>
    new TextEncoder().encode(JSON.stringify(value, undefined, 2) + "\n");
  const torch = async (name: string, tensors: readonly FilledTensor[]) =>
    put(`${name}.pth`, await writeTorchZip(tensors, { name }));

  const transformer = fill("transformer", dtype);
  const middle = Math.ceil(transformer.length / 2);
  const weightMap: Record<string, string> = {};
  [transformer.slice(0, middle), transformer.slice(middle)].forEach(
    (tensors, i) => {
      const name = `diffusion_pytorch_model-0000${i + 1}-of-00002.safetensors`;
      for (const tensor of tensors) weightMap[tensor.name] = name;
      put(name, writeSafetensors(tensors, { metadata: { format: "pt" } }));
    },
  );
  put(
    "diffusion_pytorch_model.safetensors.index.json",
    json({
      metadata: {
        total_size: transformer.reduce((sum, t) => sum + t.data.byteLength, 0),
      },
      weight_map: weightMap,
    }),
  );
  put("config.json", json(officialConfig(TINY_CONFIG.transformer)));
  await torch("Wan2.1_VAE", fill("vae", "F32"));
  await torch("models_t5_umt5-xxl-enc-bf16", fill("t5", "BF16"));
  await torch(
    "models_clip_open-clip-xlm-roberta-large-vit-huge-14",
    fill("clip", "F16"),
  );
  put("google/umt5-xxl/tokenizer.json", json(tinyTokenizer()));
  return files;
}

/** The transformer's config.json as the official repository has it. */
export function officialConfig(
  parameters: TransformerConfig,
): Record<string, string | number> {
  const { dim, eps, ffnDim, freqDim, inDim, numHeads, numLayers } = parameters;
  return {
    _class_name: "WanModel",
    _diffusers_version: "0.30.0",
    dim,
    eps,
    ffn_dim: ffnDim,
    freq_dim: freqDim,
    in_dim: inDim,
    model_type: "i2v",
    num_heads: numHeads,
    num_layers: numLayers,
    out_dim: parameters.outDim,
    text_len: parameters.textLen,
  };
}

/**
 * Random values scaled to keep activations near 1: norms around 1, biases near
 * 0, weights by their fan-in.
 */
function fillTensor(
  plan: { name: string; shape: readonly number[]; dtype: TensorDtype },
  random: () => number,
): FilledTensor {
  const { name, shape, dtype } = plan;
  const isNorm = /norm\w*(?:\.\w+)?\.weight$|\.gamma$|proj\.[04]\.weight$/
    .test(name) || name === "norm.weight";
  const isBias = name.endsWith(".bias");
  const fanIn = sizeOf(shape.slice(1));
  const [center, spread] = isNorm ? [1, 0.1] : isBias
    ? [0, 0.05]
    // A uniform distribution of this spread has variance 1 / fanIn.
    : [0, Math.sqrt(3 / Math.max(fanIn, 1))];
  const values = Float32Array.from(
    { length: sizeOf(shape) },
    () => center + spread * random(),
  );
  return { ...plan, data: encode(values, dtype) };
}

function encode(values: Float32Array, dtype: TensorDtype): ArrayBufferView {
  if (dtype === "F32") return values;
  if (dtype === "F16") return new Float16Array(values);
  const bits = new Uint32Array(values.buffer);
  // To the nearest bfloat16, ties to even.
  return Uint16Array.from(
    bits,
    (word) => word + 0x7fff + (word >>> 16 & 1) >>> 16,
  );
}

/**
 * A tokenizer.json like umt5's: Unigram over Metaspace, `</s>` appended, with
 * printable ASCII as its only pieces.
 */
function tinyTokenizer(): unknown {
  const special = ["<pad>", "</s>", "<s>", "<unk>"];
  const pieces: [string, number][] = special.map((piece) => [piece, 0]);
  pieces.push(["▁", -2]);
  for (let code = 0x21; code < 0x7f; code++) {
    pieces.push([String.fromCharCode(code), -4]);
  }
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: "Metaspace",
      replacement: "▁",
      prepend_scheme: "always",
      split: true,
    },
    post_processor: {
      type: "TemplateProcessing",
      single: [
        { Sequence: { id: "A", type_id: 0 } },
        { SpecialToken: { id: "</s>", type_id: 0 } },
      ],
      pair: [
        { Sequence: { id: "A", type_id: 0 } },
        { SpecialToken: { id: "</s>", type_id: 0 } },
        { Sequence: { id: "B", type_id: 0 } },
        { SpecialToken: { id: "</s>", type_id: 0 } },
      ],
      special_tokens: { "</s>": { id: "</s>", ids: [1], tokens: ["</s>"] } },
    },
    decoder: {
      type: "Metaspace",
      replacement: "▁",
      prepend_scheme: "always",
      split: true,
    },
    model: {
      type: "Unigram",
      unk_id: 3,
      vocab: pieces,
      byte_fallback: false,
    },
  };
}
