/**
 * Builds one of the four networks from the tensors of its files: official names
 * and shapes, config, and a check that nothing is missing.
 *
 * @module
 */

import { quote, withHint } from "../base/errors.ts";
import { sizeOf } from "../base/tensor.ts";
import type { WeightFiles } from "../formats/read_weights.ts";
import { CheckpointError } from "../formats/checkpoint_error.ts";
import type { Component, ComponentKind, DtypeShare } from "../wan/networks.ts";
import { deriveConfig } from "../wan/networks.ts";
import type { ConfigFile } from "../wan/network_descriptor.ts";
import type { LayoutTensor } from "../wan/network_descriptor.ts";
import { networkLayout } from "../wan/networks.ts";
import type { Naming } from "../wan/tensor_names.ts";
import { officialName, reasonUnused, restoredShape } from "../wan/networks.ts";
import type {
  TensorDtype,
  TensorEntry,
  TensorIndex,
} from "../formats/tensor_index.ts";
import { findQuantized } from "../onnx/graph/quantized_weight.ts";
import { checkEncodings } from "./check_encodings.ts";

/**
 * Builds a network from the tensors of its files.
 *
 * @param options.convert whether the weights are to be converted: such that
 * cannot be computed with as they are (GGUF's blocks) are taken too
 * @throws {CheckpointError} `unknown-layout`, `tensor-not-found`,
 * `wrong-shape`, `duplicate-key` (two of the files' names mean the same),
 * `unknown-tensor` or `weight-encoding`.
 */
export function assembleComponent<Kind extends ComponentKind>(
  kind: Kind,
  read: WeightFiles,
  options: { config?: ConfigFile; convert?: boolean } = {},
): Component<Kind> {
  const { source } = read;
  const { convert = false } = options;
  const notes = [...read.notes];
  const { tensors: named, naming } = rename(kind, read, notes);
  const config = deriveConfig(kind, {
    tensors: named,
    source,
    ...(options.config ? { config: options.config } : {}),
  });
  const layout = networkLayout(kind, config);
  const tensors = conform(layout, { tensors: named, source, kind });
  checkEncodings(tensors, {
    source,
    convert,
    isScaled: [...read.tensors.keys()].some((name) =>
      /(?:^|\.)scaled_fp8$/.test(name)
    ),
  });
  const files = [...new Set([...tensors.values()].map((e) => e.file))].sort();
  return {
    kind,
    naming,
    files,
    tensors,
    config,
    ...summarize(tensors),
    parameters: countParameters(layout, tensors),
    metadata: read.metadata,
    notes,
  };
}

/** The tensors under official names; unused ones are left out and noted. */
function rename(
  kind: ComponentKind,
  read: WeightFiles,
  notes: string[],
): { tensors: TensorIndex; naming: Naming } {
  const tensors = new Map<string, TensorEntry>();
  const unused = new Map<string, { count: number; bytes: number }>();
  let naming: Naming = "official";
  for (const entry of read.tensors.values()) {
    const renamed = officialName(kind, entry.name);
    if (renamed.naming !== "official") naming = renamed.naming;
    const { name } = renamed;
    const reason = reasonUnused(kind, name);
    if (reason !== undefined) {
      const sum = unused.get(reason) ?? { count: 0, bytes: 0 };
      sum.count++;
      sum.bytes += entry.length;
      unused.set(reason, sum);
      continue;
    }
    const other = tensors.get(name);
    if (other) {
      // transformers writes the shared embedding under both of its names.
      if (sameContent(other, entry) || name === "token_embedding.weight") {
        continue;
      }
      throw new CheckpointError(
        "duplicate-key",
        `Cannot open ${quote(read.source)}: ${
          quote(entry.name)
        } and another tensor are both ${quote(name)}`,
      );
    }
    tensors.set(name, name === entry.name ? entry : { ...entry, name });
  }
  for (const [name, entry] of tensors) {
    const shape = restoredShape(kind, entry, tensors);
    if (shape) tensors.set(name, { ...entry, shape });
  }
  for (const [reason, { count, bytes }] of unused) {
    notes.push(`left out: ${reason} (${count} tensors, ${bytes} bytes)`);
  }
  if (naming !== "official") notes.push(`names are those of ${naming}`);
  return { tensors, naming };
}

function sameContent(a: TensorEntry, b: TensorEntry): boolean {
  return a.file === b.file && a.offset === b.offset && a.length === b.length;
}

/** Other programs' shapes differ from the official ones only in axes of length 1. */
function withoutOnes(shape: readonly number[]): string {
  return shape.filter((axis) => axis !== 1).join();
}

/**
 * The tensors of the layout, in its order, then those that belong to one of
 * its modules (scales of quantized weights). Throws when one is missing.
 */
