/**
 * The GGUF format, versions 2 and 3: metadata, a table of tensors, the
 * tensors' bytes. Reading yields an index; the tensors' bytes are not touched.
 *
 * Source: `docs/gguf.md` and `ggml/src/gguf.cpp` of ggml. Their checks are made
 * here too, besides two: a tensor may have five axes, which files of video
 * models have, and tensors may be in any order as long as none overlap.
 *
 * @module
 */

import type { ByteSource } from "../base/byte_source.ts";
import {
  CheckpointError,
  type CheckpointErrorCode,
} from "./checkpoint_error.ts";
import {
  byteLengthOf,
  type TensorDtype,
  type TensorEntry,
  type TensorIndex,
} from "./tensor_index.ts";
import { quote, withHint } from "../base/errors.ts";
import { BLOCK_TYPES, blockSizeOf, isBlockType } from "./gguf_blocks.ts";
import { GgufHeader, type MetadataValue } from "./_gguf_header.ts";

export type { MetadataValue } from "./_gguf_header.ts";

/** What a GGUF file holds. */
export interface GgufFile {
  /** 2 or 3. */
  readonly version: number;
  /** Every tensor begins at a multiple of this, counted from the first one. */
  readonly alignment: number;
  /** Its tensors in the file's order, the outermost axis first, as torch has it. */
  readonly tensors: TensorIndex;
  /** Its metadata; long arrays (a vocabulary) are left out. */
  readonly metadata: ReadonlyMap<string, MetadataValue>;
}

const MAGIC = 0x46554747; // "GGUF"
const DEFAULT_ALIGNMENT = 32;
/** ggml has four; files of video models keep a three-dimensional convolution. */
const MAX_AXES = 6;

/** The number of each type in the table of tensors. */
const TYPES: ReadonlyMap<number, TensorDtype> = new Map<number, TensorDtype>([
  [0, "F32"],
  [1, "F16"],
  [2, "Q4_0"],
  [3, "Q4_1"],
  [6, "Q5_0"],
  [7, "Q5_1"],
  [8, "Q8_0"],
  [10, "Q2_K"],
  [11, "Q3_K"],
  [12, "Q4_K"],
  [13, "Q5_K"],
  [14, "Q6_K"],
  [24, "I8"],
  [25, "I16"],
  [26, "I32"],
  [27, "I64"],
  [28, "F64"],
  [30, "BF16"],
]);

/** Types that exist and are not read. */
const OTHER_TYPES: ReadonlyMap<number, string> = new Map([
  [9, "Q8_1"],
  [15, "Q8_K"],
  [16, "IQ2_XXS"],
  [17, "IQ2_XS"],
  [18, "IQ3_XXS"],
  [19, "IQ1_S"],
  [20, "IQ4_NL"],
  [21, "IQ3_S"],
  [22, "IQ2_S"],
  [23, "IQ4_XS"],
  [29, "IQ1_M"],
  [34, "TQ1_0"],
  [35, "TQ2_0"],
  [39, "MXFP4"],
  [40, "NVFP4"],
  [41, "Q1_0"],
]);

/** The 14B transformer has 1303 tensors and some ten entries. */
const MOST = 2 ** 16;

/** The bytes of a tensor in the table at least: name, axes, type, offset. */
const LEAST_TENSOR = 8 + 4 + 4 + 8;
/** The bytes of a metadata entry at least: key, type, one byte. */
const LEAST_ENTRY = 8 + 4 + 1;

/**
 * The index of a GGUF file.
 *
 * @param source the file; its name is taken over as the entries' `file`
 * @throws {CheckpointError} `gguf-version`, `header-too-small`,
 * `header-too-large`, `header-length`, `header-utf8`, `metadata`, `dtype`,
 * `tensor-info`, `overflow`, `offsets`, `duplicate-key`, `incomplete-buffer`,
 * with the byte offset. A truncated file is such an error.
 */
export function readGguf(source: ByteSource): GgufFile {
  const fail: FailGguf = (code, state, { hint, offset } = {}) => {
    const message = `Cannot read ${quote(source.name)} as GGUF: ${state}`;
    return new CheckpointError(code, hint ? withHint(message, hint) : message, {
      offset: offset ?? header.offset,
    });
  };
  const header = new GgufHeader(
    source,
    (code, state, offset) =>
      fail(code, state, {
        offset,
        ...(code === "header-length" ? { hint: TRUNCATED } : {}),
      }),
  );
  const { version, tensorCount, entryCount } = readCounts(header, fail);
  const metadata = readMetadata(header, entryCount, fail);
  const alignment = readAlignment(metadata, fail);
  const infos = Array.from(
    { length: tensorCount },
    (_, i) => readTensorInfo(header, i, { alignment, fail }),
  );
  checkNames(infos, fail);
  const start = Math.ceil(header.offset / alignment) * alignment;
  const placed = infos.map(({ at, ...info }) => ({
    at,
    entry: { ...info, file: source.name, offset: start + info.offset },
  }));
  checkRanges(placed, source.size, fail);
  return {
    version,
    alignment,
    tensors: new Map(placed.map(({ entry }) => [entry.name, entry])),
    metadata,
  };
}

/** Makes an error; without an offset it names where the header was read to. */
type FailGguf = (
  code: CheckpointErrorCode,
  state: string,
  options?: { offset?: number; hint?: string },
) => CheckpointError;

/** A row of the table: the tensor's offset counts from the first tensor. */
interface TensorInfo extends Omit<TensorEntry, "file"> {
  /** Where the row is in the file. */
  readonly at: number;
}

