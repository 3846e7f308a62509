/**
 * The networks of a checkpoint: their tensors, and their configs, derived from
 * the tensors' shapes. The definition of each network is in its folder.
 *
 * @module
 */

import type {
  TensorDtype,
  TensorEntry,
  TensorIndex,
} from "../formats/tensor_index.ts";
import {
  ALL_TRACKER_DESCRIPTOR,
  type AllTrackerConfig,
} from "./alltracker/layout.ts";
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
import { TINY_VAE_DESCRIPTOR, type TinyVaeConfig } from "./tiny_vae/layout.ts";
import { VAE_DESCRIPTOR, type VaeConfig } from "./vae/layout.ts";

/** The networks that a run needs, in the order in which it needs them. */
export const NETWORKS = ["t5", "clip", "vae", "transformer"] as const;

/** The name of one of the four networks that a run needs. */
export type NetworkKind = (typeof NETWORKS)[number];

/** The name of any network: one of the four, the small decoder, AllTracker. */
export type ComponentKind = keyof NetworkConfigs;

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
  /** Of the small decoder. */
  readonly tinyVae: TinyVaeConfig;
  /** Of AllTracker. */
  readonly allTracker: AllTrackerConfig;
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
export interface Component<Kind extends ComponentKind = NetworkKind> {
  /** Which network. */
  readonly kind: Kind;
  /** Whose tensor names the files have. */
  readonly naming: Naming;
  /** The files, symbolic links resolved: the paths in the entries. */
  readonly files: readonly string[];
  /**
   * The tensors under their official names and with their official shapes.
   *
   * Where the files have more: `<module>.scale_weight` has the factors of an
   * fp8 `<module>.weight`; `<module>.weight_...` stand for a
   * weight that is stored packed. Where they have it cut otherwise:
   * an attention whose official `to_qkv` is stored as three has `to_q`, `to_k`
   * and `to_v` instead. Tensors of no use to ATI are left out.
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
  readonly [Kind in ComponentKind]: NetworkDescriptor<NetworkConfigs[Kind]>;
} = {
  transformer: TRANSFORMER_DESCRIPTOR,
  vae: VAE_DESCRIPTOR,
  t5: UMT5_DESCRIPTOR,
  clip: CLIP_DESCRIPTOR,
  tinyVae: TINY_VAE_DESCRIPTOR,
  allTracker: ALL_TRACKER_DESCRIPTOR,
};

/** The tensors of a network. */
export function networkLayout<Kind extends ComponentKind>(
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
 */
export function deriveConfig<Kind extends ComponentKind>(
  kind: Kind,
  options: { tensors: TensorIndex; source: string; config?: ConfigFile },
): NetworkConfigs[Kind] {
  return DESCRIPTORS[kind].derive(new ShapeReader(options));
}

/**
 * The factors of an 8-bit weight. `scale_weight` is the name that is used here;
 * `weight_scale_inv` is multiplied with as well: see `weight_scale.ts`.
 */
const SCALE: NameRule = [/\.weight_scale(?:_inv)?$/, ".scale_weight"];

/**
 * The official name of a tensor of a network. A name that no rule matches is
 * returned without its prefix.
 */
export function officialName(kind: ComponentKind, name: string): RenamedTensor {
  const { prefix, names } = DESCRIPTORS[kind];
  const bare = name.replace(prefix, "").replace(...SCALE);
  for (const { naming, rename } of names) {
    const renamed = rename(bare);
    if (renamed !== undefined) return { name: renamed, naming };
  }
  return { name: bare, naming: "official" };
}

/**
 * The official shape of a tensor whose file could not keep all of its axes;
 * undefined where it has them.
 */
export function restoredShape(
  kind: ComponentKind,
  entry: TensorEntry,
  tensors: TensorIndex,
): readonly number[] | undefined {
  return DESCRIPTORS[kind].restoreShape?.(entry, tensors);
}

/**
 * Why ATI does not use a tensor of that (official) name; undefined if it does.
 */
export function reasonUnused(
  kind: ComponentKind,
  name: string,
): string | undefined {
  return DESCRIPTORS[kind].unused.find(([pattern]) => pattern.test(name))?.[1];
}

/** Which network has tensors of these names, or undefined. */
export function recognizeNetwork(
  names: Iterable<string>,
): ComponentKind | undefined {
  const kinds = Object.keys(DESCRIPTORS) as ComponentKind[];
  for (const name of names) {
    for (const kind of kinds) {
      if (officialName(kind, name).name === DESCRIPTORS[kind].mark) return kind;
    }
  }
  return undefined;
}
