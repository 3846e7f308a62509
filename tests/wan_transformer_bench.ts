/**
 * How fast the transformer computes: one block at its full width (5120, 40
 * heads, feed-forward 13824) on every device that works, in GFLOP/s beside a
 * plain matrix product of the same run, with weights of 32, 16, 8 and 4 bits;
 * and the tiny golden model.
 *
 * The block's weights are random numbers in files that are made here and
 * removed again (up to 1.6 GB at a time).
 */

import { join } from "node:path";
import { networkLayout } from "../core/wan/networks.ts";
import { WAN_14B_I2V } from "../core/wan/transformer/layout.ts";
import { readSafetensors } from "../core/formats/safetensors.ts";
import {
  planSafetensors,
  type TensorPlan,
} from "../core/formats/safetensors_writer.ts";
import type { TransformerConfig } from "../core/wan/transformer/layout.ts";
import {
  byteLengthOf,
  type TensorIndex,
} from "../core/formats/tensor_index.ts";
import { openFileSource } from "../core/files/files.ts";
import {
  type BuiltGraph,
  GraphBuilder,
} from "../core/onnx/graph/graph_builder.ts";
import type { GraphTarget } from "../core/onnx/graph/graph_target.ts";
import { gemm } from "../core/onnx/graph/layers.ts";
import { quantizedNames } from "../core/onnx/graph/quantized_weight.ts";
import {
  buildTransformer,
  buildTransformerBlocks,
} from "../core/wan/transformer/transformer.ts";
import {
  type Device,
  DEVICE_KINDS,
  deviceName,
} from "../core/onnx/runtime/device.ts";
import { probeDevice } from "../core/onnx/runtime/devices.ts";
import { openRuntime } from "../core/onnx/runtime/runtime.ts";
import { sizeOf, type Tensor } from "../core/base/tensor.ts";
import { feedsOf, latentOf, openDit } from "./fixtures/transformers.ts";

/** Half a latent frame of 832 x 480 pixels. */
const LATENT = [1, 60, 52] as const;
const TOKENS = 780;
const CONTEXT = 257 + 512;

/** Floating-point operations of one block, a multiplication and an addition as two. */
function blockFlops(
  { dim, ffnDim }: TransformerConfig,
  { tokens }: { tokens: number },
): number {
  const linear = 6 * tokens * dim ** 2 + 2 * tokens * dim * ffnDim +
    2 * CONTEXT * dim ** 2;
  const attention = 2 * tokens * (tokens + CONTEXT) * dim;
  return 2 * (linear + attention);
}

/** Weights in one of the forms that checkpoints have. */
type Stored = "F32" | "BF16" | "q8" | "q4";

/** The tensors of block 0 in that form. */
function blockPlans(stored: Stored): TensorPlan[] {
  return networkLayout("transformer", { ...WAN_14B_I2V, numLayers: 1 })
    .filter(({ name }) => name.startsWith("blocks.0."))
    .flatMap(({ name, shape }): TensorPlan[] => {
      const [out, inner] = shape;
      if (stored === "F32" || stored === "BF16") {
        return [{ name, shape, dtype: stored }];
      }
      if (shape.length !== 2) return [{ name, shape, dtype: "F32" }];
      const bits = stored === "q4" ? 4 : 8;
      const names = quantizedNames(name, bits);
      const blocks = inner! / 32;
      return [
        { name: names.packed, shape: [out!, blocks, 4 * bits], dtype: "U8" },
        { name: names.scales, shape: [out!, blocks], dtype: "F16" },
      ];
    });
}

/** A stretch of numbers around zero in that element type, to be written again and again. */
function noise(dtype: TensorPlan["dtype"]): Uint8Array {
  const numbers = Float32Array.from(
    { length: 2 ** 20 },
    () => 0.04 * (Math.random() - 0.5),
  );
  if (dtype === "F32") return new Uint8Array(numbers.buffer);
  if (dtype === "F16") {
    return new Uint8Array(new Float16Array(2 ** 20).fill(0.001).buffer);
  }
  if (dtype === "U8") {
    return crypto.getRandomValues(new Uint8Array(2 ** 16));
  }
  const upper = new Uint16Array(numbers.buffer).filter((_, i) => i % 2 === 1);
  return new Uint8Array(upper.buffer);
}

function writeRandom(path: string, plans: readonly TensorPlan[]): void {
  const { header, offsets } = planSafetensors(plans);
  using file = Deno.openSync(path, { write: true, create: true });
  file.writeSync(header);
  plans.forEach(({ dtype, shape }, i) => {
    const bytes = noise(dtype);
    file.seekSync(offsets[i]!, Deno.SeekMode.Start);
    for (let left = byteLengthOf(dtype, shape); left > 0;) {
      left -= file.writeSync(bytes.subarray(0, left));
    }
  });
}

function random(dims: readonly number[]): Tensor {
  const data = new Float32Array(sizeOf(dims));
  for (let i = 0; i < data.length; i++) data[i] = Math.random() - 0.5;
  return { dims, data };
}

/** A graph that is ready, and the way to take it down. */
interface Prepared {
  run(): Promise<unknown>;
  dispose(): Promise<void>;
}

const folder = await Deno.makeTempDir();

