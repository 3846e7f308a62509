import assert from "node:assert/strict";
import {
  type Blank,
  blankSafetensors,
  diffusersTransformer,
  diffusersVae,
  officialTensors,
  scaledFloat8,
  transformersClip,
  transformersT5,
} from "../../tests/fixtures/community_files.ts";
import type { CheckpointOptions } from "./checkpoint.ts";
import { readAtiCheckpoint, readComponent } from "./read_checkpoint.ts";
import type { CheckpointErrorCode } from "../formats/checkpoint_error.ts";
import { type NetworkKind, NETWORKS } from "../wan/networks.ts";
import { memoryFiles } from "../base/file_view.ts";
import { readWeights } from "../formats/read_weights.ts";
import {
  officialConfig,
  TINY_CONFIG,
  tinyCheckpoint,
} from "./tiny_checkpoint.ts";

const json = (value: unknown) =>
  new TextEncoder().encode(JSON.stringify(value));
const CONFIG = json(officialConfig(TINY_CONFIG.transformer));
const TOKENIZER = json({});
const official = await tinyCheckpoint({ folder: "c", seed: 1 });

type Files = Record<string, Uint8Array<ArrayBuffer>>;

function open(files: Files, options: CheckpointOptions = {}) {
  return readAtiCheckpoint(memoryFiles(files), { ...options, folder: "c" });
}

async function assertCode(
  promise: Promise<unknown>,
  code: CheckpointErrorCode,
  message: RegExp,
): Promise<void> {
  await assert.rejects(promise, { name: "CheckpointError", code, message });
}

/** The files whose names do not match. */
function without(files: Files, pattern: RegExp): Files {
  return Object.fromEntries(
    Object.entries(files).filter(([path]) => !pattern.test(path)),
  );
}

/** Checks that every network has exactly the official names and shapes. */
async function assertOfficial(
  files: Files,
  options: CheckpointOptions = {},
  except: RegExp = /^$/,
) {
  const checkpoint = await open(files, options);
  for (const kind of NETWORKS) {
    const { tensors, config } = checkpoint[kind];
    assert.deepEqual(config, TINY_CONFIG[kind]);
    for (const { name, shape } of officialTensors(kind)) {
      if (except.test(name)) continue;
      assert.deepEqual(tensors.get(name)?.shape, shape, name);
    }
  }
  return checkpoint;
}

Deno.test("readAtiCheckpoint() opens the official layout", async () => {
  const checkpoint = await assertOfficial(official);
  assert.equal(checkpoint.tokenizer, "c/google/umt5-xxl/tokenizer.json");
  const { transformer, t5, vae } = checkpoint;
  assert.deepEqual(transformer.files, [
    "c/diffusion_pytorch_model-00001-of-00002.safetensors",
    "c/diffusion_pytorch_model-00002-of-00002.safetensors",
  ]);
  assert.deepEqual(
    NETWORKS.map((kind) => [checkpoint[kind].naming, checkpoint[kind].notes]),
    NETWORKS.map(() => ["official", []]),
  );
  assert.deepEqual([...t5.dtypes.keys()], ["BF16"]);
  assert.equal(vae.bytes, vae.parameters * 4);
  assert.deepEqual(
    [...transformer.tensors.keys()],
    officialTensors("transformer").map(({ name }) => name),
  );
});

