import assert from "node:assert/strict";
import { memorySource } from "../base/byte_source.ts";
import { readNpy } from "./npy.ts";
import { CheckpointError } from "./checkpoint_error.ts";
import { decodeNumbers } from "../onnx/graph/decode_numbers.ts";
import {
  entry,
  GGUF_TYPES,
  ggufBytes,
  type GgufTensor,
  text,
  u32,
  u64,
} from "../../tests/fixtures/gguf_bytes.ts";
import { seeded } from "../base/seeded.ts";
import { readGguf } from "./gguf.ts";
import { readGgufWeights } from "./gguf_weights.ts";
import { dequantizeBlocks } from "./gguf_blocks.ts";

const golden = (name: string) =>
  Deno.readFileSync(
    new URL(`../../tests/golden/gguf/${name}`, import.meta.url),
  );

const read = (bytes: Uint8Array) => readGguf(memorySource(bytes, "a.gguf"));

Deno.test("every type means what the gguf package says, bit for bit", () => {
  const bytes = golden("blocks.gguf");
  const { tensors } = read(bytes);
  const expected = readNpy(memorySource(golden("blocks.npy"), "blocks.npy"));
  const bits = new Uint32Array((expected.data as Float32Array).slice().buffer);
  const names = [...tensors.keys()].filter((name) => name !== "five");
  assert.equal(expected.dims.join(), `${names.length},2,512`);
  names.forEach((name, i) => {
    const { dtype, shape, offset, length } = tensors.get(name)!;
    assert.equal(dtype, name);
    assert.equal(shape.join(), "2,512");
    const numbers = decodeNumbers(
      dtype,
      bytes.subarray(offset, offset + length),
    );
    const actual = new Uint32Array(numbers.buffer);
    let different = 0;
    for (let j = 0; j < 1024; j++) {
      if (actual[j] !== bits[1024 * i + j]) different++;
    }
    assert.equal(different, 0, `${name}: ${different} of 1024 differ`);
    assert.ok(numbers.some((x) => x !== 0), name);
  });
  const q6 = tensors.get("Q6_K")!;
  const scale = new DataView(bytes.buffer, q6.offset).getFloat16(208, true);
  assert.ok(scale !== 0 && Math.abs(scale) < 2 ** -14, "a subnormal scale");
});

Deno.test("the header: alignment 64, five axes, metadata of every type", () => {
  const { version, alignment, tensors, metadata } = read(golden("blocks.gguf"));
  assert.equal(version, 3);
  assert.equal(alignment, 64);
  assert.equal(tensors.get("five")?.shape.join(), "2,3,1,2,2");
  for (const { offset } of tensors.values()) assert.equal(offset % 64, 0);
  assert.deepEqual(Object.fromEntries(metadata), {
    "general.architecture": "wan",
    "general.alignment": 64,
    "general.name": "every type, ü",
    "kind.u8": 255,
    "kind.i8": -128,
    "kind.u16": 65535,
    "kind.i16": -32768,
    "kind.u32": 2 ** 32 - 1,
    "kind.i32": -(2 ** 31),
    "kind.u64": 2 ** 53,
    "kind.i64": -(2 ** 53),
    "kind.f32": Math.fround(0.1),
    "kind.f64": 0.1,
    "kind.bool": true,
    "kind.strings": ["a", "", "ü"],
    "kind.ints": [5120, 36, 1, 2, 2],
    "kind.floats": [0.5, -2],
  });
});

Deno.test("version 2 is read, without metadata", () => {
  const bytes = golden("old.gguf");
  const { version, tensors } = read(bytes);
  assert.equal(version, 2);
  const { dtype, offset, length } = tensors.get("one")!;
  assert.equal(
    decodeNumbers(dtype, bytes.subarray(offset, offset + length)).join(),
    "1,2,3,4",
  );
});

Deno.test("a vocabulary in the metadata is passed over", () => {
  const strings = Array.from({ length: 100 }, (_, i) => text(`token ${i}`));
  const tokens = [
    ...text("tokenizer.ggml.tokens"),
    ...u32(9),
    ...u32(8),
    ...u64(strings.length),
    ...strings.flat(),
  ];
  const { metadata, tensors } = read(ggufBytes([ONE], {
    entries: [
      tokens,
      entry("scores", Array(65).fill(1)),
      entry("last", "here"),
    ],
  }));
  assert.deepEqual([...metadata], [["last", "here"]]);
  assert.ok(tensors.has("one"));
});

const ONE: GgufTensor = {
  name: "one",
  type: GGUF_TYPES.F32,
  shape: [2, 4],
  data: new Uint8Array(32),
};

Deno.test("shapes that ggml cannot have are restored, parts of a file refused", () => {
  const weights = (metadata: Record<string, number | number[]>) =>
    readGgufWeights(memorySource(ggufBytes([ONE], { metadata }), "a.gguf"));
  const shape = (given: number[]) =>
    weights({ "comfy.gguf.orig_shape.one": given }).tensors.get("one")!.shape;
  assert.deepEqual(shape([2, 1, 2, 1, 2]), [2, 1, 2, 1, 2]);
  // Another number of elements: not this tensor's.
  assert.deepEqual(shape([2, 2]), [2, 4]);
  assert.throws(() => weights({ "split.count": 3 }), {
    code: "metadata",
    message: /it is one of 3 parts, expected a whole file\nHINT: Join/,
  });
  assert.equal(weights({ "split.count": 1 }).tensors.size, 1);
});

