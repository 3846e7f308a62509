import assert from "node:assert/strict";
import { type ByteSource, memorySource } from "../base/byte_source.ts";
import { writeZip, type ZipMember } from "./zip_writer.ts";
import { goldenUrl } from "../../tests/fixtures/golden.ts";
import {
  dictPickle,
  storage,
  tensor,
} from "../../tests/fixtures/pickle_bytes.ts";
import {
  CheckpointError,
  type CheckpointErrorCode,
} from "./checkpoint_error.ts";
import { readTorchZip } from "./torch_zip.ts";
import { writeTorchZip } from "./torch_zip_writer.ts";

const VAE = "ckpt/Wan2.1_VAE.pth";

async function assertCode(
  bytes: Uint8Array,
  code: CheckpointErrorCode,
  message: RegExp,
): Promise<void> {
  await assert.rejects(
    () => readTorchZip(memorySource(bytes, "a.pth")),
    { name: "CheckpointError", code, message },
  );
}

/** An archive as torch lays it out, with changes. */
function archive(
  pickle: Uint8Array,
  members: readonly ZipMember[] = [
    { name: "m/data/0", bytes: new Uint8Array(24) },
  ],
): Promise<Uint8Array<ArrayBuffer>> {
  return writeZip([{ name: "m/data.pkl", bytes: pickle }, ...members]);
}

const whole = { storage: storage("0", 6), shape: [2, 3], strides: [3, 1] };

Deno.test("readTorchZip() reads a file that PyTorch wrote", async () => {
  const bytes = await Deno.readFile(goldenUrl(VAE));
  const { tensors, path, others } = await readTorchZip(
    memorySource(bytes, VAE),
  );
  assert.deepEqual([tensors.size, path.length, others.size], [194, 0, 0]);
  const keys = JSON.parse(
    await Deno.readTextFile(goldenUrl("vae/state_dict_keys.json")),
  );
  assert.deepEqual([...tensors.keys()], keys);
  const { dtype, shape, offset, length } = tensors.get("encoder.conv1.bias")!;
  assert.deepEqual([dtype, shape, length], ["F32", [4], 16]);
  // torch aligns every storage to 64 bytes, so an entry's place is known to
  // be a tensor's and not a header's.
  assert.equal(offset % 64, 0);
  const bias = new Float32Array(bytes.slice(offset, offset + length).buffer);
  assert(bias.every((value) => Number.isFinite(value) && Math.abs(value) < 1));
});

Deno.test("readTorchZip() finds what writeTorchZip() wrote", async () => {
  const bytes = await writeTorchZip([
    {
      name: "a",
      dtype: "F32",
      shape: [2, 2],
      data: new Float32Array([1, 2, 3, 4]),
    },
    { name: "b", dtype: "BF16", shape: [], data: new Uint16Array([0x3f80]) },
    { name: "c", dtype: "I64", shape: [0, 3], data: new BigInt64Array(0) },
  ], { name: "m" });
  const { tensors } = await readTorchZip(memorySource(bytes, "m.pth"));
  assert.deepEqual(
    [...tensors.values()].map((t) => [t.name, t.dtype, t.shape, t.length]),
    [
      ["a", "F32", [2, 2], 16],
      ["b", "BF16", [], 2],
      ["c", "I64", [0, 3], 0],
    ],
  );
  const { offset } = tensors.get("a")!;
  assert.deepEqual(
    [...new Float32Array(bytes.slice(offset, offset + 16).buffer)],
    [1, 2, 3, 4],
  );
});

Deno.test("readTorchZip() follows shared storages and storage offsets", async () => {
  const { tensors } = await readTorchZip(memorySource(
    await archive(dictPickle({
      whole: tensor(whole),
      tied: tensor(whole),
      row: tensor({ ...whole, offset: 3, shape: [3], strides: [1] }),
    })),
    "a.pth",
  ));
  const base = tensors.get("whole")!.offset;
  assert.equal(tensors.get("tied")!.offset, base);
  assert.deepEqual(
    [tensors.get("row")!.offset, tensors.get("row")!.length],
    [base + 12, 12],
  );
});

