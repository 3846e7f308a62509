/**
 * GGUF files of the transformer and the text encoder: converted, and read as
 * they are where nothing has to be converted.
 */

import assert from "node:assert/strict";
import { isBlockType } from "../core/formats/gguf_blocks.ts";
import { sizeOf, type Tensor } from "../core/base/tensor.ts";
import {
  diskFiles,
  openComponent,
} from "../core/checkpoint/open_checkpoint.ts";
import { CPU } from "../core/onnx/runtime/device.ts";
import { openSession } from "../core/onnx/runtime/session.ts";
import type { Component } from "../core/wan/networks.ts";
import {
  type QuantizationError,
  quantizeTransformer,
} from "../core/wan/quantize/quantize_transformer.ts";
import { buildTransformer } from "../core/wan/transformer/transformer.ts";
import { encodeTexts } from "../core/wan/text_encoder/encode_text.ts";
import {
  type GgufType,
  llamaCppName,
  writeGgufNetwork,
} from "./fixtures/gguf_network.ts";
import { assertClose, difference, readGolden } from "./fixtures/golden.ts";
import { runTool } from "./fixtures/run_tool.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { openTinyComponent } from "./fixtures/tiny_checkpoint.ts";
import { feedsOf, latentOf, openDit } from "./fixtures/transformers.ts";

async function predict(component: Component<"transformer">): Promise<Tensor> {
  const latent = latentOf("dit");
  await using session = await openSession(
    buildTransformer(component, { latent }),
    CPU,
  );
  const feeds = feedsOf("dit", component, { context: 0, timestep: 437 });
  return (await session.run(feeds))["prediction"]!;
}

/** Converts a GGUF file and opens the result. */
async function converted<Kind extends "transformer" | "t5">(
  kind: Kind,
  options: { path: string; out: string; bits?: 4 | 8 },
): Promise<{ component: Component<Kind>; errors: QuantizationError[] }> {
  const { path, out, bits } = options;
  const source = await openComponent(kind, path, { convert: true });
  using file = Deno.openSync(out, { write: true, create: true });
  const work = quantizeTransformer(source, {
    ...(bits ? { bits } : {}),
    blockSize: 32,
    network: kind,
    open: (name) => diskFiles.open(name),
    sink: {
      write(offset, bytes) {
        file.seekSync(offset, Deno.SeekMode.Start);
        assert.equal(file.writeSync(bytes), bytes.length);
      },
    },
  });
  let step = work.next();
  while (!step.done) step = work.next();
  return { component: await openComponent(kind, out), errors: step.value };
}

const isMatrix = (name: string, shape: readonly number[]) =>
  name.endsWith(".weight") && shape.length === 2;