function conform(
  layout: readonly LayoutTensor[],
  context: {
    tensors: TensorIndex;
    source: string;
    kind: ComponentKind;
  },
): TensorIndex {
  const { source, kind } = context;
  const rest = new Map(context.tensors);
  const found = new Map<string, TensorEntry>();
  const missing: string[] = [];
  const take = ({ name, shape, optional }: LayoutTensor): boolean => {
    const entry = rest.get(name);
    if (!entry) return false;
    rest.delete(name);
    if (entry.shape.join() === shape.join() || optional) {
      found.set(name, entry);
    } else if (withoutOnes(entry.shape) === withoutOnes(shape)) {
      found.set(name, { ...entry, shape });
    } else {
      throw new CheckpointError(
        "wrong-shape",
        `Cannot open ${quote(source)} as ${kind}: tensor ${quote(name)} is (${
          entry.shape.join(", ")
        }), expected (${shape.join(", ")})`,
      );
    }
    return true;
  };

  // An 8- or 4-bit weight is stored as `<name>_...`: quantized values and scales.
  const packed = new Set(
    [...rest.keys()].map((name) => /^.*\.weight(?=_)/.exec(name)?.[0]),
  );
  for (const tensor of layout) {
    if (take(tensor)) continue;
    const parts = separated(tensor);
    if (parts.length > 0 && parts.every(take)) continue;
    if (!packed.has(tensor.name) && !tensor.optional) missing.push(tensor.name);
  }
  for (const { name, shape } of layout) {
    const weight = packed.has(name) ? findQuantized(rest, name) : undefined;
    if (!weight) continue;
    const [out, blocks] = weight.scales.shape;
    const inner = sizeOf(shape.slice(1));
    if (out === shape[0] && blocks === Math.ceil(inner / weight.blockSize)) {
      continue;
    }
    throw new CheckpointError(
      "wrong-shape",
      `Cannot open ${quote(source)} as ${kind}: ${
        quote(name)
      } is stored as [${out}, ${blocks} blocks of ${weight.blockSize}], expected [${
        shape.join(", ")
      }]`,
    );
  }
  if (missing.length > 0) {
    throw new CheckpointError(
      "tensor-not-found",
      withHint(
        `Cannot open ${
          quote(source)
        } as ${kind}: ${missing.length} of ${layout.length} tensors are missing, the first is ${
          quote(missing[0]!)
        }`,
        "A shard may be missing, or the file is another model of the same family.",
      ),
    );
  }

  const unknown: string[] = [];
  for (const [name, entry] of rest) {
    if (belongsToWeight(name, found)) found.set(name, entry);
    else unknown.push(name);
  }
  if (unknown.length > 0) {
    throw new CheckpointError(
      "unknown-tensor",
      withHint(
        `Cannot open ${quote(source)} as ${kind}: nothing uses ${
          unknown.slice(0, 3).map(quote).join(", ")
        }${unknown.length > 3 ? ` and ${unknown.length - 3} more` : ""}`,
        "It may be another model of the same family, or its weights are stored in a form that is not supported.",
      ),
    );
  }
  return found;
}

/** Whether a tensor is a part of a weight: its factors, its packed numbers. */
function belongsToWeight(name: string, found: TensorIndex): boolean {
  const match = /^(.*\.)(?:scale_weight|weight_q([48])(?:_scales)?)$/.exec(
    name,
  );
  if (!match) return false;
  return match[2] !== undefined || found.has(`${match[1]}weight`);
}

/** The three tensors that may stand in for an official `to_qkv`. */
function separated(tensor: LayoutTensor): LayoutTensor[] {
  const match = /^(.*\.)to_qkv(\.(?:weight|bias))$/.exec(tensor.name);
  if (!match) return [];
  const [output, ...input] = tensor.shape as [number, ...number[]];
  return ["to_q", "to_k", "to_v"].map((part) => ({
    name: `${match[1]}${part}${match[2]}`,
    shape: [output / 3, ...input],
  }));
}

/**
 * The number of parameters: those of the layout, since the size of a quantized
 * weight does not give its count, without absent optional tensors.
 */
function countParameters(
  layout: readonly LayoutTensor[],
  tensors: TensorIndex,
): number {
  return layout
    .filter(({ name, optional }) => !optional || tensors.has(name))
    .reduce(
      (sum, { name, shape, optional }) =>
        sum + sizeOf(optional ? tensors.get(name)!.shape : shape),
      0,
    );
}

/** The number of tensors, parameters, and bytes, by element type. */
function summarize(
  tensors: TensorIndex,
): Pick<Component, "dtypes" | "bytes"> {
  const shares = new Map<TensorDtype, DtypeShare>();
  let bytes = 0;
  for (const { dtype, shape, length } of tensors.values()) {
    const share = shares.get(dtype) ??
      { tensors: 0, parameters: 0, bytes: 0 };
    shares.set(dtype, {
      tensors: share.tensors + 1,
      parameters: share.parameters + sizeOf(shape),
      bytes: share.bytes + length,
    });
    bytes += length;
  }
  const dtypes = new Map(
    [...shares].sort(([, a], [, b]) => b.bytes - a.bytes),
  );
  return { dtypes, bytes };
}
