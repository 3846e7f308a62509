/**
 * Quantized transformers: the graph over 8- and 4-bit weights compared with the
 * graph over the dequantized weights, and the tool that quantizes.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Component } from "../core/wan/networks.ts";
import { readSafetensors } from "../core/formats/safetensors.ts";
import {
  planSafetensors,
  writeSafetensors,
} from "../core/formats/safetensors_writer.ts";
import {
  diskFiles,
  openComponent,
} from "../core/checkpoint/open_checkpoint.ts";
import { decodeNumbers } from "../core/onnx/graph/decode_numbers.ts";
import {
  dequantizeRows,
  findQuantized,
} from "../core/onnx/graph/quantized_weight.ts";
import { quantizeTransformer } from "../core/wan/quantize/quantize_transformer.ts";
import { buildTransformer } from "../core/wan/transformer/transformer.ts";
import { CPU } from "../core/onnx/runtime/device.ts";
import { openSession } from "../core/onnx/runtime/session.ts";
import type { Tensor } from "../core/base/tensor.ts";
import {
  assertClose,
  difference,
  goldenUrl,
  readGolden,
} from "./fixtures/golden.ts";
import {
  feedsOf,
  latentOf,
  openDit,
  openFp8,
  quantized,
} from "./fixtures/transformers.ts";
import { runTool } from "./fixtures/run_tool.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { runToolProcess } from "./fixtures/tool_process.ts";

type Transformer = Component<"transformer">;

/** The same network with its weights dequantized to float32. */
async function dequantized(
  component: Transformer,
  options: { path: string; config?: string },
): Promise<Transformer> {
  const read = (name: string) => {
    const entry = component.tensors.get(name)!;
    using source = diskFiles.open(entry.file);
    return source.read(entry.offset, entry.length).slice();
  };
  const tensors = [...component.tensors.values()].flatMap((entry) => {
    const { name, dtype, shape } = entry;
    if (name.endsWith("_scales")) return [];
    const original = name.replace(/_q[48]$/, "");
    const weight = original === name
      ? undefined
      : findQuantized(component.tensors, original)!;
    if (!weight) {
      const data = decodeNumbers(dtype, read(name));
      return [{ name, dtype: "F32" as const, shape, data }];
    }
    // The width of the input is that of the previous layer.
    const { dim, ffnDim } = component.config;
    const columns = original.endsWith("ffn.2.weight") ? ffnDim : dim;
    const scales = decodeNumbers("F16", read(weight.scales.name));
    const data = dequantizeRows({ packed: read(name), scales }, {
      ...weight,
      columns,
    });
    return [{
      name: original,
      dtype: "F32" as const,
      shape: [shape[0]!, columns],
      data,
    }];
  });
  await Deno.writeFile(options.path, writeSafetensors(tensors));
  const { path, config } = options;
  return await openComponent("transformer", path, config ? { config } : {});
}

async function predict(
  component: Transformer,
  folder: string,
  timestep: number,
): Promise<Tensor> {
  const graph = buildTransformer(component, { latent: latentOf(folder) });
  await using session = await openSession(graph, CPU);
  const { prediction } = await session.run(
    feedsOf(folder, component, { context: 0, timestep }),
  );
  return prediction!;
}

const fp8Config = fileURLToPath(goldenUrl("dit_fp8/config.json"));

for (
  const { folder, open, config, bits, blockSize, loss } of [
    // The allowed error from the rounding of the weights, relative to the
    // largest value; measured 0.004 to 0.006 with 8 bits and 0.07 to 0.09 with
    // 4.
    { folder: "dit", open: openDit, bits: 8, blockSize: 32, loss: 0.01 },
    { folder: "dit", open: openDit, bits: 4, blockSize: 32, loss: 0.2 },
    { folder: "dit", open: openDit, bits: 4, blockSize: 128, loss: 0.2 },
    // 144 columns do not fill five blocks of 32.
    {
      folder: "dit_fp8",
      open: openFp8,
      config: fp8Config,
      bits: 8,
      blockSize: 32,
      loss: 0.01,
    },
    {
      folder: "dit_fp8",
      open: openFp8,
      config: fp8Config,
      bits: 4,
      blockSize: 32,
      loss: 0.2,
    },
  ] as const
) {
  Deno.test(`${folder} in ${bits} bits, blocks of ${blockSize}, computes with the dequantized weights`, async () => {
    await using temporary = await temporaryFolder();
    const at = (name: string) => ({
      path: temporary.file(name),
      ...(config ? { config } : {}),
    });
    const small = await quantized(await open(), {
      ...at("small.safetensors"),
      bits,
      blockSize,
    });
    const large = await dequantized(small, at("large.safetensors"));
    const timestep = 999;
    const actual = await predict(small, folder, timestep);
    // The same products in another order.
    assertClose(
      "compared with dequantized weights",
      actual,
      await predict(large, folder, timestep),
      { relative: 2e-5 },
    );
    const { relative } = difference(
      actual,
      readGolden(`${folder}/out_ctx0_t${timestep}.npy`),
    );
    console.log(`error from rounding the weights: ${relative.toFixed(4)}`);
    assert.ok(relative < loss, `${relative}`);
    assert.ok(relative > 1e-4, "nothing was rounded");
  });
}

