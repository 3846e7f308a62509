import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { memorySource } from "../core/base/byte_source.ts";
import { CheckpointError } from "../core/formats/checkpoint_error.ts";
import { NETWORKS } from "../core/wan/networks.ts";
import { CLIP_VIT_H_14 } from "../core/wan/image_encoder/layout.ts";
import { UMT5_XXL } from "../core/wan/text_encoder/layout.ts";
import { WAN_14B_I2V } from "../core/wan/transformer/layout.ts";
import { WAN_VAE } from "../core/wan/vae/layout.ts";
import { readSafetensors } from "../core/formats/safetensors.ts";
import { tinyCheckpoint } from "../core/checkpoint/tiny_checkpoint.ts";
import { readTorchZip } from "../core/formats/torch_zip.ts";
import {
  openAtiCheckpoint,
  openComponent,
} from "../core/checkpoint/open_checkpoint.ts";
import { writeFileAtomic } from "../core/files/files.ts";
import { goldenUrl, readGoldenJson } from "./fixtures/golden.ts";
import { writeSparseNetwork } from "./fixtures/sparse_weights.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { seeded } from "../core/base/seeded.ts";

const goldenPath = (path: string) => fileURLToPath(goldenUrl(path));

Deno.test("openAtiCheckpoint() opens the tiny checkpoint of the reference", async () => {
  const { dit, vae, clip, t5 } = readGoldenJson<
    Record<string, Record<string, number>>
  >("ckpt/manifest.json");
  const checkpoint = await openAtiCheckpoint(goldenPath("ckpt"), {
    tokenizer: false,
  });
  const { transformer } = checkpoint;
  assert.deepEqual(transformer.config, {
    dim: dit!.dim,
    ffnDim: dit!.ffn_dim,
    numHeads: dit!.num_heads,
    numLayers: dit!.num_layers,
    inDim: dit!.in_dim,
    outDim: dit!.out_dim,
    textDim: dit!.text_dim,
    imageDim: dit!.clip_dim,
    freqDim: dit!.freq_dim,
    textLen: dit!.text_len,
    patchSize: [1, 2, 2],
    eps: dit!.eps,
  });
  assert.deepEqual(checkpoint.vae.config, {
    ...WAN_VAE,
    dim: vae!.dim,
    zDim: vae!.z_dim,
  });
  assert.deepEqual(checkpoint.clip.config, {
    dim: clip!.vision_dim,
    mlpDim: 4 * clip!.vision_dim!,
    numHeads: clip!.vision_heads,
    numLayers: clip!.vision_layers,
    imageSize: 224,
    patchSize: 14,
  });
  assert.deepEqual(checkpoint.t5.config, {
    vocabSize: t5!.vocab_size,
    dim: t5!.dim,
    dimAttn: t5!.dim_attn,
    dimFfn: t5!.dim_ffn,
    numHeads: t5!.num_heads,
    numLayers: t5!.encoder_layers,
    numBuckets: t5!.num_buckets,
  });
  assert.deepEqual(
    NETWORKS.map((kind) => [...checkpoint[kind].dtypes.keys()].join()),
    ["BF16", "F16", "F32", "F32"],
  );
  // The text half of the image encoder's file is left out, and said so.
  assert.match(checkpoint.clip.notes.join(), /text half \(23 tensors/);
  assert.match(
    await openAtiCheckpoint(goldenPath("ckpt")).then(
      () => "",
      (error: Error) => error.message,
    ),
    /none is\n {2}tokenizer: google\/umt5-xxl\/tokenizer\.json/,
  );
});

Deno.test("openComponent() opens shards of bfloat16 and a single file of float8", async () => {
  const shards = await openComponent(
    "transformer",
    goldenPath("dit/model/diffusion_pytorch_model.safetensors.index.json"),
  );
  assert.equal(shards.files.length, 3);
  assert.deepEqual(
    [shards.config.dim, shards.config.imageDim],
    [256, 160],
  );
  const { config } = readGoldenJson<{ config: Record<string, unknown> }>(
    "dit_fp8/manifest.json",
  );
  const single = await openComponent(
    "transformer",
    goldenPath("dit_fp8/Wan2_1-I2V-ATI-tiny_fp8_e4m3fn.safetensors"),
    { config },
  );
  assert.deepEqual(
    [...single.dtypes].map(([dtype, { tensors }]) => [dtype, tensors]),
    [["F16", 63], ["F8_E4M3", 24]],
  );
});

Deno.test({
  name: "openAtiCheckpoint() follows the links of a Hugging Face cache",
  ignore: Deno.build.os === "windows", // links need a privilege there
  async fn() {
    await using temporary = await temporaryFolder();
    const root = temporary.path;
    const snapshot = join(root, "models--a--b", "snapshots", "1234");
    const blobs = join(root, "models--a--b", "blobs");
    const files = await tinyCheckpoint({ folder: "", seed: 3 });
    let count = 0;
    for (const [path, bytes] of Object.entries(files)) {
      const blob = join(blobs, `sha${count++}`);
      await writeFileAtomic(blob, bytes);
      const link = join(snapshot, path);
      await Deno.mkdir(join(link, ".."), { recursive: true });
      await Deno.symlink(blob, link);
    }
    const { transformer, vae, tokenizer } = await openAtiCheckpoint(snapshot);
    for (const file of [...transformer.files, ...vae.files]) {
      assert(file.startsWith(blobs), file);
    }
    assert.equal(tokenizer, join(snapshot, "google/umt5-xxl/tokenizer.json"));
    for (const { file } of transformer.tensors.values()) {
      assert(transformer.files.includes(file));
    }
    // A link to nothing counts as missing.
    await Deno.remove(join(blobs, "sha0"));
    await assert.rejects(openAtiCheckpoint(snapshot), /shards are missing/);
  },
});

Deno.test("openAtiCheckpoint() opens the full-size networks from sparse files", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const write = (name: string) => join(folder, name);
  const transformerSize = writeSparseNetwork(
    write("Wan2_1-I2V-ATI-14B_bf16.safetensors"),
    { kind: "transformer", parameters: WAN_14B_I2V, dtype: "BF16" },
  );
  writeSparseNetwork(write("umt5_xxl_fp16.safetensors"), {
    kind: "t5",
    parameters: UMT5_XXL,
    dtype: "F16",
  });
  writeSparseNetwork(write("clip_vision.safetensors"), {
    kind: "clip",
    parameters: CLIP_VIT_H_14,
    dtype: "F16",
  });
  writeSparseNetwork(write("wan_2.1_vae.safetensors"), {
    kind: "vae",
    parameters: WAN_VAE,
    dtype: "F32",
  });
  await writeFileAtomic(write("tokenizer.json"), "{}");
  const start = performance.now();
  const { transformer, t5, clip, vae } = await openAtiCheckpoint(folder);
  console.log(
    `${
      (transformerSize / 1e9).toFixed(1)
    } GB transformer and its three companions opened in ${
      Math.round(performance.now() - start)
    } ms`,
  );
  assert.deepEqual(transformer.config, WAN_14B_I2V);
  assert.deepEqual(t5.config, UMT5_XXL);
  assert.deepEqual(clip.config, CLIP_VIT_H_14);
  assert.deepEqual(vae.config, WAN_VAE);
  assert.equal(transformer.bytes, 2 * transformer.parameters);
  assert(transformer.bytes < transformerSize);
  // One byte short is an error now, not a crash when the file is mapped.
  const path = transformer.files[0]!;
  await Deno.truncate(path, transformerSize - 1);
  await assert.rejects(openComponent("transformer", path), (error) => {
    assert(error instanceof CheckpointError);
    assert.equal(error.code, "incomplete-buffer");
    return true;
  });
});

