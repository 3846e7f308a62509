import assert from "node:assert/strict";
import { findTraining, trainingOfName } from "./training.ts";

Deno.test("names say what a transformer was trained to follow", () => {
  const names = {
    "Wan2_1-I2V-ATI-14B_fp8_e4m3fn.safetensors": "ati",
    "Wan2.1-ATI-14B-480P": "ati",
    "Wan21-WanMove_fp8_scaled_e4m3fn_KJ.safetensors": "wan-move",
    "Wan-Move-14B-480P": "wan-move",
    "wan_move.gguf": "wan-move",
    "Wan2.1-I2V-14B-480P": "none",
    "wan2.1_i2v_480p_14B_fp16.safetensors": "none",
    "diffusion_pytorch_model-00001-of-00007.safetensors": undefined,
    "animation.safetensors": undefined,
  };
  for (const [name, training] of Object.entries(names)) {
    assert.equal(trainingOfName(name), training, name);
  }
});

Deno.test("metadata counts more than file names, and those more than folders", () => {
  const of = (
    file: string,
    metadata: Record<string, string> = {},
    named: { transformer?: string } = {},
  ) =>
    findTraining({
      folder: "/models/Wan2.1-ATI-14B-480P/",
      named,
      transformer: {
        files: [file],
        metadata: new Map(Object.entries(metadata)),
      },
    });
  const shard =
    "/models/Wan2.1-ATI-14B-480P/diffusion_pytorch_model-1.safetensors";
  assert.deepEqual(of(shard), {
    training: "ati",
    evidence: 'the folder\'s name "Wan2.1-ATI-14B-480P"',
    isSure: false,
  });
  assert.deepEqual(of("/a/Wan21-WanMove_fp8.safetensors"), {
    training: "wan-move",
    evidence: 'the name "Wan21-WanMove_fp8.safetensors"',
    isSure: true,
  });
  assert.equal(
    of("/a/ATI.safetensors", { "general.name": "Wan Move 14B" })?.training,
    "wan-move",
  );
  // A file from elsewhere is not what the folder is.
  const other = { transformer: "/a/q8.safetensors" };
  assert.equal(of("/a/q8.safetensors", {}, other), undefined);
  assert.equal(of("/a/q8.safetensors")?.training, "ati");
});
