import assert from "node:assert/strict";
import { assertClose, readGolden } from "../../tests/_golden.ts";
import { openTinyComponent } from "../../tests/_tiny_checkpoint.ts";
import { CPU } from "../runtime/device.ts";
import type { Tensor } from "../tensor.ts";
import { encodeTexts } from "./text_stage.ts";

const TOLERANCE = { relative: 3e-5 };
const t5 = await openTinyComponent("t5");

/** The stored ids up to the end of the mask. */
function ids(name: string): ArrayLike<number> {
  const mask = readGolden(`t5/${name}.mask.npy`).data;
  const length = mask.reduce((sum, x) => sum + x, 0);
  return readGolden(`t5/${name}.ids.npy`).data.subarray(0, length);
}

for (const form of ["whole", "pieces"] as const) {
  Deno.test(`texts have the features of the reference (${form})`, async () => {
    const done: string[] = [];
    const [a, b, long] = await encodeTexts(t5, ["a", "b", "long"].map(ids), {
      device: CPU,
      form,
      onProgress: (part, total) => done.push(`${part}/${total}`),
    }) as [Tensor, Tensor, Tensor];
    assertClose(`t5 a ${form}`, a, readGolden("t5/a.out.npy"), TOLERANCE);
    assertClose(`t5 b ${form}`, b, readGolden("t5/b.out.npy"), TOLERANCE);
    const dim = 64;
    const rows = Array.from({ length: 32 }, (_, i) => [
      ...long.data.subarray(16 * i * dim, (16 * i + 1) * dim),
    ]).flat();
    assertClose(
      `t5 long ${form}`,
      { dims: [32, dim], data: new Float32Array(rows) },
      readGolden("t5/long.out_every16.npy"),
      TOLERANCE,
    );
    assert.deepEqual(
      done,
      form === "whole" ? ["1/3", "2/3", "3/3"] : ["1/4", "2/4", "3/4", "4/4"],
    );
  });
}

Deno.test("a text's features do not depend on the texts beside it", async () => {
  const options = { device: CPU, form: "whole" } as const;
  const [alone] = await encodeTexts(t5, [ids("a")], options);
  const [, beside] = await encodeTexts(t5, [ids("long"), ids("a")], options);
  assertClose("t5 masked", beside!, alone!, { relative: 2e-6 });
});

Deno.test("the text encoder is never run in float16", async () => {
  const target = {
    compute: "float16",
    attention: "fused",
    float8: "cast",
  } as const;
  for (const form of ["whole", "pieces"] as const) {
    await assert.rejects(
      encodeTexts(t5, [[1]], { device: CPU, target, form }),
      {
        name: "RangeError",
        message: /float16 overflows/,
      },
    );
  }
});

Deno.test("token numbers outside the vocabulary are refused", async () => {
  for (const bad of [1000, -1, 1.5, NaN]) {
    await assert.rejects(encodeTexts(t5, [[5, bad]], { device: CPU }), {
      name: "RangeError",
      message:
        `Cannot encode a text: token 1 is ${bad}, expected a whole number below 1000`,
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
