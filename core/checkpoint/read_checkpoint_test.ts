import assert from "node:assert/strict";
import { writeSafetensors } from "../formats/safetensors_writer.ts";
import { GGUF_TYPES, ggufBytes } from "../../tests/fixtures/gguf_bytes.ts";
import { llamaCppName } from "../../tests/fixtures/gguf_network.ts";
import { networkLayout } from "../wan/networks.ts";
import { surveyCheckpoint } from "./survey_checkpoint.ts";
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
import { readAtiCheckpoint } from "./read_checkpoint.ts";
import { readComponent } from "./read_component.ts";
import type { CheckpointErrorCode } from "../formats/checkpoint_error.ts";
import {
  type NetworkKind,
  NETWORKS,
  recognizeNetwork,
} from "../wan/networks.ts";
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
    // transformers 5 saves the vision half under its own names.
    [
      "clip",
      transformersClip().map((tensor) => ({
        ...tensor,
        name: tensor.name.replace(/^vision_model\./, ""),
      })),
    ],
    [
      "t5",
      officialTensors("t5").map((tensor) => ({
        ...tensor,
        name: llamaCppName(tensor.name),
      })),
    ],
  ];
  for (const [kind, tensors] of foreign) {
    const files = memoryFiles({
      "c/a.safetensors": blankSafetensors(tensors),
      "c/config.json": CONFIG,
    });
    const path = "c/a.safetensors";
    const stored = (await readWeights(files, path)).tensors;
    assert.equal(recognizeNetwork(stored.keys()), kind);
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
});

