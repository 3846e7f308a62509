/**
 * The pickle inside a torch checkpoint, understood without being run: of the
 * opcodes and names only those are known that `torch.save` of a state dict
 * writes, and tensors become descriptions of where their numbers lie.
 *
 * Source: what `torch/serialization.py` and `torch/_utils.py` write and read.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import { CheckpointError } from "./checkpoint_error.ts";
import {
  describe,
  Dict,
  runPickle,
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
 */
export function readStateDictPickle(
  bytes: Uint8Array,
  options: { name: string },
): PickledStateDict {
  const { name } = options;
  return findStateDict(runPickle(bytes, name), name);
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