/** Opens a graph over a new file of random weights, and feeds what stays in the worker. */
async function prepare(
  device: Device,
  plans: readonly TensorPlan[],
  build: (tensors: TensorIndex) => BuiltGraph,
): Promise<Prepared> {
  const path = join(folder, `${crypto.randomUUID()}.safetensors`);
  writeRandom(path, plans);
  using source = openFileSource(path);
  const graph = build(readSafetensors(source).tensors);
  const runtime = openRuntime(device);
  const session = await runtime.open(graph);
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name, shape }) => [name, runtime.keep(random(shape))]),
  );
  return {
    run: () => session.run(feeds),
    async dispose() {
      await runtime.close();
      await Deno.remove(path);
    },
  };
}

/** A product of matrices as large as the first of the feed-forward layer. */
function prepareProduct(
  device: Device,
  target: GraphTarget,
): Promise<Prepared> {
  const { dim, ffnDim } = WAN_14B_I2V;
  const plan = { name: "w", shape: [ffnDim, dim], dtype: "F32" } as const;
  return prepare(device, [plan], (weights) => {
    const g = new GraphBuilder("gemm", { target, weights });
    const x = g.input("x", "float32", [TOKENS, dim]).cast(target.compute);
    // Few numbers come back, so that the way out is not measured.
    const y = gemm(x, g.weight("w")).slice(0, 0, 1);
    g.output("y", y.cast("float32"));
    return g.build();
  });
}

/** One block of the 14B model. */
function prepareBlock(
  device: Device,
  target: GraphTarget,
  stored: Stored,
): Promise<Prepared> {
  const config = { ...WAN_14B_I2V, numLayers: 1 };
  return prepare(
    device,
    blockPlans(stored),
    (tensors) =>
      buildTransformerBlocks({ tensors, config }, {
        latent: LATENT,
        target,
      }).block(0),
  );
}

/** The golden model, whole. */
async function prepareTiny(
  device: Device,
  target: GraphTarget,
): Promise<Prepared> {
  const component = await openDit();
  const runtime = openRuntime(device);
  const session = await runtime.open(
    buildTransformer(component, { latent: latentOf("dit"), target }),
  );
  const feeds = feedsOf("dit", component, { context: 0, timestep: 999 });
  return { run: () => session.run(feeds), dispose: () => runtime.close() };
}

const rates = new Map<string, number[]>();

/** What is ready now; one at a time, for the sake of memory. */
let ready: { name: string; prepared: Prepared } | undefined;

/** Measures a graph and notes its rate; `group` compares those of one device. */
function bench(
  name: string,
  options: { group: string; flops: number; n: number; baseline?: boolean },
  make: () => Promise<Prepared>,
): void {
  const { group, flops, n, baseline = false } = options;
  const full = `${group}, ${name}`;
  const noted: number[] = [];
  rates.set(full, noted);
  Deno.bench(full, { group, baseline, n, warmup: 1 }, async (b) => {
    if (ready?.name !== full) {
      await ready?.prepared.dispose();
      ready = { name: full, prepared: await make() };
    }
    const begin = performance.now();
    b.start();
    await ready.prepared.run();
    b.end();
    noted.push(flops / (performance.now() - begin) / 1e6);
  });
}

globalThis.addEventListener("unload", () => {
  Deno.removeSync(folder, { recursive: true });
  const best = (noted: readonly number[]) => Math.max(...noted);
  for (const [name, noted] of rates) {
    if (noted.length === 0) continue;
    const plain = rates.get(`${name.split(",")[0]}, plain matrix product`);
    const share = plain && plain.length > 0
      ? `, ${
        (100 * best(noted) / best(plain)).toFixed()
      } % of the plain product`
      : "";
    console.log(`${name}: ${best(noted).toFixed(1)} GFLOP/s${share}`);
  }
});

for (const kind of DEVICE_KINDS) {
  const report = await probeDevice({ kind, index: 0 });
  if (report.state !== "works") {
    console.log(`${kind}: ${report.reason.message.split("\n")[0]}`);
    continue;
  }
  const { device, attention, compute: types } = report.found;
  const compute = kind === "cpu"
    ? "float32"
    : types.find((type) => type !== "float32") ?? "float32";
  const target: GraphTarget = {
    compute,
    attention,
    float8: kind === "cpu" ? "dequantize" : "cast",
  };
  const group = `${deviceName(device)} in ${compute}`;

  bench(
    "plain matrix product",
    {
      group,
      flops: 2 * TOKENS * WAN_14B_I2V.dim * WAN_14B_I2V.ffnDim,
      n: 5,
      baseline: true,
    },
    () => prepareProduct(device, target),
  );
  for (const stored of ["F32", "BF16", "q8", "q4"] as const) {
    bench(
      `one block of ${TOKENS} tokens, ${stored}`,
      { group, flops: blockFlops(WAN_14B_I2V, { tokens: TOKENS }), n: 2 },
      () => prepareBlock(device, target, stored),
    );
  }
  const tiny = (await openDit()).config;
  bench(
    "the tiny model",
    {
      group,
      flops: tiny.numLayers * blockFlops(tiny, { tokens: 45 }),
      n: 50,
    },
    () => prepareTiny(device, target),
  );
}
