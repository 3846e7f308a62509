/**
 * A network split into graphs that run one after the other, so that a slow
 * device can report progress and stop in between, and only one block is in
 * memory at a time.
 *
 * @module
 */

import type { BuiltGraph } from "./graph_builder.ts";

/**
 * A network in blocks. Each graph feeds the next one: the output `y` of one is
 * the input `x` of the next.
 */
export interface NetworkBlocks {
  /** The number of blocks. */
  readonly count: number;
  /** The graph before the blocks; its output is `y`. */
  first(): BuiltGraph;
  /** Block `i`, from 0: `x` to `y`, both float32 and of the same shape. */
  block(i: number): BuiltGraph;
  /** The graph after the blocks, if any; its input is `x`. */
  last?(): BuiltGraph;
}
