import assert from "node:assert/strict";
import { CPU, parseDevice } from "../onnx/runtime/device.ts";
import type { ProbedDevice } from "../onnx/runtime/devices.ts";
import { completeSettings, type GenerationSettings } from "./generation.ts";
import {
  checkStored,
  type ComputeDtype,
  describePlacement,
  networkDtypes,
  placeNetwork,
} from "./placement.ts";
import type { NetworkKind } from "../wan/networks.ts";

Deno.test("completeSettings() has the reference's defaults", () => {
  assert.deepEqual(completeSettings(), {
    maxArea: 832 * 480,
    frameCount: 81,
    solver: "unipc",
    steps: 40,
    flowShift: 5,
    guidanceScale: 5,
    stepCache: 0,
    compat: "exact",
    control: { method: "ati" },
  });
});

Deno.test("completeSettings() takes undefined for unsaid", () => {
  const control = { method: "wan-move" } as const;
  const settings = { control, flowShift: undefined, steps: undefined };
  assert.deepEqual(
    completeSettings(settings as unknown as GenerationSettings),
    completeSettings({ control }),
  );
});

Deno.test("completeSettings() refuses use_ret_steps without TeaCache", () => {
  assert.throws(
    () => completeSettings({ useRetSteps: true }),
    /useRetSteps without TeaCache: expected stepCache above 0/,
  );
});

Deno.test("completeSettings() counts the steps of custom sigmas", () => {
  assert.equal(completeSettings({ sigmas: [1, 0.5, 0] }).steps, 2);
});

const cuda = (...compute: string[]) =>
  ({
    device: { kind: "cuda", index: 1 },
    attention: "fused",
    compute: ["float32", ...compute],
  }) as unknown as ProbedDevice;

const CPU_FOUND = {
  device: CPU,
  attention: "fused",
  compute: ["float32"],
} as const;

Deno.test("placeNetwork() uses the reference's dtype where possible", () => {
  const of = (device: ProbedDevice, precision: ComputeDtype = "auto") =>
    describePlacement(placeNetwork("transformer", device, precision));
  assert.equal(of(cuda("bfloat16", "float16")), "cuda:1, bf16");
  assert.equal(of(cuda("float16")), "cuda:1, fp16");
  assert.equal(of(cuda()), "cuda:1, fp32");
  assert.equal(of(cuda("bfloat16"), "fp32"), "cuda:1, fp32");
  assert.throws(
    () => of(cuda("bfloat16"), "fp16"),
    /Cannot run the transformer in fp16: cuda:1 computes in fp32 and bf16\nHINT/,
  );
  const webgpu = { ...cuda(), device: parseDevice("webgpu") };
  assert.equal(of(webgpu), "webgpu, fp32");
  assert.throws(
    () => of(webgpu, "fp16"),
    /webgpu computes in fp32\nHINT: Omit --dtype\. .*keeps the sums of fp16 in fp16/,
  );
});

Deno.test("placeNetwork() runs the attention of a bf16 transformer in fp16 on CUDA", () => {
  const of = (part: NetworkKind, device: ProbedDevice) =>
    placeNetwork(part, device).target.attentionCompute;
  assert.equal(of("transformer", cuda("bfloat16", "float16")), "float16");
  assert.equal(of("transformer", cuda("bfloat16")), undefined); // fp16 failed its probe
  assert.equal(of("transformer", cuda("float16")), undefined); // already fp16
  assert.equal(of("t5", cuda("bfloat16", "float16")), undefined);
});

Deno.test("placeNetwork() never runs the text encoder in fp16, the others exactly", () => {
  const of = (part: NetworkKind, device: ProbedDevice) =>
    placeNetwork(part, device).target;
  assert.equal(of("t5", cuda("float16")).compute, "float32");
  assert.equal(of("t5", cuda("bfloat16", "float16")).compute, "bfloat16");
  for (const part of ["clip", "vae"] as const) {
    const target = of(part, cuda("bfloat16", "float16"));
    assert.deepEqual([target.compute, target.float8], ["float32", "cast"]);
  }
  assert.equal(of("vae", CPU_FOUND).float8, "dequantize");
  // Only supported dtypes are listed.
  assert.throws(
    () => placeNetwork("t5", cuda("float16"), "bf16"),
    /Cannot run the text encoder in bf16: cuda:1 computes in fp32\nHINT/,
  );
  const { target } = placeNetwork("clip", cuda("float16"), "fp16");
  assert.equal(target.compute, "float16");
});

Deno.test("networkDtypes() refuses unsupported dtypes", () => {
  assert.deepEqual(networkDtypes("fp16"), { transformer: "fp16" });
  const mixed = {
    transformer: "fp8",
    t5: "bf16",
    clip: "fp16",
    vae: "fp32",
  } as const;
  assert.deepEqual(networkDtypes(mixed), mixed);
  for (
    const [parts, expected] of [
      [
        { t5: "fp16" },
        /text encoder in "fp16", expected auto, bf16, fp32, fp8, q8 or q4\nHINT: The text encoder over/,
      ],
      [{ vae: "bf16" }, /VAE in "bf16", expected auto, fp16 or fp32$/],
      [{ vae: "fp8" }, /VAE in "fp8"/],
      [{ clip: 16 }, /image encoder in 16, expected auto, bf16, fp16 or fp32/],
      [
        { transformer: "int8" },
        /expected auto, bf16, fp16, fp32, fp8, q8 or q4/,
      ],
      [{ unet: "fp16" }, /of "unet".*expected transformer, t5, clip or vae/],
      [{ constructor: "fp16" }, /of "constructor"/],
    ] as const
  ) assert.throws(() => networkDtypes(parts), expected);
});

Deno.test("checkStored() requires fp8, 8- and 4-bit weights in the file", () => {
  const component = (dtype: string, name = "blocks.0.ffn.0.weight") =>
    ({
      files: ["w.safetensors"],
      tensors: new Map([[name, {}]]),
      dtypes: new Map([[dtype, {}]]),
    }) as unknown as Parameters<typeof checkStored>[1];
  const plain = component("BF16");
  checkStored("transformer", plain, "fp16");
  checkStored("transformer", plain);
  checkStored("transformer", component("F8_E4M3"), "fp8");
  checkStored("transformer", component("U8", "blocks.0.ffn.0.weight_q4"), "q4");
  assert.throws(
    () => checkStored("transformer", plain, "fp8"),
    /"w\.safetensors" are BF16, expected fp8.*\nHINT: .*--variant fp8.*quantize/,
  );
  assert.throws(
    () => checkStored("transformer", component("U8", "a.weight_q8"), "q4"),
    /are q8, expected q4.*\nHINT: .*--bits 4/,
  );
  assert.throws(() => checkStored("t5", plain, "fp8"), /HINT: .*--t5 FILE/);
});