Deno.test("what is broken is refused with the rule and the offset", () => {
  const whole = ggufBytes([ONE]);
  const patched = (at: number, value: number[]) => {
    const bytes = whole.slice();
    bytes.set(value, at);
    return bytes;
  };
  const cases: [string, Uint8Array, string, RegExp][] = [
    [
      "empty",
      new Uint8Array(),
      "header-too-small",
      /the magic number ends at byte 4, the file at 0/,
    ],
    [
      "another format",
      new Uint8Array(64),
      "header-too-small",
      /does not begin with "GGUF"/,
    ],
    [
      "version 1",
      ggufBytes([ONE], { version: 1 }),
      "gguf-version",
      /it has version 1, expected 2 or 3/,
    ],
    [
      "big-endian",
      ggufBytes([ONE], { version: 0x03000000 }),
      "gguf-version",
      /it is big-endian/,
    ],
    [
      "truncated data",
      whole.subarray(0, whole.length - 1),
      "incomplete-buffer",
      /tensor "one" takes bytes \d+ to \d+, the file ends at/,
    ],
    [
      "truncated header",
      whole.subarray(0, 40),
      "header-length",
      /the file at 40/,
    ],
    [
      "more tensors than fit",
      ggufBytes([ONE], { tensorCount: 9 }),
      "header-length",
      /the number of tensors is 9, which takes 216 bytes or more/,
    ],
    [
      "tensors beyond counting",
      patched(8, u64(2n ** 63n)),
      "overflow",
      /beyond 2\^53 - 1/,
    ],
    [
      "a name without an end",
      patched(24, u64(2 ** 40)),
      "header-too-large",
      /length of the name of tensor 0/,
    ],
    [
      "no UTF-8",
      patched(32, [0xff]),
      "header-utf8",
      /the name of tensor 0 is not UTF-8/,
    ],
    [
      "too many axes",
      patched(35, u32(7)),
      "tensor-info",
      /has 7 axes, expected at most 6/,
    ],
    ["a huge axis", patched(39, u64(2 ** 52)), "overflow", /beyond 2\^53 - 1/],
    [
      "an unknown type",
      patched(55, u32(99)),
      "dtype",
      /unknown type 99, expected F32/,
    ],
    [
      "a type without a reader",
      patched(55, u32(23)),
      "dtype",
      /is stored as IQ4_XS, expected F32.*\nHINT: /s,
    ],
    [
      "rows of half a block",
      patched(55, u32(8)),
      "tensor-info",
      /of Q8_0 has rows of 4, expected a multiple of 32/,
    ],
    [
      "off the grid",
      ggufBytes([{ ...ONE, offset: 8 }]),
      "offsets",
      /begins at 8, expected a multiple of 32/,
    ],
    [
      "outside",
      ggufBytes([{ ...ONE, offset: 2 ** 40 }]),
      "incomplete-buffer",
      /the file ends at/,
    ],
    [
      "a name twice",
      ggufBytes([ONE, ONE]),
      "duplicate-key",
      /"one" occurs twice/,
    ],
    [
      "an overlap",
      ggufBytes([ONE, { ...ONE, name: "two", offset: 0 }]),
      "offsets",
      /tensors "one" and "two" overlap/,
    ],
    [
      "a key twice",
      ggufBytes([ONE], { entries: [entry("a", 1), entry("a", 2)] }),
      "duplicate-key",
      /metadata "a" occurs twice/,
    ],
    [
      "alignment 48",
      ggufBytes([ONE], { entries: [entry("general.alignment", 48)] }),
      "metadata",
      /is 48, expected a power of two/,
    ],
    [
      "alignment as text",
      ggufBytes([ONE], { entries: [entry("general.alignment", "64")] }),
      "metadata",
      /is "64", expected a power of two/,
    ],
    [
      "arrays in arrays",
      ggufBytes([ONE], {
        entries: [[...text("a"), ...u32(9), ...u32(9), ...u64(1)]],
      }),
      "metadata",
      /array of arrays/,
    ],
    [
      "an unknown metadata type",
      ggufBytes([ONE], { entries: [[...text("a"), ...u32(77), 1]] }),
      "metadata",
      /unknown type 77/,
    ],
  ];
  for (const [label, bytes, code, message] of cases) {
    assert.throws(() => read(bytes), (error: unknown) => {
      assert.ok(error instanceof CheckpointError, `${label}: ${error}`);
      assert.equal(error.code, code, `${label}: ${error.message}`);
      assert.match(error.message, message, label);
      assert.equal(typeof error.offset, "number", label);
      return true;
    }, label);
  }
});

Deno.test("no mutation of a file does worse than a CheckpointError", () => {
  const bytes = golden("blocks.gguf");
  const random = seeded(3);
  let refused = 0;
  const rounds = 20_000;
  for (let i = 0; i < rounds; i++) {
    const mutated = bytes.slice();
    const changes = 1 + Math.floor(random() * 3);
    for (let j = 0; j < changes; j++) {
      // The header has 1.6 kB.
      mutated[Math.floor(random() * 1700)] = Math.floor(random() * 256);
    }
    const end = random() < 0.2
      ? Math.floor(random() * bytes.length)
      : undefined;
    try {
      const { tensors } = read(mutated.subarray(0, end));
      for (const { offset, length } of tensors.values()) {
        assert.ok(offset + length <= (end ?? bytes.length));
      }
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      refused++;
    }
  }
  assert.ok(refused > rounds / 4, `${refused}`);
});

Deno.test("a part of a block is refused", () => {
  assert.throws(() => dequantizeBlocks("Q6_K", new Uint8Array(209)), {
    name: "RangeError",
    message: /209 bytes are given, expected a multiple of 210/,
  });
});
