/**
 * Concatenation of bytes.
 *
 * @module
 */

/** Concatenates the parts into a new array. */
export function concatBytes(
  parts: readonly ArrayLike<number>[],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
