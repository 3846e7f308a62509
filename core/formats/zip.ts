/**
 * The directory of a ZIP archive, read from a {@linkcode ByteSource}: a `.npz`
 * in memory as well as a checkpoint of 30 GB, of which nothing but the headers
 * is touched.
 *
 * It is written for files from strangers. Every offset and size is checked
 * before memory is taken for it; archives that two readers could understand
 * differently (overlapping members, names that occur twice, a local header
 * that contradicts the directory, bytes before or behind the archive) are
 * refused. Of ZIP's many methods it knows the two that NumPy and PyTorch
 * write: stored and deflate.
 *
 * Source: PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.5.3 (zip64).
 *
 * @module
 */

import { FormatError, quote, withHint } from "../base/errors.ts";
import type { ByteSource } from "../base/byte_source.ts";
import type { ZipEntry } from "./zip_entry.ts";

const LOCAL_HEADER = 0x04034b50;
const DIRECTORY_HEADER = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;

const END_SIZE = 22;
const LOCATOR_64_SIZE = 20;
const END_64_SIZE = 56;
const MAX_COMMENT = 0xffff;

/** Room for about 300,000 members; a 14B checkpoint has 1,300. */
const MAX_DIRECTORY = 32 * 1024 * 1024;

/** Encrypted, strongly encrypted, or with masked header values. */
const ENCRYPTED_FLAGS = 0x0001 | 0x0040 | 0x2000;

/**
 * The members of an archive, in the order of its directory. Takes two reads
 * for the directory and one small one for each member.
 *
 * @throws {FormatError} When the bytes are no ZIP archive, are cut short, or
 * are an archive of the dangerous kinds listed above; with the byte offset.
 */
export function readZipDirectory(source: ByteSource): readonly ZipEntry[] {
  const { count, offset, size } = findDirectory(source);
  const view = viewOf(source.read(offset, size));
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  const spans: { start: number; end: number; name: string }[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const header = readHeader(source, view, { at, directory: offset });
    at = header.next;
    const { entry, localOffset } = header;
    if (names.has(entry.name)) {
      throw fail(source, offset + at, `${quote(entry.name)} occurs twice`);
    }
    names.add(entry.name);
    spans.push({
      start: localOffset,
      end: entry.dataOffset + entry.compressedSize,
      name: entry.name,
    });
    entries.push(entry);
  }
  if (at !== size) {
    throw fail(
      source,
      offset + at,
      `${size - at} bytes follow the last of ${count} directory entries`,
    );
  }
  spans.sort((a, b) => a.start - b.start || a.end - b.end);
  spans.forEach((span, i) => {
    const before = spans[i - 1];
    if (before && span.start < before.end) {
      throw fail(
        source,
        span.start,
        `${quote(span.name)} overlaps ${quote(before.name)}`,
      );
    }
  });
  if (spans[0] && spans[0].start !== 0) {
    throw fail(source, 0, `${spans[0].start} bytes precede the first member`);
  }
  return entries;
}

/** Where the directory lies, from the end records. */
function findDirectory(
  source: ByteSource,
): { count: number; offset: number; size: number } {
  const end = findEnd(source);
  const view = viewOf(source.read(end, END_SIZE));
  let disk = view.getUint16(4, true) | view.getUint16(6, true);
  let onDisk = view.getUint16(8, true);
  let count = view.getUint16(10, true);
  let size = view.getUint32(12, true);
  let offset = view.getUint32(16, true);
  let limit = end;
  const at64 = find64(source, end);
  if (at64 !== undefined) {
    const view64 = viewOf(source.read(at64, END_64_SIZE));
    disk = view64.getUint32(16, true) | view64.getUint32(20, true);
    onDisk = wide(source, view64, { at: 24, base: at64 });
    count = wide(source, view64, { at: 32, base: at64 });
    size = wide(source, view64, { at: 40, base: at64 });
    offset = wide(source, view64, { at: 48, base: at64 });
    limit = at64;
  }
  if (disk !== 0 || onDisk !== count) {
    throw fail(source, end, "it is one part of an archive in several files");
  }
  if (size > MAX_DIRECTORY) {
    throw fail(
      source,
      limit,
      `its directory claims ${size} bytes, expected at most ${MAX_DIRECTORY}`,
    );
  }
  if (offset + size !== limit) {
    throw fail(
      source,
      limit,
      `its directory claims to end at ${offset + size}, expected ${limit}`,
    );
  }
  if (count * 46 > size) {
    throw fail(source, limit, `${count} entries do not fit in ${size} bytes`);
  }
  return { count, offset, size };
}