Deno.test("readAtiCheckpoint() opens the files of the WanVideoWrapper nodes", async () => {
  for (const prefix of ["", "model.diffusion_model."]) {
    const { transformer, vae, clip } = await assertOfficial({
      "c/Wan2_1-I2V-ATI-14B_fp8_e4m3fn.safetensors": blankSafetensors(
        scaledFloat8(prefix),
      ),
      "c/config.json": CONFIG,
      "c/Wan2_1_VAE_bf16.safetensors": blankSafetensors(
        officialTensors("vae", "BF16").map((t) => ({
          ...t,
          name: `model.${t.name}`,
        })),
      ),
      "c/umt5-xxl-enc-bf16.safetensors": blankSafetensors(
        officialTensors("t5", "BF16"),
      ),
      "c/open-clip-xlm-roberta-large-vit-huge-14_visual_fp16.safetensors":
        blankSafetensors(officialTensors("clip")),
      "c/google/umt5-xxl/tokenizer.json": TOKENIZER,
    });
    assert.equal(transformer.naming, "official");
    assert.deepEqual([...transformer.dtypes.keys()].sort(), [
      "F16",
      "F32",
      "F8_E4M3",
    ]);
    const scale = transformer.tensors.get("blocks.1.ffn.2.scale_weight");
    assert.deepEqual([scale?.dtype, scale?.shape], ["F32", []]);
    assert(!transformer.tensors.has("blocks.1.ffn.2.scale_input"));
    assert.match(transformer.notes.join(), /marker of scaled fp8 \(1 tensors/);
    assert.deepEqual([...vae.dtypes.keys()], ["BF16"]);
    assert.deepEqual([...clip.dtypes.keys()], ["F16"]);
  }
});

Deno.test("readAtiCheckpoint() opens ComfyUI's models folder", async () => {
  const checkpoint = await assertOfficial(
    {
      "c/diffusion_models/Wan2_1-I2V-ATI-14B_fp16.safetensors":
        blankSafetensors(
          officialTensors("transformer"),
        ),
      "c/diffusion_models/config.json": CONFIG,
      "c/diffusion_models/wan2.1_i2v_480p_14B_fp16.safetensors":
        blankSafetensors(officialTensors("transformer")),
      "c/diffusion_models/flux1-dev.safetensors": blankSafetensors([
        {
          name: "double_blocks.0.img_attn.qkv.weight",
          shape: [2, 2],
          dtype: "F16",
        },
      ]),
      "c/vae/wan_2.1_vae.safetensors": blankSafetensors(
        officialTensors("vae", "F16"),
      ),
      "c/vae/ae.safetensors": blankSafetensors([
        { name: "decoder.conv_in.weight", shape: [2], dtype: "F16" },
      ]),
      "c/text_encoders/umt5_xxl_fp16.safetensors": blankSafetensors([
        ...transformersT5(),
        { name: "spiece_model", shape: [7], dtype: "U8" },
      ]),
      "c/clip_vision/clip_vision_h.safetensors": blankSafetensors([
        ...transformersClip(),
        {
          name: "vision_model.embeddings.position_ids",
          shape: [257],
          dtype: "I64",
        },
      ]),
      "c/tokenizer/tokenizer.json": TOKENIZER,
    },
    {},
    /to_qkv|visual\.head/,
  );
  const { transformer, t5, clip } = checkpoint;
  assert.match(transformer.files[0]!, /ATI-14B_fp16/);
  assert.deepEqual([t5.naming, clip.naming], ["transformers", "transformers"]);
  assert.match(t5.notes.join(), /SentencePiece model/);
  assert.equal(
    clip.tensors.get("visual.transformer.3.attn.to_k.weight")?.shape.join(),
    "64,64",
  );
  assert.equal(
    clip.tensors.get("visual.transformer.3.attn.to_v.bias")?.shape.join(),
    "64",
  );
});

Deno.test("readAtiCheckpoint() opens scaled fp8 text encoders", async () => {
  const scaled: Blank[] = transformersT5().flatMap((tensor) =>
    /SelfAttention\.[qkvo]|wi_|wo/.test(tensor.name)
      ? [
        { ...tensor, dtype: "F8_E4M3" as const },
        {
          name: tensor.name.replace(/weight$/, "scale_weight"),
          shape: [],
          dtype: "F32" as const,
        },
      ]
      : [tensor]
  );
  const t5 = await readComponent(
    memoryFiles({
      "c/umt5_xxl_fp8_e4m3fn_scaled.safetensors": blankSafetensors([
        ...scaled,
        { name: "scaled_fp8", shape: [0], dtype: "F8_E4M3" },
        // transformers writes the shared embedding twice.
        { ...scaled[0]!, name: "encoder.embed_tokens.weight" },
      ]),
    }),
    { kind: "t5", path: "c/umt5_xxl_fp8_e4m3fn_scaled.safetensors" },
  );
  assert.equal(t5.tensors.get("blocks.0.attn.q.weight")?.dtype, "F8_E4M3");
  assert.equal(t5.tensors.get("blocks.0.attn.q.scale_weight")?.dtype, "F32");
});

Deno.test("readAtiCheckpoint() opens a diffusers folder", async () => {
  const { transformer, vae } = await assertOfficial(
    {
      "c/model_index.json": json({}),
      "c/transformer/diffusion_pytorch_model.safetensors": blankSafetensors(
        diffusersTransformer(),
      ),
      "c/transformer/config.json": json({
        _class_name: "WanTransformer3DModel",
        num_attention_heads: 2,
        attention_head_dim: 32,
        num_layers: 2,
        in_channels: 36,
        out_channels: 16,
        ffn_dim: 144,
        freq_dim: 256,
        eps: 1e-6,
      }),
      "c/vae/diffusion_pytorch_model.safetensors": blankSafetensors(
        diffusersVae(),
      ),
      "c/vae/config.json": json({ _class_name: "AutoencoderKLWan" }),
      "c/text_encoder/model.safetensors": blankSafetensors(
        transformersT5("BF16"),
      ),
      "c/text_encoder/config.json": json({ num_heads: 64 }),
      "c/image_encoder/model.safetensors": blankSafetensors(transformersClip()),
      "c/image_encoder/config.json": json({
        num_attention_heads: 16,
        patch_size: 14,
      }),
      "c/tokenizer/tokenizer.json": TOKENIZER,
    },
    {},
    /to_qkv|visual\.head/,
  );
  assert.deepEqual([transformer.naming, vae.naming], [
    "diffusers",
    "diffusers",
  ]);
});

Deno.test("the mappings from other programs' names lead every tensor to its own name", async () => {
  const foreign: [NetworkKind, Blank[]][] = [
    ["transformer", diffusersTransformer()],
    ["vae", diffusersVae()],
    ["t5", transformersT5()],
    ["clip", transformersClip()],
  ];
  for (const [kind, tensors] of foreign) {
    const files = memoryFiles({
      "c/a.safetensors": blankSafetensors(tensors),
      "c/config.json": CONFIG,
    });
    const path = "c/a.safetensors";
    const stored = (await readWeights(files, path)).tensors;
    const { tensors: found, notes } = await readComponent(files, {
      kind,
      path,
    });
    assert(!notes.join().includes("unknown"), notes.join());
    // Both lists are in the same order, apart from the three tensors of to_qkv.
    const official = officialTensors(kind).flatMap(({ name }) =>
      kind === "clip" && name.includes("to_qkv")
        ? ["q", "k", "v"].map((part) => name.replace("to_qkv", `to_${part}`))
        : [name]
    );
    assert.equal(official.length, tensors.length);
    let renamed = 0;
    official.forEach((name, i) => {
      const own = tensors[i]!.name;
      if (name === "visual.head") return; // left out
      assert.equal(found.get(name)?.offset, stored.get(own)!.offset, name);
      if (name !== own) renamed++;
    });
    assert(renamed > official.length * 0.9, `${kind}: ${renamed}`);
  }
});

Deno.test("readAtiCheckpoint() lists everything that is missing and where to get it", async () => {
  await assertCode(
    open({ "c/readme.txt": new Uint8Array(1) }),
    "missing-files",
    /./,
  );
  const error = await open({ "c/readme.txt": new Uint8Array(1) })
    .then(() => undefined, (error: Error) => error);
  const lines = error!.message.split("\n");
  assert.equal(lines.length, 7);
  assert.match(
    lines[0]!,
    /Cannot open "c" as a checkpoint: of 1 entries none is/,
  );
  assert.match(
    error!.message,
    /t5: models_t5_umt5.*from Wan-AI\/Wan2\.1-I2V-14B-480P/,
  );
  assert.match(error!.message, /transformer: .*from bytedance-research\/ATI/);
  assert.match(error!.message, /tokenizer: google\/umt5-xxl\/tokenizer\.json/);
  assert.match(lines[6]!, /^HINT: deno task download -c c /);

  await assertCode(
    open(without(official, /VAE/)),
    "missing-files",
    /none is\n {2}vae: [^\n]*\nHINT/,
  );
  await assertCode(
    readAtiCheckpoint(memoryFiles(official), { folder: "elsewhere" }),
    "missing-files",
    /"elsewhere": there is nothing, expected a folder/,
  );
});

Deno.test("readAtiCheckpoint() reports a broken candidate", async () => {
  const cut = blankSafetensors(officialTensors("vae")).subarray(0, 9000);
  await assertCode(
    open({
      ...without(official, /VAE/),
      "c/wan_2.1_vae.safetensors": cut,
    }),
    "missing-files",
    /\n {2}Cannot read "c\/wan_2\.1_vae\.safetensors" as safetensors: .*\nHINT/,
  );
});

Deno.test("readAtiCheckpoint() refuses to choose among several candidates", async () => {
  const vae = blankSafetensors(officialTensors("vae"));
  const files = {
    ...without(official, /VAE/),
    "c/a.safetensors": vae,
    "c/vae/b.safetensors": vae,
  };
  await assertCode(
    open(files),
    "unknown-layout",
    /"c\/a\.safetensors", "c\/vae\/b\.safetensors" would all do[^]*--vae FILE/,
  );
  const { vae: chosen } = await open(files, { vae: "c/vae/b.safetensors" });
  assert.deepEqual(chosen.files, ["c/vae/b.safetensors"]);
});

Deno.test("readAtiCheckpoint() uses the component files that are given", async () => {
  const elsewhere = Object.fromEntries(
    Object.entries(
      await tinyCheckpoint({ folder: "d", seed: 2, dtype: "F16" }),
    ),
  );
  const files = { ...official, ...elsewhere };
  const checkpoint = await open(files, {
    transformer: "d",
    t5: "d/models_t5_umt5-xxl-enc-bf16.pth",
    tokenizer: "d/google/umt5-xxl",
  });
  assert(checkpoint.transformer.files.every((file) => file.startsWith("d/")));
  assert.deepEqual([...checkpoint.transformer.dtypes.keys()], ["F16"]);
  assert.match(checkpoint.t5.files[0]!, /^d\//);
  assert.match(checkpoint.clip.files[0]!, /^c\//);
  assert.equal(checkpoint.tokenizer, "d/google/umt5-xxl/tokenizer.json");

  const bare = await open(without(official, /tokenizer/), { tokenizer: false });
  assert.equal(bare.tokenizer, undefined);
  await assertCode(
    open(files, { vae: "d/nothing.pth" }),
    "missing-files",
    /"d\/nothing\.pth" as the vae: there is nothing/,
  );
  await assertCode(
    open(files, { vae: "d/google" }),
    "missing-files",
    /holds no weights/,
  );
  await assertCode(
    open(files, { tokenizer: "d" }),
    "missing-files",
    /no tokenizer\.json/,
  );
  // A file of another network, given as the VAE.
  await assertCode(
    open(files, { vae: "d/models_t5_umt5-xxl-enc-bf16.pth" }),
    "tensor-not-found",
    /"encoder\.conv1\.weight" is missing/,
  );
});

Deno.test("readAtiCheckpoint() refuses a folder in which a shard or a tensor is missing", async () => {
  const INDEX = "c/diffusion_pytorch_model.safetensors.index.json";
  await assertCode(
    open(without(official, /00002-of/)),
    "missing-files",
    /1 of 2 shards are missing: "diffusion_pytorch_model-00002-of-00002\.safetensors"/,
  );
  const index = JSON.parse(new TextDecoder().decode(official[INDEX]));
  const change = (weightMap: unknown) =>
    open({ ...official, [INDEX]: json({ weight_map: weightMap }) });
  const map = index.weight_map as Record<string, string>;
  await assertCode(
    change({ ...map, "blocks.0.new": map["head.head.bias"] }),
    "tensor-not-found",
    /"blocks\.0\.new" is not in/,
  );
  await assertCode(
    change({ ...map, "patch_embedding.weight": map["head.head.bias"] }),
    "shard-index",
    /lies in ".*00001.*", the index says ".*00002/,
  );
  for (
    const bad of ["../evil.safetensors", "/etc/passwd", "a\\b", "", 5, null]
  ) {
    await assertCode(
      change({ ...map, "patch_embedding.weight": bad }),
      "shard-index",
      /expected a file name/,
    );
  }
  for (const bad of [undefined, [], "x", {}]) {
    await assertCode(change(bad), "shard-index", /"weight_map" is/);
  }
  await assertCode(
    open({ ...official, [INDEX]: new TextEncoder().encode("{") }),
    "shard-index",
    /(no|not) JSON/,
  );
});

Deno.test("readComponent() refuses networks that ATI cannot use", async () => {
  const transformer = (
    tensors: Blank[],
    config: Uint8Array<ArrayBuffer> = CONFIG,
  ) =>
    readComponent(
      memoryFiles({
        "c/a.safetensors": blankSafetensors(tensors),
        "c/config.json": config,
      }),
      { kind: "transformer", path: "c/a.safetensors" },
    );
  const all = officialTensors("transformer");
  await assertCode(
    transformer(all.filter(({ name }) => !name.startsWith("img_emb"))),
    "unknown-layout",
    /without image conditioning \(36 input channels\)\nHINT/,
  );
  await assertCode(
    transformer(all.filter(({ name }) => name !== "blocks.1.ffn.0.weight")),
    "tensor-not-found",
    /1 of 87 tensors are missing, the first is "blocks\.1\.ffn\.0\.weight"/,
  );
  await assertCode(
    transformer(
      all.map((t) =>
        t.name === "blocks.1.ffn.0.weight" ? { ...t, shape: [64, 144] } : t
      ),
    ),
    "wrong-shape",
    /is \(64, 144\), expected \(144, 64\)/,
  );
  await assertCode(
    transformer(all, json({ num_heads: 2, ffn_dim: 150 })),
    "wrong-shape",
    /has ffn_dim 150, the tensors' shapes say 144/,
  );
  await assertCode(
    transformer(all, json({ any: "thing" })),
    "wrong-shape",
    /number of heads does not follow from a width of 64/,
  );
  await assertCode(
    transformer([...all, { ...all[0]!, name: "model.patch_embedding.weight" }]),
    "duplicate-key",
    /are both "patch_embedding\.weight"/,
  );
  const { notes } = await transformer([
    ...all,
    { name: "vace_blocks.0.x", shape: [1], dtype: "F16" },
  ]);
  assert.match(
    notes.join(),
    /unknown tensors are left out, the first is "vace/,
  );
});

Deno.test("readComponent() accepts a quantized weight", async () => {
  const tensors = officialTensors("transformer").flatMap((tensor) =>
    tensor.name === "blocks.0.ffn.0.weight"
      ? [
        {
          name: `${tensor.name}_q4`,
          shape: [144, 2, 16],
          dtype: "U8" as const,
        },
        { name: `${tensor.name}_scales`, shape: [288], dtype: "F32" as const },
      ]
      : [tensor]
  );
  const component = await readComponent(
    memoryFiles({ "c/q.safetensors": blankSafetensors(tensors) }),
    {
      kind: "transformer",
      path: "c/q.safetensors",
      config: officialConfig(TINY_CONFIG.transformer),
    },
  );
  assert(component.tensors.has("blocks.0.ffn.0.weight_q4"));
  assert(component.tensors.has("blocks.0.ffn.0.weight_scales"));
});

Deno.test("readComponent() refuses GGUF files with a hint", async () => {
  await assertCode(
    readComponent(
      memoryFiles({ "c/a.gguf": new TextEncoder().encode("GGUF....") }),
      { kind: "transformer", path: "c/a.gguf" },
    ),
    "unknown-layout",
    /it is a GGUF file\nHINT: /,
  );
});

Deno.test("readAtiCheckpoint() uses the folder's config.json for a transformer elsewhere", async () => {
  const elsewhere = await tinyCheckpoint({ folder: "e", seed: 2 });
  const { ["e/config.json"]: _, ...alone } = elsewhere;
  const transformer = "e/diffusion_pytorch_model.safetensors.index.json";
  const files = { ...official, ...alone };
  const checkpoint = await open(files, { transformer });
  assert.deepEqual(checkpoint.named, { transformer });
  assert.deepEqual(
    checkpoint.transformer.config,
    TINY_CONFIG.transformer,
  );
  assert.ok(checkpoint.transformer.files.every((path) => /^e\//.test(path)));
  assert.deepEqual((await open(official)).named, {});
  // Another network's config.json does not fit and is ignored.
  await assertCode(
    open({ ...files, "c/config.json": json({ model_type: "clip" }) }, {
      transformer,
    }),
    "wrong-shape",
    /number of heads does not follow/,
  );
});

Deno.test("readAtiCheckpoint() chooses ATI's among several transformers, and only a transformer", async () => {
  const transformer = blankSafetensors(officialTensors("transformer"));
  const vae = blankSafetensors(officialTensors("vae"));
  const alone = without(official, /VAE|diffusion_pytorch_model/);
  const many = {
    ...alone,
    "c/vae/v.safetensors": vae,
    "c/diffusion_models/wan_ati_14B.safetensors": transformer,
    "c/diffusion_models/wan_i2v_14B.safetensors": transformer,
  };
  const { transformer: chosen } = await open(many);
  assert.deepEqual(chosen.files, [
    "c/diffusion_models/wan_ati_14B.safetensors",
  ]);
  await assertCode(
    open({ ...many, "c/diffusion_models/ATI_2.safetensors": transformer }),
    "unknown-layout",
    /ATI_2[^]*would all do[^]*--transformer FILE/,
  );
  await assertCode(
    open({
      ...without(many, /ati_14B/),
      "c/diffusion_models/animation.safetensors": transformer,
    }),
    "unknown-layout",
    /animation[^]*would all do/,
  );
  await assertCode(
    open({ ...without(many, /i2v/), "c/vae/ati.safetensors": vae }),
    "unknown-layout",
    /would all do[^]*--vae FILE/,
  );
});
