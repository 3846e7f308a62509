/**
 * Tracks that were saved by `torch.save` as tensors: what CoTracker's scripts
 * leave behind, one tensor, a tuple of two, or a dict.
 *
 * @module
 */

import { memorySource } from "../base/byte_source.ts";
import type { NpyArray, NpyDescr } from "../formats/npy.ts";
import { CheckpointError } from "../formats/checkpoint_error.ts";
import type { TensorDtype, TensorEntry } from "../formats/tensor_index.ts";
import { readTorchZip } from "../formats/torch_zip.ts";
import type { ZipEntry } from "../formats/zip_entry.ts";
import { FormatError, quote, withHint } from "../base/errors.ts";
import type { NamedArrays } from "./track_arrays.ts";

/** The element types that tracks and visibility have. */
const READERS: Partial<
  Record<
    TensorDtype,
    readonly [NpyDescr, (bytes: ArrayBuffer) => NpyArray["data"]]
  >
> = {
  F64: ["<f8", (bytes) => new Float64Array(bytes)],
  F32: ["<f4", (bytes) => new Float32Array(bytes)],
  F16: ["<f2", (bytes) => new Float16Array(bytes)],
  BF16: ["<f4", widened],
  I64: ["<i8", (bytes) => new BigInt64Array(bytes)],
  I32: ["<i4", (bytes) => new Int32Array(bytes)],
  I16: ["<i2", (bytes) => new Int16Array(bytes)],
  U8: ["|u1", (bytes) => new Uint8Array(bytes)],
  BOOL: ["|b1", (bytes) => new Uint8Array(bytes)],
};

/** bfloat16 as float32: its upper half. */
function widened(bytes: ArrayBuffer): Float32Array<ArrayBuffer> {
  const halves = new Uint16Array(bytes);
  const words = Uint32Array.from(halves, (half) => half << 16);
  return new Float32Array(words.buffer);
}

/**
 * The tensors of a `.pth` as named arrays; nothing in it is executed.
 * `entries` is the archive's directory, where it has been read already.
 *
 * @throws {FormatError} When it holds anything but tensors.
 */
export async function torchArrays(
  bytes: Uint8Array,
  options: {
    readonly name: string;
    readonly entries?: readonly ZipEntry[];
  },
): Promise<NamedArrays> {
  const { name: file, entries } = options;
  const source = memorySource(bytes, file);
  let tensors: ReadonlyMap<string, TensorEntry>;
  try {
    ({ tensors } = await readTorchZip(source, {
      loose: true,
      ...entries && { entries },
    }));
  } catch (cause) {
    if (!(cause instanceof CheckpointError)) throw cause;
    throw new FormatError(cause.message, { cause });
  }
  // A model has hundreds of tensors, tracks and what goes with them a few.
  if (tensors.size === 0 || tensors.size > 32) {
    throw new FormatError(
      withHint(
        `Cannot read ${
          quote(file)
        } as a track file: it holds ${tensors.size} tensors, expected tracks`,
        "It looks like a model's checkpoint.",
      ),
    );
  }
  return {
    names: [...tensors.keys()],
    array(name) {
      const entry = tensors.get(name);
      const reader = entry && READERS[entry.dtype];
      if (!entry || !reader) {
        return Promise.reject(
          new FormatError(
            `Cannot read tensor ${quote(name)} of ${quote(file)}: ${
              entry
                ? `its element type is ${entry.dtype}`
                : `it has ${[...tensors.keys()].map(quote).join(", ")}`
            }`,
          ),
        );
      }
      const [descr, make] = reader;
      const data = make(source.read(entry.offset, entry.length).slice().buffer);
      return Promise.resolve({ dims: [...entry.shape], descr, data });
    },
  };
}