/** The offset of the end record, which must close the file. */
function findEnd(source: ByteSource): number {
  // Nearly every archive has no comment: look there first.
  for (const reach of [END_SIZE, END_SIZE + MAX_COMMENT]) {
    const length = Math.min(source.size, reach);
    if (length < END_SIZE) break;
    const base = source.size - length;
    const view = viewOf(source.read(base, length));
    for (let at = length - END_SIZE; at >= 0; at--) {
      if (
        view.getUint32(at, true) === END &&
        at + END_SIZE + view.getUint16(at + 20, true) === length
      ) return base + at;
    }
  }
  const head = source.size >= 4
    ? viewOf(source.read(0, 4)).getUint32(0, true)
    : 0;
  throw fail(
    source,
    source.size,
    head === LOCAL_HEADER
      ? "its end is missing: the file is cut short, or bytes were added to it"
      : "it is no ZIP archive",
  );
}

/** The offset of the zip64 end record, if there is one. */
function find64(source: ByteSource, end: number): number | undefined {
  const locator = end - LOCATOR_64_SIZE;
  if (locator < END_64_SIZE) return undefined;
  const view = viewOf(source.read(locator, LOCATOR_64_SIZE));
  if (view.getUint32(0, true) !== LOCATOR_64) return undefined;
  const at = wide(source, view, { at: 8, base: locator });
  if (at + END_64_SIZE > locator) {
    throw fail(source, locator, `its zip64 record claims to be at ${at}`);
  }
  const record = viewOf(source.read(at, END_64_SIZE));
  if (
    record.getUint32(0, true) !== END_64 ||
    at + 12 + wide(source, record, { at: 4, base: at }) !== locator
  ) {
    throw fail(source, at, "its zip64 record is damaged");
  }
  return at;
}

/** One entry of the directory, checked against its local header. */
function readHeader(
  source: ByteSource,
  view: DataView<ArrayBuffer>,
  place: { at: number; directory: number },
): { entry: ZipEntry; localOffset: number; next: number } {
  const { at, directory } = place;
  const here = directory + at;
  if (
    at + 46 > view.byteLength || view.getUint32(at, true) !== DIRECTORY_HEADER
  ) {
    throw fail(source, here, "a directory entry is damaged");
  }
  const flags = view.getUint16(at + 8, true);
  const code = view.getUint16(at + 10, true);
  const nameLength = view.getUint16(at + 28, true);
  const extraLength = view.getUint16(at + 30, true);
  const commentLength = view.getUint16(at + 32, true);
  const next = at + 46 + nameLength + extraLength + commentLength;
  if (next > view.byteLength) {
    throw fail(source, here, "a directory entry is cut short");
  }
  const rawName = new Uint8Array(
    view.buffer,
    view.byteOffset + at + 46,
    nameLength,
  );
  const name = decodeName(source, rawName, here);
  if (flags & ENCRYPTED_FLAGS) {
    throw fail(source, here, `${quote(name)} is encrypted`);
  }
  const method = code === 0 ? "stored" : code === 8 ? "deflate" : undefined;
  if (!method) {
    throw fail(
      source,
      here,
      `${quote(name)} has compression method ${code}, expected 0 or 8`,
    );
  }
  const wideValues = readWideValues(source, view, {
    from: at + 46 + nameLength,
    to: at + 46 + nameLength + extraLength,
    base: directory,
  });
  const take = (value: number) => {
    if (value !== 0xffffffff) return value;
    const found = wideValues.shift();
    if (found === undefined) {
      throw fail(source, here, `${quote(name)} lacks its zip64 sizes`);
    }
    return found;
  };
  const size = take(view.getUint32(at + 24, true));
  const compressedSize = take(view.getUint32(at + 20, true));
  const localOffset = take(view.getUint32(at + 42, true));
  if (method === "stored" && size !== compressedSize) {
    throw fail(
      source,
      here,
      `${
        quote(name)
      } is stored but claims two sizes, ${compressedSize} and ${size}`,
    );
  }
  const dataOffset = localData(source, {
    localOffset,
    code,
    rawName,
    name,
    directory,
  });
  if (dataOffset + compressedSize > directory) {
    throw fail(
      source,
      here,
      `${
        quote(name)
      } claims ${compressedSize} bytes at ${dataOffset}, which reach into the directory at ${directory}`,
    );
  }
  return {
    entry: {
      name,
      method,
      compressedSize,
      size,
      dataOffset,
      crc32: view.getUint32(at + 16, true),
    },
    localOffset,
    next,
  };
}

