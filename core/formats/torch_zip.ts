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
import { FormatError, quote } from "../base/errors.ts";
import { locateTensor, type StorageRange } from "./_locate_tensor.ts";
import {
  type FailTorch,
  RESAVE,
  RESAVE_LITTLE_ENDIAN,
  torchFailure,
} from "./_torch_failure.ts";
import { CheckpointError } from "./checkpoint_error.ts";
import { type PickledTensor, storageBytes } from "./pickled_tensor.ts";
import type { TensorIndex } from "./tensor_index.ts";
import { readTorchLegacy } from "./torch_legacy.ts";
import { readStateDictPickle, readTensorsPickle } from "./torch_pickle.ts";
import { readZipDirectory } from "./zip.ts";
import { readZipEntry, type ZipEntry } from "./zip_entry.ts";

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
  const fail = torchFailure(source.name, "a torch checkpoint");
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

  const entries = options.entries ??
    await inArchive(() => readZipDirectory(source));
  const archive = findArchive(entries, fail);
  await checkByteOrder(source, archive, fail);
  const pickle = await inArchive(() =>
    readZipEntry(source, archive.pickle, { limit: MAX_PICKLE })
  );
  const readPickle = options.loose ? readTensorsPickle : readStateDictPickle;
  const { tensors, path, others } = readPickle(pickle, {
    name: `${source.name}: ${archive.pickle.name}`,
  });
  return {
    tensors: new Map(
      [...tensors].map(([name, tensor]) => [
        name,
        locateTensor(name, tensor, {
          file: source.name,
          range: findStorage(archive, name, tensor, fail),
          fail,
        }),
      ]),
    ),
    path,
    others,
  };
}

/** The members of a torch archive. */
interface TorchArchive {
  readonly members: ReadonlyMap<string, ZipEntry>;
  /** What every member's name begins with, with its slash. */
  readonly root: string;
  /** The member that describes the tensors. */
  readonly pickle: ZipEntry;
}

function findArchive(
  entries: readonly ZipEntry[],
  fail: FailTorch,
): TorchArchive {
  const pickles = entries.filter(({ name }) =>
    name.split("/").length === 2 && name.endsWith("/data.pkl")
  );
  const pickle = pickles[0];
  if (!pickle || pickles.length > 1) {
    throw fail(
      "torch-archive",
      `it has ${pickles.length} members called "<name>/data.pkl", expected 1`,
      pickle
        ? {}
        : { hint: "Is it a file of tracks, or an archive of something else?" },
    );
  }
  return {
    members: new Map(entries.map((entry) => [entry.name, entry])),
    root: pickle.name.slice(0, -"data.pkl".length),
    pickle,
  };
}

async function checkByteOrder(
  source: ByteSource,
  { members, root }: TorchArchive,
  fail: FailTorch,
): Promise<void> {
  const member = members.get(`${root}byteorder`);
  if (!member) return;
  const bytes = await inArchive(() =>
    readZipEntry(source, member, { limit: MAX_BYTE_ORDER })
  );
  const text = new TextDecoder().decode(bytes);
  if (text === "little") return;
  throw fail(
    "byte-order",
    `byte order is ${quote(text)}, expected "little"`,
    { hint: RESAVE_LITTLE_ENDIAN },
  );
}

/** The bytes of the member that holds a tensor's storage. */
function findStorage(
  { members, root }: TorchArchive,
  name: string,
  { storage }: PickledTensor,
  fail: FailTorch,
): StorageRange {
  const path = `${root}data/${storage.key}`;
  const member = members.get(path);
  if (!member) {
    throw fail(
      "storage",
      `tensor ${quote(name)} lies in member ${quote(path)}, which is not there`,
    );
  }
  if (member.method !== "stored") {
    throw fail(
      "torch-archive",
      `member ${quote(path)} is compressed, expected stored`,
      { hint: RESAVE },
    );
  }
  const size = storageBytes(storage);
  if (size !== member.size) {
    throw fail(
      "storage",
      `member ${quote(path)} has ${member.size} bytes, the storage of tensor ${
        quote(name)
      } needs ${size}`,
      { offset: member.dataOffset },
    );
  }
  return { offset: member.dataOffset, size };
}

/** Names what is wrong with the zip as an error of the checkpoint. */
async function inArchive<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CheckpointError || !(error instanceof FormatError)) {
      throw error;
    }
    throw new CheckpointError("torch-archive", error.message, {
      cause: error,
      ...(error.offset === undefined ? {} : { offset: error.offset }),
    });
  }
}

/** Whether the first member's header carries tar's mark. */
function isTar(source: ByteSource): boolean {
  const USTAR = 257;
  if (source.size < 512) return false;
  return new TextDecoder("latin1").decode(source.read(USTAR, 5)) === "ustar";
}
