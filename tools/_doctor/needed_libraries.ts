/**
 * Which libraries a shared library of Linux asks for: the names that the
 * dynamic linker will look for when it is loaded.
 *
 * Source: System V Application Binary Interface, chapters 4 and 5 (ELF).
 *
 * @module
 */

import type { ByteSource } from "../../core/base/byte_source.ts";
import { FormatError, quote } from "../../core/base/errors.ts";

/** Kinds of program headers. */
const LOAD = 1, DYNAMIC = 2;
/** Tags of the dynamic section. */
const END = 0, NEEDED = 1, STRING_TABLE = 5;
/** The length of a header of a program and of an entry of the section. */
const HEADER = 56, ENTRY = 16;
/** Longer than any name of a library. */
const LONGEST_NAME = 256;

/**
 * The libraries that a 64-bit ELF file is linked with, in its own order. Only
 * a few hundred bytes of the file are read.
 *
 * @throws {FormatError} When it is no such file.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { neededLibraries } from "./needed_libraries.ts";
 * import { memorySource } from "../../core/base/byte_source.ts";
 * const text = memorySource(new TextEncoder().encode("no library"), "a.so");
 * assert.throws(() => neededLibraries(text), /a\.so/);
 * ```
 */
export function neededLibraries(file: ByteSource): string[] {
  const segments = programHeaders(file);
  const dynamic = segments.find(({ kind }) => kind === DYNAMIC);
  if (!dynamic) return []; // linked with nothing
  const entries = view(file, dynamic.offset, dynamic.size);
  const names: number[] = [];
  let table: number | undefined;
  for (let at = 0; at + ENTRY <= entries.byteLength; at += ENTRY) {
    const tag = number(entries, at), value = number(entries, at + 8);
    if (tag === END) break;
    if (tag === NEEDED) names.push(value);
    if (tag === STRING_TABLE) table = value;
  }
  // The table is given by the address that it is loaded to.
  const home = segments.find(({ kind, address, size }) =>
    kind === LOAD && table !== undefined && address <= table &&
    table < address + size
  );
  if (names.length > 0 && (!home || table === undefined)) throw notElf(file);
  return names.map((name) =>
    readName(file, table! - home!.address + home!.offset + name)
  );
}

/** A part of the file and where it is loaded to. */
interface Segment {
  readonly kind: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

function programHeaders(file: ByteSource): Segment[] {
  if (file.size < 64) throw notElf(file);
  const header = view(file, 0, 64);
  // "\x7fELF", then 2 for 64 bits and 1 for little endian.
  if (header.getUint32(0) !== 0x7f454c46 || header.getUint16(4) !== 0x0201) {
    throw notElf(file);
  }
  const start = number(header, 32);
  const size = header.getUint16(54, true), count = header.getUint16(56, true);
  if (size !== HEADER) throw notElf(file);
  const table = view(file, start, size * count);
  return Array.from({ length: count }, (_, i) => ({
    kind: table.getUint32(i * HEADER, true),
    offset: number(table, i * HEADER + 8),
    address: number(table, i * HEADER + 16),
    size: number(table, i * HEADER + 32),
  }));
}

function view(file: ByteSource, offset: number, length: number): DataView {
  const { buffer, byteOffset } = file.read(offset, length);
  return new DataView(buffer, byteOffset, length);
}

function number(bytes: DataView, at: number): number {
  return Number(bytes.getBigUint64(at, true));
}

function readName(file: ByteSource, offset: number): string {
  const length = Math.max(0, Math.min(LONGEST_NAME, file.size - offset));
  const bytes = file.read(offset, length);
  const end = bytes.indexOf(0);
  if (end < 0) throw notElf(file);
  return new TextDecoder().decode(bytes.subarray(0, end));
}

function notElf(file: ByteSource): FormatError {
  return new FormatError(
    `Cannot read ${
      quote(file.name)
    }: it is no shared library, expected a 64-bit ELF file`,
  );
}
