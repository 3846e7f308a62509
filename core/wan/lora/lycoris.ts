/**
 * LoHa and LoKr: changes of a weight that are products of products. Neither is
 * written out; both are applied factor by factor.
 *
 * Sources: `lycoris/modules/loha.py` and `lokr.py` of LyCORIS, and
 * `peft/tuners/loha` and `lokr` of PEFT.
 *
 * @module
 */

import { sizeOf } from "../../base/tensor.ts";
import type { TensorEntry } from "../../formats/tensor_index.ts";
import { gemm } from "../../onnx/graph/layers.ts";
import type { Value } from "../../onnx/graph/value.ts";
import { type LoraRole, LYCORIS_ROLES } from "./_lora_names.ts";

/** A matrix: stored whole, or as the product of `a` `[rows, rank]` and `b`. */
export type FactoredMatrix =
  | { readonly whole: TensorEntry }
  | { readonly a: TensorEntry; readonly b: TensorEntry };

/**
 * What is added to the weight of a layer: the elementwise product of two
 * matrices `[out, in]` (LoHa), or the Kronecker product of `[a, b]` and
 * `[c, d]` with `a c = out` and `b d = in` (LoKr), times `scale`.
 */
export interface LycorisProduct {
  /** Which product. */
  readonly kind: "loha" | "lokr";
  /** The first factor. */
  readonly first: FactoredMatrix;
  /** The second factor. */
  readonly second: FactoredMatrix;
  /** `alpha / rank`; 1 where no factor has a rank. */
  readonly scale: number;
}

/** Rows and columns of a stored tensor, all axes but the first in one. */
function matrixShape({ shape }: TensorEntry): readonly [number, number] {
  const rows = shape[0] ?? 1;
  return [rows, rows === 0 ? 0 : sizeOf(shape) / rows];
}

/** Rows, columns and rank of a factor; undefined where its parts do not fit. */
function sizes(
  factor: FactoredMatrix,
): { rows: number; columns: number; rank?: number } | undefined {
  if ("whole" in factor) {
    const [rows, columns] = matrixShape(factor.whole);
    return { rows, columns };
  }
  const [rows, rank] = matrixShape(factor.a);
  const [inner, columns] = matrixShape(factor.b);
  return rank === inner ? { rows, columns, rank } : undefined;
}

/**
 * The product that a layer's tensors make, undefined when it has none of
 * them; a text says what is wrong with them.
 *
 * @param options.fits whether the layer's weight has that many rows and columns
 * @param options.scaleFor `alpha / rank`; the rank is undefined where no factor
 * has one
 */
export function readLycoris(
  roles: ReadonlyMap<LoraRole, TensorEntry>,
  options: {
    fits: (size: readonly [out: number, inner: number]) => boolean;
    scaleFor: (rank: number | undefined) => number;
  },
): LycorisProduct | string | undefined {
  const kind = LYCORIS_ROLES.find((role) => roles.has(role))?.slice(0, 4);
  if (kind === undefined) return undefined;
  if (roles.has("hada_t1") || roles.has("hada_t2") || roles.has("lokr_t2")) {
    return "it is a Tucker decomposition, which is not supported";
  }
  const factor = (name: "w1" | "w2"): FactoredMatrix | undefined => {
    const whole = roles.get(`${kind}_${name}` as LoraRole);
    if (whole) return { whole };
    const a = roles.get(`${kind}_${name}_a` as LoraRole);
    const b = roles.get(`${kind}_${name}_b` as LoraRole);
    return a && b ? { a, b } : undefined;
  };
  const first = factor("w1"), second = factor("w2");
  if (!first || !second) return "one of its factors is missing";
  const one = sizes(first), two = sizes(second);
  if (!one || !two) return "its factors do not fit together";
  const isHadamard = kind === "hada";
  const fits = isHadamard
    ? one.rows === two.rows && one.columns === two.columns &&
      options.fits([one.rows, one.columns])
    : options.fits([one.rows * two.rows, one.columns * two.columns]);
  if (!fits) return "its factors do not fit the layer's weight";
  return {
    kind: isHadamard ? "loha" : "lokr",
    first,
    second,
    // Where both have a rank it is the same one.
    scale: options.scaleFor(two.rank ?? one.rank),
  };
}

/**
 * `y` `[n, out]` plus what the product makes of `x` `[n, in]`, times
 * `strength`.
 */
export function addLycoris(
  x: Value,
  y: Value,
  options: { product: LycorisProduct; strength: number },
): Value {
  const { product, strength } = options;
  const alpha = product.scale * strength;
  return product.kind === "loha"
    ? addHadamard(x, y, { ...product, alpha })
    : addKronecker(x, y, { ...product, alpha });
}

/**
 * Of ranks r and s: (A B) ⊙ (C D) is one product of rank r s, whose factors
 * have the products of all pairs of columns of A and C, and of rows of B and D.
 */
function addHadamard(
  x: Value,
  y: Value,
  { first, second, alpha }: LycorisProduct & { alpha: number },
): Value {
  const g = x.graph, { type } = x, inner = x.shape[1]!, out = y.shape[1]!;
  if ("whole" in first || "whole" in second) {
    throw new TypeError("Cannot apply LoHa: a factor has no rank");
  }
  const r = sizes(first)!.rank!, s = sizes(second)!.rank!;
  const tensor = (entry: TensorEntry, shape: readonly number[]) =>
    g.tensor(entry, { type, shape });
  const up = tensor(first.a, [out, r, 1]).mul(tensor(second.a, [out, 1, s]))
    .reshape([out, r * s]);
  const down = tensor(first.b, [r, 1, inner])
    .mul(tensor(second.b, [1, s, inner])).reshape([r * s, inner]);
  return gemm(gemm(x, down), up, { bias: y, alpha });
}

/**
 * Rows of `x` are matrices `[b, d]`, rows of `y` are `[a, c]`: the second
 * factor is applied along `d`, the first along `b`.
 */
function addKronecker(
  x: Value,
  y: Value,
  { first, second, alpha }: LycorisProduct & { alpha: number },
): Value {
  const n = x.shape[0]!, out = y.shape[1]!;
  const one = sizes(first)!, two = sizes(second)!;
  const part = multiply(x.reshape([n * one.columns, two.columns]), second)
    .reshape([n, one.columns, two.rows])
    .transpose([0, 2, 1])
    .reshape([n * two.rows, one.columns]);
  const whole = multiply(part, first)
    .reshape([n, two.rows, one.rows])
    .transpose([0, 2, 1])
    .reshape([n, out]);
  return y.add(whole.mul(alpha));
}

/** `x` times the transposed factor. */
function multiply(x: Value, factor: FactoredMatrix): Value {
  const g = x.graph, { type } = x;
  const matrix = (entry: TensorEntry) =>
    g.tensor(entry, { type, shape: matrixShape(entry) });
  return "whole" in factor
    ? gemm(x, matrix(factor.whole))
    : gemm(gemm(x, matrix(factor.b)), matrix(factor.a));
}
