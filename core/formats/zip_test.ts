import assert from "node:assert/strict";
import { FormatError } from "../base/errors.ts";
import { type ByteSource, memorySource } from "../base/byte_source.ts";
import { crc32 } from "./crc32.ts";
import { readZipDirectory } from "./zip.ts";
import { readZipEntry, type ZipEntry } from "./zip_entry.ts";
import { writeZip, type ZipMember } from "./zip_writer.ts";

const text = (value: string) => new TextEncoder().encode(value);

function entriesOf(zip: Uint8Array): readonly ZipEntry[] {
  return readZipDirectory(memorySource(zip, "a.zip"));
}

function unpack(zip: Uint8Array, limit = 1e6): Promise<Uint8Array[]> {
  const source = memorySource(zip, "a.zip");
  return Promise.all(
    readZipDirectory(source).map((entry) =>
      readZipEntry(source, entry, { limit })
    ),
  );
}

function refused(zip: Uint8Array, message: RegExp): void {
  assert.throws(() => entriesOf(zip), (error) => {
    assert.ok(error instanceof FormatError, String(error));
    assert.match(error.message, message);
    assert.ok(error.offset !== undefined);
    return true;
  });
}

/** A copy with little-endian values set at byte offsets. */
function patched(
  zip: Uint8Array,
  ...changes: [offset: number, width: 2 | 4 | 8, value: number][]
): Uint8Array {
  const copy = zip.slice();
  const view = new DataView(copy.buffer);
  for (const [offset, width, value] of changes) {
    if (width === 2) view.setUint16(offset, value, true);
    else if (width === 4) view.setUint32(offset, value, true);
    else view.setBigUint64(offset, BigInt(value), true);
  }
  return copy;
}

/** Where the n-th directory entry starts. */
function directoryAt(zip: Uint8Array, n = 0): number {
  const view = new DataView(zip.buffer);
  let at = view.getUint32(zip.length - 22 + 16, true);
  for (; n > 0; n--) at += 46 + view.getUint16(at + 28, true);
  return at;
}

/**
 * The archive with its sizes and offsets moved to zip64 fields, as PyTorch
 * (end record) and NumPy (local header) write them.
 */
function asZip64(zip: Uint8Array): Uint8Array {
  const view = new DataView(zip.buffer);
  const end = zip.length - 22;
  const count = view.getUint16(end + 10, true);
  const start = view.getUint32(end + 16, true);
  const parts: Uint8Array[] = [zip.slice(0, start)];
  let size = 0;
  for (let i = 0, at = start; i < count; i++) {
    const length = 46 + view.getUint16(at + 28, true);
    const extra = new Uint8Array(28);
    const extraView = new DataView(extra.buffer);
    extraView.setUint16(0, 1, true);
    extraView.setUint16(2, 24, true);
    extraView.setBigUint64(4, BigInt(view.getUint32(at + 24, true)), true);
    extraView.setBigUint64(12, BigInt(view.getUint32(at + 20, true)), true);
    extraView.setBigUint64(20, BigInt(view.getUint32(at + 42, true)), true);
    const entry = patched(
      zip.slice(at, at + length),
      [20, 4, 0xffffffff],
      [24, 4, 0xffffffff],
      [42, 4, 0xffffffff],
      [30, 2, extra.length],
    );
    parts.push(entry, extra);
    size += length + extra.length;
    at += length;
  }
  const record = patched(
    new Uint8Array(56),
    [0, 4, 0x06064b50],
    [4, 8, 44],
    [24, 8, count],
    [32, 8, count],
    [40, 8, size],
    [48, 8, start],
  );
  const locator = patched(
    new Uint8Array(20),
    [0, 4, 0x07064b50],
    [8, 8, start + size],
    [16, 4, 1],
  );
  const last = patched(
    zip.slice(end),
    [8, 2, 0xffff],
    [10, 2, 0xffff],
    [12, 4, 0xffffffff],
    [16, 4, 0xffffffff],
  );
  return join(...parts, record, locator, last);
}

function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** Compressible, but no damage to it can go unnoticed by being periodic. */
const SQUARES = Array.from({ length: 500 }, (_, i) => i * i).join(" ");

