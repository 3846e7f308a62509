import assert from "node:assert/strict";
import {
  assertClose,
  difference,
  readGolden,
} from "../../../tests/fixtures/golden.ts";
import { openTinyComponent } from "../../../tests/fixtures/tiny_checkpoint.ts";
import {
  type TensorPlan,
  writeSafetensors,
} from "../../formats/safetensors_writer.ts";
import type { TensorDtype } from "../../formats/tensor_index.ts";
import { openComponent } from "../../checkpoint/open_checkpoint.ts";
import { openFileSource } from "../../files/files.ts";
import { decodeNumbers } from "../../onnx/graph/decode_numbers.ts";
import { CPU } from "../../onnx/runtime/device.ts";
import type { Tensor } from "../../base/tensor.ts";
import { encodeTexts } from "./encode_text.ts";
import { temporaryFolder } from "../../../tests/fixtures/temporary.ts";

const TOLERANCE = { relative: 3e-5 };
const t5 = await openTinyComponent("t5");

/** The stored ids, up to the end of the mask. */
function ids(name: string): ArrayLike<number> {
  const mask = readGolden(`t5/${name}.mask.npy`).data;
  const length = mask.reduce((sum, x) => sum + x, 0);
  return readGolden(`t5/${name}.ids.npy`).data.subarray(0, length);
}

for (const execution of ["monolithic", "blockwise"] as const) {
  Deno.test(`prompt embeddings are the reference's (${execution})`, async () => {
    const done: string[] = [];
    const [a, b, long] = await encodeTexts(t5, ["a", "b", "long"].map(ids), {
      device: CPU,
      execution,
      onProgress: (part, total) => done.push(`${part}/${total}`),
    }) as [Tensor, Tensor, Tensor];
    assertClose(`t5 a ${execution}`, a, readGolden("t5/a.out.npy"), TOLERANCE);
    assertClose(`t5 b ${execution}`, b, readGolden("t5/b.out.npy"), TOLERANCE);
    const dim = 64;
    const rows = Array.from({ length: 32 }, (_, i) => [
      ...long.data.subarray(16 * i * dim, (16 * i + 1) * dim),
    ]).flat();
    assertClose(
      `t5 long ${execution}`,
      { dims: [32, dim], data: new Float32Array(rows) },
      readGolden("t5/long.out_every16.npy"),
      TOLERANCE,
    );
    assert.deepEqual(
      done,
      execution === "monolithic"
        ? ["1/3", "2/3", "3/3"]
        : ["1/4", "2/4", "3/4", "4/4"],
    );
  });
}

Deno.test("a prompt's embeddings do not depend on the other prompts", async () => {
  const options = { device: CPU, execution: "monolithic" } as const;
  const [alone] = await encodeTexts(t5, [ids("a")], options);
  const [, batched] = await encodeTexts(t5, [ids("long"), ids("a")], options);
  assertClose("t5 masked", batched!, alone!, { relative: 2e-6 });
});

Deno.test("the text encoder is never run in float16", async () => {
  const target = {
    compute: "float16",
    attention: "fused",
    float8: "cast",
  } as const;
  for (const execution of ["monolithic", "blockwise"] as const) {
    await assert.rejects(
      encodeTexts(t5, [[1]], { device: CPU, target, execution }),
      {
        name: "RangeError",
        message: /float16 overflows/,
      },
    );
  }
});

Deno.test("token ids outside the vocabulary are refused", async () => {
  for (const bad of [1000, -1, 1.5, NaN]) {
    await assert.rejects(encodeTexts(t5, [[5, bad]], { device: CPU }), {
      name: "RangeError",
      message:
        `Cannot encode a prompt: token 1 is ${bad}, expected an integer below 1000`,
    });
  }
  await assert.rejects(encodeTexts(t5, [[]], { device: CPU }), /no tokens/);
  assert.deepEqual(await encodeTexts(t5, [], { device: CPU }), []);
});

