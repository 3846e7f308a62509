/**
 * LoRAs as adapters compared with LoRAs merged into the weights, in every naming
 * scheme.
 */

import assert from "node:assert/strict";
import { join, relative } from "node:path";
import type { Component } from "../core/wan/networks.ts";
import type { TensorPlan } from "../core/formats/safetensors_writer.ts";
import { writeSafetensors } from "../core/formats/safetensors_writer.ts";
import {
  diskFiles,
  openComponent,
} from "../core/checkpoint/open_checkpoint.ts";
import { decodeNumbers } from "../core/onnx/graph/decode_numbers.ts";
import {
  type Lora,
  loraAdapters,
  type LoraWithStrength,
  readLora,
} from "../core/wan/lora/lora.ts";
import { openLoras } from "../core/pipeline/lora_files.ts";
import { buildTransformer } from "../core/wan/transformer/transformer.ts";
import { CPU } from "../core/onnx/runtime/device.ts";
import { openSession } from "../core/onnx/runtime/session.ts";
import { sizeOf, type Tensor } from "../core/base/tensor.ts";
import { assertClose, difference } from "./fixtures/golden.ts";
import {
  feedsOf,
  latentOf,
  openDit,
  quantized,
} from "./fixtures/transformers.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { seeded } from "../core/base/seeded.ts";

type Transformer = Component<"transformer">;
type Written = TensorPlan & { data: Float32Array };

const RANK = 4, ALPHA = 2;

/** Layers with their shapes, one of each kind that LoRAs are trained for. */
const FACTORED: readonly [layer: string, out: number, ...inner: number[]][] = [
  ["blocks.0.self_attn.q", 256, 256],
  ["blocks.1.self_attn.o", 256, 256],
  ["blocks.0.cross_attn.k_img", 256, 256],
  ["blocks.1.ffn.0", 256, 256],
  ["blocks.1.ffn.2", 256, 256],
  ["text_embedding.0", 256, 64],
  ["time_projection.1", 1536, 256],
  ["head.head", 64, 256],
];
const PATCHES: readonly [string, number, ...number[]] = [
  "patch_embedding",
  256,
  36,
  1,
  2,
  2,
];

/** Numbers of about the given size, the same in every run. */
function numbers(name: string, count: number, size: number): Float32Array {
  let state = 2166136261;
  for (const char of name) {
    state = Math.imul(state ^ char.charCodeAt(0), 16777619);
  }
  const random = seeded(state);
  return Float32Array.from(
    { length: count },
    () => size * (2 * random() - 1),
  );
}

function tensor(name: string, shape: readonly number[], size = 0.2): Written {
  const data = numbers(name, sizeOf(shape), size);
  return { name, dtype: "F32", shape, data };
}

/** A tensor with the same values and another name. */
function renamed(from: Written, name: string): Written {
  return { ...from, name };
}

/** The factors of a layer; another `seed` makes another LoRA. */
function factors(
  [layer, out, ...inner]: readonly [string, number, ...number[]],
  seed = "",
): { down: Written; up: Written } {
  return {
    down: tensor(`${seed}${layer} down`, [RANK, ...inner]),
    up: tensor(`${seed}${layer} up`, [
      out,
      RANK,
      ...inner.slice(1).map(() => 1),
    ]),
  };
}

/** Adds `scale * up · down` to a weight. */
function merge(
  weight: Float32Array,
  { down, up }: { down: Written; up: Written },
  scale: number,
): void {
  const inner = down.data.length / RANK;
  for (let i = 0; i < weight.length; i++) {
    const row = Math.floor(i / inner), column = i % inner;
    for (let r = 0; r < RANK; r++) {
      weight[i]! += scale * up.data[row * RANK + r]! *
        down.data[r * inner + column]!;
    }
  }
}