/** Which type each tensor has in files that people publish. */
const FILES: Record<string, {
  typeOf: (name: string, shape: readonly number[]) => GgufType;
  /** How far the conversion may be from the numbers of the file. */
  relative: number;
  options?: Omit<
    Parameters<typeof writeGgufNetwork>[1],
    "path" | "reference" | "typeOf"
  >;
  /** What is not taken over exactly. */
  converted?: string[];
}> = {
  "Q8_0, embeddings in F16": {
    typeOf: (name, shape) =>
      /^blocks/.test(name) && isMatrix(name, shape)
        ? "Q8_0"
        : shape.length > 1
        ? "F16"
        : "F32",
    relative: 2e-5,
    options: {
      metadata: { "general.architecture": "wan" },
      alignment: 64,
    },
  },
  "every matrix Q4_0, embeddings too": {
    typeOf: (name, shape) => isMatrix(name, shape) ? "Q4_0" : "BF16",
    relative: 2e-5,
  },
  "Q4_0 with Q4_1 in ffn.2": {
    typeOf: (name, shape) =>
      !/^blocks/.test(name) || !isMatrix(name, shape)
        ? "F32"
        : name.endsWith("ffn.2.weight")
        ? "Q4_1"
        : "Q4_0",
    relative: 0.01,
    converted: ["ffn.2 Q4_1 q8"],
  },
  "Q4_K_M with Q6_K in v and ffn.2": {
    typeOf: (name, shape) =>
      !/^blocks/.test(name) || !isMatrix(name, shape)
        ? "F16"
        : /\.v\.weight|ffn\.2/.test(name)
        ? "Q6_K"
        : "Q4_K",
    relative: 0.01,
    converted: [
      "cross_attn.k Q4_K q8",
      "cross_attn.k_img Q4_K q8",
      "cross_attn.o Q4_K q8",
      "cross_attn.q Q4_K q8",
      "cross_attn.v Q6_K q8",
      "cross_attn.v_img Q4_K q8",
      "ffn.0 Q4_K q8",
      "ffn.2 Q6_K q8",
      "self_attn.k Q4_K q8",
      "self_attn.o Q4_K q8",
      "self_attn.q Q4_K q8",
      "self_attn.v Q6_K q8",
    ],
  },
  // No general.* keys, a prefix, vectors quantized, four axes at most.
  "stable-diffusion.cpp's layout": {
    typeOf: (_, shape) =>
      shape.at(-1)! % 256 === 0
        ? "Q5_K"
        : shape.at(-1)! % 32 === 0
        ? "Q8_0"
        : "F16",
    relative: 0.02,
    options: {
      rename: (name) => `model.diffusion_model.${name}`,
      shapeOf: (_, shape) =>
        shape.length === 5
          ? [shape[0]! * shape[1]!, ...shape.slice(2)]
          : shape[0] === 1
          ? shape.slice(1)
          : shape,
    },
  },
};

for (
  const [label, { typeOf, relative, options, ...file }] of Object.entries(FILES)
) {
  Deno.test(`a transformer is converted: ${label}`, async () => {
    await using temporary = await temporaryFolder();
    const path = temporary.file("a.gguf");
    const reference = await writeGgufNetwork(await openDit(), {
      path,
      reference: temporary.file("reference.safetensors"),
      typeOf,
      ...options,
    });
    const { component, errors } = await converted("transformer", {
      path,
      out: temporary.file("out.safetensors"),
    });
    const expected = await predict(reference);
    assertClose(label, await predict(component), expected, { relative });
    const inexact = errors.filter(({ largest }) => largest > 0);
    if (label.startsWith("stable")) {
      assert.ok(inexact.some(({ group }) => group === "others"));
    } else {
      assert.deepEqual(
        inexact.map(({ group, from, to }) => `${group} ${from} ${to}`).sort(),
        file.converted ?? [],
      );
    }
    for (const { from, relative } of inexact) {
      assert.ok(relative > 0 && relative < 0.01, `${from}: ${relative}`);
    }
    // Neither larger nor smaller than the blocks: no number was written twice.
    const isKept = errors.every(({ from, to }) =>
      from === "Q8_0" || to === "q4"
    );
    if (isKept) {
      const { bytes } = await openComponent("transformer", path, {
        convert: true,
      });
      assert.equal(component.bytes, bytes);
    }
  });
}

Deno.test("every block type can be converted, and its error is reported", async () => {
  const types: GgufType[] = [
    "Q4_1",
    "Q5_0",
    "Q5_1",
    "Q2_K",
    "Q3_K",
    "Q5_K",
    "Q6_K",
  ];
  const layers = [
    "self_attn.q",
    "self_attn.k",
    "self_attn.v",
    "self_attn.o",
    "ffn.0",
    "ffn.2",
    "cross_attn.q",
  ];
  await using temporary = await temporaryFolder();
  const path = temporary.file("a.gguf");
  const reference = await writeGgufNetwork(await openDit(), {
    path,
    reference: temporary.file("reference.safetensors"),
    typeOf: (name) =>
      types[layers.findIndex((layer) => name.endsWith(`${layer}.weight`))] ??
        "F32",
  });
  for (const bits of [undefined, 8, 4] as const) {
    const { component, errors } = await converted("transformer", {
      path,
      out: temporary.file(`out${bits}.safetensors`),
      ...(bits ? { bits } : {}),
    });
    const reported = new Map(errors.map((error) => [error.group, error]));
    layers.forEach((layer, i) => {
      const { from, to, relative } = reported.get(layer)!;
      assert.equal(from, types[i]);
      assert.equal(to, bits === 4 ? "q4" : "q8");
      const most = bits === 4 ? 0.12 : 0.01;
      assert.ok(relative > 0 && relative < most, `${from}: ${relative}`);
    });
    assertClose(
      `every type in ${bits ?? "its own"} bits`,
      await predict(component),
      await predict(reference),
      { relative: bits === 4 ? 0.3 : 0.02 },
    );
  }
});

