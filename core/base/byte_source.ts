/**
 * Where a parser takes its bytes from: memory, or a file that is far too large
 * for memory. Parsers of archives and checkpoints see nothing else.
 *
 * @module
 */

import { FormatError } from "./errors.ts";

/** Bytes that can be read at any offset. Reading is synchronous. */
export interface ByteSource {
  /** What to call it in an error message, usually the file's path. */
  readonly name: string;
  /** How many bytes there are. */
  readonly size: number;
  /**
   * The bytes `[offset, offset + length)`. The view may share memory with the
   * source: do not write to it.
   *
   * @throws {FormatError} When the range reaches outside the source.
   */
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
}

/**
 * Throws a {@linkcode FormatError} unless `[offset, offset + length)` lies
 * inside `source`.
 */
export function checkRange(
  source: Pick<ByteSource, "name" | "size">,
  offset: number,
  length: number,
): void {
  if (
    Number.isSafeInteger(offset) && Number.isSafeInteger(length) &&
    offset >= 0 && length >= 0 && offset + length <= source.size
  ) return;
  throw new FormatError(
    `Cannot read ${length} bytes at ${offset} of ${
      JSON.stringify(source.name)
    }: it has ${source.size} bytes`,
    { offset },
  );
}

/** A {@linkcode ByteSource} over bytes in memory. */
export function memorySource(bytes: Uint8Array, name: string): ByteSource {
  // A shared buffer cannot be handed on as ArrayBuffer; copy only in that case.
  const own: Uint8Array<ArrayBuffer> = bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    : new Uint8Array(bytes);
  return {
    name,
    size: own.length,
    read(offset, length) {
      checkRange(this, offset, length);
      return own.subarray(offset, offset + length);
    },
  };
}
