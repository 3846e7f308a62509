/**
 * The hash that tells whether an input is still the same.
 *
 * @module
 */

import { readFileBytes } from "../files/files.ts";

/** SHA-256 of bytes, 64 hexadecimal digits. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return hash.toHex();
}

/** SHA-256 of a file. */
export async function fileSha256(path: string): Promise<string> {
  return await sha256(await readFileBytes(path));
}
