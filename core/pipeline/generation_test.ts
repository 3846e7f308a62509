import assert from "node:assert/strict";
import { CPU } from "../runtime/device.ts";
import type { WorkingDevice } from "../runtime/devices.ts";
import { completeSettings } from "./generation.ts";
import {
  describePlacement,
  placeOthers,
  placeTransformer,
  type Precision,
} from "./placement.ts";

Deno.test("completeSettings() has the reference's defaults", () => {
  assert.deepEqual(completeSettings(), {
    maxArea: 832 * 480,
    frameCount: 81,
    solver: "unipc",
    steps: 40,
    shift: 5,
    guidance: 5,
    stepCache: 0,
    compat: "exact",
  });
});

Deno.test("completeSettings() counts the steps of one's own noise levels", () => {
  assert.equal(completeSettings({ sigmas: [1, 0.5, 0] }).steps, 2);
});

const cuda = (...compute: string[]) =>
  ({
    device: { kind: "cuda", index: 1 },
    attention: "fused",
    compute: ["float32", ...compute],
  }) as unknown as WorkingDevice;

Deno.test("placeTransformer() takes the reference's precision where it can", () => {
  const of = (device: WorkingDevice, precision: Precision = "auto") =>
    describePlacement(placeTransformer(device, precision));
  assert.equal(of(cuda("bfloat16", "float16")), "cuda:1, bf16");
  assert.equal(of(cuda("float16")), "cuda:1, fp16");
  assert.equal(of(cuda()), "cuda:1, fp32");
  assert.equal(of(cuda("bfloat16"), "fp32"), "cuda:1, fp32");
  assert.throws(
    () => of(cuda("bfloat16"), "fp16"),
    /Cannot run in fp16: cuda:1 computes in fp32 and bf16\nHINT/,
  );
});

Deno.test("the text encoder is never placed in fp16, the others are exact", () => {
  const { text, exact } = placeOthers(cuda("float16"));
  assert.equal(text.target.compute, "float32");
  assert.equal(exact.target.compute, "float32");
  assert.equal(exact.target.float8, "cast");
  const { text: half } = placeOthers(cuda("bfloat16", "float16"));
  assert.equal(half.target.compute, "bfloat16");
  const cpu = {
    device: CPU,
    attention: "fused",
    compute: ["float32"],
  } as const;
  assert.equal(placeOthers(cpu).exact.target.float8, "dequantize");
});
