import assert from "node:assert/strict";
import { memorySource } from "../../core/base/byte_source.ts";
import { FormatError } from "../../core/base/errors.ts";
import { openFileSource } from "../../core/files/files.ts";
import { neededLibraries } from "./needed_libraries.ts";

const NAMES = ["libcudart.so.13", "libcublasLt.so.13", "libc.so.6"];

/** The smallest shared library that asks for these. */
function library(names: readonly string[]): Uint8Array<ArrayBuffer> {
  const strings = new TextEncoder().encode(`\0${names.join("\0")}\0`);
  const dynamic = 64 + 2 * 56, table = dynamic + 16 * (names.length + 2);
  const bytes = new Uint8Array(table + strings.length);
  const data = new DataView(bytes.buffer);
  const set = (at: number, value: number) =>
    data.setBigUint64(at, BigInt(value), true);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  set(32, 64);
  data.setUint16(54, 56, true);
  data.setUint16(56, 2, true);
  const address = 0x4000; // the file is loaded to there as a whole
  [[1, 0, address, bytes.length], [2, dynamic, address + dynamic, table]]
    .forEach(([kind, offset, at, size], i) => {
      data.setUint32(64 + i * 56, kind!, true);
      set(64 + i * 56 + 8, offset!);
      set(64 + i * 56 + 16, at!);
      set(64 + i * 56 + 32, kind === 2 ? size! - dynamic : size!);
    });
  let name = 1;
  const entries = [
    ...names.map((text) => {
      const entry = [1, name];
      name += text.length + 1;
      return entry;
    }),
    [5, address + table],
  ];
  entries.forEach(([tag, value], i) => {
    set(dynamic + i * 16, tag!);
    set(dynamic + i * 16 + 8, value!);
  });
  bytes.set(strings, table);
  return bytes;
}

Deno.test("the libraries that a library asks for are read in its order", () => {
  const source = memorySource(library(NAMES), "a.so");
  assert.deepEqual(neededLibraries(source), NAMES);
  assert.deepEqual(neededLibraries(memorySource(library([]), "b.so")), []);
});

Deno.test("what is no library, or only the beginning of one, is refused", () => {
  const whole = library(NAMES);
  for (let length = 0; length < whole.length; length++) {
    const cut = memorySource(whole.slice(0, length), "cut.so");
    assert.throws(() => neededLibraries(cut), FormatError, `${length} bytes`);
  }
});

Deno.test("Deno itself is a program of Linux, or none", () => {
  using program = openFileSource(Deno.execPath());
  if (Deno.build.os !== "linux") {
    assert.throws(() => neededLibraries(program), FormatError);
    return;
  }
  const names = neededLibraries(program);
  assert.ok(names.some((name) => /^libc\.so|^ld-/.test(name)), names.join());
});