Deno.test("readTorchZip() refuses tensors that leave their storage", async () => {
  const read = (options: Partial<Parameters<typeof tensor>[0]>) =>
    archive(dictPickle({ w: tensor({ ...whole, ...options }) }));
  await assertCode(
    await read({ offset: 1 }),
    "storage",
    /takes bytes 4 to 28 of a storage of 24/,
  );
  await assertCode(
    await read({ shape: [3, 3] }),
    "storage",
    /takes bytes 0 to 36/,
  );
  await assertCode(
    await read({ storage: storage("0", 7) }),
    "storage",
    /has 24 bytes, .* needs 28/,
  );
  await assertCode(
    await read({ storage: storage("1", 6) }),
    "storage",
    /"m\/data\/1", which is not there/,
  );
  await assertCode(
    await read({ storage: storage("../data.pkl", 6) }),
    "storage",
    /not there/,
  );
  await assertCode(
    await read({ shape: Array(30).fill(255), strides: Array(30).fill(1) }),
    "not-contiguous",
    /strides/,
  );
});

Deno.test("readTorchZip() refuses strides that are not row-major, naming the tensor", async () => {
  await assertCode(
    await archive(
      dictPickle({ "blocks.0.w": tensor({ ...whole, strides: [1, 2] }) }),
    ),
    "not-contiguous",
    /"blocks\.0\.w" of \(2, 3\) has strides \(1, 2\)[^]*HINT: .*contiguous/,
  );
});

Deno.test("readTorchZip() refuses compressed storages and a foreign byte order", async () => {
  const pickle = dictPickle({ w: tensor(whole) });
  await assertCode(
    await archive(pickle, [{
      name: "m/data/0",
      bytes: new Uint8Array(24),
      method: "deflate",
    }]),
    "torch-archive",
    /"m\/data\/0" is compressed/,
  );
  const order = (text: string) =>
    archive(pickle, [
      { name: "m/data/0", bytes: new Uint8Array(24) },
      { name: "m/byteorder", bytes: new TextEncoder().encode(text) },
    ]);
  await assertCode(
    await order("big"),
    "byte-order",
    /"big", expected "little"/,
  );
  await readTorchZip(memorySource(await order("little"), "a.pth"));
});

Deno.test("readTorchZip() says what to do with a file of the oldest format", async () => {
  const tar = new Uint8Array(1024);
  tar.set(new TextEncoder().encode("ustar"), 257);
  await assertCode(
    tar,
    "legacy-format",
    /before torch 0\.1\.10\nHINT: .*torch\.save/,
  );
});

Deno.test("readTorchZip() refuses archives that are none of torch's", async () => {
  await assertCode(new Uint8Array(0), "torch-archive", /no zip/);
  await assertCode(
    new TextEncoder().encode("<html>"),
    "torch-archive",
    /no zip/,
  );
  await assertCode(
    new TextEncoder().encode("PK but no archive at all"),
    "torch-archive",
    /zip/i,
  );
  await assertCode(
    await writeZip([{ name: "array.npy", bytes: new Uint8Array(3) }]),
    "torch-archive",
    /0 members called "<name>\/data\.pkl"/,
  );
  const two = await writeZip([
    { name: "a/data.pkl", bytes: new Uint8Array(1) },
    { name: "b/data.pkl", bytes: new Uint8Array(1) },
  ]);
  await assertCode(two, "torch-archive", /2 members/);
});

Deno.test("readTorchZip() refuses a truncated file", async () => {
  const bytes = await writeTorchZip([
    { name: "a", dtype: "F32", shape: [64], data: new Float32Array(64) },
  ], { name: "m" });
  for (const cut of [1, 100, bytes.length >> 1, bytes.length - 1]) {
    await assert.rejects(
      readTorchZip(memorySource(bytes.subarray(0, cut), "a.pth")),
      CheckpointError,
    );
  }
});

Deno.test("readTorchZip() reads a zip64 archive", async () => {
  const source = zip64(await archive(dictPickle({ w: tensor(whole) })));
  const { tensors } = await readTorchZip(source);
  const { offset, length } = tensors.get("w")!;
  assert.deepEqual([...source.read(offset, length)], Array(24).fill(0));
});

