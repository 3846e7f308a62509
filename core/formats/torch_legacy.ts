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
import { quote } from "../base/errors.ts";
import { locateTensor, type StorageRange } from "./_locate_tensor.ts";
import { Dict, List, runPickleAt, type Value } from "./_pickle_machine.ts";
import { findStateDict, findTensors } from "./_state_dict.ts";
import {
  type FailTorch,
  RESAVE,
  RESAVE_LITTLE_ENDIAN,
  torchFailure,
} from "./_torch_failure.ts";
import {
  type PickledStateDict,
  type PickledStorage,
  storageBytes,
} from "./pickled_tensor.ts";
import type { TensorIndex } from "./tensor_index.ts";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
/** The description of the 14B model takes a quarter of a megabyte. */
const MAX_PICKLES = 64 * 1024 * 1024;
/** In front of each storage: how many elements it has. */
const COUNT_BYTES = 8;

/**
 * The index of a torch checkpoint in the format before torch 1.6.
 *
 * @param source the file; its name is taken over as the entries' `file`
 * @param options.loose also one tensor, or a tuple or list of them
 * @throws {CheckpointError} `legacy-format` when it is laid out otherwise,
 * `byte-order`, `pickle`, `forbidden-global`, `storage`, `not-contiguous`,
 * `incomplete-buffer`
 */
export function readTorchLegacy(
  source: ByteSource,
  options: { readonly loose?: boolean } = {},
): {
  readonly tensors: TensorIndex;
  readonly path: readonly string[];
  readonly others: ReadonlyMap<string, string>;
} {
  const fail = torchFailure(
    source.name,
    "a torch checkpoint of before 1.6",
  );
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
      hint: RESAVE_LITTLE_ENDIAN,
    });
  }
  const find = options.loose ? findTensors : findStateDict;
  const { tensors, path, others } = find(next(), source.name);
  const keys = next();
  if (!(keys instanceof List)) {
    throw fail("legacy-format", "it has no list of storages", { offset: at });
  }
  const ranges = readStorages(source, {
    at,
    keys,
    described: describedStorages(tensors, fail),
    fail,
  });
  return {
    tensors: new Map(
      [...tensors].map(([name, tensor]) => {
        const range = ranges.get(tensor.storage.key);
        if (range) {
          return [
            name,
            locateTensor(name, tensor, { file: source.name, range, fail }),
          ];
        }
        throw fail(
          "storage",
          `the storage of tensor ${quote(name)} is missing`,
        );
      }),
    ),
    path,
    others,
  };
}

/** The storages that the tensors need, by key. */
function describedStorages(
  tensors: PickledStateDict["tensors"],
  fail: FailTorch,
): ReadonlyMap<string, PickledStorage> {
  const storages = new Map<string, PickledStorage>();
  for (const { storage } of tensors.values()) {
    const other = storages.get(storage.key);
    if (other && storageBytes(other) !== storageBytes(storage)) {
      throw fail("storage", `storage ${quote(storage.key)} has two sizes`);
    }
    storages.set(storage.key, storage);
  }
  return storages;
}

/** Where each storage is: they follow the pickles in the order of `keys`. */
function readStorages(
  source: ByteSource,
  options: {
    readonly at: number;
    readonly keys: List;
    readonly described: ReadonlyMap<string, PickledStorage>;
    readonly fail: FailTorch;
  },
): ReadonlyMap<string, StorageRange> {
  const { keys, described, fail } = options;
  let { at } = options;
  const ranges = new Map<string, StorageRange>();
  for (const key of keys.items) {
    // A storage of something else (an optimizer) has no known element type.
    const storage = typeof key === "string" ? described.get(key) : undefined;
    if (!storage || ranges.has(storage.key)) {
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
    const range = { offset: at + COUNT_BYTES, size: storageBytes(storage) };
    ranges.set(storage.key, range);
    at = range.offset + range.size;
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
  return ranges;
}