/** The transformer with its weights in float32, changed by `change`. */
async function merged(
  component: Transformer,
  folder: string,
  change: (weights: ReadonlyMap<string, Float32Array>) => void,
): Promise<Transformer> {
  const tensors = [...component.tensors.values()].map((entry) => {
    using source = diskFiles.open(entry.file);
    const bytes = source.read(entry.offset, entry.length);
    const { name, dtype, shape } = entry;
    return {
      name,
      dtype: "F32" as const,
      shape,
      data: decodeNumbers(dtype, bytes),
    };
  });
  change(new Map(tensors.map(({ name, data }) => [name, data])));
  const path = join(folder, `${crypto.randomUUID()}.safetensors`);
  await Deno.writeFile(path, writeSafetensors(tensors));
  return await openComponent("transformer", path);
}

async function predict(
  component: Transformer,
  loras: readonly LoraWithStrength[] = [],
): Promise<Tensor> {
  await using session = await openSession(
    buildTransformer(component, {
      latent: latentOf("dit"),
      adapters: loraAdapters(loras),
    }),
    CPU,
  );
  const feeds = feedsOf("dit", component, { context: 0, timestep: 437 });
  return (await session.run(feeds))["prediction"]!;
}

/** Writes a LoRA file and opens it. */
async function openLora(
  component: Transformer,
  options: {
    folder: string;
    tensors: readonly Written[];
    metadata?: Record<string, string>;
  },
): Promise<Lora> {
  const { folder, tensors, ...rest } = options;
  const path = join(folder, `${crypto.randomUUID()} ü.safetensors`);
  await Deno.writeFile(path, writeSafetensors(tensors, rest));
  using source = diskFiles.open(path);
  return readLora(source, component.tensors);
}

/** How each trainer names a layer's factors, and its alpha if it has one. */
const SCHEMES: Record<string, {
  name(layer: string, part: "down" | "up" | "alpha"): string | undefined;
  metadata?: Record<string, string>;
}> = {
  "ComfyUI with PEFT's factors": {
    name: (layer, part) =>
      `diffusion_model.${layer}.${
        { down: "lora_A.weight", up: "lora_B.weight", alpha: "alpha" }[part]
      }`,
  },
  "ComfyUI with kohya's factors": {
    name: (layer, part) =>
      `diffusion_model.${layer}.${
        { down: "lora_down.weight", up: "lora_up.weight", alpha: "alpha" }[part]
      }`,
  },
  "official names without a prefix, an adapter's name": {
    name: (layer, part) =>
      `${layer}.${
        {
          down: "lora_A.default.weight",
          up: "lora_B.default.weight",
          alpha: "alpha",
        }[part]
      }`,
  },
  "kohya's underscores": {
    name: (layer, part) =>
      `lora_unet_${layer.replaceAll(".", "_")}.${
        { down: "lora_down.weight", up: "lora_up.weight", alpha: "alpha" }[part]
      }`,
  },
  "VideoX-Fun's two underscores": {
    name: (layer, part) =>
      `lora_unet__${layer.replaceAll(".", "_")}.${
        { down: "lora_down.weight", up: "lora_up.weight", alpha: "alpha" }[part]
      }`,
  },
  "diffusers, alpha in the metadata": {
    name: (layer, part) =>
      part === "alpha"
        ? undefined
        : `transformer.${toDiffusers(layer)}.${
          { down: "lora_A.weight", up: "lora_B.weight" }[part]
        }`,
    metadata: {
      lora_adapter_metadata: JSON.stringify({
        "transformer.r": RANK,
        "transformer.lora_alpha": ALPHA,
      }),
    },
  },
  "diffusers, alpha of each layer in the metadata": {
    name: (layer, part) =>
      part === "alpha"
        ? undefined
        : `transformer.${toDiffusers(layer)}.${
          { down: "lora_A.weight", up: "lora_B.weight" }[part]
        }`,
    metadata: {
      lora_adapter_metadata: JSON.stringify({
        "transformer.lora_alpha": 99,
        "transformer.alpha_pattern": {
          "attn1.to_q": ALPHA,
          "blocks.1.attn1.to_out.0": ALPHA,
          "^blocks.0.attn2.add_k_proj$": ALPHA,
          "ffn.net.0.proj": ALPHA,
          "ffn.net.2": ALPHA,
          "text_embedding.0": ALPHA, // an official name
          "condition_embedder.time_proj": ALPHA,
          "proj_out": ALPHA,
          "patch_embedding": ALPHA,
          "oj_out": 66, // not a complete suffix of a name
        },
      }),
    },
  },
};

