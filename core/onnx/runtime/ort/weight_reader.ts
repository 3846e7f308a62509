/**
 * Reads weights from their files into native memory, on other threads where
 * the C library can be asked to.
 *
 * @module
 */

import { FormatError, quote } from "../../../base/errors.ts";
import type { StreamedWeight } from "../../graph/graph_builder.ts";
import { NativeBlock, pointerAtOffset, writeBytes } from "./native_memory.ts";
import type { OrtLibrary } from "./ort_library.ts";
import type { SlotLayout } from "./slot_layout.ts";

/** Where the weights go. */
export interface ReadTarget {
  /** The start of a slot. */
  readonly into: Deno.PointerObject;
  /** Where each weight goes in it. */
  readonly layout: SlotLayout;
}

/** Reads weights; disposing of it closes the files. */
export interface WeightReader extends Disposable {
  /**
   * Reads weights into a slot. The files must have been checked.
   *
   * @throws {FormatError} When a file ends too early.
   */
  read(
    weights: readonly StreamedWeight[],
    target: ReadTarget,
  ): Promise<void>;
}

/** The most that one call of the C library reads. */
const MOST_PER_CALL = 2 ** 30;

/** `O_RDONLY` */
const READ_ONLY = 0;

/**
 * A reader for this platform; `direct: false` for the one that needs no C
 * library.
 */
export function createWeightReader(
  library: OrtLibrary,
  { direct = true }: { direct?: boolean } = {},
): WeightReader {
  const path = direct
    ? {
      linux: "libc.so.6",
      darwin: "/usr/lib/libSystem.B.dylib",
    }[Deno.build.os as string]
    : undefined;
  return path === undefined
    ? new StreamReader()
    : new DirectReader(library, path);
}

function endsEarly({ file, offset, length }: StreamedWeight): FormatError {
  return new FormatError(
    `Cannot read ${quote(file)}: it ends before byte ${
      offset + length
    } of a weight that starts at ${offset}`,
    { offset },
  );
}

/** By `pread`, straight into the slot. */
class DirectReader implements WeightReader {
  readonly #library: OrtLibrary;
  readonly #c;
  readonly #files = new Map<string, number>();

  constructor(library: OrtLibrary, path: string) {
    this.#library = library;
    this.#c = Deno.dlopen(path, {
      open: { parameters: ["pointer", "i32"], result: "i32" },
      close: { parameters: ["i32"], result: "i32" },
      pread: {
        parameters: ["i32", "pointer", "usize", "i64"],
        result: "i64",
        nonblocking: true,
      },
    });
  }

  async read(
    weights: readonly StreamedWeight[],
    { into, layout }: ReadTarget,
  ): Promise<void> {
    // All are waited for: none may write when an error has been told.
    const results = await Promise.allSettled(
      weights.map((weight, i) =>
        this.#readOne(weight, { into, offset: layout.offsets[i]! })
      ),
    );
    for (const result of results) {
      if (result.status === "rejected") throw result.reason;
    }
  }

  async #readOne(
    weight: StreamedWeight,
    { into, offset }: { into: Deno.PointerObject; offset: number },
  ): Promise<void> {
    const file = this.#open(weight.file);
    for (let done = 0; done < weight.length;) {
      const count = Number(
        await this.#c.symbols.pread(
          file,
          pointerAtOffset(into, offset + done),
          BigInt(Math.min(weight.length - done, MOST_PER_CALL)),
          BigInt(weight.offset + done),
        ),
      );
      if (count <= 0) throw endsEarly(weight);
      done += count;
    }
  }

  #open(path: string): number {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    using name = new NativeBlock(
      this.#library.memory,
      new TextEncoder().encode(path).byteLength + 1,
    );
    name.write(new TextEncoder().encode(`${path}\0`));
    const file = this.#c.symbols.open(name.pointer, READ_ONLY);
    if (file < 0) {
      throw new Deno.errors.NotFound(
        `Cannot read ${quote(path)}: it cannot be opened`,
      );
    }
    this.#files.set(path, file);
    return file;
  }

  [Symbol.dispose](): void {
    for (const file of this.#files.values()) this.#c.symbols.close(file);
    this.#files.clear();
    this.#c.close();
  }
}

/** By Deno's own files, and a copy. */
class StreamReader implements WeightReader {
  readonly #files = new Map<string, Deno.FsFile>();
  /** A file has one position: slots are filled one after the other. */
  #tail: Promise<void> = Promise.resolve();

  read(
    weights: readonly StreamedWeight[],
    target: ReadTarget,
  ): Promise<void> {
    const read = this.#tail.then(() => this.#read(weights, target));
    this.#tail = read.catch(() => {});
    return read;
  }

  async #read(
    weights: readonly StreamedWeight[],
    { into, layout }: ReadTarget,
  ): Promise<void> {
    for (const [i, weight] of weights.entries()) {
      const file = this.#files.get(weight.file) ??
        await Deno.open(weight.file);
      this.#files.set(weight.file, file);
      await file.seek(weight.offset, Deno.SeekMode.Start);
      const buffer = new Uint8Array(Math.min(weight.length, 2 ** 24));
      for (let done = 0; done < weight.length;) {
        const count = await file.read(
          buffer.subarray(0, Math.min(buffer.length, weight.length - done)),
        );
        if (count === null) throw endsEarly(weight);
        writeBytes(into, buffer.subarray(0, count), {
          offset: layout.offsets[i]! + done,
          limit: layout.byteLength,
        });
        done += count;
      }
    }
  }

  [Symbol.dispose](): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }
}
