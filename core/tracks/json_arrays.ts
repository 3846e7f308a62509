/**
 * Arrays as JSON has them: numbers in nested lists of one length each.
 *
 * @module
 */

import type { NpyArray } from "../formats/npy.ts";

/** Numbers nested three or four deep, as an array; by name inside an object. */
export function numericArrays(
  value: unknown,
): NpyArray | Map<string, NpyArray> | undefined {
  if (Array.isArray(value)) return nestedArray(value, 3);
  if (typeof value !== "object" || value === null) return undefined;
  const arrays = new Map<string, NpyArray>();
  for (const [key, item] of Object.entries(value)) {
    const array = Array.isArray(item) ? nestedArray(item, 1) : undefined;
    if (array) arrays.set(key, array);
  }
  const tracks = [...arrays.values()].some(({ dims, descr }) =>
    dims.length >= 3 && descr !== "|b1" &&
    (dims.at(-1) === 2 || dims.at(-1) === 3)
  );
  return tracks ? arrays : undefined;
}

/** A regular nested list of numbers or booleans; undefined for anything else. */
function nestedArray(
  value: readonly unknown[],
  leastDepth: number,
): NpyArray | undefined {
  const dims: number[] = [];
  for (
    let level: unknown = value;
    Array.isArray(level);
    level = level[0]
  ) {
    if (level.length === 0 || dims.length === 5) return undefined;
    dims.push(level.length);
  }
  if (dims.length < leastDepth) return undefined;
  const numbers: number[] = [];
  let booleans = 0;
  const fill = (level: unknown, axis: number): boolean => {
    if (axis === dims.length) {
      const known = typeof level === "number" || typeof level === "boolean" ||
        level === null;
      if (typeof level === "boolean") booleans++;
      if (known) numbers.push(level === null ? NaN : Number(level));
      return known;
    }
    return Array.isArray(level) && level.length === dims[axis] &&
      level.every((item) => fill(item, axis + 1));
  };
  if (!fill(value, 0)) return undefined;
  return booleans === numbers.length
    ? { dims, descr: "|b1", data: Uint8Array.from(numbers) }
    : { dims, descr: "<f8", data: Float64Array.from(numbers) };
}
