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
import type { Component, DtypeShare, NetworkKind } from "../wan/networks.ts";
import { deriveConfig } from "../wan/networks.ts";
import type { ConfigFile } from "../wan/network_descriptor.ts";
import type { LayoutTensor } from "../wan/network_descriptor.ts";
import { networkLayout } from "../wan/networks.ts";
import type { Naming } from "../wan/tensor_names.ts";
import { officialName, reasonUnused } from "../wan/networks.ts";
import type {
  TensorDtype,
  TensorEntry,
  TensorIndex,
} from "../formats/tensor_index.ts";

/**
 * Builds a network from the tensors of its files.
 *
 * @throws {CheckpointError} `unknown-layout`, `tensor-not-found`,
 * `wrong-shape` or `duplicate-key` (two names in the files mean the same tensor).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { assembleComponent } from "./assemble.ts";
 * import { networkLayout } from "../wan/networks.ts";
 * import { TINY_CONFIG } from "./tiny_checkpoint.ts";
 *
 * const entries = networkLayout("vae", TINY_CONFIG.vae).map(({ name, shape }) =>
 *   [name, { name, shape, dtype: "F32", file: "a", offset: 0, length: 0 }] as const
 * );
 * const vae = assembleComponent("vae", {
 *   source: "a",
 *   tensors: new Map(entries),
 *   metadata: new Map(),
 *   notes: [],
 * });
 * assert.equal(vae.config.dim, TINY_CONFIG.vae.dim);
 * ```
 */
export function assembleComponent<Kind extends NetworkKind>(
  kind: Kind,
  read: WeightFiles,
  options: { config?: ConfigFile } = {},
): Component<Kind> {
  const { source } = read;
  const notes = [...read.notes];
  const { tensors: named, naming } = rename(kind, read, notes);
  const config = deriveConfig(kind, {
    tensors: named,
    source,
    ...options,
  });
  const layout = networkLayout(kind, config);
  const tensors = conform(layout, { tensors: named, source, kind, notes });
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
  kind: NetworkKind,
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
    kind: NetworkKind;
    notes: string[];
  },
): TensorIndex {
  const { source, kind, notes } = context;
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
  const modules = new Set<string>();
  for (const tensor of layout) {
    const module = tensor.name.slice(0, tensor.name.lastIndexOf("."));
    modules.add(module);
    if (take(tensor)) continue;
    const parts = separated(tensor);
    if (parts.length > 0 && parts.every(take)) {
      for (const { name } of parts) {
        modules.add(name.slice(0, name.lastIndexOf(".")));
      }
      continue;
    }
    if (!packed.has(tensor.name) && !tensor.optional) missing.push(tensor.name);
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

  let unknown = 0;
  for (const [name, entry] of rest) {
    if (modules.has(name.slice(0, name.lastIndexOf(".")))) {
      found.set(name, entry);
    } else if (unknown++ === 0) {
      notes.push(`unknown tensors are left out, the first is ${quote(name)}`);
    }
  }
  return found;
}

/** The three tensors that other programs store instead of an official `to_qkv`. */
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
