/**
 * Short names for large things: which weights, which numbers, which inputs.
 *
 * @module
 */

import { concatBytes } from "../base/concat.ts";
import type { Component } from "../wan/networks.ts";
import { openFileSource } from "../files/files.ts";
import type { Tensor } from "../base/tensor.ts";

/** The version of this toolkit, recorded in recipes and videos. */
export const VERSION = "0.1.0";

/** How many bytes at each tensor's start are looked at. */
const SAMPLE = 64;

/**
 * What tells one network's weights from another's: SHA-256 over the names,
 * types and shapes of all tensors and the first bytes of each. Reading a 28 GB
 * file for it would take a minute; this takes a fraction of a second, and two
 * trainings never agree in the first numbers of every tensor.
 *
 * @returns 64 hexadecimal digits.
 */
export function fingerprintWeights(
  component: Pick<Component, "tensors">,
): Promise<string> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const entries = [...component.tensors].sort(([a], [b]) => a < b ? -1 : 1);
  const sources = new Map<string, ReturnType<typeof openFileSource>>();
  try {
    for (const [name, { dtype, shape, file, offset, length }] of entries) {
      const source = sources.get(file) ?? openFileSource(file);
      sources.set(file, source);
      parts.push(
        new TextEncoder().encode(`${name}\0${dtype}\0${shape.join()}\0`),
        new Uint8Array(source.read(offset, Math.min(SAMPLE, length))),
      );
    }
  } finally {
    for (const source of sources.values()) source.close();
  }
  return fingerprint(...parts);
}

/** SHA-256 over texts, numbers and bytes in turn, 64 hexadecimal digits. */
export async function fingerprint(
  ...parts: readonly (string | ArrayBufferView)[]
): Promise<string> {
  const pieces = parts.flatMap((part) => {
    const bytes = typeof part === "string"
      ? new TextEncoder().encode(part)
      : new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
    const length = new BigUint64Array([BigInt(bytes.length)]);
    return [new Uint8Array(length.buffer), bytes];
  });
  const digest = await crypto.subtle.digest("SHA-256", concatBytes(pieces));
  return new Uint8Array(digest).toHex();
}

/** The same of a tensor, its dims included. */
export function fingerprintTensor({ dims, data }: Tensor): Promise<string> {
  return fingerprint(dims.join(), data);
}
