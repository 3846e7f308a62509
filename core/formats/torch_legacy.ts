/**
 * Checkpoints of PyTorch before 1.6, and of `torch.save` with
 * `_use_new_zipfile_serialization=False`: five pickles, then the storages one
 * after the other. Reading yields an index into the file; nothing is executed.
 *
 * Source: `_legacy_save` and `_legacy_load` of `torch/serialization.py`.
 *
 * @module
 */

import type { ByteSource } from "../base/byte_source.ts";
import { quote, withHint } from "../base/errors.ts";
import {
  CheckpointError,
  type CheckpointErrorCode,
} from "./checkpoint_error.ts";
import { Dict, List, runPickleAt, type Value } from "./_pickle_machine.ts";
import {
  isContiguous,
  type PickledStorage,
  storageBytes,
} from "./pickled_tensor.ts";
import {
  byteLengthOf,
  elementBits,
  type TensorEntry,
  type TensorIndex,
} from "./tensor_index.ts";
import { findStateDict } from "./_state_dict.ts";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
/** The description of the 14B model takes a quarter of a megabyte. */
const MAX_PICKLES = 64 * 1024 * 1024;
/** In front of each storage: how many elements it has. */
const COUNT_BYTES = 8;

const RESAVE =
  'Save it again with a current torch: torch.save(torch.load("old.pth", weights_only=True), "new.pth"), or convert it to safetensors.';

/**
 * The index of a torch checkpoint in the format before torch 1.6.
 *
 * @param source the file; its name is taken over as the entries' `file`
 * @throws {CheckpointError} `legacy-format` when it is laid out otherwise,
 * `byte-order`, `pickle`, `forbidden-global`, `storage`, `not-contiguous`,
 * `incomplete-buffer`
 */
export function readTorchLegacy(source: ByteSource): {
  readonly tensors: TensorIndex;
  readonly path: readonly string[];
  readonly others: ReadonlyMap<string, string>;
} {
  const fail = (
    code: CheckpointErrorCode,
    state: string,
    options: { hint?: string; offset?: number } = {},
  ): CheckpointError => {
    const { hint, ...rest } = options;
    const message = `Cannot read ${
      quote(source.name)
    } as a torch checkpoint of before 1.6: ${state}`;
    return new CheckpointError(
      code,
      hint ? withHint(message, hint) : message,
      rest,
    );
  };
  const bytes = source.read(0, Math.min(source.size, MAX_PICKLES));
  let at = 0;
  const next = (): Value => {
    const { value, end } = runPickleAt(bytes, { name: source.name, at });
    at = end;
    return value;
  };

  if (next() !== MAGIC) {
    throw fail("legacy-format", "it does not begin with torch's number", {
      offset: 0,
      hint: RESAVE,
    });
  }
  const protocol = next();
  if (protocol !== PROTOCOL) {
    throw fail(
      "legacy-format",
      `it has protocol ${quote(protocol)}, expected ${PROTOCOL}`,
      { offset: at, hint: RESAVE },
    );
  }
  const system = next();
  if (
    !(system instanceof Dict) || system.items.get("little_endian") !== true
  ) {
    throw fail("byte-order", "it was not written on a little-endian machine", {
      offset: at,
      hint: "Save it again on a little-endian machine (x86 or ARM).",
    });
  }
  const { tensors, path, others } = findStateDict(next(), source.name);
  const keys = next();
  if (!(keys instanceof List)) {
    throw fail("legacy-format", "it has no list of storages", { offset: at });
  }

  const described = new Map<string, PickledStorage>();
  for (const { storage } of tensors.values()) {
    const other = described.get(storage.key);
    if (other && storageBytes(other) !== storageBytes(storage)) {
      throw fail("storage", `storage ${quote(storage.key)} has two sizes`);
    }
    described.set(storage.key, storage);
  }
  const places = new Map<string, number>();
  for (const key of keys.items) {
    // A storage of something else (an optimizer) has no known element type.
    const storage = typeof key === "string" ? described.get(key) : undefined;
    if (!storage || places.has(storage.key)) {
      throw fail(
        "storage",
        `storage ${quote(key)} belongs to none of the weights`,
        { offset: at, hint: RESAVE },
      );
    }
    if (at + COUNT_BYTES > source.size) {
      throw fail("incomplete-buffer", `the file ends at ${source.size}`, {
        offset: at,
      });
    }
    const head = source.read(at, COUNT_BYTES);
    const count = new DataView(head.buffer, head.byteOffset, COUNT_BYTES)
      .getBigInt64(0, true);
    if (count !== BigInt(storage.count)) {
      throw fail(
        "storage",
        `storage ${
          quote(key)
        } has ${count} elements, its tensors say ${storage.count}`,
        { offset: at },
      );
    }
    at += COUNT_BYTES;
    places.set(storage.key, at);
    at += storageBytes(storage);
    if (at > source.size) {
      throw fail(
        "incomplete-buffer",
        `storage ${quote(key)} ends at byte ${at}, the file at ${source.size}`,
        {
          offset: source.size,
          hint:
            "The file is truncated, perhaps by a download that stopped. Download it again.",
        },
      );
    }
  }

  const index = new Map<string, TensorEntry>();
  for (const [name, tensor] of tensors) {
    const { storage, dtype, storageOffset, shape, strides } = tensor;
    const place = places.get(storage.key);
    if (place === undefined) {
      throw fail("storage", `the storage of tensor ${quote(name)} is missing`);
    }
    if (!isContiguous(shape, strides)) {
      throw fail(
        "not-contiguous",
        `tensor ${quote(name)} of (${shape.join(", ")}) has strides (${
          strides.join(", ")
        }), expected row-major order`,
        { hint: contiguousHint(source.name) },
      );
    }
    const length = byteLengthOf(dtype, shape);
    const begin = storageOffset * elementBits(dtype) / 8;
    if (!(begin + length <= storageBytes(storage))) {
      throw fail(
        "storage",
        `tensor ${quote(name)} takes bytes ${begin} to ${
          begin + length
        } of a storage of ${storageBytes(storage)}`,
        { offset: place },
      );
    }
    index.set(name, {
      name,
      dtype,
      shape,
      file: source.name,
      offset: place + begin,
      length,
    });
  }
  return { tensors: index, path, others };
}

/** How to write a file again whose tensors are transposed or channels_last. */
export function contiguousHint(file: string): string {
  const name = file.slice(
    Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1,
  );
  return `Write it again in row-major order: import torch; torch.save({k: v.contiguous() for k, v in torch.load("${name}", weights_only=True).items()}, "new.pth")`;
}
