/**
 * NumPy's archive of arrays, `.npz`: a ZIP whose members are `<name>.npy`.
 *
 * @module
 */

import { memorySource } from "../base/byte_source.ts";
import { type NpyArray, readNpy, writeNpy } from "./npy.ts";
import { readZipDirectory } from "./zip.ts";
import { readZipEntry, type ZipEntry } from "./zip_entry.ts";
import { writeZip } from "./zip_writer.ts";
import { FormatError, quote } from "../base/errors.ts";

/**
 * 80 MiB, the most that an array unpacks to: 50,000 tracks in float32, as many
 * as may be.
 */
export const MAX_ARRAY_BYTES = 80 * 1024 * 1024;

/** An opened `.npz`: what it holds, and a way to the arrays. */
export interface NpzFile {
  /** The arrays' names without `.npy`, in the order of the file. */
  readonly names: readonly string[];
  /**
   * One array, unpacked now.
   *
   * @throws {FormatError} When there is none of this name, it is larger than
   * the limit, or damaged.
   */
  array(name: string): Promise<NpyArray>;
}

/**
 * Opens a `.npz`; no array is unpacked yet. `limit` is the most bytes that one
 * array may unpack to, 80 MiB unless given, and `limitHint` what to say to a
 * person whose array is larger; `entries` is the archive's
 * directory, where it has been read already.
 *
 * @throws {FormatError} When the bytes are no ZIP of `.npy` members.
 */
export function openNpz(
  bytes: Uint8Array,
  options: {
    readonly name: string;
    readonly limit?: number;
    readonly limitHint?: string;
    readonly entries?: readonly ZipEntry[];
  },
): NpzFile {
  const { name: file, limit = MAX_ARRAY_BYTES, limitHint } = options;
  const source = memorySource(bytes, file);
  const entries = new Map(
    (options.entries ?? readZipDirectory(source))
      .filter(({ name }) => name.endsWith(".npy"))
      .map((entry) => [entry.name.slice(0, -".npy".length), entry]),
  );
  if (entries.size === 0) {
    throw new FormatError(
      `Cannot read ${quote(file)} as .npz: no member ends in .npy`,
    );
  }
  return {
    names: [...entries.keys()],
    async array(name) {
      const entry = entries.get(name);
      if (!entry) {
        throw new FormatError(
          `Cannot read array ${quote(name)} of ${quote(file)}: it has ${
            [...entries.keys()].map(quote).join(", ")
          }`,
        );
      }
      const npy = await readZipEntry(source, entry, { limit, limitHint });
      return readNpy(memorySource(npy, `${file}: ${entry.name}`));
    },
  };
}

/**
 * The bytes of a `.npz`, deflated as by `numpy.savez_compressed` unless
 * `compress` is false.
 */
export async function writeNpz(
  arrays: Readonly<Record<string, Parameters<typeof writeNpy>[0]>>,
  options: { compress?: boolean } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const method = options.compress === false ? "stored" : "deflate";
  return await writeZip(
    Object.entries(arrays).map(([name, array]) => ({
      name: `${name}.npy`,
      bytes: writeNpy(array),
      method,
    })),
  );
}
