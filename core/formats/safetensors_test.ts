import assert from "node:assert/strict";
import { type ByteSource, memorySource } from "../base/byte_source.ts";
import {
  CheckpointError,
  type CheckpointErrorCode,
} from "./checkpoint_error.ts";
import { readSafetensors } from "./safetensors.ts";
import { planSafetensors, writeSafetensors } from "./safetensors_writer.ts";

/** A file with that header and so many bytes of data. */
function file(
  header: string | Uint8Array,
  dataLength = 0,
  claimed?: bigint,
): ByteSource {
  const bytes = typeof header === "string"
    ? new TextEncoder().encode(header)
    : header;
  const all = new Uint8Array(8 + bytes.length + dataLength);
  new DataView(all.buffer)
    .setBigUint64(0, claimed ?? BigInt(bytes.length), true);
  all.set(bytes, 8);
  return memorySource(all, "hostile.safetensors");
}

function tensor(
  name: string,
  begin: number,
  end: number,
  options: { dtype?: string; shape?: string } = {},
): string {
  const { dtype = "U8", shape = `[${end - begin}]` } = options;
  return `"${name}":{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;
}

function assertCode(
  source: ByteSource,
  code: CheckpointErrorCode,
  message: RegExp,
): void {
  const named = new RegExp(
    `^Cannot read "hostile\\.safetensors"[^]*(?:${message.source})`,
  );
  assert.throws(
    () => readSafetensors(source),
    { name: "CheckpointError", code, message: named },
  );
}

Deno.test("readSafetensors() finds what writeSafetensors() wrote", () => {
  const bytes = writeSafetensors([
    {
      name: "a.weight",
      dtype: "F32",
      shape: [2, 1],
      data: new Float32Array([1, -2]),
    },
    { name: "empty", dtype: "F8_E4M3", shape: [0], data: new Uint8Array(0) },
    { name: 'schräg "\\', dtype: "BF16", shape: [3], data: new Uint16Array(3) },
    { name: "scalar", dtype: "I64", shape: [], data: new BigInt64Array([7n]) },
  ], { metadata: { format: "pt", note: "ü" } });
  const { tensors, metadata } = readSafetensors(memorySource(bytes, "a"));
  assert.deepEqual([...metadata], [["format", "pt"], ["note", "ü"]]);
  assert.deepEqual([...tensors.keys()], [
    "a.weight",
    "empty",
    'schräg "\\',
    "scalar",
  ]);
  const start = bytes.length - 8 - 6 - 8;
  assert.deepEqual(tensors.get("a.weight"), {
    name: "a.weight",
    dtype: "F32",
    shape: [2, 1],
    file: "a",
    offset: start,
    length: 8,
  });
  assert.equal(tensors.get("empty")?.offset, start + 8);
  assert.equal(tensors.get("scalar")?.offset, start + 14);
  const scalar = tensors.get("scalar")!;
  assert.equal(
    new DataView(bytes.buffer).getBigInt64(scalar.offset, true),
    7n,
  );
});

Deno.test("readSafetensors() takes tensors in any order, unknown fields and padding", () => {
  const { tensors } = readSafetensors(file(
    `{${
      tensor("b", 2, 5)
    }, "a" : {"extra":[{"x":-1.5e3},null,"\\u0041"],"shape":[2],"dtype":"I8","data_offsets":[0,2]},${
      tensor("empty", 2, 2)
    }}  \n\t `,
    5,
  ));
  assert.deepEqual([...tensors.keys()], ["b", "a", "empty"]);
  assert.equal(tensors.get("a")!.offset + 2, tensors.get("b")!.offset);
});

Deno.test("readSafetensors() accepts a file without tensors", () => {
  assert.equal(readSafetensors(file("{}")).tensors.size, 0);
});

Deno.test("readSafetensors() refuses a header that is too short, too long or no header", () => {
  assertCode(
    memorySource(new Uint8Array(7), "hostile.safetensors"),
    "header-too-small",
    /7 bytes/,
  );
  assertCode(file("{}", 0, 100_000_001n), "header-too-large", /100000001/);
  assertCode(file("{}", 0, 2n ** 64n - 1n), "header-too-large", /claims/);
  assertCode(file("{}", 0, 3n), "header-length", /byte 11, the file at 10/);
  assertCode(file(new Uint8Array([0x7b, 0xff, 0x7d])), "header-utf8", /UTF-8/);
  assertCode(file(" {}"), "header-start", /begin with "\{"/);
  assertCode(file(""), "header-start", /begin with/);
  assertCode(file("\ufeff{}"), "header-start", /begin with/);
});

Deno.test("readSafetensors() refuses JSON that is none", () => {
  for (
    const text of [
      "{",
      "{]",
      '{"a"}',
      "{,}",
      "{}x",
      "{} {}",
      `{${tensor("a", 0, 0)},}`,
      '{"a":1}',
      '{"a":{"dtype":"U8","shape":[0],}}',
      '{"a":{"dtype":"U8","shape":[0]}}',
      '{"a":{"dtype":"U8","data_offsets":[0,0]}}',
      '{"a":{"shape":[0],"data_offsets":[0,0]}}',
      '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0]}}',
      '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}}',
      '{"a":{"dtype":8,"shape":[0],"data_offsets":[0,0]}}',
      '{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}',
      '{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}',
      '{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}',
      '{"a":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}',
      '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":tru}}',
      '{"a\u0001":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
      '{"\\x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
      '{"a',
      '{"a\\',
    ]
  ) assertCode(file(text), "header-json", /header|lacks/);
});

Deno.test("readSafetensors() gives up on nesting without end", () => {
  const deep = (open: string) => `{"a":{"x":${open.repeat(200_000)}`;
  assertCode(file(deep("[")), "header-json", /less nesting/);
  assertCode(file(deep('{"y":')), "header-json", /less nesting/);
});

Deno.test("readSafetensors() refuses names that occur twice", () => {
  const twice = (text: string) =>
    assertCode(file(text, 2), "duplicate-key", /twice/);
  twice(`{${tensor("a", 0, 1)},${tensor("a", 1, 2)}}`);
  twice(`{${tensor("a", 0, 1)},${tensor("\\u0061", 1, 2)}}`);
  twice('{"a":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}}');
  twice('{"__metadata__":{},"__metadata__":{}}');
  twice('{"__metadata__":{"x":"1","x":"2"}}');
});

Deno.test("readSafetensors() takes a name that is also an object's property", () => {
  const { tensors } = readSafetensors(
    file(`{${tensor("__proto__", 0, 1)},${tensor("constructor", 1, 2)}}`, 2),
  );
  assert.deepEqual([...tensors.keys()], ["__proto__", "constructor"]);
});

Deno.test("readSafetensors() takes metadata that is not text as JSON", () => {
  const read = (header: string) =>
    Object.fromEntries(
      readSafetensors(file(header)).metadata,
    );
  assert.deepEqual(
    read('{"__metadata__":{"a":1.5,"b": {"c":[true, null]} ,"d":"text"}}'),
    { a: "1.5", b: '{"c":[true, null]}', d: "text" },
  );
  assert.deepEqual(read('{"__metadata__":null}'), {});
});

Deno.test("readSafetensors() refuses metadata that is no map", () => {
  assertCode(file('{"__metadata__":1}'), "metadata", /no object/);
  assertCode(file('{"__metadata__":["a"]}'), "metadata", /no object/);
  assertCode(file('{"__metadata__":{"a":1e}}'), "header-json", /expected/);
  assertCode(
    file('{"__metadata__":{"a":1,"a":"b"}}'),
    "duplicate-key",
    /"a" occurs twice/,
  );
});

Deno.test("readSafetensors() refuses unknown element types and shapes that lie", () => {
  assertCode(
    file(`{${tensor("a", 0, 1, { dtype: "toString" })}}`, 1),
    "dtype",
    /"toString"/,
  );
  assertCode(
    file(`{${tensor("a", 0, 4, { dtype: "F32", shape: "[2]" })}}`, 4),
    "tensor-info",
    /takes 8 bytes, its offsets leave 4/,
  );
  assertCode(
    file(`{${tensor("a", 0, 1, { dtype: "F4", shape: "[1]" })}}`, 1),
    "tensor-info",
    /no whole number of bytes/,
  );
});

Deno.test("readSafetensors() refuses numbers that overflow", () => {
  assertCode(
    file(`{${tensor("a", 0, 1, { shape: "[18446744073709551616]" })}}`, 1),
    "overflow",
    /18446744073709551616/,
  );
  // 2^32 * 2^32 * 0 is 0, but the product on the way is not.
  assertCode(
    file(
      `{${tensor("a", 0, 0, { shape: "[4294967296,4294967296,0]" })}}`,
      0,
    ),
    "overflow",
    /beyond 2\^53/,
  );
  assertCode(
    file(
      `{${tensor("a", 0, 8, { dtype: "F64", shape: "[9007199254740991]" })}}`,
      8,
    ),
    "overflow",
    /beyond 2\^53/,
  );
});

Deno.test("readSafetensors() refuses holes, overlaps and ends before begins", () => {
  const offsets = (text: string, length: number, message: RegExp) =>
    assertCode(file(text, length), "offsets", message);
  offsets(`{${tensor("a", 0, 2)},${tensor("b", 1, 3)}}`, 3, /overlap/);
  offsets(
    `{${tensor("a", 0, 2)},${tensor("b", 0, 2)}}`,
    4,
    /"a" and "b" overlap/,
  );
  offsets(`{${tensor("a", 0, 1)},${tensor("b", 2, 3)}}`, 3, /begins at 1/);
  offsets(`{${tensor("a", 1, 2)}}`, 2, /begins at 0/);
  offsets(`{${tensor("a", 0, 4)},${tensor("e", 2, 2)}}`, 4, /inside another/);
  offsets(
    '{"a":{"dtype":"U8","shape":[1],"data_offsets":[2,1]}}',
    2,
    /before its begin/,
  );
});

Deno.test("readSafetensors() refuses a truncated file at every length, and a longer one", () => {
  const bytes = writeSafetensors([
    { name: "a", dtype: "U8", shape: [9], data: new Uint8Array(9) },
    { name: "b", dtype: "U8", shape: [3], data: new Uint8Array(3) },
  ]);
  const codes = new Set<string>();
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(
      () => readSafetensors(memorySource(bytes.subarray(0, length), "cut")),
      (error) => {
        assert(error instanceof CheckpointError);
        codes.add(error.code);
        return true;
      },
    );
  }
  assert.deepEqual([...codes], [
    "header-too-small",
    "header-length",
    "incomplete-buffer",
  ]);
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  assertCode(
    memorySource(longer, "hostile.safetensors"),
    "incomplete-buffer",
    /tensors end at byte/,
  );
});

Deno.test("readSafetensors() refuses ten million overlapping tensors before reading the header", () => {
  const entry = `${tensor("t0000000", 0, 1)},`;
  let reads = 0;
  const source: ByteSource = {
    name: "hostile.safetensors",
    size: 8 + entry.length * 10_000_000 + 1,
    read(offset, length) {
      reads++;
      assert.deepEqual([offset, length], [0, 8]);
      const head = new Uint8Array(8);
      new DataView(head.buffer)
        .setBigUint64(0, BigInt(entry.length * 10_000_000), true);
      return head;
    },
  };
  assertCode(source, "header-too-large", /expected at most 100000000/);
  assert.equal(reads, 1);
});

Deno.test("readSafetensors() refuses as many overlapping tensors as a header holds", () => {
  for (const dataLength of [1, 1000]) {
    assertCode(
      file(overlapping(100_000), dataLength),
      "offsets",
      /overlap/,
    );
  }
});

/** A header of so many tensors that all lie at the same byte. */
function overlapping(count: number): string {
  const entries = Array.from(
    { length: count },
    (_, i) => tensor(i.toString(36), 0, 1),
  );
  return `{${entries.join(",")}}`;
}

Deno.test("readSafetensors() survives every byte of a file being flipped", () => {
  const bytes = writeSafetensors([
    { name: "a.weight", dtype: "F16", shape: [2, 3], data: new Uint16Array(6) },
    { name: "a.bias", dtype: "BF16", shape: [2], data: new Uint16Array(2) },
  ], { metadata: { format: "pt" } });
  let refused = 0, accepted = 0;
  for (let i = 0; i < bytes.length; i++) {
    for (const flip of [0x01, 0x20, 0x80, 0xff]) {
      const changed = bytes.slice();
      changed[i]! ^= flip;
      try {
        const { tensors } = readSafetensors(memorySource(changed, "fuzz"));
        // What is accepted must lie inside the file, whatever its name.
        for (const { offset, length } of tensors.values()) {
          assert(offset + length <= bytes.length);
        }
        accepted++;
      } catch (error) {
        assert(error instanceof CheckpointError, String(error));
        refused++;
      }
    }
  }
  assert(refused > 300 && accepted > 0, `${refused} refused, ${accepted} not`);
});

Deno.test("planSafetensors() lays 14 billion parameters out without a byte of them", () => {
  const { header, offsets, size } = planSafetensors(
    Array.from({ length: 3 }, (_, i) => ({
      name: `w${i}`,
      dtype: "BF16" as const,
      shape: [100_000, 50_000],
    })),
  );
  assert.equal(size, header.length + 3e10);
  assert.equal(offsets[2], header.length + 2e10);
});

Deno.test("planSafetensors() refuses names and shapes that cannot be", () => {
  const plan = (name: string, shape: number[]) => () =>
    planSafetensors([{ name: "a", dtype: "U8", shape: [] }, {
      name,
      dtype: "U8",
      shape,
    }]);
  assert.throws(plan("a", []), /"a": the name is taken/);
  assert.throws(plan("__metadata__", []), /taken/);
  assert.throws(plan("b", [-1]), /shape is \(-1\)/);
  assert.throws(plan("b", [2 ** 40, 2 ** 40]), RangeError);
  assert.throws(
    () =>
      writeSafetensors([
        { name: "a", dtype: "F32", shape: [2], data: new Uint8Array(7) },
      ]),
    /data has 7 bytes, F32 \(2\) needs 8/,
  );
});
