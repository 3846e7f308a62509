/**
 * The four networks of a checkpoint: which tensors each consists of, and what
 * their shapes say about it. Each network's own knowledge is in its folder.
 *
 * @module
 */

import type {
  TensorDtype,
  TensorEntry,
  TensorIndex,
} from "../formats/tensor_index.ts";
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

/** How much of a network has one element type. */
export interface DtypeShare {
  /** How many tensors. */
  readonly tensors: number;
  /** How many numbers they hold. */
  readonly parameters: number;
  /** How many bytes they take. */
  readonly bytes: number;
}

/** One network of a checkpoint, opened. */
export interface Component<Kind extends NetworkKind = NetworkKind> {
  /** Which network. */
  readonly kind: Kind;
  /** Whose tensor names the files have. */
  readonly naming: Naming;
  /** The files, symbolic links resolved: the paths that the entries name. */
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
  /** What the shapes (and config.json) say about the network. */
  readonly config: NetworkConfigs[Kind];
  /** The element types in use, the one with the most bytes first. */
  readonly dtypes: ReadonlyMap<TensorDtype, DtypeShare>;
  /** How many numbers the network has; packed weights count unpacked. */
  readonly parameters: number;
  /** How many bytes `tensors` takes. */
  readonly bytes: number;
  /** The free text entries of the files' `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** What is worth knowing: renamed, left out, guessed. */
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

/** The tensors of one of the four networks. */
export function networkLayout<Kind extends NetworkKind>(
  kind: Kind,
  config: NetworkConfigs[Kind],
): readonly LayoutTensor[] {
  return DESCRIPTORS[kind].layout(config);
}

/**
 * The hyper-parameters of a network.
 *
 * @param options.tensors the tensors under their official names
 * @param options.source what to call the file in an error
 * @param options.config config.json, where there is one
 * @throws {CheckpointError} `tensor-not-found` when a tensor that tells is
 * missing, `wrong-shape` when shapes or config.json contradict each other,
 * `unknown-layout` when it is a related network that ATI cannot use.
 */
export function deriveConfig<Kind extends NetworkKind>(
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
 * The official name of a tensor of that network. A name that no rule knows
 * comes back as it is, its prefix taken off.
 */
export function officialName(kind: NetworkKind, name: string): RenamedTensor {
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
  kind: NetworkKind,
  entry: TensorEntry,
  tensors: TensorIndex,
): readonly number[] | undefined {
  return DESCRIPTORS[kind].restoreShape?.(entry, tensors);
}

/**
 * Why ATI has no use for a tensor of that (official) name, or undefined when
 * it has.
 */
export function reasonUnused(
  kind: NetworkKind,
  name: string,
): string | undefined {
  return DESCRIPTORS[kind].unused.find(([pattern]) => pattern.test(name))?.[1];
}

/** Which of the four networks tensors of these names make up, or undefined. */
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
