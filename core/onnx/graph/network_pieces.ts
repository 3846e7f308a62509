/**
 * A network cut into graphs that run one after the other, so that a slow
 * device can report progress and stop in between, and a small memory holds one
 * block at a time.
 *
 * @module
 */

import type { BuiltGraph } from "./graph_builder.ts";

/**
 * A network in pieces. Each piece feeds the next one: what one makes as `y` is
 * the next one's `x`.
 */
export interface NetworkBlocks {
  /** How many blocks there are. */
  readonly count: number;
  /** What comes in front of the blocks; its output is `y`. */
  first(): BuiltGraph;
  /** Block `i`, from 0: `x` to `y`, both float32 and of the same shape. */
  block(i: number): BuiltGraph;
  /** What comes behind the blocks, if anything does; its input is `x`. */
  last?(): BuiltGraph;
}
