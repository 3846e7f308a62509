/**
 * The factors of scaled 8-bit weights: a weight means what its elements say
 * times a factor, which a whole tensor, a row, a part of a row or a square
 * block shares.
 *
 * Files call the tensor of factors `scale_weight`, `weight_scale` or
 * `weight_scale_inv`; here it is `<module>.scale_weight`. All three are
 * multiplied with: the last name is short for the inverse of the factor by
 * which the writer divided the range of float8.
 *
 * Sources: `comfy/ops.py` of ComfyUI; `inference/kernel.py` of DeepSeek-V3 and
 * the fine-grained fp8 of transformers (blocks of 128 x 128).
 *
 * @module
 */

import { CheckpointError } from "./checkpoint_error.ts";
import type { TensorEntry, TensorIndex } from "./tensor_index.ts";
import { quote } from "../base/errors.ts";
import { sizeOf } from "../base/tensor.ts";

/** The factors of one weight, which counts as a matrix `[out, in]`. */
export interface WeightScale {
  /** Where they are; row-major. */
  readonly entry: TensorEntry;
  /** How many there are along the rows and along the columns. */
  readonly counts: readonly [rows: number, columns: number];
  /** How many rows and how many columns share one; the last group may be short. */
  readonly group: readonly [rows: number, columns: number];
}

/** The element types that factors are stored in. */
const TYPES: readonly string[] = ["F32", "F16", "BF16"];

/**
 * The name of the factors of the weight `key`, or undefined for a tensor that
 * has none.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { scaleName } from "./weight_scale.ts";
 * assert.equal(scaleName("blocks.0.ffn.0.weight"), "blocks.0.ffn.0.scale_weight");
 * ```
 */
export function scaleName(key: string): string | undefined {
  return key.endsWith(".weight")
    ? `${key.slice(0, -"weight".length)}scale_weight`
    : undefined;
}

/**
 * The factors of the weight `key`, or undefined when it has none.
 *
 * Of weights `[out, in]` these shapes are understood: one number; `[out]` or
 * `[out, 1]`; `[out, blocks]` or `[out, blocks, 1]`; and `[ceil(out / n),
 * ceil(in / n)]` with a power of two `n`.
 *
 * @throws {CheckpointError} `weight-encoding` when they have another shape or
 * element type.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { findScale } from "./weight_scale.ts";
 * const at = { file: "a", offset: 0, length: 0 };
 * const scale = findScale(new Map([
 *   ["q.weight", { name: "q.weight", dtype: "F8_E4M3", shape: [256, 512], ...at }],
 *   ["q.scale_weight", { name: "q.scale_weight", dtype: "F32", shape: [2, 4], ...at }],
 * ]), "q.weight");
 * assert.equal(scale?.group.join(), "128,128");
 * ```
 */
export function findScale(
  tensors: TensorIndex,
  key: string,
): WeightScale | undefined {
  const weight = tensors.get(key);
  const name = weight && scaleName(key);
  const entry = name === undefined ? undefined : tensors.get(name);
  if (!weight || !entry) return undefined;
  const out = weight.shape[0] ?? 1;
  const columns = out === 0 ? 0 : sizeOf(weight.shape) / out;
  const fail = (state: string) =>
    new CheckpointError(
      "weight-encoding",
      `Cannot use ${quote(entry.name)} of ${quote(entry.file)}: ${state}`,
      { offset: entry.offset },
    );
  if (!TYPES.includes(entry.dtype)) {
    throw fail(
      `its factors are ${entry.dtype}, expected one of ${TYPES.join(" ")}`,
    );
  }
  const layout = layoutOf(entry.shape, [out, columns]);
  if (layout) return { entry, ...layout };
  throw fail(
    `its factors are [${entry.shape.join(", ")}] for a weight of [${
      weight.shape.join(", ")
    }], expected one number, [${out}], [${out}, blocks] or one per square block`,
  );
}

function layoutOf(
  shape: readonly number[],
  [out, columns]: readonly [number, number],
): Pick<WeightScale, "counts" | "group"> | undefined {
  if (sizeOf(shape) === 1) return { counts: [1, 1], group: [out, columns] };
  const [rows = 1, parts = 1, ...rest] = shape;
  if (rest.some((axis) => axis !== 1) || parts === 0) return undefined;
  if (rows === out) {
    if (parts === 1) return { counts: [out, 1], group: [1, columns] };
    // [out, blocks, 1] comes of a division into equal blocks.
    const equal = columns % parts === 0 &&
      (rest.length > 0 || isPower(columns / parts));
    const group = equal ? columns / parts : powerFor(columns, parts);
    return group === undefined
      ? undefined
      : { counts: [out, parts], group: [1, group] };
  }
  const most = Math.max(out, columns);
  const side = powerFor(columns, parts, {
    most,
    fits: (n) => Math.ceil(out / n) === rows,
  });
  return side === undefined
    ? undefined
    : { counts: [rows, parts], group: [side, side] };
}

function isPower(n: number): boolean {
  return Number.isInteger(Math.log2(n));
}

/** The power of two that divides `length` into `count` groups. */
function powerFor(
  length: number,
  count: number,
  options: { most?: number; fits?: (n: number) => boolean } = {},
): number | undefined {
  const { most = length, fits = () => true } = options;
  for (let n = 1; n < 2 * most; n *= 2) {
    if (Math.ceil(length / n) === count && fits(n)) return n;
  }
  return undefined;
}

/**
 * Multiplies rows of a weight with their factors, in place.
 *
 * @param rows whole rows, row-major
 * @param options.factors all factors of the weight
 * @param options.columns how many numbers a row has
 * @param options.from which row of the weight the first of `rows` is
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { scaleRows } from "./weight_scale.ts";
 * const rows = Float32Array.of(1, 2, 3, 4);
 * const scale = { counts: [2, 1], group: [1, 2] } as const;
 * scaleRows(rows, { scale, factors: Float32Array.of(10, 100), columns: 2, from: 0 });
 * assert.equal(rows.join(), "10,20,300,400");
 * ```
 */
export function scaleRows(
  rows: Float32Array,
  options: {
    scale: Pick<WeightScale, "counts" | "group">;
    factors: ArrayLike<number>;
    columns: number;
    from: number;
  },
): void {
  const { scale: { counts, group }, factors, columns, from } = options;
  for (let i = 0; i < rows.length; i += columns) {
    const row = Math.floor((from + i / columns) / group[0]);
    for (let part = 0; part < counts[1]; part++) {
      const factor = factors[row * counts[1] + part]!;
      const end = Math.min(columns, (part + 1) * group[1]);
      for (let j = part * group[1]; j < end; j++) rows[i + j]! *= factor;
    }
  }
}
