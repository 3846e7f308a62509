/**
 * Bytes that libav reads from a source or writes into a file.
 *
 * node-av frees a context without its buffer, 32 kB for each file. A run of
 * many items therefore uses contexts again.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Libav, LibavIo } from "./_libav.ts";

/** How much libav reads or writes at once, in bytes. */
const IO_BUFFER = 32 * 1024;

/** Contexts of one kind that are kept while nobody uses them. */
const MOST_IDLE = 8;

/**
 * Where an idle context is: farther than any file, so that nothing of its
 * buffer can be taken for a part of the next one.
 */
const NOWHERE = 2n ** 50n;

/** What a context reads from or writes to at the moment. */
interface IoEnd {
  read(size: number): Buffer | number;
  write(bytes: Uint8Array): number;
  seek(offset: number, whence: number): number;
}

/** A context and what is at its other end. */
interface Linked {
  readonly context: LibavIo;
  end: IoEnd;
}

const idleReading: Linked[] = [];
const idleWriting: Linked[] = [];
/** How many want contexts to be used again. */
let reusers = 0;

/**
 * Until it is disposed of, contexts are kept and used again. A context that is
 * kept keeps the process from ending, so that this is not always done.
 */
export function reuseFileIo(): Disposable {
  reusers++;
  return {
    [Symbol.dispose]() {
      if (--reusers > 0) return;
      for (const idle of [idleReading, idleWriting]) {
        for (const { context } of idle.splice(0)) context.freeContext();
      }
    },
  };
}

/** The bytes of a file, for a demuxer or a muxer. */
export interface FileIo {
  /** For libav. */
  readonly context: LibavIo;
  /** Ends its use; the source or file may be closed then. */
  release(): Promise<void>;
}

/** The bytes of something of known size, for a demuxer. */
export function readingIo(
  av: Libav,
  source: { size: number; read(offset: number, length: number): Uint8Array },
  failed: (error: unknown) => void,
): Promise<FileIo> {
  let position = 0;
  return take(av, "read", failed, (fail) => ({
    read: (size) => {
      const length = Math.min(size, source.size - position);
      if (length <= 0) return av.AVERROR_EOF;
      try {
        const bytes = source.read(position, length);
        position += length;
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      } catch (error) {
        return fail(error);
      }
    },
    write: () => av.AVERROR_EINVAL,
    seek: (offset, whence) => {
      const target = seekTarget(av, offset, whence, {
        position,
        size: source.size,
      });
      if (target !== undefined && whence !== av.AVSEEK_SIZE) position = target;
      return target ?? av.AVERROR_EINVAL;
    },
  }));
}

/** A file that is being written, for a muxer. */
export function writingIo(
  av: Libav,
  file: Deno.FsFile,
  failed: (error: unknown) => void,
): Promise<FileIo> {
  let position = 0, size = 0;
  return take(av, "write", failed, (fail) => ({
    read: () => av.AVERROR_EINVAL,
    write: (bytes) => {
      try {
        file.seekSync(position, Deno.SeekMode.Start);
        for (let done = 0; done < bytes.length;) {
          done += file.writeSync(bytes.subarray(done));
        }
        position += bytes.length;
        size = Math.max(size, position);
        return bytes.length;
      } catch (error) {
        return fail(error);
      }
    },
    seek: (offset, whence) => {
      const target = seekTarget(av, offset, whence, { position, size });
      if (target !== undefined && whence !== av.AVSEEK_SIZE) position = target;
      return target ?? av.AVERROR_EINVAL;
    },
  }));
}

/** A context at the start of its file, an idle one where there is one. */
async function take(
  av: Libav,
  kind: "read" | "write",
  failed: (error: unknown) => void,
  endOf: (fail: (error: unknown) => number) => IoEnd,
): Promise<FileIo> {
  let broken = false;
  const end = endOf((error) => {
    broken = true; // libav keeps an error in the context
    failed(error);
    return av.AVERROR_EIO;
  });
  const idle = kind === "read" ? idleReading : idleWriting;
  let linked = idle.pop();
  if (linked) {
    linked.end = end;
    if (await linked.context.seek(0n, av.AVSEEK_SET) !== 0n) {
      linked.context.freeContext();
      linked = undefined;
    }
  }
  const taken = linked ?? link(av, kind, end);
  return {
    context: taken.context,
    release: async () => {
      taken.end = nowhere;
      const isUsable = !broken && reusers > 0 && idle.length < MOST_IDLE &&
        await taken.context.seek(NOWHERE, av.AVSEEK_SET) === NOWHERE;
      if (isUsable && reusers > 0) idle.push(taken);
      else taken.context.freeContext();
    },
  };
}

/** What an idle context writes is lost, and it may seek anywhere. */
const nowhere: IoEnd = {
  read: () => 0,
  write: (bytes) => bytes.length,
  seek: (offset) => offset,
};

function link(av: Libav, kind: "read" | "write", end: IoEnd): Linked {
  const context = new av.IOContext();
  const linked: Linked = { context, end };
  const reads = kind === "read";
  context.allocContextWithCallbacks(
    IO_BUFFER,
    reads ? 0 : 1,
    reads ? (size) => linked.end.read(size) : null,
    reads ? null : (bytes) => linked.end.write(bytes),
    (offset, whence) => linked.end.seek(Number(offset), whence),
  );
  return linked;
}

/** Where a seek leads, the size where that was asked, `undefined` where nowhere. */
function seekTarget(
  av: Libav,
  offset: number,
  whence: number,
  at: { position: number; size: number },
): number | undefined {
  if (whence === av.AVSEEK_SIZE) return at.size;
  const base = whence === av.AVSEEK_CUR
    ? at.position
    : whence === av.AVSEEK_END
    ? at.size
    : 0;
  const target = base + offset;
  return target >= 0 ? target : undefined;
}
