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
import { scanHeader, type ScannedTensor } from "./_header_scanner.ts";
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
  const fail = (
    code: CheckpointErrorCode,
    state: string,
    options: { offset?: number; hint?: string; cause?: unknown } = {},
  ): CheckpointError => {
    const { offset = 0, hint, cause } = options;
    const message = `Cannot read ${
      quote(source.name)
    } as safetensors: ${state}`;
    return new CheckpointError(code, hint ? withHint(message, hint) : message, {
      offset,
      cause,
    });
  };

  if (source.size < LENGTH_BYTES) {
    throw fail(
      "header-too-small",
      `it has ${source.size} bytes, expected at least ${LENGTH_BYTES}`,
    );
  }
  const head = source.read(0, LENGTH_BYTES);
  const length = new DataView(head.buffer, head.byteOffset, LENGTH_BYTES)
    .getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER)) {
    throw fail(
      "header-too-large",
      `the header claims ${length} bytes, expected at most ${MAX_HEADER}`,
      { hint: "The file is damaged, or it is no safetensors file." },
    );
  }
  const start = LENGTH_BYTES + Number(length);
  if (start > source.size) {
    throw fail(
      "header-length",
      `the header ends at byte ${start}, the file at ${source.size}`,
      { hint: TRUNCATED },
    );
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(source.read(LENGTH_BYTES, Number(length)));
  } catch (cause) {
    throw fail("header-utf8", "the header is not UTF-8", {
      offset: LENGTH_BYTES,
      cause,
    });
  }

  const available = source.size - start;
  const scanned: ScannedTensor[] = [];
  const beginningAt = new Map<number, ScannedTensor>();
  let metadata: ReadonlyMap<string, string> = new Map();
  let total = 0;
  scanHeader(text, {
    file: source.name,
    visitor: {
      metadata(entries) {
        metadata = entries;
      },
      tensor(tensor) {
        const { name, dtype, shape, begin, end } = tensor;
        if (!isTensorDtype(dtype)) {
          throw fail(
            "dtype",
            `tensor ${quote(name)} has element type ${quote(dtype)}`,
          );
        }
        if (end < begin) {
          throw fail(
            "offsets",
            `tensor ${
              quote(name)
            } ends at ${end}, before its begin at ${begin}`,
          );
        }
        const needed = byteLengthOf(dtype, shape);
        if (needed === Infinity) {
          throw fail(
            "overflow",
            `tensor ${quote(name)} of (${shape.join(", ")}) is beyond 2^53 - 1`,
          );
        }
        if (needed !== end - begin) { // also true for NaN: parts of a byte
          throw fail(
            "tensor-info",
            `tensor ${quote(name)} of ${dtype} (${shape.join(", ")}) takes ${
              Number.isNaN(needed) ? "no whole number of" : needed
            } bytes, its offsets leave ${end - begin}`,
          );
        }
        if (end > available) {
          throw fail(
            "incomplete-buffer",
            `tensor ${quote(name)} ends at byte ${
              start + end
            }, the file at ${source.size}`,
            { offset: source.size, hint: TRUNCATED },
          );
        }
        // More bytes than there are, though none lies outside: some overlap.
        // Said now, a header with millions of such tensors is soon given up.
        total += needed;
        if (total > available) {
          throw fail(
            "offsets",
            `tensor ${quote(name)} overlaps another one`,
            { offset: start + begin },
          );
        }
        if (end > begin) {
          // Files are written in order: an overlap with the last one seen, or
          // with one that begins here, is found before the header is read.
          const before = scanned.at(-1);
          const other = before && begin < before.end && before.begin < end
            ? before
            : beginningAt.get(begin);
          if (other) {
            throw fail(
              "offsets",
              `tensors ${quote(other.name)} and ${quote(name)} overlap`,
              { offset: start + begin },
            );
          }
          beginningAt.set(begin, tensor);
        }
        scanned.push(tensor);
      },
    },
  });

  checkCoverage(scanned, {
    beginningAt,
    fail: (state, position) =>
      fail("offsets", state, { offset: start + position }),
  });
  if (total !== available) {
    throw fail(
      "incomplete-buffer",
      `its tensors end at byte ${start + total}, the file at ${source.size}`,
      { offset: start + total },
    );
  }

  const tensors = new Map<string, TensorEntry>();
  for (const { name, dtype, shape, begin, end } of scanned) {
    if (tensors.has(name)) {
      throw fail("duplicate-key", `tensor ${quote(name)} occurs twice`);
    }
    tensors.set(name, {
      name,
      dtype: dtype as TensorDtype,
      shape,
      file: source.name,
      offset: start + begin,
      length: end - begin,
    });
  }
  return { tensors, metadata };
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
