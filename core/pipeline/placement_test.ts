import assert from "node:assert/strict";
import { CPU } from "../onnx/runtime/device.ts";
import { checkStored, networkDtypes, placeNetwork } from "./placement.ts";

Deno.test("a single dtype is the transformer's, and dit is its other name", () => {
  assert.deepEqual(networkDtypes("bf16"), { transformer: "bf16" });
  assert.deepEqual(networkDtypes({ dit: "fp16" }), { transformer: "fp16" });
  assert.throws(() => networkDtypes({ vae: "bf16" }), /fp16 or fp32/);
  assert.throws(
    () => networkDtypes({ t5: "fp16" }),
    /HINT: The text encoder overflows/,
  );
});

Deno.test("a dtype that the device lacks is refused, never replaced", () => {
  const cpu = {
    device: CPU,
    attention: "fused",
    compute: ["float32"],
  } as const;
  assert.equal(placeNetwork("transformer", cpu).target.compute, "float32");
  assert.throws(
    () => placeNetwork("transformer", cpu, "bf16"),
    /cpu computes in fp32/,
  );
});

Deno.test("quantized weights are asked for only where the file has them", () => {
  const file = {
    tensors: new Map(),
    dtypes: new Map(),
    files: ["a.safetensors"],
  };
  checkStored("transformer", file, "bf16"); // any file will do
  assert.throws(
    () => checkStored("transformer", file, "q8"),
    /"a\.safetensors".*HINT: .*quantize/s,
  );
});
