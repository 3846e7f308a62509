/**
 * Scaled 8-bit weights in every layout that files have, against the same
 * weights written out: computed with as they are, and quantized.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { seeded } from "../core/base/seeded.ts";
import { sizeOf, type Tensor } from "../core/base/tensor.ts";
import {
  diskFiles,
  openComponent,
} from "../core/checkpoint/open_checkpoint.ts";
import { readSafetensors } from "../core/formats/safetensors.ts";
import { writeSafetensors } from "../core/formats/safetensors_writer.ts";
import { decodeNumbers } from "../core/onnx/graph/decode_numbers.ts";
import { REFERENCE_TARGET } from "../core/onnx/graph/graph_target.ts";
import { CPU } from "../core/onnx/runtime/device.ts";
import { openSession } from "../core/onnx/runtime/session.ts";
import type { Component } from "../core/wan/networks.ts";
import { quantizeTransformer } from "../core/wan/quantize/quantize_transformer.ts";
import { buildTransformer } from "../core/wan/transformer/transformer.ts";
import { encodeTexts } from "../core/wan/text_encoder/encode_text.ts";
import {
  assertClose,
  difference,
  goldenUrl,
  readGolden,
} from "./fixtures/golden.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { openTinyComponent } from "./fixtures/tiny_checkpoint.ts";
import {
  feedsOf,
  latentOf,
  openDit,
  openFp8,
} from "./fixtures/transformers.ts";

type Kind = "transformer" | "t5";
type Written = Parameters<typeof writeSafetensors>[0][number];

/** How factors are laid out over a matrix. */
interface Layout {
  readonly name: string;
  /** The shape of the factors' tensor. */
  readonly shape: (out: number, inner: number) => readonly number[];
  /** Which factor belongs to an element. */
  readonly factorAt: (
    row: number,
    column: number,
    size: { out: number; inner: number },
  ) => number;
}

const LAYOUTS: Record<string, Layout> = {
  "one factor": { name: "scale_weight", shape: () => [], factorAt: () => 0 },
  "one per row": {
    name: "weight_scale",
    shape: (out) => [out],
    factorAt: (row) => row,
  },
  "one per row, two axes": {
    name: "scale_weight",
    shape: (out) => [out, 1],
    factorAt: (row) => row,
  },
  "parts of 16 columns": {
    name: "weight_scale_inv",
    shape: (out, inner) => [out, inner / 16],
    factorAt: (row, column, { inner }) =>
      row * inner / 16 + Math.floor(column / 16),
  },
  "half rows, three axes": {
    name: "weight_scale",
    shape: (out) => [out, 2, 1],
    factorAt: (row, column, { inner }) =>
      row * 2 + Math.floor(column / (inner / 2)),
  },
  "parts of 128 columns, the last one short": {
    name: "weight_scale_inv",
    shape: (out, inner) => [out, Math.ceil(inner / 128)],
    factorAt: (row, column, { inner }) =>
      row * Math.ceil(inner / 128) + Math.floor(column / 128),
  },
  "squares of 128": {
    name: "weight_scale_inv",
    shape: (out, inner) => [Math.ceil(out / 128), Math.ceil(inner / 128)],
    factorAt: (row, column, { inner }) =>
      Math.floor(row / 128) * Math.ceil(inner / 128) + Math.floor(column / 128),
  },
};

/** A network with fp8 matrices and factors, and the same written out. */
async function writeScaled<K extends Kind>(
  base: Component<K>,
  options: {
    folder: { file(name: string): string };
    layout: Layout;
    dtype: "F8_E4M3" | "F8_E5M2";
    config?: string;
  },
): Promise<{ stored: Component<K>; reference: Component<K> }> {
  const { folder, layout, dtype, config } = options;
  const random = seeded(5);
  const stored: Written[] = [{
    name: "scaled_fp8",
    dtype: "F8_E4M3",
    shape: [0],
    data: new Uint8Array(),
  }];
  const plain: Written[] = [];
  for (const entry of base.tensors.values()) {
    const { name, shape } = entry;
    if (name.endsWith("scale_weight")) continue;
    const isMatrix = name.endsWith(".weight") && shape.length === 2 &&
      !name.includes("pos_embedding");
    if (!isMatrix) {
      using file = diskFiles.open(entry.file);
      const bytes = file.read(entry.offset, entry.length);
      const data = decodeNumbers(entry.dtype, bytes);
      const written = { name, dtype: "F32" as const, shape, data };
      stored.push(written);
      plain.push(written);
      continue;
    }
    const [out, inner] = shape as [number, number];
    // Finite codes up to 2, of either sign.
    const codes = Uint8Array.from(
      { length: out * inner },
      () => Math.floor(random() * 0x40) | (random() < 0.5 ? 0x80 : 0),
    );
    const counts = layout.shape(out, inner);
    const factors = Float32Array.from(
      { length: sizeOf(counts) },
      () => (0.02 + 0.2 * random()) / Math.sqrt(inner / 64),
    );
    const data = decodeNumbers(dtype, codes).map((x, i) =>
      x * factors[
        layout.factorAt(Math.floor(i / inner), i % inner, { out, inner })
      ]!
    );
    stored.push({ name, dtype, shape, data: codes }, {
      name: name.replace(/weight$/, layout.name),
      dtype: "F32",
      shape: counts,
      data: factors,
    });
    plain.push({ name, dtype: "F32", shape, data });
  }
  const id = crypto.randomUUID();
  const open = async (suffix: string, tensors: readonly Written[]) => {
    const path = folder.file(`${id} ${suffix}.safetensors`);
    await Deno.writeFile(path, writeSafetensors(tensors));
    return await openComponent(base.kind, path, config ? { config } : {});
  };
  return {
    stored: await open("stored", stored) as Component<K>,
    reference: await open("plain", plain) as Component<K>,
  };
}

