/**
 * The sections that compare numbers: the self-test, the goldens, the two
 * interfaces, and streamed blocks.
 *
 * @module
 */

import type { Tensor } from "../../core/base/tensor.ts";
import type { BuiltGraph } from "../../core/onnx/graph/graph_builder.ts";
import { hasCudaProvider } from "../../core/onnx/runtime/cuda_provider.ts";
import {
  describeBackend,
  runtimeBackend,
} from "../../core/onnx/runtime/backend.ts";
import { deviceName } from "../../core/onnx/runtime/device.ts";
import { runBlocks } from "../../core/onnx/runtime/run_pieces.ts";
import { type Feeds, openRuntime } from "../../core/onnx/runtime/runtime.ts";
import { openStreamedNetwork } from "../../core/onnx/runtime/streamed_network.ts";
import { TINY_CONFIG } from "../../core/checkpoint/tiny_checkpoint.ts";
import {
  buildTransformer,
  buildTransformerBlocks,
} from "../../core/wan/transformer/transformer.ts";
import { buildVaeDecoder } from "../../core/wan/vae/vae_decoder.ts";
import { findCudaParts } from "../../tools/_doctor/cuda_parts.ts";
import { difference } from "../fixtures/golden.ts";
import {
  goldenTolerance,
  type NetworkGolden,
  networkGoldens,
} from "../fixtures/network_goldens.ts";
import { pairedRuns } from "../fixtures/paired_runs.ts";
import {
  randomTransformer,
  someNumbers,
  someTransformerFeeds,
} from "../fixtures/random_transformer.ts";
import { openTinyComponent } from "../fixtures/tiny_checkpoint.ts";
import {
  feedsOf,
  latentOf,
  openDit,
  openFp8,
} from "../fixtures/transformers.ts";
import {
  CannotRun,
  type CheckContext,
  compared,
  type Section,
} from "./check.ts";
import { chipRate, queryChip } from "./chip.ts";
import { productGraph, PRODUCTS, targetOf, timeGraph } from "./timed_block.ts";

/** Above this the real sizes are used, in FLOP/s. */
export const FAST = 2e12;

