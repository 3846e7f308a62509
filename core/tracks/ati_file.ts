/**
 * The reference's own track file, `.pth`: a PyTorch ZIP whose pickle holds one
 * Python `bytes` object, and these bytes are a whole `.npz` with one array,
 * `array.npy`, (N, 121, 1, 3), eight times x, y and visibility.
 *
 * ```text
 * track.pth (ZIP, stored)
 *   <any>/data.pkl      PROTO 2, _codecs.encode(<npz as latin-1 text>, "latin1")
 *   <any>/byteorder     little
 *   <any>/version       3
 *   <any>/.data/serialization_id
 * npz (ZIP, deflate or stored)
 *   array.npy           <f4 or <u2, (N, 121, 1, 3)
 * ```
 *
 * The top folder's name is whatever the file was called when it was saved.
 * Reading executes nothing: the pickle must be exactly this sequence of
 * opcodes, and `_codecs.encode` is only a name to compare with.
 *
 * Mirrors `array_to_npz_bytes` of the reference's `tools/trajectory_editor/
 * app.py`, lines 54-62, and `unzip_to_array` of `wan/utils/motion.py`.
 *
 * @module
 */

import { memorySource } from "../base/byte_source.ts";
import { concatBytes } from "../base/concat.ts";
import {
  type PickleOp,
  type PickleOpName,
  pickleOps,
} from "../formats/pickle.ts";
import { readZipDirectory } from "../formats/zip.ts";
import { readZipEntry, type ZipEntry } from "../formats/zip_entry.ts";
import { writeZip } from "../formats/zip_writer.ts";
import { FormatError, quote } from "../base/errors.ts";
import { MAX_ARRAY_BYTES } from "../formats/npz.ts";

/** Stored numbers per px: the reference's `quant_multi`. */
export const ATI_SCALE = 8;

/**
 * Twice what an array may unpack to, because a byte from 0x80 up takes two in
 * the pickle. A bomb of 40 GB takes more even when packed.
 */
const MAX_PICKLE = 2 * MAX_ARRAY_BYTES;

/** The one sequence of opcodes that a track file's pickle consists of. */
const SEQUENCE: readonly (readonly [PickleOpName, unknown?])[] = [
  ["PROTO", 2],
  ["GLOBAL", "_codecs encode"],
  ["BINPUT", 0],
  ["BINUNICODE"],
  ["BINPUT", 1],
  ["BINUNICODE", "latin1"],
  ["BINPUT", 2],
  ["TUPLE2"],
  ["BINPUT", 3],
  ["REDUCE"],
  ["BINPUT", 4],
  ["STOP"],
];

const ALLOWED: ReadonlySet<PickleOpName> = new Set(
  SEQUENCE.map(([name]) => name),
);

/**
 * The `.npz` inside a track file. `limit` is the most bytes that its pickle
 * may have, 160 MiB unless given, `limitHint` what to say if it has more;
 * `entries` is the archive's directory, where
 * it has been read already.
 *
 * @throws {FormatError} When the file is no PyTorch ZIP, or its pickle is
 * anything but one `bytes` object; nothing in it is executed.
 */
export async function readAtiFile(
  bytes: Uint8Array,
  options: {
    readonly name: string;
    readonly limit?: number;
    readonly limitHint?: string;
    readonly entries?: readonly ZipEntry[];
  },
): Promise<Uint8Array<ArrayBuffer>> {
  const { name: file, limit = MAX_PICKLE, limitHint } = options;
  const source = memorySource(bytes, file);
  const entries = options.entries ?? readZipDirectory(source);
  const pickles = entries.filter(({ name }) =>
    name === "data.pkl" || name.endsWith("/data.pkl")
  );
  const [entry] = pickles;
  if (!entry || pickles.length > 1) {
    throw new FormatError(
      `Cannot read ${
        quote(file)
      } as a track file: it has ${pickles.length} members data.pkl, expected one`,
    );
  }
  const tensors = tensorMembers(entries);
  if (tensors > 0) {
    throw new FormatError(
      `Cannot read ${
        quote(file)
      } as a track file: it holds ${tensors} tensors, expected one bytes object`,
    );
  }
  const pickle = await readZipEntry(source, entry, { limit, limitHint });
  return parsePickle(pickle, `${file}: ${entry.name}`);
}