async function predict(
  component: Component<"transformer">,
  folder: "dit" | "dit_fp8",
  float8: "dequantize" | "cast" = "dequantize",
): Promise<Tensor> {
  await using session = await openSession(
    buildTransformer(component, {
      latent: latentOf(folder),
      target: { ...REFERENCE_TARGET, float8 },
    }),
    CPU,
  );
  const feeds = feedsOf(folder, component, { context: 0, timestep: 999 });
  return (await session.run(feeds))["prediction"]!;
}

/** The packed bytes that a network is quantized to, and the largest error. */
function quantizedBytes(
  component: Pick<Component, "tensors" | "metadata">,
) {
  const bytes = new Map<number, Uint8Array>();
  const work = quantizeTransformer(component, {
    bits: 8,
    blockSize: 32,
    open: (name) => diskFiles.open(name),
    sink: { write: (offset, part) => bytes.set(offset, part.slice()) },
  });
  let step = work.next();
  while (!step.done) step = work.next();
  const quantized = [...bytes].sort(([a], [b]) => a - b).slice(1);
  return { bytes: quantized.map(([, part]) => part), errors: step.value };
}

const fp8Config = fileURLToPath(goldenUrl("dit_fp8/config.json"));

for (const [label, layout] of Object.entries(LAYOUTS)) {
  for (const dtype of ["F8_E4M3", "F8_E5M2"] as const) {
    // Factors know nothing of the element type: three layouts are enough.
    if (dtype === "F8_E5M2" && /two axes|half|parts/.test(label)) continue;
    Deno.test(`fp8 weights mean the same as written out: ${label}, ${dtype}`, async () => {
      await using temporary = await temporaryFolder();
      // Widths of 64 and 144, which squares of 128 do not divide; and of 256.
      const folders = /squares/.test(label) && dtype === "F8_E4M3"
        ? ["dit_fp8", "dit"] as const
        : ["dit_fp8"] as const;
      for (const folder of folders) {
        const base = folder === "dit" ? await openDit() : await openFp8();
        const { stored, reference } = await writeScaled(base, {
          folder: temporary,
          layout,
          dtype,
          ...(folder === "dit" ? {} : { config: fp8Config }),
        });
        const expected = await predict(reference, folder);
        for (const float8 of ["dequantize", "cast"] as const) {
          assertClose(
            `${folder} ${float8}`,
            await predict(stored, folder, float8),
            expected,
            { relative: 2e-6 },
          );
        }
        const scaled = quantizedBytes(stored);
        const plain = quantizedBytes(reference);
        assert.deepEqual(
          scaled.errors.map(({ group, relative }) => [group, relative]),
          plain.errors.map(({ group, relative }) => [group, relative]),
        );
        // What is quantized comes first in both, in the same order.
        const written = new Set(scaled.bytes.map((part) => part.toHex()));
        const same = plain.bytes.filter((part) => written.has(part.toHex()));
        // 12 matrices in each of two blocks: numbers and scales.
        assert.ok(same.length >= 2 * 24, `${same.length}`);
      }
    });
  }
}

Deno.test("fp8 text encoders, table of tokens included, mean the same as written out", async () => {
  await using temporary = await temporaryFolder();
  const ids = readGolden("t5/a.ids.npy").data.subarray(0, 12);
  const base = await openTinyComponent("t5");
  for (const [label, layout] of Object.entries(LAYOUTS)) {
    for (const dtype of ["F8_E4M3", "F8_E5M2"] as const) {
      const { stored, reference } = await writeScaled(base, {
        folder: temporary,
        layout,
        dtype,
      });
      const [actual, expected] = await Promise.all(
        [stored, reference].map(async (t5) =>
          (await encodeTexts(t5, [ids], {
            device: CPU,
            execution: "monolithic",
          }))[0]!
        ),
      ) as [Tensor, Tensor];
      assert.ok(
        difference(expected, {
          ...expected,
          data: new Float32Array(expected.data.length),
        }).max > 0.1,
      );
      assertClose(`${label} ${dtype}`, actual, expected, { relative: 1e-5 });
    }
  }
});

Deno.test("rows of a matrix that is quantized in parts keep their own factors", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("large.safetensors");
  const rows = 1100, columns = 4096; // more than four million numbers
  await Deno.writeFile(
    path,
    writeSafetensors([
      {
        name: "blocks.0.ffn.0.weight",
        dtype: "F8_E4M3",
        shape: [rows, columns],
        data: new Uint8Array(rows * columns).fill(0x38), // 1
      },
      {
        name: "blocks.0.ffn.0.scale_weight",
        dtype: "F32",
        shape: [rows, 1],
        data: Float32Array.from({ length: rows }, (_, row) => row + 1),
      },
    ]),
  );
  using source = diskFiles.open(path);
  const { bytes } = quantizedBytes(readSafetensors(source));
  // Two parts of packed numbers, then their scales.
  assert.equal(bytes.length, 4);
  const scales = bytes.slice(2).flatMap((
    part,
  ) => [...new Float16Array(part.buffer)]);
  // 1 is the outermost of 127 levels on one side.
  for (const row of [0, 700, 1023, 1024, 1099]) {
    const scale = Math.abs(scales[row * columns / 32]!);
    assert.ok(Math.abs(scale * 128 / (row + 1) - 1) < 0.01, `${row}: ${scale}`);
  }
});