Deno.test("a layer that has 4 bits in some blocks and more in others gets 8 in all of them", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("a.gguf");
  const reference = await writeGgufNetwork(await openDit(), {
    path,
    reference: temporary.file("reference.safetensors"),
    typeOf: (name, shape) =>
      !/^blocks/.test(name) || !isMatrix(name, shape)
        ? "F32"
        : name === "blocks.1.ffn.2.weight"
        ? "Q8_0"
        : "Q4_0",
  });
  const { component, errors } = await converted("transformer", {
    path,
    out: temporary.file("out.safetensors"),
  });
  // The same names in both blocks: their graphs are the same.
  const stored = (block: number) =>
    [...component.tensors.keys()]
      .filter((name) => name.startsWith(`blocks.${block}.`))
      .map((name) => name.replace(/^blocks\.\d/, ""));
  assert.deepEqual(stored(0), stored(1));
  assert.ok(stored(0).includes(".ffn.2.weight_q8"));
  assert.ok(stored(0).includes(".ffn.0.weight_q4"));
  assert.ok(errors.every(({ largest }) => largest === 0));
  assertClose(
    "mixed bits",
    await predict(component),
    await predict(reference),
    { relative: 2e-5 },
  );
});

Deno.test("asked for 4 bits, 8-bit blocks are quantized again and 4-bit ones kept", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("a.gguf");
  await writeGgufNetwork(await openDit(), {
    path,
    reference: temporary.file("reference.safetensors"),
    typeOf: (name) =>
      name.endsWith("ffn.0.weight")
        ? "Q8_0"
        : name.endsWith("ffn.2.weight")
        ? "Q4_0"
        : "F16",
  });
  const stored = async (bits?: 4 | 8) => {
    const { component } = await converted("transformer", {
      path,
      out: temporary.file(`${bits}.safetensors`),
      ...(bits ? { bits } : {}),
    });
    return [...component.tensors.keys()].filter((name) =>
      /^blocks\.0\.(?:ffn\.[02]|self_attn\.q)\.weight\S*(?<!scales)$/.test(name)
    ).sort();
  };
  assert.deepEqual(await stored(), [
    "blocks.0.ffn.0.weight_q8",
    "blocks.0.ffn.2.weight_q4",
    "blocks.0.self_attn.q.weight",
  ]);
  assert.deepEqual(await stored(8), [
    "blocks.0.ffn.0.weight_q8",
    "blocks.0.ffn.2.weight_q4",
    "blocks.0.self_attn.q.weight_q8",
  ]);
  assert.deepEqual(await stored(4), [
    "blocks.0.ffn.0.weight_q4",
    "blocks.0.ffn.2.weight_q4",
    "blocks.0.self_attn.q.weight_q4",
  ]);
});

Deno.test("GGUF files of 16- and 32-bit numbers are computed with as they are", async () => {
  await using temporary = await temporaryFolder();
  for (const type of ["F32", "F16", "BF16"] as const) {
    for (const isNoted of type === "F16" ? [false, true] : [false]) {
      const path = temporary.file(`${type}${isNoted}.gguf`);
      const patch = [256, 36, 1, 2, 2];
      const reference = await writeGgufNetwork(await openDit(), {
        path,
        reference: temporary.file("reference.safetensors"),
        typeOf: (_, shape) => shape.length === 1 ? "F32" : type,
        // ComfyUI's converter notes a shape that ggml cannot have.
        ...(isNoted
          ? {
            metadata: { "comfy.gguf.orig_shape.patch_embedding.weight": patch },
            shapeOf: (name, shape) =>
              name === "patch_embedding.weight" ? [sizeOf(shape)] : shape,
          }
          : {}),
      });
      const component = await openComponent("transformer", path);
      assert.ok(component.files.every((file) => file.endsWith(".gguf")));
      const expected = await predict(reference);
      const { max } = difference(await predict(component), expected);
      assert.equal(max, 0, type);
    }
  }
});