function toDiffusers(layer: string): string {
  return layer
    .replace(/self_attn\.([qkv])$/, "attn1.to_$1")
    .replace(/self_attn\.o$/, "attn1.to_out.0")
    .replace(/cross_attn\.k_img$/, "attn2.add_k_proj")
    .replace(/ffn\.0$/, "ffn.net.0.proj")
    .replace(/ffn\.2$/, "ffn.net.2")
    .replace("text_embedding.0", "condition_embedder.text_embedder.linear_1")
    .replace("time_projection.1", "condition_embedder.time_proj")
    .replace("head.head", "proj_out");
}

Deno.test("a LoRA acts as if it were merged, whatever names its trainer uses", async (t) => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const component = await openDit();
  const layers = [...FACTORED, PATCHES];
  const strength = 0.75;
  const expected = await predict(
    await merged(component, folder, (weights) => {
      for (const layer of layers) {
        const weight = weights.get(`${layer[0]}.weight`)!;
        merge(weight, factors(layer), strength * ALPHA / RANK);
      }
    }),
  );
  const plain = await predict(component);
  const { relative } = difference(expected, plain);
  assert.ok(relative > 0.1, `the LoRA changes only ${relative}`);
  for (const [scheme, { name, metadata }] of Object.entries(SCHEMES)) {
    await t.step(scheme, async () => {
      const tensors = layers.flatMap((layer) => {
        const { down, up } = factors(layer);
        const alpha = name(layer[0], "alpha");
        return [
          renamed(down, name(layer[0], "down")!),
          renamed(up, name(layer[0], "up")!),
          ...(alpha === undefined ? [] : [{
            name: alpha,
            dtype: "F32" as const,
            shape: [],
            data: new Float32Array([ALPHA]),
          }]),
        ];
      });
      const lora = await openLora(component, {
        folder,
        tensors,
        ...(metadata ? { metadata } : {}),
      });
      assert.deepEqual(lora.ignored, []);
      assertClose(
        scheme,
        await predict(component, [{ lora, strength }]),
        expected,
        {
          relative: 2e-5,
        },
      );
    });
  }
});

Deno.test("whole-tensor diffs: weights, biases, norms, modulation", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const component = await openDit();
  const changes: readonly [suffix: string, key: string][] = [
    ["blocks.0.ffn.0.diff", "blocks.0.ffn.0.weight"],
    ["blocks.0.ffn.0.diff_b", "blocks.0.ffn.0.bias"],
    ["blocks.1.self_attn.norm_k.diff", "blocks.1.self_attn.norm_k.weight"],
    ["blocks.1.norm3.diff", "blocks.1.norm3.weight"],
    ["blocks.1.norm3.diff_b", "blocks.1.norm3.bias"],
    ["img_emb.proj.0.diff", "img_emb.proj.0.weight"],
    ["img_emb.proj.4.diff_b", "img_emb.proj.4.bias"],
    ["blocks.0.diff_m", "blocks.0.modulation"],
    ["head.diff_m", "head.modulation"],
    ["head.head.diff_b", "head.head.bias"],
    ["patch_embedding.diff", "patch_embedding.weight"],
    ["patch_embedding.diff_b", "patch_embedding.bias"],
  ];
  const written = changes.map(([suffix, key]) =>
    tensor(
      `diffusion_model.${suffix}`,
      component.tensors.get(key)!.shape,
      0.05,
    )
  );
  const expected = await predict(
    await merged(
      component,
      folder,
      (weights) =>
        changes.forEach(([, key], i) => {
          const weight = weights.get(key)!;
          written[i]!.data.forEach((x, at) => weight[at]! += 0.5 * x);
        }),
    ),
  );
  const lora = await openLora(component, { folder, tensors: written });
  assert.deepEqual(lora.ignored, []);
  const actual = await predict(component, [{ lora, strength: 0.5 }]);
  assertClose("differences", actual, expected, { relative: 2e-5 });
  const without = await predict(component, [{ lora, strength: 0 }]);
  assert.equal(difference(without, await predict(component)).max, 0);
});

