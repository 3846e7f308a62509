/**
 * The correlation of the first frame's cells with the cells of another frame
 * around where they are thought to be.
 *
 * All samples of a cell have the same fractional part, so that they are blends
 * of whole neighbors: GridSample is not needed, which WebGPU lacks in newer
 * operator sets. Clamped indices are the same as border padding.
 */

import { concat, type Value } from "../../onnx/graph/value.ts";
import { floor, gatherInRows, half, inParts } from "./_operators.ts";
import { LEVELS, LOOK_UP, RADIUS } from "./layout.ts";

/** Whole neighbors along an axis. */
const NEIGHBORS = 2 * RADIUS + 2;

/**
 * `anchor` and `features` `[1, c, h, w]`, `flow` `[1, 2, h, w]` in cells. The
 * result is `[1, 405, h, w]`: of each level x from -4 to 4, within it y.
 */
export function lookUp(anchor: Value, features: Value, flow: Value): Value {
  const g = anchor.graph;
  const [, channels, rows, columns] = anchor.shape as [
    number,
    number,
    number,
    number,
  ];
  const cells = rows * columns;
  const queries = anchor.reshape([channels, cells]).transpose([1, 0])
    .mul(1 / Math.sqrt(channels));
  const position = (axis: number, at: (cell: number) => number) =>
    flow.slice(1, axis, axis + 1).reshape([cells, 1]).add(
      g.constant(
        "float32",
        [cells, 1],
        Float32Array.from({ length: cells }, (_, cell) => at(cell)),
      ),
    );
  const x = position(0, (cell) => cell % columns);
  const y = position(1, (cell) => Math.floor(cell / columns));
  const pyramid = [features];
  while (pyramid.length < LEVELS) pyramid.push(half(pyramid.at(-1)!));
  const found = inParts(
    cells,
    Math.max(cells, NEIGHBORS ** 2),
    (from, to) =>
      concat(
        pyramid.map((level, i) =>
          sample(
            queries.slice(0, from, to).matmul(
              level.reshape([channels, level.shape[2]! * level.shape[3]!]),
            ),
            [level.shape[2]!, level.shape[3]!],
            {
              x: x.slice(0, from, to).mul(0.5 ** i),
              y: y.slice(0, from, to).mul(0.5 ** i),
            },
          )
        ),
        1,
      ),
  );
  return found.transpose([1, 0]).reshape([1, LOOK_UP, rows, columns]);
}

/**
 * Samples of `[n, h w]` around the position of each row, bilinear: `[n, 81]`.
 */
function sample(
  correlation: Value,
  [height, width]: readonly [number, number],
  { x, y }: { x: Value; y: Value },
): Value {
  const g = correlation.graph, count = x.shape[0]!;
  const offsets = Float32Array.from(
    { length: NEIGHBORS },
    (_, i) => i - RADIUS,
  );
  const left = floor(x), top = floor(y);
  const acrossAll = left.add(g.constant("float32", [1, NEIGHBORS], offsets))
    .clip(0, width - 1).reshape([count, NEIGHBORS, 1]);
  const downAll = top.add(g.constant("float32", [1, NEIGHBORS], offsets))
    .clip(0, height - 1).reshape([count, 1, NEIGHBORS]);
  // Below 2^24, where float32 has every whole number.
  const indices = downAll.mul(width).add(acrossAll).cast("int32")
    .reshape([count, NEIGHBORS ** 2]);
  const whole = gatherInRows(correlation, indices)
    .reshape([count, NEIGHBORS, NEIGHBORS]);
  const blend = (values: Value, axis: 1 | 2, part: Value) => {
    const low = values.slice(axis, 0, NEIGHBORS - 1);
    const high = values.slice(axis, 1, NEIGHBORS);
    return low.add(high.sub(low).mul(part.reshape([count, 1, 1])));
  };
  return blend(blend(whole, 1, x.sub(left)), 2, y.sub(top))
    .reshape([count, (NEIGHBORS - 1) ** 2]);
}
