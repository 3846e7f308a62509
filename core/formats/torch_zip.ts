/**
 * Checkpoints of PyTorch: a zip whose `data.pkl` describes the tensors and
 * whose other members, stored as they are, hold the numbers. Reading yields
 * an index into the file; nothing is executed or unpacked.
 *
 * Source: `torch/serialization.py` (the zip format, torch 1.6 and later).
 *
 * @module
 */

import type { ByteSource } from "../base/byte_source.ts";
import { readZipDirectory } from "./zip.ts";
import { readZipEntry, type ZipEntry } from "./zip_entry.ts";
import { FormatError, quote, withHint } from "../base/errors.ts";
import {
  CheckpointError,
  type CheckpointErrorCode,
} from "./checkpoint_error.ts";
import { contiguousHint, readTorchLegacy } from "./torch_legacy.ts";
import { readStateDictPickle, readTensorsPickle } from "./torch_pickle.ts";
import {
  isContiguous,
  type PickledTensor,
  storageBytes,
} from "./pickled_tensor.ts";
import {
  byteLengthOf,
  elementBits,
  type TensorEntry,
  type TensorIndex,
} from "./tensor_index.ts";

/** What a torch checkpoint holds. */
export interface TorchFile {
  /** Its tensors, in the order of the file. */
  readonly tensors: TensorIndex;
  /** The keys under which they were found: `["state_dict"]`, mostly none. */
  readonly path: readonly string[];
  /** Entries that are no tensors, with what they are; they were left out. */
  readonly others: ReadonlyMap<string, string>;
}

/** The description of the 14B model takes a quarter of a megabyte. */
const MAX_PICKLE = 64 * 1024 * 1024;
const MAX_BYTE_ORDER = 16;

const RESAVE =
  'Save it again with a current torch: torch.save(torch.load("old.pth", weights_only=True), "new.pth"), or convert it to safetensors.';

/**
 * The index of a torch checkpoint that holds a state dict.
 *
 * @param source the file; its name is taken over as the entries' `file`
 * @param options.loose also one tensor, or a tuple or list of them
 * @param options.entries the archive's directory, where it has been read already
 * @throws {CheckpointError} `legacy-format`, `torch-archive`, `byte-order`,
 * `pickle`, `forbidden-global`, `storage`, `not-contiguous`, `duplicate-key`
 */
export async function readTorchZip(
  source: ByteSource,
  options: {
    readonly loose?: boolean;
    readonly entries?: readonly ZipEntry[];
  } = {},
): Promise<TorchFile> {
  const readPickle = options.loose ? readTensorsPickle : readStateDictPickle;
  const fail = (
    code: CheckpointErrorCode,
    state: string,
    options: { hint?: string; cause?: unknown; offset?: number } = {},
  ): CheckpointError => {
    const { hint, ...rest } = options;
    const message = `Cannot read ${
      quote(source.name)
    } as a torch checkpoint: ${state}`;
    return new CheckpointError(
      code,
      hint ? withHint(message, hint) : message,
      rest,
    );
  };

  const magic = source.read(0, Math.min(4, source.size));
  if (magic[0] !== 0x50 || magic[1] !== 0x4b) {
    // An old file begins with a pickle (PROTO); a very old one is a tar archive.
    if (magic[0] === 0x80) return readTorchLegacy(source, options);
    if (isTar(source)) {
      throw fail("legacy-format", "it is in the format before torch 0.1.10", {
        hint: RESAVE,
        offset: 0,
      });
    }
    throw fail("torch-archive", "it is no zip archive", { offset: 0 });
  }

  const inArchive = async <T>(read: () => T | Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      if (
        error instanceof CheckpointError || !(error instanceof FormatError)
      ) throw error;
      throw new CheckpointError("torch-archive", error.message, {
        cause: error,
        ...(error.offset === undefined ? {} : { offset: error.offset }),
      });
    }
  };

  const members = new Map(
    (options.entries ?? await inArchive(() => readZipDirectory(source)))
      .map((entry) => [entry.name, entry]),
  );
  const pickles = [...members.keys()].filter((name) =>
    name.split("/").length === 2 && name.endsWith("/data.pkl")
  );
  if (pickles.length !== 1) {
    throw fail(
      "torch-archive",
      `it has ${pickles.length} members called "<name>/data.pkl", expected 1`,
      pickles.length === 0
        ? { hint: "Is it a file of tracks, or an archive of something else?" }
        : {},
    );
  }
  const root = pickles[0]!.slice(0, -"data.pkl".length);

  const byteOrder = members.get(`${root}byteorder`);
  if (byteOrder) {
    const text = new TextDecoder().decode(
      await inArchive(() =>
        readZipEntry(source, byteOrder, { limit: MAX_BYTE_ORDER })
      ),
    );
    if (text !== "little") {
      throw fail(
        "byte-order",
        `byte order is ${quote(text)}, expected "little"`,
        {
          hint: "Save it again on a little-endian machine (x86 or ARM).",
        },
      );
    }
  }

  const pickle = await inArchive(() =>
    readZipEntry(source, members.get(pickles[0]!)!, { limit: MAX_PICKLE })
  );
  const { tensors, path, others } = readPickle(pickle, {
    name: `${source.name}: ${pickles[0]}`,
  });

  const locate = (name: string, tensor: PickledTensor): TensorEntry => {
    const { storage, dtype, storageOffset, shape, strides } = tensor;
    const member = members.get(`${root}data/${storage.key}`);
    if (!member) {
      throw fail(
        "storage",
        `tensor ${quote(name)} lies in member ${
          quote(`${root}data/${storage.key}`)
        }, which is not there`,
      );
    }
    if (member.method !== "stored") {
      throw fail(
        "torch-archive",
        `member ${quote(member.name)} is compressed, expected stored`,
        { hint: RESAVE },
      );
    }
    if (storageBytes(storage) !== member.size) {
      throw fail(
        "storage",
        `member ${
          quote(member.name)
        } has ${member.size} bytes, the storage of tensor ${
          quote(name)
        } needs ${storageBytes(storage)}`,
        { offset: member.dataOffset },
      );
    }
    if (!isContiguous(shape, strides)) {
      throw fail(
        "not-contiguous",
        `tensor ${quote(name)} of (${shape.join(", ")}) has strides (${
          strides.join(", ")
        }), expected row-major order`,
        { hint: contiguousHint(source.name) },
      );
    }
    const length = byteLengthOf(dtype, shape);
    const begin = storageOffset * elementBits(dtype) / 8;
    if (!(begin + length <= member.size)) {
      throw fail(
        "storage",
        `tensor ${quote(name)} of ${dtype} (${
          shape.join(", ")
        }) takes bytes ${begin} to ${
          begin + length
        } of a storage of ${member.size}`,
        { offset: member.dataOffset },
      );
    }
    return {
      name,
      dtype,
      shape,
      file: source.name,
      offset: member.dataOffset + begin,
      length,
    };
  };

  return {
    tensors: new Map(
      [...tensors].map(([name, tensor]) => [name, locate(name, tensor)]),
    ),
    path,
    others,
  };
}

/** Whether the first member's header carries tar's mark. */
function isTar(source: ByteSource): boolean {
  const USTAR = 257;
  if (source.size < 512) return false;
  return new TextDecoder("latin1").decode(source.read(USTAR, 5)) === "ustar";
}
