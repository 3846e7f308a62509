/**
 * The content of one member of a ZIP archive, unpacked with a limit.
 *
 * The claims of the directory are not trusted: what is larger than the limit
 * or packed better than deflate can is refused before it is read, what turns
 * out larger than it claims as soon as that shows.
 *
 * @module
 */

import { FormatError, quote, withHint } from "../base/errors.ts";
import type { ByteSource } from "../base/byte_source.ts";
import { crc32 } from "./crc32.ts";

/** One member of an archive: what it is called and where its bytes lie. */
export interface ZipEntry {
  /** The name as written, with `/` between folders. Never a path to open. */
  readonly name: string;
  /** How the bytes are packed. */
  readonly method: "stored" | "deflate";
  /** Bytes in the archive. */
  readonly compressedSize: number;
  /** Bytes when unpacked, as the directory claims. */
  readonly size: number;
  /** Where the bytes start, counted from the start of the archive. */
  readonly dataOffset: number;
  /** The CRC-32 of the unpacked bytes, as the directory claims. */
  readonly crc32: number;
}

/** Deflate cannot pack better than 1032:1; more is a lie about the size. */
const MAX_RATIO = 1032;

/** One step of unpacking can yield 1032 times this: 4 MiB. */
const INPUT_STEP = 4 * 1024;

/**
 * The unpacked bytes of one member. A stored member of a
 * {@linkcode memorySource} is a view, not a copy.
 *
 * @throws {FormatError} When the member claims more than `limit` bytes
 * (nothing is read then), unpacks to another size than it claims (found as
 * soon as it exceeds it), or its checksum is wrong.
 */
export async function readZipEntry(
  source: ByteSource,
  entry: ZipEntry,
  options: {
    readonly limit: number;
    /** What to say to a person whose file is larger. */
    readonly limitHint?: string | undefined;
  },
): Promise<Uint8Array<ArrayBuffer>> {
  const { name, size, compressedSize, dataOffset } = entry;
  const { limit, limitHint } = options;
  const refuse = (state: string, cause?: unknown) =>
    new FormatError(
      `Cannot unpack ${quote(name)} of ${quote(source.name)}: ${state}`,
      { offset: dataOffset, ...(cause === undefined ? {} : { cause }) },
    );
  if (size > limit) {
    const state = `it claims ${size} bytes, expected at most ${limit}`;
    throw refuse(limitHint === undefined ? state : withHint(state, limitHint));
  }
  if (entry.method === "deflate" && size > compressedSize * MAX_RATIO) {
    throw refuse(
      `it claims ${size} bytes from ${compressedSize}, which deflate cannot do`,
    );
  }
  const bytes = entry.method === "stored"
    ? source.read(dataOffset, size)
    : await inflate(source, entry, refuse);
  if (crc32(bytes) !== entry.crc32) {
    throw refuse("its checksum is wrong: the file is damaged");
  }
  return bytes;
}

async function inflate(
  source: ByteSource,
  entry: ZipEntry,
  refuse: (state: string, cause?: unknown) => FormatError,
): Promise<Uint8Array<ArrayBuffer>> {
  const { size, compressedSize, dataOffset } = entry;
  const result = new Uint8Array(size);
  let filled = 0;
  let read = 0;
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (read === compressedSize) return controller.close();
      const step = Math.min(INPUT_STEP, compressedSize - read);
      // A copy: the stream may transfer the buffer away.
      controller.enqueue(source.read(dataOffset + read, step).slice());
      read += step;
    },
  }, { highWaterMark: 0 });
  const reader = packed.pipeThrough(new DecompressionStream("deflate-raw"))
    .getReader();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) break;
      if (filled + value.length > size) {
        throw refuse(`it unpacks to more than the ${size} bytes it claims`);
      }
      result.set(value, filled);
      filled += value.length;
    }
  } catch (error) {
    await reader.cancel().catch(() => {});
    if (error instanceof FormatError) throw error;
    throw refuse("its deflate data is damaged", error);
  }
  if (filled !== size) {
    throw refuse(`it unpacks to ${filled} bytes and claims ${size}`);
  }
  return result;
}