const MEMBERS: readonly ZipMember[] = [
  { name: "top/data.pkl", bytes: text("stored") },
  { name: "top/größe", bytes: text(SQUARES), method: "deflate" },
  { name: "top/empty", bytes: new Uint8Array(0) },
  { name: "top/none", bytes: new Uint8Array(0), method: "deflate" },
];

Deno.test("crc32() knows its check value", () => {
  assert.equal(crc32(text("123456789")), 0xcbf43926);
  assert.equal(crc32(new Uint8Array(0)), 0);
});

Deno.test("an archive that was written is read again", async () => {
  const zip = await writeZip(MEMBERS);
  const entries = entriesOf(zip);
  assert.deepEqual(
    entries.map(({ name, method, size }) => ({ name, method, size })),
    MEMBERS.map(({ name, bytes, method = "stored" }) => ({
      name,
      method,
      size: bytes.length,
    })),
  );
  assert.ok(entries[1]!.compressedSize < SQUARES.length / 2);
  assert.deepEqual(await unpack(zip), MEMBERS.map(({ bytes }) => bytes));
  assert.deepEqual(await writeZip(MEMBERS), zip, "the same bytes every time");
});

Deno.test("writeZip() aligns data as PyTorch does", async () => {
  const zip = await writeZip(MEMBERS, { align: 64 });
  for (const { dataOffset, name } of entriesOf(zip)) {
    assert.equal(dataOffset % 64, 0, name);
  }
  assert.deepEqual(await unpack(zip), MEMBERS.map(({ bytes }) => bytes));
});

Deno.test("writeZip() refuses a name twice and none", async () => {
  const bytes = new Uint8Array(1);
  await assert.rejects(
    writeZip([{ name: "a", bytes }, { name: "a", bytes }]),
    RangeError,
  );
  await assert.rejects(writeZip([{ name: "", bytes }]), RangeError);
});

Deno.test("readZipDirectory() reads zip64 records and sizes", async () => {
  const zip = asZip64(await writeZip(MEMBERS, { align: 64 }));
  assert.deepEqual(await unpack(zip), MEMBERS.map(({ bytes }) => bytes));
});

Deno.test("readZipDirectory() takes an empty archive and a comment", async () => {
  const empty = await writeZip([]);
  assert.deepEqual(entriesOf(empty), []);
  const comment = text("made by hand");
  const zip = await writeZip(MEMBERS);
  const noted = join(
    patched(zip, [zip.length - 2, 2, comment.length]),
    comment,
  );
  assert.equal(entriesOf(noted).length, MEMBERS.length);
});

Deno.test("readZipDirectory() touches only headers of a 30 GB archive", async () => {
  // A directory of 2,000 stored members of 16 MB each, over a source that
  // makes the local headers up and knows no data.
  const size = 16 * 1024 * 1024;
  const count = 2000;
  const small = asZip64(
    await writeZip(
      Array.from({ length: count }, (_, i) => ({
        name: `archive/data/${String(i).padStart(4, "0")}`,
        bytes: new Uint8Array(0),
      })),
    ),
  );
  const step = 30 + 17;
  const start = count * step;
  const tail = small.slice(start);
  const view = new DataView(tail.buffer);
  const entry = 46 + 17 + 28;
  for (let i = 0; i < count; i++) {
    const extra = i * entry + 46 + 17;
    view.setBigUint64(extra + 4, BigInt(size), true);
    view.setBigUint64(extra + 12, BigInt(size), true);
    view.setBigUint64(extra + 20, BigInt(i * (step + size)), true);
  }
  const base = count * (step + size);
  view.setBigUint64(count * entry + 48, BigInt(base), true);
  view.setBigUint64(count * entry + 56 + 8, BigInt(base + count * entry), true);
  let touched = 0;
  const source: ByteSource = {
    name: "model.pth",
    size: base + tail.length,
    read(offset, length) {
      touched += length;
      if (offset >= base) {
        return tail.slice(offset - base, offset - base + length);
      }
      const i = Math.floor(offset / (step + size));
      assert.ok(offset - i * (step + size) + length <= step, "reads data");
      return small.slice(i * step, i * step + length) as Uint8Array<
        ArrayBuffer
      >;
    },
  };
  const entries = readZipDirectory(source);
  assert.ok(source.size > 30e9);
  assert.equal(entries.length, count);
  assert.equal(entries[1999]!.dataOffset, 1999 * (step + size) + step);
  assert.ok(touched < 3 * tail.length, `${touched} bytes were read`);
});