Deno.test("readComponent() refuses tensors that nothing uses, with their names", async () => {
  const all = officialTensors("transformer");
  const open = (...more: Blank[]) =>
    readComponent(
      memoryFiles({
        "c/a.safetensors": blankSafetensors([...all, ...more]),
        "c/config.json": CONFIG,
      }),
      { kind: "transformer", path: "c/a.safetensors" },
    );
  await assertCode(
    open({ name: "vace_blocks.0.x", shape: [1], dtype: "F16" }),
    "unknown-tensor",
    /nothing uses "vace_blocks\.0\.x"\nHINT/,
  );
  // Of a module that is known: what it means for the weight is not.
  await assertCode(
    open(
      { name: "blocks.0.ffn.0.weight_zeros", shape: [144, 1], dtype: "F32" },
      { name: "blocks.0.ffn.2.lora_A.weight", shape: [4, 144], dtype: "F16" },
    ),
    "unknown-tensor",
    /"blocks\.0\.ffn\.0\.weight_zeros", "blocks\.0\.ffn\.2\.lora_A\.weight"/,
  );
  await assertCode(
    open({ name: "blocks.0.norm1.scale_weight", shape: [], dtype: "F32" }),
    "unknown-tensor",
    /norm1\.scale_weight/,
  );
  const { notes } = await open(
    { name: "blocks.0.ffn.0.input_scale", shape: [], dtype: "F32" },
    { name: "blocks.0.ffn.0.scale_input", shape: [], dtype: "F32" },
  );
  assert.match(notes.join(), /scale of fp8 activations \(2 tensors/);
});

/** A transformer whose matrices are fp8, with `more` for each of them. */
function float8(
  more: (module: string, shape: readonly number[]) => Blank[],
  dtype: Blank["dtype"] = "F8_E4M3",
): Blank[] {
  return officialTensors("transformer").flatMap((tensor) => {
    const module = tensor.name.replace(/\.weight$/, "");
    const isMatrix = module !== tensor.name && tensor.shape.length === 2;
    return isMatrix
      ? [{ ...tensor, dtype }, ...more(module, tensor.shape)]
      : [tensor];
  });
}

Deno.test("readComponent() takes every layout of fp8 factors and refuses the others", async () => {
  const open = (tensors: Blank[]) =>
    readComponent(
      memoryFiles({
        "c/a.safetensors": blankSafetensors(tensors),
        "c/config.json": CONFIG,
      }),
      { kind: "transformer", path: "c/a.safetensors" },
    );
  const marker: Blank = { name: "scaled_fp8", shape: [0], dtype: "F8_E4M3" };
  const layouts: Record<string, (shape: readonly number[]) => number[]> = {
    "one number": () => [],
    "one number in one axis": () => [1],
    "one per row": ([out]) => [out!],
    "one per row, two axes": ([out]) => [out!, 1],
    "one per 16 columns": ([out, inner]) => [out!, inner! / 16],
    "one per 16 columns, three axes": ([out, inner]) => [out!, inner! / 16, 1],
    "squares of 128": (shape) => shape.map((axis) => Math.ceil(axis / 128)),
  };
  for (const [label, shapeOf] of Object.entries(layouts)) {
    for (const name of ["scale_weight", "weight_scale", "weight_scale_inv"]) {
      for (const dtype of ["F8_E4M3", "F8_E5M2"] as const) {
        const { tensors } = await open([
          marker,
          ...float8((module, shape) => [
            { name: `${module}.${name}`, shape: shapeOf(shape), dtype: "F32" },
          ], dtype),
        ]);
        assert.equal(
          tensors.get("blocks.0.ffn.0.scale_weight")?.shape.join(),
          shapeOf([144, 64]).join(),
          label,
        );
      }
    }
  }
  await open(float8(() => [])); // no marker, no factors: the numbers themselves
  await assertCode(
    open([marker, ...float8(() => [])]),
    "weight-encoding",
    /marked as scaled fp8 \("scaled_fp8"\), but \d+ fp8 weights have no factors, the first is "text_embedding\.0\.weight"/,
  );
  await assertCode(
    open(float8((module) => [
      { name: `${module}.scale_weight`, shape: [3], dtype: "F32" },
    ])),
    "weight-encoding",
    /its factors are \[3\] for a weight of \[64, 64\]/,
  );
  await assertCode(
    open(float8((module) => [
      { name: `${module}.scale_weight`, shape: [], dtype: "U8" },
    ])),
    "weight-encoding",
    /its factors are U8, expected one of F32 F16 BF16/,
  );
  await assertCode(
    open(float8((module) => [
      { name: `${module}.scale_weight`, shape: [], dtype: "F32" },
      { name: `${module}.weight_scale`, shape: [], dtype: "F32" },
    ])),
    "duplicate-key",
    /are both "text_embedding\.0\.scale_weight"/,
  );
  await assertCode(
    open(float8(() => [], "I8")),
    "weight-encoding",
    /"text_embedding\.0\.weight" is stored as I8, expected one of F32/,
  );
});

Deno.test("readComponent() believes ComfyUI's markers", async () => {
  const file = (format: string, metadata: Record<string, string> = {}) => {
    const data = new TextEncoder().encode(JSON.stringify({ format }));
    const official = float8((module) => [
      { name: `${module}.weight_scale`, shape: [], dtype: "F32" },
    ]);
    return {
      "c/a.safetensors": writeSafetensors([
        {
          name: "blocks.0.ffn.0.comfy_quant",
          dtype: "U8",
          shape: [data.length],
          data,
        },
        ...official.map((tensor) => ({
          ...tensor,
          data: new Uint8Array(
            tensor.shape.reduce((product, n) => product * n, 1) *
              { F16: 2, F32: 4, F8_E4M3: 1 }[tensor.dtype as "F16"]!,
          ),
        })),
      ], { metadata }),
      "c/config.json": CONFIG,
    };
  };
  const open = (files: Record<string, Uint8Array<ArrayBuffer>>) =>
    readComponent(memoryFiles(files), {
      kind: "transformer",
      path: "c/a.safetensors",
    });
  const { notes } = await open(file("float8_e4m3fn"));
  assert.match(notes.join(), /marker of ComfyUI's quanti[sz]ation/);
  await assertCode(
    open(file("nvfp4")),
    "weight-encoding",
    /the weights of "blocks\.0\.ffn\.0" are stored as "nvfp4", expected "float8_e4m3fn" or "float8_e5m2"/,
  );
  await assertCode(
    open(file("float8_e4m3fn", {
      _quantization_metadata: JSON.stringify({
        layers: { "blocks.1.ffn.2": { format: "int8_tensorwise" } },
      }),
    })),
    "weight-encoding",
    /"blocks\.1\.ffn\.2" are stored as "int8_tensorwise"/,
  );
});

Deno.test("readComponent() takes a weight that is stored packed", async () => {
  const tensors = (blocks: number) =>
    officialTensors("transformer").flatMap((tensor) =>
      tensor.name === "blocks.0.ffn.0.weight"
        ? [
          {
            name: `${tensor.name}_q4`,
            shape: [144, blocks, 16],
            dtype: "U8" as const,
          },
          {
            name: `${tensor.name}_q4_scales`,
            shape: [144, blocks],
            dtype: "F16" as const,
          },
        ]
        : [tensor]
    );
  const open = (blocks: number) =>
    readComponent(
      memoryFiles({ "c/q.safetensors": blankSafetensors(tensors(blocks)) }),
      {
        kind: "transformer",
        path: "c/q.safetensors",
        config: officialConfig(TINY_CONFIG.transformer),
      },
    );
  const component = await open(2);
  assert(component.tensors.has("blocks.0.ffn.0.weight_q4"));
  assert(component.tensors.has("blocks.0.ffn.0.weight_q4_scales"));
  await assertCode(
    open(3),
    "wrong-shape",
    /"blocks\.0\.ffn\.0\.weight" is stored as \[144, 3 blocks of 32\], expected \[144, 64\]/,
  );
});

/** ComfyUI's `models` folder with what else people have in it. */
const crowded = () => ({
  "c/diffusion_models/Wan2_1-I2V-ATI-14B_fp16.safetensors": blankSafetensors(
    officialTensors("transformer"),
  ),
  "c/diffusion_models/config.json": CONFIG,
  "c/vae/wan_2.1_vae.safetensors": blankSafetensors(
    officialTensors("vae", "F16"),
  ),
  "c/vae/wan2.2_vae.safetensors": blankSafetensors(
    networkLayout("vae", { ...TINY_CONFIG.vae, zDim: 48 }).map((tensor) => ({
      ...tensor,
      dtype: "F16" as const,
    })),
  ),
  "c/text_encoders/umt5_xxl_fp16.safetensors": blankSafetensors(
    transformersT5(),
  ),
  // Only the first block of t5-xxl has a table of positions.
  "c/text_encoders/t5xxl_fp16.safetensors": blankSafetensors(
    transformersT5().filter(({ name }) =>
      !/block\.[1-9].*relative_attention_bias/.test(name)
    ),
  ),
  "c/clip_vision/clip_vision_h.safetensors": blankSafetensors(
    transformersClip(),
  ),
  "c/clip_vision/clip_vit_large_patch14.safetensors": blankSafetensors(
    transformersClip({ ...TINY_CONFIG.clip, dim: 48 }),
  ),
  "c/tokenizer/tokenizer.json": TOKENIZER,
});

Deno.test("readAtiCheckpoint() takes of several files the one that fits the transformer", async () => {
  const checkpoint = await open(crowded());
  assert.deepEqual(
    NETWORKS.map((kind) => checkpoint[kind].files.join()),
    [
      "c/text_encoders/umt5_xxl_fp16.safetensors",
      "c/clip_vision/clip_vision_h.safetensors",
      "c/vae/wan_2.1_vae.safetensors",
      "c/diffusion_models/Wan2_1-I2V-ATI-14B_fp16.safetensors",
    ],
  );
});

Deno.test("readAtiCheckpoint() refuses where two files fit, or none", async () => {
  const files = crowded();
  await assertCode(
    open({
      ...files,
      "c/text_encoders/umt5 again.safetensors":
        files["c/text_encoders/umt5_xxl_fp16.safetensors"],
    }),
    "unknown-layout",
    /Cannot choose the t5 in "c": "c\/text_encoders\/umt5 again\.safetensors", "c\/text_encoders\/umt5_xxl_fp16\.safetensors" would all do, expected one\nHINT: Name the one to take \(--t5 FILE\)/,
  );
  const { "c/clip_vision/clip_vision_h.safetensors": _, ...others } = files;
  await assertCode(
    open({
      ...others,
      "c/clip_vision/another.safetensors": blankSafetensors(
        transformersClip({ ...TINY_CONFIG.clip, dim: 32 }),
      ),
    }),
    "unknown-layout",
    /none of 2 files fits\n {2}"c\/clip_vision\/another\.safetensors": it makes image features of 32, the transformer takes 64\n {2}"c\/clip_vision\/clip_vit_large/,
  );
  // The only one there is, and one that was named.
  await assertCode(
    open(others),
    "wrong-shape",
    /Cannot use "c\/clip_vision\/clip_vit_large_patch14\.safetensors" as the clip: it makes image features of 48, the transformer takes 64\nHINT: Name the right one \(--clip FILE\)/,
  );
  await assertCode(
    open(files, { vae: "c/vae/wan2.2_vae.safetensors" }),
    "wrong-shape",
    /as the vae: it makes latent channels of 48, the transformer takes 16/,
  );
});

Deno.test("readAtiCheckpoint() mentions GGUF files that have to be converted", async () => {
  const {
    "c/diffusion_models/Wan2_1-I2V-ATI-14B_fp16.safetensors": bytes,
    ...others
  } = crowded();
  const gguf = (type: "Q8_0" | "F16") =>
    ggufBytes(
      officialTensors("transformer").map(({ name, shape }) => {
        const packed = type === "Q8_0" && name.endsWith("ffn.0.weight");
        const size = shape.reduce((product, n) => product * n, 1);
        return {
          name,
          type: GGUF_TYPES[packed ? type : "F16"],
          shape,
          data: new Uint8Array(packed ? size / 32 * 34 : 2 * size),
        };
      }),
    );
  const loose = "c/diffusion_models/wan2.1-ati-14b-Q8_0.gguf";
  await assertCode(
    open({ ...others, [loose]: gguf("Q8_0") }),
    "missing-files",
    /\n {2}transformer: [^\n]*\n {2}Cannot use the weights of "c\/diffusion_models\/wan2\.1-ati-14b-Q8_0\.gguf": it is a quantized GGUF file \(tensors: 2 Q8_0\), which has to be converted first \(deno task quantize c\/diffusion_models\/wan2\.1-ati-14b-Q8_0\.gguf OUT\.safetensors/,
  );
  const { broken, missing } = await surveyCheckpoint(
    memoryFiles({ ...others, [loose]: gguf("Q8_0") }),
    { folder: "c" },
  );
  assert.deepEqual(missing.map(({ part }) => part), ["transformer"]);
  assert.match(broken[0]!.message, /has to be converted first\nHINT: /);
  // Not needed where there is another; used where it needs no conversion.
  const both = await open({
    ...others,
    "c/diffusion_models/a.safetensors": bytes,
    [loose]: gguf("Q8_0"),
  });
  assert.match(both.transformer.files[0]!, /a\.safetensors$/);
  const direct = await open({ ...others, [loose]: gguf("F16") });
  assert.match(direct.transformer.files[0]!, /\.gguf$/);
  const unusedIn = async (files: Record<string, Uint8Array<ArrayBuffer>>) =>
    (await surveyCheckpoint(memoryFiles({ ...others, ...files }), {
      folder: "c",
    })).unusedGguf;
  const st = { "c/diffusion_models/a.safetensors": bytes };
  assert.deepEqual(await unusedIn({ ...st, [loose]: gguf("Q8_0") }), [loose]);
  assert.deepEqual(await unusedIn({ [loose]: gguf("F16") }), []);
  // What macOS keeps next to a file is no weights file.
  const hidden = { "c/vae/._a.safetensors": bytes, "c/unet/._b.gguf": bytes };
  assert.deepEqual(await unusedIn({ ...st, ...hidden }), []);
});

Deno.test("readAtiCheckpoint() takes the folder's config.json for a transformer that lies alone", async () => {
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
  // Kijai's folder of Wan-Move, where it is not ATI's turn.
  const move = "c/WanMove/Wan21-WanMove_fp8_scaled_e4m3fn_KJ.safetensors";
  for (const others of [many, without(many, /ati_14B/)]) {
    const { transformer: found } = await open({
      ...others,
      [move]: transformer,
    });
    assert.deepEqual(
      found.files,
      others === many ? ["c/diffusion_models/wan_ati_14B.safetensors"] : [move],
    );
  }
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