Deno.test("quantizing reads a few megabytes at a time, however large a tensor is", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("large.safetensors");
  const name = "blocks.0.ffn.0.weight";
  const { header, size } = planSafetensors([
    { name, dtype: "F32", shape: [13824, 5120] },
    { name: "text_embedding.0.weight", dtype: "F32", shape: [5120, 4096] },
  ]);
  await Deno.writeFile(path, header);
  await Deno.truncate(path, size); // a hole: nothing is written
  using source = diskFiles.open(path);
  const { tensors, metadata } = readSafetensors(source);
  let longestRead = 0, longestWrite = 0, written = 0;
  const work = quantizeTransformer({ tensors, metadata }, {
    bits: 8,
    blockSize: 256,
    open: (file) => ({
      name: file,
      size,
      read(offset, length) {
        longestRead = Math.max(longestRead, length);
        return source.read(offset, length);
      },
      [Symbol.dispose]() {},
    }),
    sink: {
      write(_, bytes) {
        longestWrite = Math.max(longestWrite, bytes.length);
        written += bytes.length;
      },
    },
  });
  const progress = [...work];
  assert.deepEqual(progress.map(({ done }) => done), [
    13824 * 5120 * 4,
    (13824 + 4096) * 5120 * 4,
  ]);
  assert.ok(longestRead <= 2 ** 24, `${longestRead}`);
  assert.ok(longestWrite <= 2 ** 23, `${longestWrite}`);
  assert.ok(written > 13824 * 5120 + 5120 * 4096 * 2);
});

Deno.test("invalid block sizes and quantized weights are refused", async () => {
  const component = await openDit();
  const sink = { write() {} };
  const open = (path: string) => diskFiles.open(path);
  assert.throws(
    () =>
      quantizeTransformer(component, { bits: 4, blockSize: 48, open, sink })
        .next(),
    {
      name: "RangeError",
      message:
        "Cannot quantize in blocks of 48, expected 16, 32, 64, 128 or 256",
    },
  );
  await using temporary = await temporaryFolder();
  const small = await quantized(component, {
    path: temporary.file("small.safetensors"),
    bits: 4,
    blockSize: 64,
  });
  assert.throws(
    () =>
      quantizeTransformer(small, { bits: 8, blockSize: 64, open, sink }).next(),
    { name: "TypeError", message: /it is already quantized$/ },
  );
});

Deno.test("numbers that are not finite are refused with their tensor", async () => {
  const component = await openDit();
  const spoiled = component.tensors.get("blocks.1.ffn.0.weight")!;
  const run = () => {
    const work = quantizeTransformer(component, {
      bits: 4,
      blockSize: 32,
      sink: { write() {} },
      open(path) {
        const source = diskFiles.open(path);
        return {
          name: path,
          size: source.size,
          read(offset, length) {
            const bytes = source.read(offset, length).slice();
            // The upper half of a NaN of bfloat16.
            if (offset === spoiled.offset) bytes.set([0xc0, 0x7f]);
            return bytes;
          },
          [Symbol.dispose]: () => source[Symbol.dispose](),
        };
      },
    });
    while (!work.next().done);
  };
  assert.throws(run, {
    name: "RangeError",
    message:
      /Cannot quantize "blocks.1.ffn.0.weight" of ".*": one of its numbers is NaN/,
  });
});

Deno.test("the tool writes a file that opens, and prints the errors", async () => {
  await using temporary = await temporaryFolder();
  const out = temporary.file("q8.safetensors");
  const script = "tools/quantize.ts";
  const source = fileURLToPath(
    goldenUrl("dit/model/diffusion_pytorch_model.safetensors.index.json"),
  );
  const first = await runToolProcess(script, [source, out, "--bits", "8"]);
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /^ffn\.0 +0\.13 M +BF16 to q8 +0\.5\d % +\S+$/m);
  const component = await openComponent("transformer", out);
  assert.equal(
    component.tensors.get("blocks.1.ffn.2.weight_q8")?.shape.join(),
    "256,8,32",
  );
  assert.equal(
    component.metadata.get("quantization"),
    "ati q8 in blocks of 32",
  );
  const second = await runTool(script, [source, out]);
  assert.equal(second.code, 2);
  assert.match(second.err, /it already exists/);
  const wrong = await runTool(script, [source, temporary.file("q4.bin")]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /expected a name that ends in \.safetensors/);
  assert.deepEqual(
    [...Deno.readDirSync(temporary.path)].map(({ name }) => name),
    ["q8.safetensors"],
  );
});