/** The offset of a member's data: behind the names of its local header. */
function localData(
  source: ByteSource,
  member: {
    localOffset: number;
    code: number;
    rawName: Uint8Array;
    name: string;
    directory: number;
  },
): number {
  const { localOffset, code, rawName, name, directory } = member;
  const length = 30 + rawName.length;
  if (localOffset + length > directory) {
    throw fail(
      source,
      localOffset,
      `the header of ${quote(name)} lies outside the file`,
    );
  }
  const bytes = source.read(localOffset, length);
  const view = viewOf(bytes);
  if (
    view.getUint32(0, true) !== LOCAL_HEADER ||
    view.getUint16(6, true) & ENCRYPTED_FLAGS ||
    view.getUint16(8, true) !== code ||
    view.getUint16(26, true) !== rawName.length ||
    rawName.some((byte, i) => bytes[30 + i] !== byte)
  ) {
    throw fail(
      source,
      localOffset,
      `the header of ${quote(name)} contradicts the directory`,
    );
  }
  return localOffset + length + view.getUint16(28, true);
}

/** The 64-bit values of the zip64 extra field (id 1), in their order. */
function readWideValues(
  source: ByteSource,
  view: DataView<ArrayBuffer>,
  range: { from: number; to: number; base: number },
): number[] {
  let at = range.from;
  while (at + 4 <= range.to) {
    const id = view.getUint16(at, true);
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > range.to) break;
    if (id === 1) {
      const values: number[] = [];
      for (let i = at + 4; i + 8 <= end && values.length < 3; i += 8) {
        values.push(wide(source, view, { at: i, base: range.base }));
      }
      return values;
    }
    at = end;
  }
  return [];
}

/** A 64-bit integer, which must fit in a JavaScript number. */
function wide(
  source: ByteSource,
  view: DataView<ArrayBuffer>,
  place: { at: number; base: number },
): number {
  const value = Number(view.getBigUint64(place.at, true));
  if (Number.isSafeInteger(value)) return value;
  throw fail(
    source,
    place.base + place.at,
    `a size or offset is ${value}, expected one inside the file`,
  );
}

function decodeName(
  source: ByteSource,
  bytes: Uint8Array,
  offset: number,
): string {
  let name: string;
  try {
    name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch (cause) {
    throw new FormatError(
      `Cannot read ${quote(source.name)} as ZIP: a name is not UTF-8`,
      { cause, offset },
    );
  }
  if (name === "" || name.includes("\0")) {
    throw fail(source, offset, `a member is called ${quote(name)}`);
  }
  return name;
}

function viewOf(bytes: Uint8Array<ArrayBuffer>): DataView<ArrayBuffer> {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function fail(source: ByteSource, offset: number, state: string): FormatError {
  return new FormatError(
    withHint(
      `Cannot read ${quote(source.name)} as ZIP: ${state} (at byte ${offset})`,
      "Compare its size with the original; a download may have been cut short.",
    ),
    { offset },
  );
}
