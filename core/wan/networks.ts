/**
 * The four networks of a checkpoint: their tensors, and their configs, derived
 * from the tensors' shapes. The definition of each network is in its folder.
 *
 * @module
 */

import type { TensorDtype, TensorIndex } from "../formats/tensor_index.ts";
import { CLIP_DESCRIPTOR, type ClipConfig } from "./image_encoder/layout.ts";
import {
  type ConfigFile,
  type LayoutTensor,
  type NetworkDescriptor,
  ShapeReader,
} from "./network_descriptor.ts";
import type { NameRule, Naming, RenamedTensor } from "./tensor_names.ts";
import {
  TRANSFORMER_DESCRIPTOR,
  type TransformerConfig,
} from "./transformer/layout.ts";
import { type T5Config, UMT5_DESCRIPTOR } from "./text_encoder/layout.ts";
import { VAE_DESCRIPTOR, type VaeConfig } from "./vae/layout.ts";

/** The four networks, in the order in which a run needs them. */
export const NETWORKS = ["t5", "clip", "vae", "transformer"] as const;

/** The name of one of the four networks. */
export type NetworkKind = (typeof NETWORKS)[number];

/** The hyperparameters of each network. */
export interface NetworkConfigs {
  /** Of the text encoder. */
  readonly t5: T5Config;
  /** Of the image encoder. */
  readonly clip: ClipConfig;
  /** Of the VAE. */
  readonly vae: VaeConfig;
  /** Of the transformer. */
  readonly transformer: TransformerConfig;
}

/** The share of a network that has one element type. */
export interface DtypeShare {
  /** The number of tensors. */
  readonly tensors: number;
  /** The number of their elements. */
  readonly parameters: number;
  /** Their size in bytes. */
  readonly bytes: number;
}

/** One network of a checkpoint, opened. */
export interface Component<Kind extends NetworkKind = NetworkKind> {
  /** Which network. */
  readonly kind: Kind;
  /** The naming of the files' tensors: `official`, `transformers` or `diffusers`. */
  readonly naming: Naming;
  /** The files, symbolic links resolved: the paths in the entries. */
  readonly files: readonly string[];
  /**
   * The tensors under their official names and with their official shapes.
   *
   * Additional entries: `<module>.scale_weight`, a float32 scalar, is the factor
   * of an fp8 `<module>.weight`; `<module>.weight_...` replace a quantized
   * weight; `to_q`, `to_k` and `to_v` replace an attention's official `to_qkv`
   * if they are stored separately. Tensors that ATI does not use are left out.
   */
  readonly tensors: TensorIndex;
  /** The config, derived from the shapes (and config.json). */
  readonly config: NetworkConfigs[Kind];
  /** The element types in use, the one with the most bytes first. */
  readonly dtypes: ReadonlyMap<TensorDtype, DtypeShare>;
  /** The number of parameters; quantized weights count as their originals. */
  readonly parameters: number;
  /** The size of `tensors` in bytes. */
  readonly bytes: number;
  /** The text entries of the files' `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Remarks: what was renamed, left out, or assumed. */
  readonly notes: readonly string[];
}

const DESCRIPTORS: {
  readonly [Kind in NetworkKind]: NetworkDescriptor<NetworkConfigs[Kind]>;
} = {
  transformer: TRANSFORMER_DESCRIPTOR,
  vae: VAE_DESCRIPTOR,
  t5: UMT5_DESCRIPTOR,
  clip: CLIP_DESCRIPTOR,
};

/**
 * The tensors of one of the four networks.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { networkLayout } from "./networks.ts";
 * import { WAN_14B_I2V } from "./transformer/layout.ts";
 * import { sizeOf } from "../base/tensor.ts";
 * const tensors = networkLayout("transformer", WAN_14B_I2V);
 * const parameters = tensors.reduce((sum, t) => sum + sizeOf(t.shape), 0);
 * assert.equal(tensors.length, 1303);
 * assert.equal(Math.round(parameters / 1e8), 164);
 * ```
 */
export function networkLayout<Kind extends NetworkKind>(
  kind: Kind,
  config: NetworkConfigs[Kind],
): readonly LayoutTensor[] {
  return DESCRIPTORS[kind].layout(config);
}

/**
 * The config of a network, derived from its tensors.
 *
 * @param options.tensors the tensors under their official names
 * @param options.source the file's name in error messages
 * @param options.config config.json, if there is one
 * @throws {CheckpointError} `tensor-not-found` if a required tensor is missing,
 * `wrong-shape` if shapes or config.json contradict each other,
 * `unknown-layout` if it is a related network that ATI cannot use.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { deriveConfig } from "./networks.ts";
 * import { networkLayout } from "./networks.ts";
 * import { UMT5_XXL } from "./text_encoder/layout.ts";
 * const tensors = new Map(networkLayout("t5", UMT5_XXL).map(({ name, shape }) =>
 *   [name, { name, shape, dtype: "BF16", file: "a", offset: 0, length: 0 } as const]
 * ));
 * const { numHeads } = deriveConfig("t5", { tensors, source: "a.pth" });
 * assert.equal(numHeads, 64);
 * ```
 */
export function deriveConfig<Kind extends NetworkKind>(
  kind: Kind,
  options: { tensors: TensorIndex; source: string; config?: ConfigFile },
): NetworkConfigs[Kind] {
  return DESCRIPTORS[kind].derive(new ShapeReader(options));
}

/**
 * The scale of an fp8 weight. Newer files call it `weight_scale`; the name used
 * here is `scale_weight`.
 */
const SCALE: NameRule = [/\.weight_scale$/, ".scale_weight"];

/**
 * The official name of a tensor of a network. A name that no rule matches is
 * returned without its prefix.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { officialName } from "./networks.ts";
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
  const { prefix, rename, naming } = DESCRIPTORS[kind];
  const bare = name.replace(prefix, "").replace(...SCALE);
  const renamed = rename(bare);
  return renamed === undefined
    ? { name: bare, naming: "official" }
    : { name: renamed, naming };
}

/**
 * Why ATI does not use a tensor of that (official) name; undefined if it does.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { reasonUnused } from "./networks.ts";
 * assert.equal(reasonUnused("clip", "textual.norm.weight"), "text half");
 * assert.equal(reasonUnused("clip", "visual.pos_embedding"), undefined);
 * ```
 */
export function reasonUnused(
  kind: NetworkKind,
  name: string,
): string | undefined {
  return DESCRIPTORS[kind].unused.find(([pattern]) => pattern.test(name))?.[1];
}

/**
 * Which of the four networks has tensors of these names, or undefined.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { recognizeNetwork } from "./networks.ts";
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
  const kinds = Object.keys(DESCRIPTORS) as NetworkKind[];
  for (const name of names) {
    for (const kind of kinds) {
      if (officialName(kind, name).name === DESCRIPTORS[kind].mark) return kind;
    }
  }
  return undefined;
}
