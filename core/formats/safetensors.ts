/**
 * The safetensors format: 8 bytes with the length of a JSON header, the
 * header, the tensors' bytes without a gap. Reading yields an index; the
 * tensors' bytes are not touched.
 *
 * Source: https://github.com/huggingface/safetensors, the section "Format" of
 * its README and the checks of its own reader. All of them are made here, and
 * one that the reader leaves to its JSON library: no name twice. Metadata that
 * is not text is taken, which some trainers write.
 *
 * @module
 */

import type { ByteSource } from "../base/byte_source.ts";
import { quote, withHint } from "../base/errors.ts";
import {
  CheckpointError,
  type CheckpointErrorCode,
} from "./checkpoint_error.ts";
import {
  type HeaderVisitor,
  scanHeader,
  type ScannedTensor,
} from "./_header_scanner.ts";
import {
  byteLengthOf,
  isTensorDtype,
  type TensorDtype,
  type TensorEntry,
  type TensorIndex,
} from "./tensor_index.ts";

/** What a safetensors file holds. */
export interface SafetensorsFile {
  /** Its tensors, in the header's order. */
  readonly tensors: TensorIndex;
  /** The entries under `__metadata__`; what is not text is its JSON. */
  readonly metadata: ReadonlyMap<string, string>;
}

const LENGTH_BYTES = 8;
const MAX_HEADER = 100_000_000;

/**
 * The index of a safetensors file.
 *
 * @param source the file; its name is taken over as the entries' `file`
 * @throws {CheckpointError} With a code for each rule that can be broken:
 * `header-too-small`, `header-too-large`, `header-length`, `header-utf8`,
 * `header-start`, `header-json`, `duplicate-key`, `metadata`, `dtype`,
 * `tensor-info`, `overflow`, `offsets`, `incomplete-buffer`. A truncated file
 * is such an error, so nobody maps bytes that are not there.
 */
export function readSafetensors(source: ByteSource): SafetensorsFile {
  const { text, start } = readHeader(source);
  const collector = new TensorCollector(source, start);
  scanHeader(text, { file: source.name, visitor: collector });
  return { tensors: collector.finish(), metadata: collector.entries };
}

/** An error about a safetensors file. */
function failure(
  source: ByteSource,
  code: CheckpointErrorCode,
  state: string,
  options: { offset?: number; hint?: string; cause?: unknown } = {},
): CheckpointError {
  const { offset = 0, hint, cause } = options;
  const message = `Cannot read ${quote(source.name)} as safetensors: ${state}`;
  return new CheckpointError(code, hint ? withHint(message, hint) : message, {
    offset,
    cause,
  });
}

/** The header's text, and where the tensors' bytes start. */
function readHeader(source: ByteSource): { text: string; start: number } {
  if (source.size < LENGTH_BYTES) {
    throw failure(
      source,
      "header-too-small",
      `it has ${source.size} bytes, expected at least ${LENGTH_BYTES}`,
    );
  }
  const head = source.read(0, LENGTH_BYTES);
  const length = new DataView(head.buffer, head.byteOffset, LENGTH_BYTES)
    .getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER)) {
    throw failure(
      source,
      "header-too-large",
      `the header claims ${length} bytes, expected at most ${MAX_HEADER}`,
      { hint: "The file is damaged, or it is not a safetensors file." },
    );
  }
  const start = LENGTH_BYTES + Number(length);
  if (start > source.size) {
    throw failure(
      source,
      "header-length",
      `the header ends at byte ${start}, the file at ${source.size}`,
      { hint: TRUNCATED },
    );
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(source.read(LENGTH_BYTES, Number(length)));
    return { text, start };
  } catch (cause) {
    throw failure(source, "header-utf8", "the header is not UTF-8", {
      offset: LENGTH_BYTES,
      cause,
    });
  }
}

/** Checks the header's tensors one by one, and as a whole at the end. */
class TensorCollector implements HeaderVisitor {
  /** The entries under `__metadata__`. */
  entries: ReadonlyMap<string, string> = new Map();
  readonly #source: ByteSource;
  /** Where the tensors' bytes start in the file. */
  readonly #start: number;
  readonly #available: number;
  readonly #scanned: ScannedTensor[] = [];
  readonly #beginningAt = new Map<number, ScannedTensor>();
  #total = 0;

  constructor(source: ByteSource, start: number) {
    this.#source = source;
    this.#start = start;
    this.#available = source.size - start;
  }

  metadata(entries: Map<string, string>): void {
    this.entries = entries;
  }

