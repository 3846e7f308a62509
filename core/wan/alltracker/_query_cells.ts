/** Which cells the points are in, and what their pixels say of the points. */

import type { Point } from "../../base/image.ts";
import type { Tensor } from "../../base/tensor.ts";
import { CELL } from "./layout.ts";
import type { FramePlan } from "./working_size.ts";

/** Most cells in one run. */
const MOST_CELLS = 256;

/** Numbers of a pixel: flow x and y, logits of visible and of confident. */
const NUMBERS = 4;

/** A pixel that a point is blended from. */
interface Corner {
  /** The index of its cell among the cells that are computed. */
  readonly cell: number;
  /** Its index in the cell, row by row. */
  readonly pixel: number;
  readonly weight: number;
}

/** The cells of some points on the first frame. */
export interface QueryCells {
  /** Cells in one run. */
  readonly count: number;
  /** For each run the nine neighbors of its cells; see the graph. */
  readonly runs: readonly Tensor<BigInt64Array>[];
  /**
   * `(x, y, visible, confident)` of a point in a frame of the window: the flow
   * in px of the working size, the others from 0 to 1. `pixels` are the results
   * of the runs.
   */
  read(
    pixels: readonly Tensor[],
    point: number,
    frame: number,
  ): readonly [x: number, y: number, visible: number, confident: number];
}

/** The cells of points in px of the frame. */
export function queryCells(
  points: readonly Point[],
  { frame, working, padded, left, top }: FramePlan,
): QueryCells {
  const columns = padded.width / CELL;
  const found = new Map<number, number>();
  const cornerAt = (x: number, y: number, weight: number): Corner => {
    const index = Math.floor(y / CELL) * columns + Math.floor(x / CELL);
    const cell = found.get(index) ?? found.size;
    found.set(index, cell);
    return { cell, pixel: (y % CELL) * CELL + x % CELL, weight };
  };
  const inside = (value: number, from: number, to: number, border: number) =>
    border + Math.min(Math.max((value + 0.5) * to / from - 0.5, 0), to - 1);
  const corners = points.map((point) => {
    const x = inside(point.x, frame.width, working.width, left);
    const y = inside(point.y, frame.height, working.height, top);
    const low = { x: Math.floor(x), y: Math.floor(y) };
    const across = x - low.x, down = y - low.y;
    return [
      [0, 0, (1 - across) * (1 - down)],
      [1, 0, across * (1 - down)],
      [0, 1, (1 - across) * down],
      [1, 1, across * down],
    ].filter(([, , weight]) => weight! > 0)
      .map(([dx, dy, weight]) => cornerAt(low.x + dx!, low.y + dy!, weight!));
  });
  const cells = [...found.keys()];
  const runCount = Math.ceil(cells.length / MOST_CELLS);
  const count = Math.ceil(cells.length / runCount);
  const runs = Array.from({ length: runCount }, (_, run) => {
    const data = new BigInt64Array(9 * count);
    for (let i = 0; i < count; i++) {
      const cell = cells[Math.min(run * count + i, cells.length - 1)]!;
      const row = Math.floor(cell / columns), column = cell % columns;
      for (let k = 0; k < 9; k++) {
        // The map has a border of one cell.
        data[9 * i + k] = BigInt(
          (row + Math.floor(k / 3)) * (columns + 2) + column + k % 3,
        );
      }
    }
    return { dims: [9 * count], data };
  });
  return {
    count,
    runs,
    read(pixels, point, frame) {
      const sums: [number, number, number, number] = [0, 0, 0, 0];
      for (const { cell, pixel, weight } of corners[point]!) {
        const { data } = pixels[Math.floor(cell / count)]!;
        const at = NUMBERS *
          ((frame * count + cell % count) * CELL * CELL + pixel);
        sums[0] += weight * data[at]!;
        sums[1] += weight * data[at + 1]!;
        sums[2] += weight * sigmoid(data[at + 2]!);
        sums[3] += weight * sigmoid(data[at + 3]!);
      }
      return sums;
    },
  };
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