/**
 * How many members of a PyTorch ZIP are the numbers of tensors; 0 for the
 * reference's track files.
 */
export function tensorMembers(entries: readonly { name: string }[]): number {
  return entries.filter(({ name }) => /(^|\/)data\/[^/]+$/.test(name)).length;
}

/** The bytes object of a pickle that is exactly {@linkcode SEQUENCE}. */
function parsePickle(
  pickle: Uint8Array,
  name: string,
): Uint8Array<ArrayBuffer> {
  let payload: Uint8Array<ArrayBuffer> | undefined;
  let step = 0;
  for (const op of pickleOps(pickle, { name, allow: ALLOWED })) {
    const [expected, argument] = SEQUENCE[step] ?? ["no opcode"];
    if (
      op.name !== expected ||
      (argument !== undefined && shown(op) !== argument)
    ) {
      throw new FormatError(
        `Cannot read ${quote(name)}: opcode ${op.name} ${
          quote(shown(op) ?? "")
        } at byte ${op.offset}, expected ${expected} ${quote(argument ?? "")}`,
        { offset: op.offset },
      );
    }
    if (op.name === "BINUNICODE" && argument === undefined) {
      payload = latin1(op.argument, { name, offset: op.offset });
    }
    step++;
  }
  // The tokenizer ends with STOP only, so the sequence is complete.
  return payload!;
}

/** An argument as it stands in {@linkcode SEQUENCE}. */
function shown(op: PickleOp): unknown {
  return op.name === "GLOBAL"
    ? `${op.argument.module} ${op.argument.name}`
    : op.argument;
}

/** One byte for each character, as Python's `latin1` codec has it. */
function latin1(
  text: string,
  place: { name: string; offset: number },
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) {
      throw new FormatError(
        `Cannot read ${
          quote(place.name)
        }: character ${i} of the text at byte ${place.offset} is U+${
          code.toString(16).toUpperCase().padStart(4, "0")
        }, expected at most U+00FF`,
        { offset: place.offset },
      );
    }
    bytes[i] = code;
  }
  return bytes;
}

/**
 * A track file around the bytes of a `.npz`, as `torch.save` writes it: the
 * reference loads it, also with `weights_only=True`.
 *
 * `folder` is the name of the top folder inside; PyTorch takes the file's
 * stem, and no reader minds.
 */
export async function writeAtiFile(
  npz: Uint8Array,
  options: { folder?: string } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { folder = "track" } = options;
  const encoder = new TextEncoder();
  const member = (name: string, bytes: Uint8Array) => ({
    name: `${folder}/${name}`,
    bytes,
  });
  return await writeZip([
    member("data.pkl", writePickle(npz)),
    member("byteorder", encoder.encode("little")),
    member("version", encoder.encode("3\n")),
    member(".data/serialization_id", encoder.encode("0".repeat(40))),
  ], { align: 64 });
}

/** `pickle.dumps(npz, protocol=2)`. */
function writePickle(npz: Uint8Array): Uint8Array {
  const encoder = new TextEncoder();
  let latin = "";
  for (let i = 0; i < npz.length; i += 8192) {
    latin += String.fromCharCode(...npz.subarray(i, i + 8192));
  }
  const text = encoder.encode(latin);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, text.length, true);
  return concatBytes([
    [0x80, 2],
    encoder.encode("c_codecs\nencode\n"),
    [0x71, 0, 0x58],
    length,
    text,
    [0x71, 1, 0x58, 6, 0, 0, 0],
    encoder.encode("latin1"),
    [0x71, 2, 0x86, 0x71, 3, 0x52, 0x71, 4, 0x2e],
  ]);
}
