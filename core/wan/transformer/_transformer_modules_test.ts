import assert from "node:assert/strict";
import { openFileSource } from "../../files/files.ts";
import { readSafetensors } from "../../formats/safetensors.ts";
import { writeSafetensors } from "../../formats/safetensors_writer.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import { CPU } from "../../onnx/runtime/device.ts";
import { openSession } from "../../onnx/runtime/session.ts";
import { temporaryFolder } from "../../../tests/fixtures/temporary.ts";
import { imageEmbedding } from "./_transformer_modules.ts";

const DIM = 4;
/** So small that the norms' eps is a large part of what they divide by. */
const FEATURES = [0.003, -0.001, 0.0005, -0.004];
/** Brings what enters the second norm down to the same size. */
const FACTOR = 0.008;

const identity = (factor: number) =>
  Float32Array.from(
    { length: DIM * DIM },
    (_, i) => i % (DIM + 1) === 0 ? factor : 0,
  );

/** Weights under which MLPProj is norm, gelu(x * FACTOR), norm. */
function weights() {
  const vector = (name: string, value: number) => ({
    name: `img_emb.proj.${name}`,
    dtype: "F32" as const,
    shape: [DIM],
    data: new Float32Array(DIM).fill(value),
  });
  const matrix = (name: string, factor: number) => ({
    ...vector(name, 0),
    shape: [DIM, DIM],
    data: identity(factor),
  });
  return [
    vector("0.weight", 1),
    vector("0.bias", 0),
    matrix("1.weight", FACTOR),
    vector("1.bias", 0),
    matrix("3.weight", 1),
    vector("3.bias", 0),
    vector("4.weight", 1),
    vector("4.bias", 0),
  ];
}

function layerNorm(x: readonly number[], eps: number): number[] {
  const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
  const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length;
  return x.map((v) => (v - mean) / Math.sqrt(variance + eps));
}

/** x Φ(x) by its series, exact to 1e-12 below 0.02. */
const gelu = (x: number) =>
  x * (0.5 + (x - x ** 3 / 6 + x ** 5 / 40) / Math.sqrt(2 * Math.PI));

Deno.test("the norms of the image embedding have torch's default eps, 1e-5", async () => {
  await using temporary = await temporaryFolder();
  const path = temporary.file("img_emb.safetensors");
  await Deno.writeFile(path, writeSafetensors(weights()));
  using source = openFileSource(path);
  const g = new GraphBuilder("image embedding", {
    weights: readSafetensors(source).tensors,
  });
  const input = g.input("x", "float32", [1, 1, DIM]);
  g.output("y", imageEmbedding(input));
  await using session = await openSession(g.build(), CPU);
  const x = { dims: [1, 1, DIM], data: Float32Array.from(FEATURES) };
  const { y } = await session.run({ x });
  const hidden = layerNorm(FEATURES, 1e-5).map((v) => gelu(v * FACTOR));
  const expected = layerNorm(hidden, 1e-5);
  // With 1e-6 in the first or the second norm some element differs by 0.2 or more.
  for (const [i, value] of expected.entries()) {
    assert.ok(
      Math.abs(y!.data[i]! - value) < 1e-5,
      `element ${i}: ${y!.data[i]}, expected ${value}`,
    );
  }
});
