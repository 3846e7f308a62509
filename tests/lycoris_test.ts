/**
 * LoHa and LoKr against the changes of the weights that their definitions
 * give, computed elsewhere.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Tensor } from "../core/base/tensor.ts";
import {
  diskFiles,
  openComponent,
} from "../core/checkpoint/open_checkpoint.ts";
import { openNpz } from "../core/formats/npz.ts";
import { writeSafetensors } from "../core/formats/safetensors_writer.ts";
import { decodeNumbers } from "../core/onnx/graph/decode_numbers.ts";
import { CPU } from "../core/onnx/runtime/device.ts";
import { openSession } from "../core/onnx/runtime/session.ts";
import { type Lora, loraAdapters, readLora } from "../core/wan/lora/lora.ts";
import type { Component } from "../core/wan/networks.ts";
import { buildTransformer } from "../core/wan/transformer/transformer.ts";
import { assertClose, difference, goldenUrl } from "./fixtures/golden.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { feedsOf, latentOf, openFp8 } from "./fixtures/transformers.ts";

type Transformer = Component<"transformer">;
type Arrays = ReadonlyMap<string, Tensor>;

async function goldenArrays(): Promise<Arrays> {
  const url = goldenUrl("lycoris/lycoris.npz");
  const npz = openNpz(await Deno.readFile(url), { name: "lycoris.npz" });
  const arrays = new Map<string, Tensor>();
  for (const name of npz.names) {
    const { dims, data } = await npz.array(name);
    arrays.set(name, { dims, data: data as Float32Array<ArrayBuffer> });
  }
  return arrays;
}

async function predict(
  component: Transformer,
  loras: readonly { lora: Lora; strength: number }[] = [],
): Promise<Tensor> {
  await using session = await openSession(
    buildTransformer(component, {
      latent: latentOf("dit_fp8"),
      adapters: loraAdapters(loras),
    }),
    CPU,
  );
  const feeds = feedsOf("dit_fp8", component, { context: 0, timestep: 999 });
  return (await session.run(feeds))["prediction"]!;
}

/** The network in float32 with `strength` times the changes added. */
async function merged(
  component: Transformer,
  options: { path: string; arrays: Arrays; strength: number },
): Promise<Transformer> {
  const { path, arrays, strength } = options;
  const read = (name: string) => {
    const entry = component.tensors.get(name)!;
    using source = diskFiles.open(entry.file);
    return decodeNumbers(entry.dtype, source.read(entry.offset, entry.length));
  };
  const tensors = [...component.tensors.values()]
    .filter(({ name }) => !name.endsWith("scale_weight"))
    .map(({ name, shape }) => {
      const data = read(name);
      const scale = name.replace(/weight$/, "scale_weight");
      const factor = scale !== name && component.tensors.has(scale)
        ? read(scale)[0]!
        : 1;
      const delta = arrays.get(name.replace(/weight$/, "delta"))?.data;
      const changed = data.map((x, i) =>
        x * factor + strength * (delta?.[i] ?? 0)
      );
      return { name, dtype: "F32" as const, shape, data: changed };
    });
  await Deno.writeFile(path, writeSafetensors(tensors));
  const config = fileURLToPath(goldenUrl("dit_fp8/config.json"));
  return await openComponent("transformer", path, { config });
}

/** Writes the factors under a trainer's names and opens them. */
async function openFactors(
  component: Transformer,
  options: {
    path: string;
    arrays: Arrays;
    rename: (layer: string) => string;
  },
): Promise<Lora> {
  const { path, arrays, rename } = options;
  const tensors = [...arrays].filter(([name]) => !name.endsWith(".delta"))
    .map(([name, { dims, data }]) => {
      const dot = name.lastIndexOf(".");
      return {
        name: `${rename(name.slice(0, dot))}${name.slice(dot)}`,
        dtype: "F32" as const,
        shape: dims,
        data,
      };
    });
  await Deno.writeFile(path, writeSafetensors(tensors));
  using source = diskFiles.open(path);
  return readLora(source, component.tensors);
}

Deno.test("LoHa and LoKr act as their definitions say", async () => {
  await using temporary = await temporaryFolder();
  const component = await openFp8();
  const arrays = await goldenArrays();
  const strength = 0.5;
  const expected = await predict(
    await merged(component, {
      path: temporary.file("merged.safetensors"),
      arrays,
      strength,
    }),
  );
  const plain = await predict(component);
  assert.ok(difference(expected, plain).relative > 0.05);
  const schemes: Record<string, (layer: string) => string> = {
    "official names": (layer) => `diffusion_model.${layer}`,
    "underscores": (layer) => `lycoris_${layer.replaceAll(".", "_")}`,
    "kohya's prefix": (layer) => `lora_unet_${layer.replaceAll(".", "_")}`,
  };
  for (const [label, rename] of Object.entries(schemes)) {
    const lora = await openFactors(component, {
      path: temporary.file(`${label}.safetensors`),
      arrays,
      rename,
    });
    assert.deepEqual(lora.ignored, []);
    assert.deepEqual(lora.notes, []);
    assert.equal(lora.layers.size, 7);
    assertClose(
      `LoHa and LoKr, ${label}`,
      await predict(component, [{ lora, strength }]),
      expected,
      { relative: 2e-5 },
    );
  }
});