Deno.test("readTorchZip() finds tensors beyond 4 GiB", async () => {
  const GROWTH = 5 * 2 ** 30;
  const values = new Uint8Array(new Float32Array([5, 6]).buffer);
  const plain = await archive(
    dictPickle({
      last: tensor({ storage: storage("1", 2), shape: [2], strides: [1] }),
    }),
    [
      { name: "m/data/0", bytes: new Uint8Array(24) },
      { name: "m/data/1", bytes: values },
    ],
  );
  const source = zip64(plain, { member: "m/data/0", by: GROWTH });
  const { tensors } = await readTorchZip(source);
  const { offset, length } = tensors.get("last")!;
  assert(offset > GROWTH);
  assert.deepEqual([...source.read(offset, length)], [...values]);
});

/**
 * The same archive with a zip64 end and zip64 fields in every directory
 * entry, as torch writes it from 4 GiB on; one member may be made longer by
 * zeros that exist in name only.
 */
function zip64(
  zip: Uint8Array,
  grow: { member: string; by: number } = { member: "", by: 0 },
): ByteSource {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.length);
  const end = zip.length - 22;
  const count = view.getUint16(end + 10, true);
  const start = view.getUint32(end + 16, true);
  const directory: Uint8Array[] = [];
  let at = start, hole = start;
  for (let i = 0; i < count; i++) {
    const nameLength = view.getUint16(at + 28, true);
    const entry = new Uint8Array(46 + nameLength + 28);
    entry.set(zip.subarray(at, at + 46 + nameLength));
    const local = view.getUint32(at + 42, true);
    let size = view.getUint32(at + 20, true);
    const name = new TextDecoder().decode(entry.subarray(46, 46 + nameLength));
    if (name === grow.member) {
      hole = local + 30 + view.getUint16(local + 26, true) +
        view.getUint16(local + 28, true) + size;
      size += grow.by;
    }
    const out = new DataView(entry.buffer);
    const extra = 46 + nameLength;
    out.setUint16(extra, 1, true);
    out.setUint16(extra + 2, 24, true);
    out.setBigUint64(extra + 4, BigInt(size), true);
    out.setBigUint64(extra + 12, BigInt(size), true);
    const moved = local >= hole ? local + grow.by : local;
    out.setBigUint64(extra + 20, BigInt(moved), true);
    for (const field of [20, 24, 42]) out.setUint32(field, 0xffffffff, true);
    out.setUint16(30, 28, true);
    directory.push(entry);
    at += 46 + nameLength + view.getUint16(at + 30, true);
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const records = new Uint8Array(56 + 20 + 22);
  const out = new DataView(records.buffer);
  out.setUint32(0, 0x06064b50, true);
  out.setBigUint64(4, 44n, true);
  out.setBigUint64(24, BigInt(count), true);
  out.setBigUint64(32, BigInt(count), true);
  out.setBigUint64(40, BigInt(size), true);
  out.setBigUint64(48, BigInt(start + grow.by), true);
  out.setUint32(56, 0x07064b50, true);
  out.setBigUint64(64, BigInt(start + grow.by + size), true);
  out.setUint32(72, 1, true);
  out.setUint32(76, 0x06054b50, true);
  out.setUint32(84, 0xffffffff, true);
  out.setUint32(88, 0xffffffff, true);
  out.setUint32(92, 0xffffffff, true);

  const rest = [zip.subarray(hole, start), ...directory, records];
  return withZeros({
    head: zip.subarray(0, hole),
    zeros: grow.by,
    tail: Uint8Array.from(rest.flatMap((part) => [...part])),
  });
}

/** `head`, so many zeros, `tail`. */
function withZeros(
  parts: { head: Uint8Array; zeros: number; tail: Uint8Array },
): ByteSource {
  const { head, zeros, tail } = parts;
  return {
    name: "big.pth",
    size: head.length + zeros + tail.length,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      const after = head.length + zeros;
      for (let i = 0; i < length; i++) {
        const at = offset + i;
        bytes[i] = at < head.length
          ? head[at]!
          : at < after
          ? 0
          : tail[at - after]!;
      }
      return bytes;
    },
  };
}

Deno.test("writeTorchZip() refuses what torch has no storage for", async () => {
  await assert.rejects(
    writeTorchZip([
      { name: "a", dtype: "F8_E4M3", shape: [1], data: new Uint8Array(1) },
    ], { name: "m" }),
    RangeError,
  );
  await assert.rejects(
    writeTorchZip([
      { name: "a", dtype: "F32", shape: [2], data: new Uint8Array(1) },
    ], { name: "m" }),
    /1 bytes of F32 \(2\)/,
  );
});