Deno.test("several LoRAs add up, each with its strength", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const component = await openDit();
  const open = (seed: string) =>
    openLora(component, {
      folder,
      tensors: FACTORED.flatMap((layer) => {
        const { down, up } = factors(layer, seed);
        return [
          renamed(down, `${layer[0]}.lora_A.weight`),
          renamed(up, `${layer[0]}.lora_B.weight`),
        ];
      }),
    });
  const expected = await predict(
    await merged(component, folder, (weights) => {
      for (const layer of FACTORED) {
        const weight = weights.get(`${layer[0]}.weight`)!;
        merge(weight, factors(layer, "one"), 0.5);
        merge(weight, factors(layer, "two"), -0.25);
      }
    }),
  );
  const actual = await predict(component, [
    { lora: await open("one"), strength: 0.5 },
    { lora: await open("two"), strength: -0.25 },
  ]);
  assertClose("two LoRAs", actual, expected, { relative: 2e-5 });
});

Deno.test("a LoRA acts on quantized weights too", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const component = await openDit();
  const small = await quantized(component, {
    path: join(folder, "q8.safetensors"),
    bits: 8,
    blockSize: 32,
  });
  const lora = await openLora(small, {
    folder,
    tensors: FACTORED.flatMap((layer) => {
      const { down, up } = factors(layer);
      return [
        renamed(down, `${layer[0]}.lora_A.weight`),
        renamed(up, `${layer[0]}.lora_B.weight`),
      ];
    }),
  });
  assert.deepEqual(lora.ignored, []);
  const expected = await predict(component, [{ lora, strength: 1 }]);
  // 8 bits have an error of 0.4 % of the largest value; without the LoRA it is much larger.
  const actual = await predict(small, [{ lora, strength: 1 }]);
  assertClose("8 bits with a LoRA", actual, expected, { relative: 0.01 });
  assert.ok(difference(await predict(small), expected).relative > 0.1);
});

Deno.test("LoRA tensors without effect are listed", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const component = await openDit();
  const q = factors(["blocks.0.self_attn.q", 256, 256]);
  const lora = await openLora(component, {
    folder,
    tensors: [
      renamed(q.down, "blocks.0.self_attn.q.lora_down.weight"),
      renamed(q.up, "blocks.0.self_attn.q.lora_up.weight"),
      renamed(q.up, "diffusion_model.blocks.0.self_attn.q.lora_B.weight"),
      tensor("blocks.7.self_attn.q.lora_A.weight", [4, 256]),
      tensor("blocks.0.ffn.0.hada_w1_a", [4, 4]),
      tensor("blocks.0.ffn.2.lora_A.weight", [4, 256]),
      tensor("patch_embedding.lora_A.weight", [4, 16, 1, 2, 2]),
      tensor("patch_embedding.lora_B.weight", [256, 4, 1, 1, 1]),
      tensor("blocks.1.norm3.diff_b", [128]),
    ],
  });
  assert.deepEqual([...lora.layers.keys()], ["blocks.0.self_attn.q"]);
  const factorsReason =
    "its factors are [256, 4, 1, 1, 1] and [4, 16, 1, 2, 2], which do not match the layer's weight";
  assert.deepEqual(
    Object.fromEntries(
      lora.ignored.map(({ tensor, reason }) => [tensor, reason]),
    ),
    {
      "diffusion_model.blocks.0.self_attn.q.lora_B.weight": "duplicate",
      "blocks.7.self_attn.q.lora_A.weight": "unknown name",
      "blocks.0.ffn.0.hada_w1_a": "one of its factors is missing",
      "blocks.0.ffn.2.lora_A.weight": "its other factor is missing",
      "patch_embedding.lora_A.weight": factorsReason,
      "patch_embedding.lora_B.weight": factorsReason,
      "blocks.1.norm3.diff_b": "it does not match the layer's bias",
    },
  );
  await assert.rejects(
    openLora(component, {
      folder,
      tensors: [tensor("a.lora_A.weight", [1, 1])],
    }),
    {
      name: "FormatError",
      message:
        /none of its 1 tensors fits this transformer, the first is "a\.lora_A\.weight"\nHINT: /,
    },
  );
  assert.throws(() => loraAdapters([{ lora, strength: NaN }]), {
    name: "RangeError",
    message: /with strength NaN, expected a number$/,
  });
});

