/** Where the weights of a block are in a slot of memory. */

import type { StreamedWeight } from "../../graph/graph_builder.ts";

/** Where a slot's weights start: a multiple of this many bytes. */
const ALIGNMENT = 256;

/** Where the weights of a block are in a slot. */
export interface SlotLayout {
  /** The first byte of each weight. */
  readonly offsets: readonly number[];
  /** The size of a slot. */
  readonly byteLength: number;
}

/** One weight behind the other, each aligned. */
export function slotLayout(
  weights: readonly Pick<StreamedWeight, "length">[],
): SlotLayout {
  let byteLength = 0;
  const offsets = weights.map(({ length }) => {
    const offset = byteLength;
    byteLength += Math.ceil(length / ALIGNMENT) * ALIGNMENT;
    return offset;
  });
  return { offsets, byteLength };
}
