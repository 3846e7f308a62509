/**
 * The pickle inside a torch checkpoint, understood without being run: of the
 * opcodes and names only those are known that `torch.save` of a state dict
 * writes, and tensors become descriptions of where their numbers lie.
 *
 * Source: what `torch/serialization.py` and `torch/_utils.py` write and read.
 *
 * @module
 */

import { runPickle } from "./_pickle_machine.ts";
import { findStateDict } from "./_state_dict.ts";
import type { PickledStateDict } from "./pickled_tensor.ts";

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
 * import { readStateDictPickle } from "./torch_pickle.ts";
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