Deno.test("alpha counts whatever its element type is", async () => {
  await using temporary = await temporaryFolder();
  const component = await openDit();
  const layer = FACTORED[0]!;
  const { down, up } = factors(layer);
  const alphas = {
    I64: BigInt64Array.of(8n),
    I32: Int32Array.of(8),
    F64: Float64Array.of(8),
    F16: Float16Array.of(8),
    BF16: Uint16Array.of(0x4100),
  };
  for (const [dtype, data] of Object.entries(alphas)) {
    const path = temporary.file(`${dtype}.safetensors`);
    await Deno.writeFile(
      path,
      writeSafetensors([
        renamed(down, `${layer[0]}.lora_down.weight`),
        renamed(up, `${layer[0]}.lora_up.weight`),
        {
          name: `${layer[0]}.alpha`,
          dtype: dtype as keyof typeof alphas,
          shape: [],
          data,
        },
      ]),
    );
    using source = diskFiles.open(path);
    const lora = readLora(source, component.tensors);
    assert.equal(lora.layers.get(layer[0])?.factors?.scale, 8 / RANK, dtype);
    assert.deepEqual(lora.notes, []);
  }
  const wrong = [
    [/\.alpha" is NaN, expected one finite number/, [], [NaN]],
    [/\.alpha" is an array of \(2\), expected one finite/, [2], [8, 8]],
    [/\.alpha" is an array of \(0\), expected one finite/, [0], []],
  ] as const;
  for (const [message, shape, values] of wrong) {
    const path = temporary.file("wrong.safetensors");
    await Deno.writeFile(
      path,
      writeSafetensors([
        renamed(down, `${layer[0]}.lora_down.weight`),
        renamed(up, `${layer[0]}.lora_up.weight`),
        {
          name: `${layer[0]}.alpha`,
          dtype: "F32",
          shape: [...shape],
          data: Float32Array.from(values),
        },
      ]),
    );
    using source = diskFiles.open(path);
    assert.throws(() => readLora(source, component.tensors), message);
  }
});

Deno.test("a LoRA that states no alpha says what is assumed; PEFT's own file states it", async () => {
  await using temporary = await temporaryFolder();
  const component = await openDit();
  const tensors = FACTORED.flatMap((layer) => {
    const { down, up } = factors(layer);
    const name = `base_model.model.${layer[0]}`;
    return [
      renamed(down, `${name}.lora_A.weight`),
      renamed(up, `${name}.lora_B.weight`),
    ];
  });
  const path = temporary.file("adapter_model.safetensors");
  await Deno.writeFile(path, writeSafetensors(tensors));
  const scale = (opened: Awaited<ReturnType<typeof openLoras>>) =>
    opened.notes.join();
  const without = await openLoras([{ file: path }], component.tensors);
  assert.match(
    scale(without),
    /^"\S+adapter_model\.safetensors": 8 layers state no alpha: it is assumed to be the rank$/,
  );
  await Deno.writeTextFile(
    temporary.file("adapter_config.json"),
    JSON.stringify({ peft_type: "LORA", r: RANK, lora_alpha: ALPHA }),
  );
  const stated = await openLoras([{ file: path }], component.tensors);
  assert.deepEqual(stated.notes, []);
  using source = diskFiles.open(path);
  const lora = readLora(source, component.tensors, {
    config: { r: RANK, lora_alpha: ALPHA },
  });
  const q = "blocks.0.self_attn.q";
  assert.equal(lora.layers.get(q)?.factors?.scale, 0.5);
  // Another alpha is another LoRA, though the tensors are the same.
  const { weights, scales } = stated.info[0]!;
  await Deno.writeTextFile(
    temporary.file("adapter_config.json"),
    JSON.stringify({ r: RANK, lora_alpha: 2 * ALPHA }),
  );
  const other = await openLoras([{ file: path }], component.tensors);
  assert.equal(other.info[0]!.weights, weights);
  assert.notEqual(other.info[0]!.scales, scales);
  assert.equal(without.info[0]!.scales, undefined);
  // PEFT's keys are expressions for the end of a name; the first one counts.
  const patterns: [object, number][] = [
    [{ "blocks\\.\\d+\\.self_attn\\.q": 4 * RANK }, 4],
    [{ [q]: 4 * RANK, "q": 8 * RANK }, 4],
    [{ "self_attn.(q|k)": 2 * RANK }, 2],
    [{ "elf_attn.q": 2 * RANK }, 1],
  ];
  for (const [alpha_pattern, scale] of patterns) {
    const { layers } = readLora(source, component.tensors, {
      config: { r: RANK, lora_alpha: RANK, alpha_pattern },
    });
    assert.equal(layers.get(q)?.factors?.scale, scale);
  }
  for (const key of ["(", "(a+)+", "(?=a)", ".*.*.*.*", "a".repeat(201)]) {
    const config = { r: RANK, lora_alpha: 1, alpha_pattern: { [key]: 1 } };
    assert.throws(
      () => readLora(source, component.tensors, { config }),
      /alpha_pattern has .*expected a name or a simple regular expression/,
    );
  }
});

Deno.test("a DoRA is refused by its name, not applied as a LoRA", async () => {
  await using temporary = await temporaryFolder();
  const component = await openDit();
  const { down, up } = factors(FACTORED[0]!);
  const layer = "diffusion_model.blocks.0.self_attn.q";
  for (
    const magnitude of [
      "dora_scale",
      "lora_magnitude_vector",
      "lora_magnitude_vector.default.weight",
    ]
  ) {
    await assert.rejects(
      openLora(component, {
        folder: temporary.path,
        tensors: [
          renamed(down, `${layer}.lora_A.weight`),
          renamed(up, `${layer}.lora_B.weight`),
          tensor(`${layer}.${magnitude}`, [256]),
        ],
      }),
      {
        name: "FormatError",
        message:
          /it is a DoRA \("diffusion_model\.blocks\.0\.self_attn\.q\.(?:dora_scale|lora_magnitude\S*)"\).*\nHINT: /,
      },
    );
  }
});

Deno.test("a LoRA is found by a path relative to the current folder", async () => {
  await using temporary = await temporaryFolder();
  const component = await openDit();
  const { down, up } = factors(FACTORED[0]!);
  await Deno.writeFile(
    temporary.file("a.safetensors"),
    writeSafetensors([
      renamed(down, "blocks.0.self_attn.q.lora_A.weight"),
      renamed(up, "blocks.0.self_attn.q.lora_B.weight"),
    ]),
  );
  const file = relative(Deno.cwd(), temporary.file("a.safetensors"));
  assert.ok(file.startsWith(".."), file);
  const { adapters, info } = await openLoras([{ file }], component.tensors);
  assert.equal(info[0]!.file, file);
  await using session = await openSession(
    buildTransformer(component, { latent: latentOf("dit"), adapters }),
    CPU,
  );
  const feeds = feedsOf("dit", component, { context: 0, timestep: 437 });
  const actual = (await session.run(feeds))["prediction"]!;
  const apart = difference(actual, await predict(component)).relative;
  assert.ok(apart > 1e-3, `${apart}`);
});
