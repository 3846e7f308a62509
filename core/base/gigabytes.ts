/**
 * Sizes for people.
 *
 * @module
 */

/**
 * A number of bytes as people say it: `16.4 GB`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { gigabytes } from "./gigabytes.ts";
 * assert.equal(gigabytes(16.4e9), "16.4 GB");
 * assert.equal(gigabytes(2e6), "2 MB");
 * ```
 */
export function gigabytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e6) return `${Math.round(bytes / 1e6)} MB`;
  return `${Math.ceil(bytes / 1e3)} kB`;
}
