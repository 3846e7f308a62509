import assert from "node:assert/strict";
import { memorySource } from "../base/byte_source.ts";
import { seeded } from "../base/seeded.ts";
import { CheckpointError } from "./checkpoint_error.ts";
import { readTorchLegacy } from "./torch_legacy.ts";
import { readTorchZip } from "./torch_zip.ts";

const golden = (name: string) =>
  Deno.readFileSync(
    new URL(`../../tests/golden/torch_legacy/${name}`, import.meta.url),
  );
const read = (bytes: Uint8Array) =>
  readTorchLegacy(memorySource(bytes, "a.pth"));

/** The numbers of an entry. */
function numbers<T extends { buffer: ArrayBufferLike }>(
  bytes: Uint8Array,
  entry: { offset: number; length: number } | undefined,
  make: new (buffer: ArrayBuffer) => T,
): T {
  assert.ok(entry);
  return new make(
    bytes.slice(entry.offset, entry.offset + entry.length).buffer,
  );
}

Deno.test("readTorchLegacy() reads what torch wrote before 1.6", () => {
  const bytes = golden("legacy.pth");
  const { tensors, path } = read(bytes);
  assert.deepEqual(path, ["state_dict"]);
  const at = (name: string) => tensors.get(name);
  assert.deepEqual(
    [...tensors.values()].map(({ name, dtype, shape }) =>
      `${name} ${dtype} ${shape.join("x")}`
    ),
    [
      "f32 F32 2x2",
      "f16 F16 2",
      "f64 F64 1",
      "i64 I64 2",
      "u8 U8 2",
      "shared F32 3x4",
      "row F32 4",
      "parameter F32 1",
      "scalar F32 ",
    ],
  );
  assert.equal(numbers(bytes, at("f32"), Float32Array).join(), "1.5,-2,0,3.25");
  assert.equal(numbers(bytes, at("f16"), Float16Array).join(), "1.5,-2");
  assert.equal(numbers(bytes, at("f64"), Float64Array).join(), "0.1");
  assert.equal(
    numbers(bytes, at("i64"), BigInt64Array).join(),
    "1099511627776,-1",
  );
  assert.equal(numbers(bytes, at("u8"), Uint8Array).join(), "0,255");
  assert.equal(
    numbers(bytes, at("shared"), Float32Array).join(),
    "0,1,2,3,4,5,6,7,8,9,10,11",
  );
  assert.equal(numbers(bytes, at("row"), Float32Array).join(), "4,5,6,7");
  assert.equal(numbers(bytes, at("parameter"), Float32Array).join(), "7");
  assert.equal(numbers(bytes, at("scalar"), Float32Array).join(), "4");
});

Deno.test("readTorchZip() reads such a file by its content", async () => {
  const bytes = golden("legacy_bf16.pth");
  const { tensors } = await readTorchZip(memorySource(bytes, "a.pth"));
  const bits = numbers(bytes, tensors.get("weight"), Uint16Array);
  assert.deepEqual(
    [...bits],
    [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1].map((x) =>
      new Uint32Array(Float32Array.of(x).buffer)[0]! >>> 16
    ),
  );
  assert.equal(tensors.get("bias")!.offset, tensors.get("weight")!.offset);
});

Deno.test("files of transposed and channels_last tensors are refused with the way to write them again", async () => {
  for (const [name, tensor] of [["transposed", "t"], ["channels_last", "c"]]) {
    await assert.rejects(
      readTorchZip(memorySource(golden(`${name}.pth`), `models/${name}.pth`)),
      (error: unknown) => {
        assert.ok(error instanceof CheckpointError);
        assert.equal(error.code, "not-contiguous");
        assert.match(error.message, new RegExp(`tensor "${tensor}" of `));
        assert.match(
          error.message,
          new RegExp(`HINT: Write it again .*contiguous.*"${name}\\.pth"`),
        );
        return true;
      },
    );
  }
});

Deno.test("readTorchLegacy() refuses what is cut, changed or another pickle", () => {
  const bytes = golden("legacy_bf16.pth");
  const refused = (changed: Uint8Array, code: string, message: RegExp) =>
    assert.throws(() => read(changed), { code, message });
  refused(
    bytes.subarray(0, bytes.length - 1),
    "incomplete-buffer",
    /truncated/,
  );
  refused(bytes.subarray(0, 30), "pickle", /are left/);
  const patched = (at: number, value: number) => {
    const copy = bytes.slice();
    copy[at] = value;
    return copy;
  };
  refused(patched(5, 0), "legacy-format", /torch's number/);
  const counted = bytes.length - 18 - 8; // nine bfloat16 and their count
  refused(patched(counted, 8), "storage", /has 8 elements, its tensors say 9/);
  const endian = bytes.findIndex((_, i) =>
    new TextDecoder().decode(bytes.subarray(i, i + 13)) === "little_endian"
  );
  const flag = bytes.indexOf(0x88, endian);
  refused(patched(flag, 0x89), "byte-order", /little-endian/);
});

Deno.test("no mutation of such a file does worse than a CheckpointError", () => {
  const bytes = golden("legacy.pth");
  const random = seeded(11);
  let refused = 0;
  for (let i = 0; i < 10_000; i++) {
    const mutated = bytes.slice();
    mutated[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    if (i % 3 === 0) {
      mutated[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    const end = i % 7 === 0
      ? Math.floor(random() * bytes.length)
      : bytes.length;
    try {
      const { tensors } = read(mutated.subarray(0, end));
      for (const { offset, length } of tensors.values()) {
        assert.ok(offset + length <= end);
      }
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      refused++;
    }
  }
  assert.ok(refused > 2000, `${refused}`);
});