Deno.test("readZipEntry() refuses a 40 GB bomb before it reads it", async () => {
  const zip = asZip64(
    await writeZip([{
      name: "array.npy",
      bytes: new Uint8Array(1000),
      method: "deflate",
    }]),
  );
  const at = 30 + "array.npy".length + entriesOf(zip)[0]!.compressedSize;
  const sizes = at + 46 + "array.npy".length + 4;
  const bomb = patched(zip, [sizes, 8, 40e9]);
  const source = memorySource(bomb, "bomb.npz");
  const [entry] = readZipDirectory(source);
  assert.equal(entry!.size, 40e9);
  const silent = { ...source, read: () => assert.fail("it was read") };
  await assert.rejects(
    readZipEntry(silent, entry!, { limit: 64e6 }),
    /claims 40000000000 bytes, expected at most 64000000/,
  );
  await assert.rejects(
    readZipEntry(silent, entry!, { limit: Infinity }),
    /which deflate cannot do/,
  );
});

Deno.test("readZipEntry() stops a bomb that lies about its size", async () => {
  const zip = await writeZip([{
    name: "a",
    bytes: new Uint8Array(64 * 1024 * 1024),
    method: "deflate",
  }]);
  const at = directoryAt(zip);
  let fed = 0;
  const source = memorySource(patched(zip, [at + 24, 4, 1000]), "bomb.zip");
  const [entry] = readZipDirectory(source);
  const counting: ByteSource = {
    ...source,
    read(offset, length) {
      fed += length;
      return source.read(offset, length);
    },
  };
  await assert.rejects(
    readZipEntry(counting, entry!, { limit: 1e6 }),
    /unpacks to more than the 1000 bytes it claims/,
  );
  assert.ok(fed < entry!.compressedSize / 2, `${fed} bytes were unpacked`);
});

Deno.test("readZipEntry() finds damage", async () => {
  const [stored, packed] = MEMBERS as [ZipMember, ZipMember];
  for (const member of [stored, packed]) {
    const zip = await writeZip([member]);
    const [entry] = entriesOf(zip);
    const { dataOffset, compressedSize } = entry!;
    // The last byte of a deflate stream may have bits that mean nothing.
    const last = compressedSize - (member === packed ? 1 : 0);
    for (let i = 0; i < last; i++) {
      const damaged = zip.slice();
      damaged[dataOffset + i]! ^= 0x10;
      await assert.rejects(unpack(damaged), FormatError, `byte ${i}`);
    }
    const at = directoryAt(zip);
    await assert.rejects(
      unpack(patched(zip, [at + 16, 4, 1])),
      /checksum is wrong/,
    );
  }
  // The stream ends early, or sooner than its size says.
  const zip = await writeZip([packed]);
  const at = directoryAt(zip);
  const { compressedSize } = entriesOf(zip)[0]!;
  await assert.rejects(
    unpack(patched(zip, [at + 20, 4, compressedSize - 9])),
    FormatError,
  );
  await assert.rejects(
    unpack(patched(zip, [at + 24, 4, 9000])),
    /unpacks to \d+ bytes and claims 9000/,
  );
});

