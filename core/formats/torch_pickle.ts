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
 */
export function readStateDictPickle(
  bytes: Uint8Array,
  options: { name: string },
): PickledStateDict {
  const { name } = options;
  return findStateDict(runPickle(bytes, name), name);
}
