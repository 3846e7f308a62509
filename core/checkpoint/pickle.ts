/**
 * The pickle inside a torch checkpoint, understood without being run: of the
 * opcodes and names only those are known that `torch.save` of a state dict
 * writes, and tensors become descriptions of where their numbers lie.
 *
 * Source: what `torch/serialization.py` and `torch/_utils.py` write and read.
 *
 * @module
 */

import { quote } from "../errors.ts";
import { CheckpointError } from "./checkpoint_error.ts";
import {
  describe,
  Dict,
  runPickle,
  sequenceItems,
  TensorValue,
  type Value,
} from "./_pickle_machine.ts";
import type { PickledTensor } from "./pickled_tensor.ts";

/** What a state dict's pickle describes. */
export interface PickledStateDict {
  /** The tensors by name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, PickledTensor>;
  /** The keys that led to the tensors, for example `["state_dict"]`. */
  readonly path: readonly string[];
  /** Entries that are no tensors, with what they are; they were left out. */
  readonly others: ReadonlyMap<string, string>;
}

/**
 * What the pickle of a torch state dict describes. A dict around the state
 * dict (`{"state_dict": ...}`, `{"model": ...}`) is opened.
 *
 * @throws {CheckpointError} `forbidden-global` when the pickle names anything
 * but the parts of a state dict; `pickle` when it uses another opcode, is
 * malformed, or describes no state dict. With the byte offset.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readStateDictPickle } from "./pickle.ts";
 * // pickle.dumps({"step": 5}, protocol=2)
 * const bytes = new Uint8Array([
 *   0x80, 2, 0x7d, 0x58, 4, 0, 0, 0, 0x73, 0x74, 0x65, 0x70, 0x4b, 5, 0x73, 0x2e,
 * ]);
 * const { tensors, others } = readStateDictPickle(bytes, { name: "a.pkl" });
 * assert.equal(tensors.size, 0);
 * assert.equal(others.get("step"), "number 5");
 * ```
 */
export function readStateDictPickle(
  bytes: Uint8Array,
  options: { name: string },
): PickledStateDict {
  const { name } = options;
  return findStateDict(runPickle(bytes, name), name);
}

/**
 * The tensors that a pickle holds in any way `torch.save` is called on a few of
 * them: one tensor (named "tensor"), a tuple or list (named "0", "1", ...), or a
 * dict.
 *
 * @throws {CheckpointError} As {@linkcode readStateDictPickle}.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readTensorsPickle } from "./pickle.ts";
 * const none = new Uint8Array([0x80, 2, 0x29, 0x2e]); // pickle.dumps((), 2)
 * assert.equal(readTensorsPickle(none, { name: "a.pkl" }).tensors.size, 0);
 * ```
 */
export function readTensorsPickle(
  bytes: Uint8Array,
  options: { name: string },
): PickledStateDict {
  const { name } = options;
  const root = runPickle(bytes, name);
  const items = sequenceItems(root);
  if (!items && !(root instanceof TensorValue)) {
    return findStateDict(root, name);
  }
  const dict = new Dict();
  if (root instanceof TensorValue) dict.items.set("tensor", root);
  items?.forEach((item, i) => dict.items.set(String(i), item));
  return stateDict(dict, []);
}

/** Dicts within dicts that are opened in search of tensors. */
const MAX_DEPTH = 3;

/** The keys under which training scripts put the weights, best first. */
const WRAPPERS = [
  "state_dict",
  "model_state_dict",
  "model",
  "module",
  "params",
];

function findStateDict(root: Value, name: string): PickledStateDict {
  const path: string[] = [];
  let dict = root;
  for (let depth = 0; depth <= MAX_DEPTH && dict instanceof Dict; depth++) {
    const { items } = dict;
    const hasTensor = [...items.values()].some((v) => v instanceof TensorValue);
    const key = WRAPPERS.find((k) => items.get(k) instanceof Dict);
    if (hasTensor || key === undefined) return stateDict(dict, path);
    path.push(key);
    dict = items.get(key)!;
  }
  throw new CheckpointError(
    "pickle",
    `Cannot read ${quote(name)} as a state dict: it holds a ${
      describe(dict)
    }, expected a dict of tensors`,
  );
}

function stateDict(dict: Dict, path: readonly string[]): PickledStateDict {
  const tensors = new Map<string, PickledTensor>();
  const others = new Map<string, string>();
  for (const [key, value] of dict.items) {
    if (value instanceof TensorValue) tensors.set(key, value);
    else others.set(key, describe(value));
  }
  return { tensors, path, others };
}
