/**
 * The sizes of a network's weights, block by block.
 *
 * @module
 */

import type { NetworkBlocks } from "../onnx/graph/network_blocks.ts";
import { slotLayout } from "../onnx/runtime/ort/slot_layout.ts";

/** Sizes in bytes, as stored. */
export interface BlockWeights {
  /** How many blocks there are. */
  readonly count: number;
  /** What the weights of the largest block take in a slot. */
  readonly block: number;
  /** All blocks. */
  readonly total: number;
  /**
   * Whether the blocks differ in their weights only, so that one session can run
   * all of them.
   */
  readonly alike: boolean;
}

/** Measures a network whose blocks are written with streamed weights. */
export function measureBlocks(pieces: NetworkBlocks): BlockWeights {
  const first = pieces.block(0);
  let block = 0, total = 0, alike = true;
  for (let i = 0; i < pieces.count; i++) {
    const graph = i === 0 ? first : pieces.block(i);
    const { byteLength } = slotLayout(graph.streamedWeights);
    block = Math.max(block, byteLength);
    total += byteLength;
    alike &&= graph.model.length === first.model.length &&
      graph.model.every((byte, at) => byte === first.model[at]);
  }
  return { count: pieces.count, block, total, alike };
}