  tensor(tensor: ScannedTensor): void {
    const { name, begin, end } = tensor;
    this.#total += this.#checkedSize(tensor);
    // More bytes than there are, though none is outside: some overlap. Checked
    // now, a header with millions of such tensors is refused early.
    if (this.#total > this.#available) {
      throw this.#fail(
        "offsets",
        `tensor ${quote(name)} overlaps another one`,
        {
          offset: this.#start + begin,
        },
      );
    }
    if (end > begin) {
      // Files are written in order: an overlap with the previous tensor, or
      // with one that begins here, is found before the header is read.
      const before = this.#scanned.at(-1);
      const other = before && begin < before.end && before.begin < end
        ? before
        : this.#beginningAt.get(begin);
      if (other) {
        throw this.#fail(
          "offsets",
          `tensors ${quote(other.name)} and ${quote(name)} overlap`,
          { offset: this.#start + begin },
        );
      }
      this.#beginningAt.set(begin, tensor);
    }
    this.#scanned.push(tensor);
  }

  /** The index, when the tensors fill the file without hole or overlap. */
  finish(): TensorIndex {
    checkCoverage(this.#scanned, {
      beginningAt: this.#beginningAt,
      fail: (state, position) =>
        this.#fail("offsets", state, { offset: this.#start + position }),
    });
    const end = this.#start + this.#total;
    if (this.#total !== this.#available) {
      throw this.#fail(
        "incomplete-buffer",
        `its tensors end at byte ${end}, the file at ${this.#source.size}`,
        { offset: end },
      );
    }
    const tensors = new Map<string, TensorEntry>();
    for (const { name, dtype, shape, begin, end } of this.#scanned) {
      if (tensors.has(name)) {
        throw this.#fail("duplicate-key", `tensor ${quote(name)} occurs twice`);
      }
      tensors.set(name, {
        name,
        dtype: dtype as TensorDtype,
        shape,
        file: this.#source.name,
        offset: this.#start + begin,
        length: end - begin,
      });
    }
    return tensors;
  }

  /** The bytes of a tensor whose dtype, shape, and offsets agree. */
  #checkedSize({ name, dtype, shape, begin, end }: ScannedTensor): number {
    if (!isTensorDtype(dtype)) {
      throw this.#fail(
        "dtype",
        `tensor ${quote(name)} has element type ${quote(dtype)}`,
      );
    }
    if (end < begin) {
      throw this.#fail(
        "offsets",
        `tensor ${quote(name)} ends at ${end}, before its begin at ${begin}`,
      );
    }
    const needed = byteLengthOf(dtype, shape);
    if (needed === Infinity) {
      throw this.#fail(
        "overflow",
        `tensor ${quote(name)} of (${shape.join(", ")}) is beyond 2^53 - 1`,
      );
    }
    if (needed !== end - begin) { // also true for NaN: parts of a byte
      throw this.#fail(
        "tensor-info",
        `tensor ${quote(name)} of ${dtype} (${shape.join(", ")}) takes ${
          Number.isNaN(needed) ? "no whole number of" : needed
        } bytes, its offsets leave ${end - begin}`,
      );
    }
    if (end > this.#available) {
      throw this.#fail(
        "incomplete-buffer",
        `tensor ${quote(name)} ends at byte ${
          this.#start + end
        }, the file at ${this.#source.size}`,
        { offset: this.#source.size, hint: TRUNCATED },
      );
    }
    return needed;
  }

  #fail(
    code: CheckpointErrorCode,
    state: string,
    options: { offset?: number; hint?: string } = {},
  ): CheckpointError {
    return failure(this.#source, code, state, options);
  }
}

const TRUNCATED =
  "The file is truncated, perhaps by a download that stopped. Download it again.";

/**
 * Throws unless the tensors, put in order, follow one another from 0 without
 * hole or overlap. Walks from each end to the tensor that begins there, which
 * needs no sorting.
 */
function checkCoverage(
  tensors: readonly ScannedTensor[],
  context: {
    beginningAt: ReadonlyMap<number, ScannedTensor>;
    fail: (state: string, position: number) => CheckpointError;
  },
): void {
  const { beginningAt, fail } = context;
  let position = 0, walked = 0;
  for (
    let tensor = beginningAt.get(0);
    tensor;
    tensor = beginningAt.get(position)
  ) {
    position = tensor.end;
    walked++;
  }
  if (walked < beginningAt.size) {
    throw fail(
      `no tensor begins at ${position} of the data, where the one before ends: there is a hole or an overlap`,
      position,
    );
  }
  for (const { name, begin, end } of tensors) {
    if (begin !== end || begin === position || beginningAt.has(begin)) continue;
    throw fail(
      `empty tensor ${quote(name)} lies at ${begin}, inside another tensor`,
      begin,
    );
  }
}
