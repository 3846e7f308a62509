/**
 * Graphs whose inputs and outputs stay on the device, timed.
 *
 * @module
 */

import {
  type BuiltGraph,
  GraphBuilder,
} from "../../core/onnx/graph/graph_builder.ts";
import type { GraphTarget } from "../../core/onnx/graph/graph_target.ts";
import type { ProbedDevice } from "../../core/onnx/runtime/devices.ts";
import type { KeptTensor, Runtime } from "../../core/onnx/runtime/runtime.ts";
import { someNumbers } from "../fixtures/random_transformer.ts";

/** What a transformer computes in on a device, the reference's own first. */
export function targetOf(
  { device, attention, compute: types }: ProbedDevice,
  compute = types.includes("bfloat16")
    ? "bfloat16" as const
    : types.includes("float16") && device.kind !== "cpu"
    ? "float16" as const
    : "float32" as const,
): GraphTarget {
  return {
    compute,
    attention,
    float8: device.kind === "cpu" ? "dequantize" : "cast",
    // As `placeNetwork` has it.
    ...(device.kind === "cuda" && compute === "bfloat16" &&
      types.includes("float16") && { attentionCompute: "float16" }),
  };
}

/** Puts numbers on the device, so that no run has to copy them. */
export async function onDevice(
  runtime: Runtime,
  shape: readonly number[],
): Promise<KeptTensor> {
  const g = new GraphBuilder("copy");
  g.output("y", g.input("x", "float32", shape).mul(1));
  await using session = await runtime.open(g.build());
  const x = runtime.keep(someNumbers(shape));
  const { kept } = await session.runKeeping({ x }, ["y"]);
  x.drop();
  return kept["y"]!;
}

/** Reads one number, which waits for everything that was queued before. */
async function waitFor(
  runtime: Runtime,
  tensor: KeptTensor,
): Promise<number> {
  const g = new GraphBuilder("wait");
  let y = g.input("x", "float32", tensor.dims);
  for (const axis of tensor.dims.keys()) y = y.slice(axis, 0, 1);
  g.output("y", y.mul(1));
  await using session = await runtime.open(g.build());
  return (await session.run({ x: tensor }))["y"]!.data[0]!;
}

/**
 * Seconds of one run of a graph, its inputs and its output `y` on the device.
 * The first run is not counted; then there are as many as `seconds` allow, at
 * most `runs`.
 */
export async function timeGraph(
  runtime: Runtime,
  graph: BuiltGraph,
  { runs, seconds }: { runs: number; seconds: number },
): Promise<{ seconds: number; runs: number; isSound: boolean }> {
  await using session = await runtime.open(graph);
  const feeds: Record<string, KeptTensor> = {};
  for (const { name, shape } of graph.inputs) {
    feeds[name] = await onDevice(runtime, shape);
  }
  try {
    let y: KeptTensor | undefined, value = 0;
    const run = async () => {
      y?.drop();
      y = (await session.runKeeping(feeds, ["y"])).kept["y"]!;
    };
    const warm = performance.now();
    await run();
    value = await waitFor(runtime, y!);
    const first = (performance.now() - warm) / 1000;
    const count = Math.max(
      1,
      Math.min(runs, Math.floor((seconds - first) / Math.max(first, 1e-3))),
    );
    const begin = performance.now();
    for (let i = 0; i < count; i++) await run();
    await waitFor(runtime, y!);
    const took = (performance.now() - begin) / 1000 / count;
    y!.drop();
    return {
      seconds: took,
      runs: count,
      isSound: Number.isFinite(value) && value !== 0,
    };
  } finally {
    for (const value of Object.values(feeds)) value.drop();
  }
}

/** A matrix product as large as a feed-forward layer's first. */
export function productGraph(
  target: GraphTarget,
  { rows, inner, columns }: { rows: number; inner: number; columns: number },
): BuiltGraph {
  const g = new GraphBuilder("product", { target });
  const a = g.input("a", "float32", [rows, inner]).cast(target.compute);
  const b = g.input("b", "float32", [inner, columns]).cast(target.compute);
  // Several in a row, so that the casts do not count.
  let c = a.matmul(b);
  const back = g.input("c", "float32", [columns, inner]).cast(target.compute);
  for (let i = 1; i < PRODUCTS; i++) {
    c = (i % 2 === 1 ? c.matmul(back) : c.matmul(b)).mul(0.01);
  }
  g.output("y", c.cast("float32").slice(0, 0, 1));
  return g.build();
}

/** How many products {@linkcode productGraph} has. */
export const PRODUCTS = 8;
