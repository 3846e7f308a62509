import assert from "node:assert/strict";
import { assertClose } from "../../../tests/fixtures/golden.ts";
import type { Tensor } from "../../base/tensor.ts";
import { resizeBicubic, resizeImageBicubic } from "./bicubic.ts";

Deno.test("resizeBicubic() gives the numbers of PyTorch's own test", () => {
  // test_upsamplingBicubic2d: arange(4) as 2x2, twice as large.
  const planes = { dims: [1, 2, 2], data: new Float32Array([0, 1, 2, 3]) };
  assertClose(
    "2x2 to 4x4",
    resizeBicubic(planes, { width: 4, height: 4 }),
    {
      dims: [1, 4, 4],
      data: Float32Array.from([
        [-0.31641, 0.01562, 0.56250, 0.89453],
        [0.34766, 0.67969, 1.22656, 1.55859],
        [1.44141, 1.77344, 2.32031, 2.65234],
        [2.10547, 2.43750, 2.98438, 3.31641],
      ].flat()),
    },
    { max: 6e-6 },
  );
});

/** The kernel summed over all 16 neighbours, in float64 but for the scale. */
function plainly(planes: Tensor, width: number, height: number): Tensor {
  const [C, H, W] = planes.dims as [number, number, number];
  const kernel = (t: number) => {
    const x = Math.abs(t), a = -0.75;
    if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
    return x < 2 ? a * (x ** 3 - 5 * x ** 2 + 8 * x - 4) : 0;
  };
  const data = new Float32Array(C * height * width);
  for (let c = 0; c < C; c++) {
    for (let j = 0; j < height; j++) {
      for (let i = 0; i < width; i++) {
        const y = (j + 0.5) * Math.fround(H / height) - 0.5;
        const x = (i + 0.5) * Math.fround(W / width) - 0.5;
        let sum = 0;
        for (let v = Math.floor(y) - 1; v <= Math.floor(y) + 2; v++) {
          for (let u = Math.floor(x) - 1; u <= Math.floor(x) + 2; u++) {
            const row = Math.min(H - 1, Math.max(0, v));
            const column = Math.min(W - 1, Math.max(0, u));
            sum += kernel(y - v) * kernel(x - u) *
              planes.data[(c * H + row) * W + column]!;
          }
        }
        data[(c * height + j) * width + i] = sum;
      }
    }
  }
  return { dims: [C, height, width], data };
}

Deno.test("resizeBicubic() is the kernel's sum, larger and smaller", () => {
  const planes = {
    dims: [2, 19, 33],
    data: Float32Array.from({ length: 2 * 19 * 33 }, (_, i) => Math.sin(i * i)),
  };
  for (const [w, h] of [[33, 19], [50, 40], [16, 5], [7, 61], [1, 1]]) {
    assertClose(
      `33x19 to ${w}x${h}`,
      resizeBicubic(planes, { width: w!, height: h! }),
      plainly(planes, w!, h!),
      { max: 2e-5 },
    );
  }
});

Deno.test("resizeBicubic() has its scale in float32, as torch does", () => {
  // Far to the right of a long ramp the rounded scale shows.
  const from = 9000, width = 833;
  assert.ok(width * Math.abs(Math.fround(from / width) - from / width) > 1e-4);
  const ramp = {
    dims: [1, 1, from],
    data: Float32Array.from({ length: from }, (_, i) => i - 8950),
  };
  const found = resizeBicubic(ramp, { width, height: 1 }).data;
  const expected = plainly(ramp, width, 1).data;
  for (let i = width - 6; i < width; i++) {
    assert.ok(Math.abs(found[i]! - expected[i]!) < 3e-5, `${i}: ${found[i]}`);
  }
});

Deno.test("resizeBicubic() to the same size changes nothing", () => {
  const planes = {
    dims: [1, 5, 4],
    data: Float32Array.from({ length: 20 }, (_, i) => Math.cos(3 * i)),
  };
  assert.deepEqual(resizeBicubic(planes, { width: 4, height: 5 }), planes);
});

Deno.test("resizeImageBicubic() maps bytes to -1..1 and keeps the overshoot", () => {
  const edge = {
    width: 4,
    height: 1,
    data: new Uint8Array([0, 0, 255, 255].flatMap((v) => [v, 255 - v, 128])),
  };
  const { dims, data } = resizeImageBicubic(edge, { width: 16, height: 2 });
  assert.deepEqual(dims, [3, 2, 16]);
  assert.ok(Math.min(...data) < -1 && Math.max(...data) > 1);
  assert.ok(Math.abs(data[64]! - (128 / 255 - 0.5) / 0.5) < 1e-6);
});

Deno.test("resizeBicubic() refuses what is no size", () => {
  const planes = { dims: [1, 1, 1], data: new Float32Array(1) };
  assert.throws(
    () => resizeBicubic(planes, { width: 0, height: 1 }),
    RangeError,
  );
  assert.throws(
    () => resizeBicubic(planes, { width: 1, height: 1.5 }),
    RangeError,
  );
  assert.throws(
    () =>
      resizeBicubic({ dims: [1, 2, 2], data: new Float32Array(3) }, {
        width: 1,
        height: 1,
      }),
    /expected \(C, H, W\)/,
  );
  assert.throws(
    () =>
      resizeImageBicubic({ width: 2, height: 2, data: new Uint8Array(3) }, {
        width: 1,
        height: 1,
      }),
    /expected 12/,
  );
});
