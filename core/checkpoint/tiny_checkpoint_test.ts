import assert from "node:assert/strict";
import { memorySource } from "../base/byte_source.ts";
import { readSafetensors } from "../formats/safetensors.ts";
import { tinyCheckpoint } from "./tiny_checkpoint.ts";
import { readTorchZip } from "../formats/torch_zip.ts";

const SHARD = "t/diffusion_pytorch_model-00001-of-00002.safetensors";

Deno.test("tinyCheckpoint() is the same for the same seed only", async () => {
  const [a, b, c] = await Promise.all(
    [7, 7, 8].map((seed) => tinyCheckpoint({ folder: "t", seed })),
  );
  assert.deepEqual(a, b);
  assert.notDeepEqual(a![SHARD], c![SHARD]);
  assert.deepEqual(Object.keys(a!).sort(), [
    "t/Wan2.1_VAE.pth",
    "t/config.json",
    "t/diffusion_pytorch_model-00001-of-00002.safetensors",
    "t/diffusion_pytorch_model-00002-of-00002.safetensors",
    "t/diffusion_pytorch_model.safetensors.index.json",
    "t/google/umt5-xxl/tokenizer.json",
    "t/models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth",
    "t/models_t5_umt5-xxl-enc-bf16.pth",
  ]);
});

Deno.test("tinyCheckpoint() rounds the same numbers to each element type", async () => {
  const read = async (dtype: "F32" | "F16" | "BF16") => {
    const bytes =
      (await tinyCheckpoint({ folder: "t", seed: 1, dtype }))[SHARD]!;
    const { offset, length } = readSafetensors(memorySource(bytes, SHARD))
      .tensors.get("patch_embedding.weight")!;
    return bytes.slice(offset, offset + length).buffer;
  };
  const exact = new Float32Array(await read("F32"));
  const half = new Float16Array(await read("F16"));
  const brain = new Uint16Array(await read("BF16"));
  const scale = Math.max(...exact.map(Math.abs));
  assert(scale > 0.05 && scale < 1, `${scale}`);
  exact.forEach((value, i) => {
    const [bits] = [new Uint32Array([brain[i]! << 16])];
    const [widened] = new Float32Array(bits.buffer);
    assert(Math.abs(half[i]! - value) <= Math.abs(value) * 2 ** -11 + 2 ** -24);
    assert(Math.abs(widened! - value) <= Math.abs(value) * 2 ** -8);
  });
});

Deno.test("tinyCheckpoint() keeps norms around one and everything finite", async () => {
  const files = await tinyCheckpoint({ folder: "t", seed: 1 });
  const bytes = files["t/Wan2.1_VAE.pth"]!;
  const { tensors } = await readTorchZip(memorySource(bytes, "vae"));
  for (const { name, offset, length } of tensors.values()) {
    const values = new Float32Array(
      bytes.slice(offset, offset + length).buffer,
    );
    assert(values.every(Number.isFinite), name);
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    if (name.endsWith(".gamma")) assert(Math.abs(mean - 1) < 0.1, name);
    else assert(Math.abs(mean) < 0.5, name);
  }
});
