/**
 * ZIP archives, written: stored or deflate, the same bytes for the same input
 * (no time stamps), data aligned on request as PyTorch does it.
 *
 * Source: PKWARE's APPNOTE 6.3.10, section 4.3; the alignment padding ("FB")
 * as in `caffe2/serialize/inline_container.cc`.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import { concatBytes } from "../base/concat.ts";
import { crc32 } from "./crc32.ts";

/** A member to be written. */
export interface ZipMember {
  /** Its name, with `/` between folders. */
  readonly name: string;
  /** Its content. */
  readonly bytes: Uint8Array;
  /** How to pack it; `stored` unless given. */
  readonly method?: "stored" | "deflate";
}

/** UTF-8 names. */
const FLAGS = 0x0800;
/** 1980-01-01, the earliest date; there is no "none". */
const DATE = 0x0021;

/**
 * The bytes of an archive. With `align`, the data of every member starts at a
 * multiple of it.
 *
 * @throws {RangeError} When a name occurs twice, or the archive needs zip64
 * (4 GiB, or 65,535 members).
 */
export async function writeZip(
  members: readonly ZipMember[],
  options: { align?: number } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return concatBytes(await zipParts(members, options));
}

/**
 * The same archive in parts, one after the other, with the members' own bytes
 * among them: a large one is not copied.
 */
export async function zipParts(
  members: readonly ZipMember[],
  options: { align?: number } = {},
): Promise<Uint8Array[]> {
  const { align = 1 } = options;
  const names = new Set<string>();
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, bytes, method = "stored" } of members) {
    if (name === "" || names.has(name)) {
      throw new RangeError(
        `Cannot write a member called ${quote(name)}: ${
          name === "" ? "it has no name" : "the name is taken"
        }`,
      );
    }
    names.add(name);
    const rawName = new TextEncoder().encode(name);
    const packed = method === "deflate" ? await deflate(bytes) : bytes;
    const common = headerFields({ packed, bytes, method });
    const extra = padding(offset + 30 + rawName.length, align);
    const local = new Uint8Array(30 + rawName.length + extra.length);
    const localView = new DataView(local.buffer);
    localView.setUint32(0, 0x04034b50, true);
    local.set(common, 4);
    localView.setUint16(26, rawName.length, true);
    localView.setUint16(28, extra.length, true);
    local.set(rawName, 30);
    local.set(extra, 30 + rawName.length);

    const entry = new Uint8Array(46 + rawName.length);
    const entryView = new DataView(entry.buffer);
    entryView.setUint32(0, 0x02014b50, true);
    entryView.setUint16(4, 20, true); // made by: MS-DOS, version 2.0
    entry.set(common, 6);
    entryView.setUint16(28, rawName.length, true);
    entryView.setUint32(42, offset, true);
    entry.set(rawName, 46);

    parts.push(local, packed);
    directory.push(entry);
    offset += local.length + packed.length;
  }
  const end = new Uint8Array(22);
  const view = new DataView(end.buffer);
  const directorySize = directory.reduce((sum, part) => sum + part.length, 0);
  if (directory.length > 0xfffe || offset + directorySize > 0xfffffffe) {
    throw new RangeError(
      `Cannot write an archive of ${directory.length} members and ${offset} bytes, expected less than 65535 and 4 GiB`,
    );
  }
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, directory.length, true);
  view.setUint16(10, directory.length, true);
  view.setUint32(12, directorySize, true);
  view.setUint32(16, offset, true);
  return [...parts, ...directory, end];
}

/** The 22 bytes that the local header and the directory have in common. */
function headerFields(
  member: { packed: Uint8Array; bytes: Uint8Array; method: string },
): Uint8Array {
  const fields = new Uint8Array(22);
  const view = new DataView(fields.buffer);
  view.setUint16(0, 20, true); // needed: version 2.0
  view.setUint16(2, FLAGS, true);
  view.setUint16(4, member.method === "deflate" ? 8 : 0, true);
  view.setUint16(8, DATE, true);
  view.setUint32(10, crc32(member.bytes), true);
  view.setUint32(14, member.packed.length, true);
  view.setUint32(18, member.bytes.length, true);
  return fields;
}

/** An extra field "FB" of Zs that moves `offset` to a multiple of `align`. */
function padding(offset: number, align: number): Uint8Array {
  if (offset % align === 0) return new Uint8Array(0);
  const fill = (align - (offset + 4) % align) % align;
  const extra = new Uint8Array(4 + fill).fill(0x5a);
  extra.set([0x46, 0x42, fill & 0xff, fill >>> 8]);
  return extra;
}

async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([new Uint8Array(bytes)]).stream()
    .pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