function readCounts(
  header: GgufHeader,
  fail: FailGguf,
): { version: number; tensorCount: number; entryCount: number } {
  if (header.uint32("the magic number") !== MAGIC) {
    throw fail("header-too-small", 'it does not begin with "GGUF"', {
      offset: 0,
    });
  }
  const version = header.uint32("the version");
  if (version !== 2 && version !== 3) {
    const isBigEndian = (version & 0xffff) === 0 && version !== 0;
    throw fail(
      "gguf-version",
      isBigEndian
        ? "it is big-endian, expected little-endian"
        : `it has version ${version}, expected 2 or 3`,
      { offset: 4, hint: "Convert it again with a current llama.cpp." },
    );
  }
  const tensorCount = header.count("the number of tensors", LEAST_TENSOR);
  const entryCount = header.count("the number of entries", LEAST_ENTRY);
  if (tensorCount > MOST || entryCount > MOST) {
    throw fail(
      "header-too-large",
      `it claims ${tensorCount} tensors and ${entryCount} entries, expected at most ${MOST} of each`,
      { offset: 8 },
    );
  }
  return { version, tensorCount, entryCount };
}

function readMetadata(
  header: GgufHeader,
  count: number,
  fail: FailGguf,
): ReadonlyMap<string, MetadataValue> {
  const metadata = new Map<string, MetadataValue>();
  const keys = new Set<string>();
  for (let i = 0; i < count; i++) {
    const offset = header.offset;
    const key = header.string(`the key of metadata entry ${i}`);
    if (keys.has(key)) {
      throw fail("duplicate-key", `metadata ${quote(key)} occurs twice`, {
        offset,
      });
    }
    keys.add(key);
    const value = header.value(key);
    if (value !== undefined) metadata.set(key, value);
  }
  return metadata;
}

function readAlignment(
  metadata: ReadonlyMap<string, MetadataValue>,
  fail: FailGguf,
): number {
  const alignment = metadata.get("general.alignment") ?? DEFAULT_ALIGNMENT;
  if (
    typeof alignment !== "number" || !Number.isInteger(alignment) ||
    alignment < 1 || alignment > 2 ** 31 ||
    !Number.isInteger(Math.log2(alignment))
  ) {
    throw fail(
      "metadata",
      `"general.alignment" is ${quote(alignment)}, expected a power of two`,
    );
  }
  return alignment;
}

function readTensorInfo(
  header: GgufHeader,
  index: number,
  options: { readonly alignment: number; readonly fail: FailGguf },
): TensorInfo {
  const at = header.offset;
  const name = header.string(`the name of tensor ${index}`);
  const fail = (code: CheckpointErrorCode, what: string, hint?: string) =>
    options.fail(code, `tensor ${quote(name)} ${what}`, {
      offset: at,
      ...(hint ? { hint } : {}),
    });
  const axes = header.uint32("a number of axes");
  if (axes > MAX_AXES) {
    throw fail("tensor-info", `has ${axes} axes, expected at most ${MAX_AXES}`);
  }
  // The file has the innermost axis first.
  const shape = Array.from({ length: axes }, () => header.whole("an axis"))
    .reverse();
  const dtype = readType(
    header.uint32("a type"),
    (what, hint) => fail("dtype", what, hint),
  );
  const offset = header.whole("a tensor's offset");
  const length = byteLengthOf(dtype, shape);
  if (length === Infinity) {
    throw fail("overflow", `of (${shape.join(", ")}) is beyond 2^53 - 1`);
  }
  if (Number.isNaN(length)) {
    const block = isBlockType(dtype) ? blockSizeOf(dtype).values : 1;
    throw fail(
      "tensor-info",
      `of ${dtype} has rows of ${
        shape.at(-1) ?? 1
      }, expected a multiple of ${block}`,
    );
  }
  if (offset % options.alignment !== 0) {
    throw fail(
      "offsets",
      `begins at ${offset}, expected a multiple of ${options.alignment}`,
    );
  }
  return { name, dtype, shape, offset, length, at };
}

function checkNames(infos: readonly TensorInfo[], fail: FailGguf): void {
  const names = new Set<string>();
  for (const { name, at } of infos) {
    if (names.has(name)) {
      throw fail("duplicate-key", `tensor ${quote(name)} occurs twice`, {
        offset: at,
      });
    }
    names.add(name);
  }
}

/** Every tensor ends within the file, and no two share a byte. */
function checkRanges(
  placed: readonly { readonly at: number; readonly entry: TensorEntry }[],
  size: number,
  fail: FailGguf,
): void {
  for (const { at, entry: { name, offset, length } } of placed) {
    if (offset + length > size) {
      throw fail(
        "incomplete-buffer",
        `tensor ${quote(name)} takes bytes ${offset} to ${
          offset + length
        }, the file ends at ${size}`,
        { offset: at, hint: TRUNCATED },
      );
    }
  }
  const ordered = placed.filter(({ entry }) => entry.length > 0)
    .sort((a, b) => a.entry.offset - b.entry.offset);
  ordered.forEach(({ at, entry }, i) => {
    const before = ordered[i - 1]?.entry;
    if (!before || before.offset + before.length <= entry.offset) return;
    throw fail(
      "offsets",
      `tensors ${quote(before.name)} and ${quote(entry.name)} overlap`,
      { offset: at },
    );
  });
}

const TRUNCATED =
  "The file is truncated, perhaps by a download that stopped. Download it again.";

function readType(
  type: number,
  fail: (what: string, hint?: string) => CheckpointError,
): TensorDtype {
  const dtype = TYPES.get(type);
  if (dtype) return dtype;
  const other = OTHER_TYPES.get(type);
  const expected = `expected F32, F16, BF16 or one of ${
    BLOCK_TYPES.join(", ")
  }`;
  throw other
    ? fail(
      `is stored as ${other}, ${expected}`,
      "Use the same model's Q8_0 or Q6_K file.",
    )
    : fail(`has the unknown type ${type}, ${expected}`);
}