Deno.test("an abort between two blocks stops the text encoder", async () => {
  const abort = new AbortController();
  let last = 0;
  await assert.rejects(
    encodeTexts(t5, [ids("long")], {
      device: CPU,
      signal: abort.signal,
      onProgress: (done) => {
        last = done;
        if (done === 2) abort.abort(new Error("enough"));
      },
    }),
    { message: "enough" },
  );
  assert.equal(last, 2);
});

/** The text encoder with its matrices stored in another format, in a file at `path`. */
async function storedAs(
  path: string,
  store: (
    matrix: Float32Array,
  ) => { dtype: TensorDtype; data: Uint8Array; scale?: number },
) {
  const tensors: (TensorPlan & { readonly data: Uint8Array })[] = [];
  for (
    const { name, dtype, shape, file, offset, length } of t5.tensors.values()
  ) {
    using source = openFileSource(file);
    const numbers = decodeNumbers(dtype, source.read(offset, length));
    if (shape.length !== 2 || name.includes("pos_embedding")) {
      tensors.push({
        name,
        shape,
        dtype: "F32",
        data: new Uint8Array(numbers.buffer),
      });
      continue;
    }
    const { scale, ...stored } = store(numbers);
    tensors.push({ name, shape, ...stored });
    if (scale === undefined) continue;
    tensors.push({
      name: name.replace(/weight$/, "scale_weight"),
      shape: [1],
      dtype: "F32",
      data: new Uint8Array(new Float32Array([scale]).buffer),
    });
  }
  await Deno.writeFile(path, writeSafetensors(tensors));
  return await openComponent("t5", path);
}

/** The finite values of the codes of float8 e4m3fn. */
const FLOAT8 = [
  ...decodeNumbers("F8_E4M3", Uint8Array.from({ length: 256 }, (_, i) => i)),
]
  .map((value, code) => ({ value, code }))
  .filter(({ value }) => !Number.isNaN(value))
  .sort((a, b) => a.value - b.value);

function nearestFloat8(x: number): { value: number; code: number } {
  let low = 0, high = FLOAT8.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (FLOAT8[middle]!.value <= x) low = middle;
    else high = middle;
  }
  const [below, above] = [FLOAT8[low]!, FLOAT8[high]!];
  return x - below.value <= above.value - x ? below : above;
}

for (const execution of ["monolithic", "blockwise"] as const) {
  for (const float8 of ["dequantize", "cast"] as const) {
    Deno.test(`float8 weights are multiplied by their scales (${execution}, ${float8})`, async () => {
      const scaleOf = (matrix: Float32Array) =>
        Math.fround(
          matrix.reduce((max, x) => Math.max(max, Math.abs(x)), 0) / 448,
        );
      await using folder = await temporaryFolder();
      const float8Path = folder.file("float8.safetensors");
      const float8File = await storedAs(float8Path, (matrix) => {
        const scale = scaleOf(matrix);
        const data = Uint8Array.from(
          matrix,
          (x) => nearestFloat8(x / scale).code,
        );
        return { dtype: "F8_E4M3", data, scale };
      });
      const samePath = folder.file("same.safetensors");
      const sameNumbers = await storedAs(samePath, (matrix) => {
        const scale = scaleOf(matrix);
        const data = Float32Array.from(
          matrix,
          (x) => nearestFloat8(x / scale).value * scale,
        );
        return { dtype: "F32", data: new Uint8Array(data.buffer) };
      });
      const target = {
        compute: "float32",
        attention: "fused",
        float8,
      } as const;
      const options = { device: CPU, execution, target };
      const [actual] = await encodeTexts(float8File, [ids("a")], options);
      const [expected] = await encodeTexts(sameNumbers, [ids("a")], options);
      assertClose(`t5 float8 ${execution} ${float8}`, actual!, expected!, {
        relative: 3e-6,
      });
      // Random weights with unscaled scores amplify the rounding; here it only
      // shows that float8 was used.
      const apart = difference(actual!, readGolden("t5/a.out.npy")).relative;
      console.log(
        `float8 error ${apart.toExponential(2)} of the largest number`,
      );
      assert.ok(apart > 1e-3, `${apart}`);
    });
  }
}