/** What the device is, and its rate in matrix products. */
export const SELF_TEST: Section = {
  name: "self-test",
  title: "Self-test",
  kinds: ["cuda", "webgpu", "cpu"],
  seconds: 90,
  async *run({ device: found, software, full }) {
    const { device, attention, compute } = found;
    const backend = runtimeBackend();
    yield {
      name: "runtime",
      state: backend.kind === "c-api" ? "good" : "note",
      text: describeBackend(backend),
    };
    if (software !== undefined) {
      yield {
        name: "driver",
        state: "note",
        text: `${software}: the CPU computes, there is no GPU`,
        facts: { software },
      };
    }
    const chip = device.kind === "cuda" ? queryChip(device.index) : undefined;
    if (chip) {
      yield {
        name: "GPU",
        state: "note",
        text: `${chip.name}, ${
          (chip.memory / 1e9).toFixed(1)
        } GB, compute capability ${
          chip.capability / 10
        }, ${chip.multiprocessors} multiprocessors at ${chip.clock.toFixed()} MHz, driver for CUDA ${chip.driver}`,
        facts: { ...chip },
      };
    }
    if (device.kind === "cuda" && hasCudaProvider()) {
      const { missingLibraries, cudaVersion } = await findCudaParts({
        libraries: true,
      });
      yield {
        name: "libraries",
        state: missingLibraries.length === 0 ? "good" : "bad",
        text: missingLibraries.length === 0
          ? `cuDNN 9 and CUDA ${cudaVersion ?? "?"} found`
          : `not found: ${missingLibraries.join(", ")}`,
      };
    }
    yield {
      name: "attention",
      state: attention === "fused" ? "good" : "note",
      text: attention === "fused"
        ? "the fused operator is right"
        : "the fused operator is wrong here; it is written out",
    };
    await using runtime = openRuntime(device);
    for (const type of compute) {
      const side = full || device.kind === "cuda" ? 4096 : 512;
      const size = { rows: side, inner: side, columns: side };
      const { seconds } = await timeGraph(
        runtime,
        productGraph(targetOf(found, type), size),
        { runs: 20, seconds: 5 },
      );
      const rate = PRODUCTS * 2 * side ** 3 / seconds;
      const top = chip && chipRate(chip, type);
      yield {
        name: `products in ${type}`,
        state: "note",
        text: `${(rate / 1e9).toFixed(1)} GFLOP/s${
          top ? `, ${(100 * rate / top).toFixed()} % of the chip's rate` : ""
        }`,
        facts: { type, rate, ...(top && { chipRate: top }) },
      };
    }
  },
};

/** On a software driver no golden is begun in the last seconds. */
const LAST_SECONDS = 30;

/**
 * Why a golden is not computed on a software driver, where AllTracker takes
 * more than a minute and others may be too late; undefined when it is.
 */
export function whyLeftOut(
  { network }: Pick<NetworkGolden, "network">,
  { software, left }: Pick<CheckContext, "software" | "left">,
): string | undefined {
  if (software === undefined) return undefined;
  if (network === "allTracker") {
    return `left out: it takes more than a minute on a software driver (${software})`;
  }
  const seconds = Math.max(0, left());
  if (seconds >= LAST_SECONDS) return undefined;
  return `left out: ${seconds.toFixed()} s were left on a software driver (${software}), expected ${LAST_SECONDS}`;
}

/** Every network next to the reference's outputs. */
export const GOLDENS: Section = {
  name: "goldens",
  title: "Outputs of the reference",
  kinds: ["cuda", "webgpu", "cpu"],
  seconds: 90,
  async *run(context) {
    const { device: found } = context;
    const { device, compute, attention } = found;
    for (const golden of networkGoldens(device)) {
      for (const type of compute) {
        // The networks' own rules: no convolutions in bfloat16, umT5 overflows
        // in float16, and AllTracker is computed in float32 alone.
        const { network } = golden;
        if (type === "bfloat16" && network === "allTracker") continue;
        if (type === "bfloat16" && (network === "vae" || network === "clip")) {
          continue;
        }
        if (type === "float16" && network !== "transformer") continue;
        const why = whyLeftOut(golden, context);
        if (why !== undefined) {
          yield {
            name: `${golden.name}, ${type}`,
            state: "note",
            text: why,
            facts: { leftOut: true },
          };
          continue;
        }
        const options = {
          device,
          target: { ...targetOf(found, type), attention },
        };
        try {
          for await (const pair of golden.run(options)) {
            const { actual, expected, measure, label } = pair;
            yield compared(
              `${label}, ${type}`,
              difference(actual, expected)[measure],
              goldenTolerance(golden, pair, options),
            );
          }
        } catch (error) {
          yield { name: `${golden.name}, ${type}`, ...failed(error) };
        }
      }
    }
  },
};

/** Graphs of the tiny networks with inputs. */
async function smallGraphs(): Promise<
  { name: string; graph: BuiltGraph; feeds: Feeds }[]
> {
  const dit = await openDit(), fp8 = await openFp8();
  const vae = await openTinyComponent("vae");
  return [
    {
      name: "transformer",
      graph: buildTransformer(dit, { latent: latentOf("dit") }),
      feeds: feedsOf("dit", dit, { context: 0, timestep: 437 }),
    },
    {
      name: "transformer, fp8 weights",
      graph: buildTransformer(fp8, { latent: latentOf("dit_fp8") }),
      feeds: feedsOf("dit_fp8", fp8, { context: 0, timestep: 500 }),
    },
    {
      name: "VAE, a frame of 320x192",
      graph: buildVaeDecoder(vae, { size: [24, 40], chunk: { kind: "first" } }),
      feeds: { latent: someNumbers([1, 16, 1, 24, 40]) },
    },
  ];
}

/** The C API next to the binding: the same numbers, the same time. */
export const INTERFACES: Section = {
  name: "interfaces",
  title: "C API and binding",
  kinds: ["cuda", "webgpu", "cpu"],
  seconds: 60,
  async *run({ device: { device }, full, left }) {
    if (runtimeBackend().kind !== "c-api") {
      throw new CannotRun(describeBackend(runtimeBackend()));
    }
    await using ours = openRuntime(device, { backend: "c-api" });
    await using theirs = openRuntime(device, { backend: "binding" });
    const graphs = await smallGraphs();
    for (const [i, { name, graph, feeds }] of graphs.entries()) {
      await using a = await ours.open(graph);
      await using b = await theirs.open(graph).catch((error: Error) => {
        // A provider that was named is not next to the binding's library.
        throw new CannotRun(`the binding: ${error.message}`);
      });
      const actual = await a.run(feeds), expected = await b.run(feeds);
      let largest = 0;
      for (const [output, tensor] of Object.entries(expected)) {
        largest = Math.max(largest, difference(actual[output]!, tensor).max);
      }
      // Some kernels of CUDA add in no fixed order.
      yield compared(
        `${name}: numbers`,
        largest,
        device.kind === "cuda" ? 1e-3 : 0,
      );
      const { ratio, first, second } = await pairedRuns(
        () => a.run(feeds),
        () => b.run(feeds),
        { pairs: full ? 60 : 10, seconds: left() / (graphs.length - i) / 2 },
      );
      yield {
        name: `${name}: time`,
        state: "note",
        text: `${ratio.toFixed(2)} of the binding's (${first.toFixed(2)} and ${
          second.toFixed(2)
        } ms)`,
        facts: { ratio, cApiMs: first, bindingMs: second },
      };
    }
  },
};

/** Blocks whose weights are streamed next to the same blocks with their own. */
export const STREAMED: Section = {
  name: "streamed",
  title: "Streamed blocks",
  kinds: ["cuda", "cpu"],
  seconds: 60,
  async *run({ device: found, folder }) {
    if (runtimeBackend().kind !== "c-api") {
      throw new CannotRun(describeBackend(runtimeBackend()));
    }
    const { device } = found;
    await using runtime = openRuntime(device);
    const target = targetOf(found);
    const config = { ...TINY_CONFIG.transformer, numLayers: 5 };
    const latent = [3, 8, 8] as const;
    for (const stored of ["F32", "BF16", "F8_E4M3", "q8", "q4"] as const) {
      const component = randomTransformer(`${folder}/${stored}.safetensors`, {
        config,
        stored,
      });
      const feeds = [0, 1].map(() => someTransformerFeeds(config, latent));
      const options = { latent, target };
      try {
        const expected = await runBlocks(
          runtime,
          buildTransformerBlocks(component, options),
          { feeds, name: "the transformer" },
        );
        if (
          expected.some((made) => made["prediction"]!.data.every((x) => !x))
        ) {
          throw new Error("all numbers are zero");
        }
        for (const resident of [0, 2, 5]) {
          await using network = await openStreamedNetwork(
            runtime,
            buildTransformerBlocks(component, { ...options, streamed: true }),
            { name: "the transformer", branches: 2, resident },
          );
          // Twice, to see a slot that is overwritten too early.
          await network.run(feeds, { again: true });
          const made = await network.run(feeds);
          const largest = Math.max(
            ...made.map(({ prediction }, i) =>
              difference(
                prediction!,
                expected[i]!["prediction"] as Tensor,
              ).relative
            ),
          );
          yield compared(
            `${stored}, ${resident} of 5 resident`,
            largest,
            device.kind === "cuda" ? 1e-2 : 0,
          );
        }
      } catch (error) {
        yield { name: stored, ...failed(error) };
      }
    }
    if (deviceName(device) === "cpu") {
      yield {
        name: "copies",
        state: "note",
        text: "weights are read into their slot; nothing is copied to a GPU",
      };
    }
  },
};

function failed(error: unknown): { state: "bad"; text: string } {
  const text = error instanceof Error ? error.message : String(error);
  return { state: "bad", text };
}
