/**
 * How long to wait before something that failed is tried again.
 *
 * @module
 */

/**
 * Milliseconds before the next attempt: `first` after one failure, twice as
 * long after each further one, never more than `most`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { backOff } from "./back_off.ts";
 * const waits = [1, 2, 3, 9].map((n) => backOff(n, { first: 100, most: 1000 }));
 * assert.deepEqual(waits, [100, 200, 400, 1000]);
 * ```
 */
export function backOff(
  failures: number,
  { first, most }: { first: number; most: number },
): number {
  return Math.min(first * 2 ** (failures - 1), most);
}

/**
 * Waits, unless the signal is aborted.
 *
 * @throws The signal's reason.
 */
export async function pause(
  milliseconds: number,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