for (const type of ["Q8_0", "Q4_0"] as const) {
  Deno.test(`a text encoder of llama.cpp is converted exactly, its table of tokens too (${type})`, async () => {
    await using temporary = await temporaryFolder();
    const path = temporary.file("umt5-xxl-encoder.gguf");
    const reference = await writeGgufNetwork(await openTinyComponent("t5"), {
      path,
      reference: temporary.file("reference.safetensors"),
      rename: llamaCppName,
      typeOf: (name, shape) =>
        shape.length === 2 && !name.includes("pos_embedding") ? type : "F32",
      metadata: { "general.architecture": "t5encoder" },
    });
    const { component, errors } = await converted("t5", {
      path,
      out: temporary.file("out.safetensors"),
    });
    assert.equal(component.naming, "official");
    assert.ok(
      errors.length > 0 && errors.every(({ largest }) => largest === 0),
    );
    const ids = readGolden("t5/a.ids.npy").data.subarray(0, 12);
    for (const execution of ["monolithic", "blockwise"] as const) {
      const encode = async (t5: Component<"t5">) =>
        (await encodeTexts(t5, [ids], { device: CPU, execution }))[0]!;
      assertClose(
        `umt5 ${type} ${execution}`,
        await encode(component),
        await encode(reference),
        { relative: 2e-5 },
      );
    }
  });
}

Deno.test("other block types of a text encoder are converted with their error", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("umt5.gguf");
  const reference = await writeGgufNetwork(await openTinyComponent("t5"), {
    path,
    reference: temporary.file("reference.safetensors"),
    typeOf: (name, shape) =>
      shape.length !== 2 || name.includes("pos_embedding") ? "F32" : "Q5_1",
  });
  const { component, errors } = await converted("t5", {
    path,
    out: temporary.file("out.safetensors"),
  });
  const rows = errors.map(({ group, from, to }) => `${group} ${from} ${to}`);
  assert.ok(rows.includes("ffn.gate.0 Q5_1 q8"), rows.join());
  assert.ok(rows.includes("others Q5_1 F16"), rows.join());
  const ids = readGolden("t5/a.ids.npy").data.subarray(0, 12);
  const encode = async (t5: Component<"t5">) =>
    (await encodeTexts(t5, [ids], { device: CPU, execution: "monolithic" }))[
      0
    ]!;
  assertClose("Q5_1", await encode(component), await encode(reference), {
    relative: 0.02,
  });
});

Deno.test("quantized GGUF is refused where it cannot be computed with, and the tool converts it", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("wan-Q4_K_S.gguf");
  await writeGgufNetwork(await openDit(), {
    path,
    reference: temporary.file("reference.safetensors"),
    typeOf: (name, shape) =>
      /^blocks/.test(name) && isMatrix(name, shape) ? "Q4_K" : "F32",
  });
  await assert.rejects(openComponent("transformer", path), {
    code: "weight-encoding",
    message:
      /it is a quantized GGUF file \(tensors: 24 Q4_K\), which has to be converted first\nHINT: deno task quantize \S+wan-Q4_K_S\.gguf OUT\.safetensors/,
  });
  const out = temporary.file("out.safetensors");
  const made = await runTool("tools/quantize.ts", [path, out]);
  assert.equal(made.code, 0, made.err);
  assert.match(made.out, /^ffn\.0 +0\.13 M +Q4_K to q8 +0\.\d\d % +\S+$/m);
  const { dtypes } = await openComponent("transformer", out);
  assert.ok(![...dtypes.keys()].some(isBlockType));
  const wrong = await runTool("tools/quantize.ts", [
    path,
    temporary.file("b.safetensors"),
    "--network",
    "t5",
  ]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /as t5: it is the transformer/);
});
