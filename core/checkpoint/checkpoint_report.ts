/**
 * A checkpoint in numbers: what was found, and how much memory each part
 * takes at each precision.
 *
 * @module
 */

import { sizeOf } from "../base/tensor.ts";
import { activationBytes, type VideoShape } from "../wan/activation_memory.ts";
import { decodingOnCpu } from "../wan/vae/vae_memory.ts";
import type { AtiCheckpoint } from "./checkpoint.ts";
import {
  type Component,
  type NetworkConfigs,
  type NetworkKind,
  NETWORKS,
} from "../wan/networks.ts";

/** A precision that a network can be run in. */
export type WeightDtype = "fp32" | "bf16" | "fp16" | "fp8" | "q8" | "q4";

/** How much memory one network takes at one precision, in bytes. */
export interface MemoryEstimate {
  /** The precision of the large matrices. */
  readonly dtype: WeightDtype;
  /** The weights, as they lie on the device. */
  readonly weights: number;
  /** What the activations take at the network's widest place. */
  readonly activations: number;
}

/** One network in numbers. */
export interface ComponentReport {
  /** Which network. */
  readonly kind: NetworkKind;
  /** Its files. */
  readonly files: readonly string[];
  /** Whose tensor names they have. */
  readonly naming: Component["naming"];
  /** The element type with the most bytes, and the others: `F8_E4M3, F16`. */
  readonly dtypes: string;
  /** How many numbers it has. */
  readonly parameters: number;
  /** How many bytes its tensors take in the files. */
  readonly bytes: number;
  /** For each precision that the network can be run in, best first. */
  readonly memory: readonly MemoryEstimate[];
  /**
   * What a run on the CPU takes in addition to the files' pages, which the system
   * gives back when it needs to: each network goes block by block in float32,
   * the VAE frame by frame at its full size. Bytes.
   */
  readonly hostMemory: number;
  /** What was renamed, left out or guessed. */
  readonly notes: readonly string[];
}

/** Bits per weight, scales included: one float32 per block of 32 in q8 and q4. */
const BITS: Readonly<Record<WeightDtype, number>> = {
  fp32: 32,
  bf16: 16,
  fp16: 16,
  fp8: 8,
  q8: 9,
  q4: 5,
};

/** The text encoder overflows in fp16; convolutions have no 8-bit kernels. */
const DTYPES: Readonly<Record<NetworkKind, readonly WeightDtype[]>> = {
  transformer: ["fp32", "bf16", "fp16", "fp8", "q8", "q4"],
  t5: ["fp32", "bf16", "fp8"],
  clip: ["fp32", "fp16", "bf16"],
  vae: ["fp32", "fp16", "bf16"],
};

/**
 * Each network of a checkpoint in numbers.
 *
 * The memory is an estimate: weights at the precision's bits, and what ONNX
 * Runtime asks a GPU for in addition to them at the widest place of the network. CUDA's
 * own needs (about half a gigabyte) come on top.
 *
 * @param video the size of the video, px and frames; 832 x 480 x 81 unless given
 *
 * @example
 * ```ts
 * import { openAtiCheckpoint, reportCheckpoint } from "@ati/ati";
 *
 * // Prints what each network of a checkpoint is.
 * export async function describe(folder: string): Promise<void> {
 *   const checkpoint = await openAtiCheckpoint(folder);
 *   for (const { kind, parameters, dtypes } of reportCheckpoint(checkpoint)) {
 *     console.log(`${kind}: ${parameters / 1e9} billion parameters, ${dtypes}`);
 *   }
 * }
 * ```
 */
export function reportCheckpoint(
  checkpoint: Pick<AtiCheckpoint, NetworkKind>,
  video: VideoShape = { width: 832, height: 480, frames: 81 },
): readonly ComponentReport[] {
  return NETWORKS.map((kind) => reportComponent(checkpoint[kind], video));
}

/** One network in numbers; see {@linkcode reportCheckpoint}. */
export function reportComponent(
  component: Component,
  video: VideoShape = { width: 832, height: 480, frames: 81 },
): ComponentReport {
  const { kind, files, naming, parameters, bytes, notes } = component;
  return {
    kind,
    files,
    naming,
    dtypes: [...component.dtypes.keys()].join(", "),
    parameters,
    bytes,
    memory: DTYPES[kind].map((dtype) => ({
      dtype,
      weights: Math.ceil(parameters * BITS[dtype] / 8),
      activations: activationBytes(component, video, dtype),
    })),
    hostMemory: hostBytes(component, video),
    notes,
  };
}

/** What a run of the network on the CPU takes in addition to the mapped files. */
function hostBytes(component: Component, video: VideoShape): number {
  const { kind, dtypes, config } = component;
  if (kind === "vae") {
    // Whatever they are stored as, convolutions lay their weights out again.
    return 4 * largestPiece(component) + decodingOnCpu(
      config as NetworkConfigs["vae"],
      video.width * video.height,
    );
  }
  const isFloat32 = dtypes.size === 1 && dtypes.has("F32");
  // float32 weights are used where they lie; others are widened first.
  const widened = isFloat32 ? 0 : 4 * largestPiece(component);
  return widened + activationBytes(component, video, "fp32");
}

/**
 * How many weights are widened together: on the CPU a network goes block by
 * block, and a table of tokens is read row by row.
 */
function largestPiece({ tensors }: Component): number {
  const pieces = new Map<string, number>();
  for (const { name, shape } of tensors.values()) {
    if (name.startsWith("token_embedding.")) continue;
    const block = /(?:^|\.)(?:blocks|transformer)\.(\d+)\./.exec(name)?.[1] ??
      "";
    pieces.set(block, (pieces.get(block) ?? 0) + sizeOf(shape));
  }
  return Math.max(0, ...pieces.values());
}