Deno.test("readZipDirectory() refuses what two readers could take differently", async (t) => {
  const zip = await writeZip([
    { name: "a", bytes: text("first") },
    { name: "b", bytes: text("second") },
  ]);
  const first = directoryAt(zip), second = directoryAt(zip, 1);
  const end = zip.length - 22;
  const cases: [string, Uint8Array, RegExp][] = [
    ["nothing", new Uint8Array(0), /no ZIP archive/],
    ["something else", new Uint8Array(100), /no ZIP archive/],
    ["a cut file", zip.slice(0, -1), /cut short/],
    ["bytes behind", join(zip, text("more")), /cut short, or bytes were added/],
    ["bytes before", join(text("more"), zip), /claims to end at/],
    [
      "bytes before, with mended offsets",
      patched(
        join(text("more"), zip),
        [first + 4 + 42, 4, 4],
        [second + 4 + 42, 4, 4 + 30 + 1 + 5],
        [end + 4 + 16, 4, first + 4],
      ),
      /4 bytes precede/,
    ],
    ["a name twice", renamed(zip, [second + 46, 36 + 30]), /"a" occurs twice/],
    [
      "overlap",
      patched(zip, [first + 20, 4, 6], [first + 24, 4, 6]),
      /overlaps "a"/,
    ],
    [
      "two members at one place",
      patched(zip, [second + 42, 4, 0]),
      /contradicts/,
    ],
    ["encryption", patched(zip, [first + 8, 2, 0x0801]), /is encrypted/],
    ["hidden encryption", patched(zip, [6, 2, 0x0801]), /contradicts/],
    [
      "another method",
      patched(zip, [first + 10, 2, 14]),
      /method 14, expected 0 or 8/,
    ],
    ["another method inside", patched(zip, [8, 2, 8]), /contradicts/],
    [
      "two sizes",
      patched(zip, [first + 24, 4, 6]),
      /claims two sizes, 5 and 6/,
    ],
    [
      "data past the end",
      patched(zip, [second + 20, 4, 99], [second + 24, 4, 99]),
      /reach into the directory/,
    ],
    [
      "a header past the end",
      patched(zip, [second + 42, 4, 9999]),
      /lies outside/,
    ],
    [
      "too many entries",
      patched(zip, [end + 8, 2, 9], [end + 10, 2, 9]),
      /do not fit/,
    ],
    [
      "fewer entries",
      patched(zip, [end + 8, 2, 1], [end + 10, 2, 1]),
      /bytes follow the last of 1/,
    ],
    ["several disks", patched(zip, [end + 4, 2, 1]), /several files/],
    ["a bad signature", patched(zip, [second, 4, 0]), /entry is damaged/],
    ["a name with NUL", renamed(zip, [first + 46, 30], 0), /is called/],
    [
      "a name that is not UTF-8",
      renamed(zip, [first + 46, 30], 0xff),
      /not UTF-8/,
    ],
    [
      "zip64 sizes that are not there",
      patched(zip, [first + 20, 4, 0xffffffff]),
      /lacks its zip64/,
    ],
    [
      "a zip64 record elsewhere",
      patched(asZip64(zip), [asZip64(zip).length - 22 - 20 + 8, 8, 5]),
      /zip64 record is damaged/,
    ],
    [
      "a zip64 offset beyond all numbers",
      patched(asZip64(zip), [
        asZip64(zip).length - 22 - 20 + 12,
        4,
        0xffffffff,
      ]),
      /a size or offset is/,
    ],
  ];
  for (const [what, bytes, message] of cases) {
    await t.step(what, () => refused(bytes, message));
  }
});

/** A copy with one byte set at each of two places. */
function renamed(
  zip: Uint8Array,
  places: number[],
  byte = 0x61,
): Uint8Array {
  const copy = zip.slice();
  for (const place of places) copy[place] = byte;
  return copy;
}

Deno.test("readZipDirectory() refuses a directory of more than 32 MiB before it reads it", () => {
  const limit = 32 * 1024 * 1024;
  for (
    const [size, message] of [
      [limit + 1, /claims 33554433 bytes, expected at most 33554432/],
      [limit, /a directory entry is damaged/],
    ] as const
  ) {
    const end = new DataView(new ArrayBuffer(22));
    end.setUint32(0, 0x06054b50, true);
    end.setUint16(8, 1, true);
    end.setUint16(10, 1, true);
    end.setUint32(12, size, true);
    let longest = 0;
    const source: ByteSource = {
      name: "a.zip",
      size: size + 22,
      read(offset, length) {
        longest = Math.max(longest, length);
        return offset === size
          ? new Uint8Array(end.buffer.slice(0, length))
          : new Uint8Array(length);
      },
    };
    assert.throws(() => readZipDirectory(source), message);
    assert.equal(longest, size > limit ? 22 : limit);
  }
});
