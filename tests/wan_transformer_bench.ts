/**
 * The speed of the transformer: one block at its full width (5120, 40 heads,
 * feed-forward 13824) on every device that works, in GFLOP/s, with a matrix
 * product in the same run as a baseline, with weights of 32, 16, 8 and 4 bits;
 * and the tiny golden model.
 *
 * The block's weights are random values in temporary files (up to 1.6 GB at a
 * time).
 */

import { join } from "node:path";
import {
  type BuiltGraph,
  GraphBuilder,
} from "../core/onnx/graph/graph_builder.ts";
import type { GraphTarget } from "../core/onnx/graph/graph_target.ts";
import { gemm } from "../core/onnx/graph/layers.ts";
import {
  type Device,
  DEVICE_KINDS,
  deviceName,
} from "../core/onnx/runtime/device.ts";
import { probeDevice } from "../core/onnx/runtime/devices.ts";
import { openRuntime } from "../core/onnx/runtime/runtime.ts";
import { WAN_14B_I2V } from "../core/wan/transformer/layout.ts";
import {
  buildTransformer,
  buildTransformerBlocks,
} from "../core/wan/transformer/transformer.ts";
import {
  blockFlops,
  randomTransformer,
  someNumbers,
  type Stored,
} from "./fixtures/random_transformer.ts";
import { feedsOf, latentOf, openDit } from "./fixtures/transformers.ts";

/** Half a latent frame of 832 x 480 pixels. */
const LATENT = [1, 60, 52] as const;
const TOKENS = 780;

/** A graph that is ready to run, and its cleanup. */
interface Prepared {
  run(): Promise<unknown>;
  dispose(): Promise<void>;
}

const folder = await Deno.makeTempDir();

/** Opens a graph; its inputs stay in the runtime. */
async function prepare(
  device: Device,
  graph: BuiltGraph,
  dispose: () => Promise<void> = async () => {},
): Promise<Prepared> {
  const runtime = openRuntime(device);
  const session = await runtime.open(graph);
  const feeds = Object.fromEntries(
    graph.inputs.map((
      { name, shape },
    ) => [name, runtime.keep(someNumbers(shape))]),
  );
  return {
    run: () => session.run(feeds),
    async dispose() {
      await runtime.close();
      await dispose();
    },
  };
}

/** A matrix product as large as the first of the feed-forward layer. */
function prepareProduct(
  device: Device,
  target: GraphTarget,
): Promise<Prepared> {
  const { dim, ffnDim } = WAN_14B_I2V;
  const g = new GraphBuilder("gemm", { target });
  const x = g.input("x", "float32", [TOKENS, dim]).cast(target.compute);
  const w = g.input("w", "float32", [ffnDim, dim]).cast(target.compute);
  // The output is small, so that its transfer is not measured.
  g.output("y", gemm(x, w).cast("float32").slice(0, 0, 1));
  return prepare(device, g.build());
}

/** One block of the 14B model. */
function prepareBlock(
  device: Device,
  target: GraphTarget,
  stored: Stored,
): Promise<Prepared> {
  const path = join(folder, `${crypto.randomUUID()}.safetensors`);
  const config = { ...WAN_14B_I2V, numLayers: 1 };
  const component = randomTransformer(path, { config, stored });
  return prepare(
    device,
    buildTransformerBlocks(component, { latent: LATENT, target }).block(0),
    () => Deno.remove(path),
  );
}

/** The golden model, monolithic. */
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

/** The graph that is ready now; one at a time, to limit memory. */
let ready: { name: string; prepared: Prepared } | undefined;

/** Measures a graph and records its rate; `group` compares those of one device. */
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
    const plain = rates.get(`${name.split(",")[0]}, baseline matrix product`);
    const share = plain && plain.length > 0
      ? `, ${(100 * best(noted) / best(plain)).toFixed()} % of the baseline`
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
    "baseline matrix product",
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
      { group, flops: blockFlops(WAN_14B_I2V, TOKENS), n: 2 },
      () => prepareBlock(device, target, stored),
    );
  }
  const tiny = (await openDit()).config;
  bench(
    "the tiny model",
    {
      group,
      flops: tiny.numLayers * blockFlops(tiny, 45),
      n: 50,
    },
    () => prepareTiny(device, target),
  );
}