Deno.test("damaged checkpoint files yield named errors and nothing else", async () => {
  const FLIPS = 400;
  const chance = seeded(1);
  const random = (bound: number) => Math.floor(chance() * bound);
  const files = [
    "ckpt/diffusion_pytorch_model-00001-of-00002.safetensors",
    "ckpt/diffusion_pytorch_model-00002-of-00002.safetensors",
    "dit_fp8/Wan2_1-I2V-ATI-tiny_fp8_e4m3fn.safetensors",
    "ckpt/Wan2.1_VAE.pth",
    "ckpt/models_t5_umt5-xxl-enc-bf16.pth",
    "ckpt/models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth",
  ];
  for (const name of files) {
    const bytes = await Deno.readFile(goldenUrl(name));
    const isTorch = name.endsWith(".pth");
    // Where the structure lies: the header; the pickle and the directory.
    const regions = isTorch ? [[0, 30_000], [-30_000, 0]] : [[0, 5000]];
    const counts = { refused: 0, accepted: 0 };
    for (let i = 0; i < FLIPS; i++) {
      const [from, to] = regions[i % regions.length]!;
      const start = from! < 0 ? Math.max(0, bytes.length + from!) : from!;
      const end = Math.min(bytes.length, to! > 0 ? to! : bytes.length);
      const changed = bytes.slice();
      for (let n = 0; n <= i % 3; n++) {
        changed[start + random(end - start)]! = random(256);
      }
      const cut = i % 10 === 9 ? random(bytes.length) : bytes.length;
      const source = memorySource(changed.subarray(0, cut), name);
      try {
        const { tensors } = isTorch
          ? await readTorchZip(source)
          : readSafetensors(source);
        counts.accepted++;
        for (const { offset, length } of tensors.values()) {
          assert(offset >= 0 && offset + length <= source.size);
        }
      } catch (error) {
        assert(error instanceof CheckpointError, `${name}: ${error}`);
        counts.refused++;
      }
    }
    assert(counts.refused > FLIPS / 10, `${name}: ${JSON.stringify(counts)}`);
  }
});
