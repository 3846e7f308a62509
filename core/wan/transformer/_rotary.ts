/**
 * The rotary position embedding over frames, rows and columns, as `rope_params`
 * and `rope_apply` in wan/modules/model.py compute it.
 */

import type { GraphWriter } from "../../onnx/graph/value.ts";
import { concat, type Value } from "../../onnx/graph/value.ts";

/** The number of tokens along each axis: frames, rows, columns. */
export type TokenGrid = readonly [
  frames: number,
  rows: number,
  columns: number,
];

/** The base of the frequencies. */
const THETA = 10_000;

/**
 * How the complex pairs of one head are split: a third each for rows and
 * columns, the rest for frames (22, 21, 21 of the 64 of a head of 128).
 */
export function pairsPerAxis(headLength: number): [number, number, number] {
  const pairs = headLength / 2, third = Math.floor(pairs / 3);
  return [pairs - 2 * third, third, third];
}

/**
 * The cosines and sines of every token, each `[tokens, headLength / 2]`
 * float32. The frequencies along each axis are `10000^(-i / pairs)`; the angles
 * are float64. The model holds one small table per axis, which the graph expands
 * to the grid.
 */
export function rotaryTables(
  g: GraphWriter,
  options: { grid: TokenGrid; headLength: number },
): { cos: Value; sin: Value } {
  const { grid, headLength } = options;
  const pairs = pairsPerAxis(headLength);
  const table = (of: (angle: number) => number) =>
    concat(
      pairs.map((count, axis) => {
        const length = grid[axis]!;
        const numbers = new Float32Array(length * count);
        for (let at = 0; at < length; at++) {
          for (let i = 0; i < count; i++) {
            numbers[at * count + i] = of(at * THETA ** (-i / count));
          }
        }
        const shape = [1, 1, 1, count].with(axis, length);
        return g.constant("float32", shape, numbers).expand([...grid, count]);
      }),
      3,
    ).reshape([-1, headLength / 2]);
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

/**
 * `x` `[1, tokens, heads * headLength]` float32 with every pair of neighboring
 * values rotated by the token's angles. Row i of the tables is token i; the
 * first token of `x` is token `from`.
 */
export function rotate(
  x: Value,
  tables: { cos: Value; sin: Value },
  from = 0,
): Value {
  const g = x.graph;
  const first = g.constant("int64", [1], [from]);
  return g.node("RotaryEmbedding", [x, first, tables.cos, tables.sin], x, {
    domain: "com.microsoft",
    attributes: { interleaved: { int: 1 } },
  });
}
