/** The state dict in the value that a pickle describes. */

import { quote } from "../base/errors.ts";
import { CheckpointError } from "./checkpoint_error.ts";
import { describe, Dict, TensorValue, type Value } from "./_pickle_machine.ts";
import type { PickledStateDict, PickledTensor } from "./pickled_tensor.ts";

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

export function findStateDict(root: Value, name: string): PickledStateDict {
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