Deno.test("each LoHa and LoKr changes what it should, one at a time", async () => {
  await using temporary = await temporaryFolder();
  const component = await openFp8();
  const all = await goldenArrays();
  const layers = new Set(
    [...all.keys()].map((name) => name.slice(0, name.lastIndexOf("."))),
  );
  const plain = await predict(component);
  for (const layer of layers) {
    const arrays = new Map(
      [...all].filter(([name]) => name.startsWith(`${layer}.`)),
    );
    const path = temporary.file("a.safetensors");
    const rename = (name: string) => name;
    const lora = await openFactors(component, { path, arrays, rename });
    const expected = await predict(
      await merged(component, {
        path: temporary.file("merged.safetensors"),
        arrays,
        strength: 1,
      }),
    );
    assert.ok(difference(expected, plain).relative > 1e-3, layer);
    assertClose(
      layer,
      await predict(component, [{ lora, strength: 1 }]),
      expected,
      {
        relative: 2e-5,
      },
    );
  }
});

Deno.test("LoHa and LoKr that do not fit are named with the reason", async () => {
  await using temporary = await temporaryFolder();
  const component = await openFp8();
  const all = await goldenArrays();
  const moved = new Map<string, Tensor>();
  for (const [name, array] of all) {
    // ffn.0 is not as large as q; half of k's and all but one of v_img's factors.
    if (name.startsWith("blocks.0.self_attn.q.")) {
      moved.set(name.replace("self_attn.q", "ffn.0"), array);
    }
    if (name.endsWith("v_img.lokr_w1_a")) moved.set(name, array);
    if (name.includes("ffn.2")) moved.set(name, array);
  }
  moved.set("blocks.1.ffn.2.lokr_w1", {
    dims: [4, 9],
    data: new Float32Array(36),
  });
  moved.set("blocks.1.ffn.2.lokr_w2_a", {
    dims: [16, 4],
    data: new Float32Array(64),
  });
  moved.set("blocks.1.ffn.2.lokr_w2_b", {
    dims: [3, 16],
    data: new Float32Array(48),
  });
  moved.set("blocks.1.ffn.0.lokr_t2", {
    dims: [3, 3],
    data: new Float32Array(9),
  });
  const lora = await openFactors(component, {
    path: temporary.file("a.safetensors"),
    arrays: moved,
    rename: (name) => name,
  });
  assert.deepEqual([...lora.layers.keys()], ["blocks.0.ffn.2"]);
  const reasons = new Map(
    lora.ignored.map(({ tensor, reason }) => [tensor, reason]),
  );
  assert.equal(
    reasons.get("blocks.0.ffn.0.hada_w1_a"),
    "its factors do not fit the layer's weight",
  );
  assert.equal(
    reasons.get("blocks.1.cross_attn.v_img.lokr_w1_a"),
    "one of its factors is missing",
  );
  assert.equal(
    reasons.get("blocks.1.ffn.2.lokr_w2_b"),
    "its factors do not fit together",
  );
  assert.equal(
    reasons.get("blocks.1.ffn.0.lokr_t2"),
    "it is a Tucker decomposition, which is not supported",
  );
});

Deno.test("PEFT scales a LoKr without a rank too, LyCORIS does not", async () => {
  await using temporary = await temporaryFolder();
  const component = await openFp8();
  const arrays = await goldenArrays();
  const layer = "blocks.0.ffn.2";
  const path = temporary.file("a.safetensors");
  const factors = ["lokr_w1", "lokr_w2"].map((name) => {
    const { dims, data } = arrays.get(`${layer}.${name}`)!;
    return {
      name: `base_model.model.${layer}.${name}`,
      dtype: "F32" as const,
      shape: dims,
      data,
    };
  });
  await Deno.writeFile(path, writeSafetensors(factors));
  using source = diskFiles.open(path);
  const scale = (options: { config?: unknown }) =>
    readLora(source, component.tensors, options).layers.get(layer)?.product
      ?.scale;
  assert.equal(scale({}), 1);
  assert.equal(scale({ config: { peft_type: "LOKR", r: 8, alpha: 4 } }), 0.5);
});
