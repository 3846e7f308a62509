/**
 * Golden tensors: outputs of the PyTorch reference, kept in `tests/golden`,
 * and the one way they are compared.
 *
 * @module
 */

import { readNpy } from "../core/bytes/npy.ts";
import { memorySource } from "../core/bytes/byte_source.ts";
import { sizeOf, type Tensor } from "../core/tensor.ts";

/** The URL of a file in `tests/golden`. */
export function goldenUrl(path: string): URL {
  return new URL(`./golden/${path}`, import.meta.url);
}

/** A JSON file in `tests/golden`. */
export function readGoldenJson<T>(path: string): T {
  return JSON.parse(Deno.readTextFileSync(goldenUrl(path))) as T;
}

/** A `.npy` file in `tests/golden`, as float32 (integers are converted). */
export function readGolden(path: string): Tensor {
  const { dims, data } = readNpy(
    memorySource(Deno.readFileSync(goldenUrl(path)), path),
  );
  return {
    dims,
    data: data instanceof Float32Array
      ? data
      : Float32Array.from(data as ArrayLike<number | bigint>, Number),
  };
}

/** How far two tensors are apart. */
export interface Difference {
  /** The largest absolute difference. */
  readonly max: number;
  /** The largest absolute difference over the largest expected magnitude. */
  readonly relative: number;
  /** The index of the largest difference in row-major order. */
  readonly at: number;
}

/** The largest difference between two tensors of the same dimensions. */
export function difference(actual: Tensor, expected: Tensor): Difference {
  if (actual.dims.join() !== expected.dims.join()) {
    throw new Error(
      `dims are (${actual.dims.join(", ")}), expected (${
        expected.dims.join(", ")
      })`,
    );
  }
  if (actual.data.length !== sizeOf(expected.dims)) {
    throw new Error(`data has ${actual.data.length} elements`);
  }
  let max = 0, at = 0, scale = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const gap = Math.abs(actual.data[i]! - expected.data[i]!);
    if (!(gap <= max)) { // also true for NaN, which then stays
      if (Number.isNaN(max)) break;
      max = gap;
      at = i;
    }
    scale = Math.max(scale, Math.abs(expected.data[i]!));
  }
  return { max, relative: scale === 0 ? max : max / scale, at };
}

/**
 * Compares and prints: fails when the largest difference exceeds `max`
 * (absolute) or `relative` (over the largest expected magnitude).
 */
export function assertClose(
  label: string,
  actual: Tensor,
  expected: Tensor,
  tolerance: { max?: number; relative?: number },
): void {
  const found = difference(actual, expected);
  const limit = tolerance.max !== undefined
    ? `${tolerance.max}`
    : `${tolerance.relative} of max`;
  const shown = tolerance.max !== undefined ? found.max : found.relative;
  console.log(
    `${label}: largest difference ${
      shown.toExponential(2)
    } (tolerance ${limit})`,
  );
  const ok = (tolerance.max === undefined || found.max <= tolerance.max) &&
    (tolerance.relative === undefined || found.relative <= tolerance.relative);
  if (!ok) {
    const i = found.at;
    throw new Error(
      `${label}: largest difference ${found.max} (${found.relative} of max) at element ${i}: ${
        actual.data[i]
      }, expected ${expected.data[i]}; tolerance ${limit}`,
    );
  }
}
