/**
 * The sections that measure: memory, a block in each precision, a step of the
 * whole transformer, and how far copies and computation overlap.
 *
 * @module
 */

import { openAtiCheckpoint } from "../../core/checkpoint/open_checkpoint.ts";
import { gigabytes } from "../../core/base/gigabytes.ts";
import type { ComputeType } from "../../core/onnx/graph/graph_target.ts";
import { deviceName } from "../../core/onnx/runtime/device.ts";
import { openRuntime } from "../../core/onnx/runtime/runtime.ts";
import { openStreamedNetwork } from "../../core/onnx/runtime/streamed_network.ts";
import {
  type TransformerConfig,
  WAN_14B_I2V,
} from "../../core/wan/transformer/layout.ts";
import {
  buildTransformer,
  buildTransformerBlocks,
  type TransformerComponent,
} from "../../core/wan/transformer/transformer.ts";
import { transformerActivationBytes } from "../../core/wan/transformer/transformer_memory.ts";
import {
  blockFlops,
  randomTransformer,
  someTransformerFeeds,
  type Stored,
} from "../fixtures/random_transformer.ts";
import {
  CannotRun,
  type CheckContext,
  type Row,
  type Section,
} from "./check.ts";
import { chipRate, queryChip } from "./chip.ts";
import { deviceMemory } from "./device_memory.ts";
import {
  onDevice,
  productGraph,
  PRODUCTS,
  targetOf,
  timeGraph,
} from "./timed_block.ts";

/** 832 x 480 px and 81 frames. */
const VIDEO = { width: 832, height: 480, frames: 81 };

/** A transformer, and the size of its latents. */
interface Size {
  readonly config: TransformerConfig;
  readonly latent: readonly [number, number, number];
  readonly tokens: number;
  /** For titles. */
  readonly label: string;
}

/** The real size, or one that a processor does in a moment. */
function sizeOf({ full }: Pick<CheckContext, "full">): Size {
  if (full) {
    return {
      config: WAN_14B_I2V,
      latent: [21, 60, 104],
      tokens: 21 * 30 * 52,
      label: "14B, 480p",
    };
  }
  const config = {
    ...WAN_14B_I2V,
    dim: 640,
    ffnDim: 1728,
    numHeads: 5,
    numLayers: 4,
    textDim: 512,
  };
  return {
    config,
    latent: [1, 16, 16],
    tokens: 64,
    label: "scaled down: width 640, 4 blocks, 64 tokens",
  };
}

/** How each kind of weights is computed with. */
const PRECISIONS: readonly (readonly [Stored, ComputeType])[] = [
  ["BF16", "bfloat16"],
  ["F16", "float16"],
  ["F8_E4M3", "bfloat16"],
  ["q8", "bfloat16"],
  ["q4", "bfloat16"],
  ["F32", "float32"],
];

/** One block in each precision, next to a matrix product of its shape. */
export const BLOCK: Section = {
  name: "block",
  title: "A block in each precision",
  kinds: ["cuda", "webgpu", "cpu"],
  seconds: 150,
  async *run(context) {
    const { device: found, folder, left } = context;
    const { device, compute: types } = found;
    const { config, latent, tokens, label } = sizeOf(context);
    const chip = device.kind === "cuda" ? queryChip(device.index) : undefined;
    const one = { ...config, numLayers: 1 };
    yield { name: "size", state: "note", text: label };
    const products = new Map<ComputeType, number>();
    for (const [i, [stored, wanted]] of PRECISIONS.entries()) {
      const compute = types.includes(wanted) ? wanted : targetOf(found).compute;
      const share = left() / (PRECISIONS.length - i);
      const path = `${folder}/${stored}.safetensors`;
      const name = `${stored} weights, ${compute}`;
      try {
        await using runtime = openRuntime(device);
        const target = targetOf(found, compute);
        if (!products.has(compute)) {
          const { dim: inner, ffnDim: columns } = config;
          const { seconds } = await timeGraph(
            runtime,
            productGraph(target, { rows: tokens, inner, columns }),
            { runs: 5, seconds: share / 3 },
          );
          const flops = PRODUCTS * 2 * tokens * inner * columns;
          products.set(compute, flops / seconds);
        }
        const tensors = randomTransformer(path, { config: one, stored });
        const graph = buildTransformerBlocks(tensors, { latent, target })
          .block(0);
        const { seconds, runs, isSound } = await timeGraph(runtime, graph, {
          runs: 5,
          seconds: share / 2,
        });
        const rate = blockFlops(config, tokens) / seconds;
        const product = products.get(compute)!;
        const top = chip && chipRate(chip, compute);
        yield {
          name,
          state: isSound ? "good" : "bad",
          text: `${(1000 * seconds).toFixed(1)} ms, ${
            (rate / 1e9).toFixed(1)
          } GFLOP/s, ${(100 * rate / product).toFixed()} % of a matrix product${
            top ? `, ${(100 * rate / top).toFixed()} % of the chip's rate` : ""
          }${isSound ? "" : "; the output is zero or not finite"}`,
          facts: {
            stored,
            compute,
            ms: 1000 * seconds,
            runs,
            rate,
            productRate: product,
            ...(top && { chipRate: top }),
          },
        };
      } catch (error) {
        yield {
          name,
          state: "bad",
          text: error instanceof Error ? error.message : String(error),
        };
      } finally {
        await Deno.remove(path).catch(() => {});
      }
    }
  },
};

/** Bytes of weights that a device gets of a transformer. */
function weightBytes({ tensors }: TransformerComponent): number {
  return tensors.values().reduce((sum, { length }) => sum + length, 0);
}

/** What is estimated for a graph, next to what it takes. */
export const MEMORY: Section = {
  name: "memory",
  title: "Counted memory and real memory",
  kinds: ["cuda"],
  seconds: 60,
  async *run(context) {
    const { device: found, folder } = context;
    const { device } = found;
    const memory = deviceMemory(device);
    if (!memory) throw new CannotRun("no driver tells its memory");
    const { config, latent, label } = sizeOf(context);
    const target = targetOf(found);
    const two = { ...config, numLayers: 2 };
    const component = randomTransformer(`${folder}/two.safetensors`, {
      config: two,
      stored: "BF16",
    });
    const graph = buildTransformer(component, { latent, target });
    const video = {
      width: 8 * latent[2],
      height: 8 * latent[1],
      frames: 4 * (latent[0] - 1) + 1,
    };
    await using runtime = openRuntime(device);
    // What the runtime itself takes comes first.
    (await onDevice(runtime, [16])).drop();
    const { peak } = await memory.peakOf(async () => {
      await using session = await runtime.open(graph);
      await session.run(someTransformerFeeds(two, latent));
    });
    const element = target.compute === "float32" ? 4 : 2;
    const weights = weightBytes(component);
    const counted = weights +
      transformerActivationBytes(two, video, element);
    yield {
      name: `2 blocks, ${label}`,
      state: peak <= 1.1 * counted ? "good" : "bad",
      text: `${gigabytes(peak)} at its peak, ${gigabytes(counted)} counted (${
        gigabytes(weights)
      } weights)`,
      facts: { peakBytes: peak, countedBytes: counted, weightBytes: weights },
    };
  },
};

/** What the networks besides the activations take. */
const MARGIN = 1e9;

/** The first kind of weights with which the whole transformer fits. */
function fittingWeights(free: number): Stored | undefined {
  const activations = transformerActivationBytes(WAN_14B_I2V, VIDEO, 2);
  const sizes = [["BF16", 32.8e9], ["F8_E4M3", 16.6e9], ["q4", 9.6e9]] as const;
  return sizes.find(([, bytes]) => bytes + activations + MARGIN <= free)?.[0];
}

/** A step of the whole transformer: a pass with the prompt, one without. */
export const STEP: Section = {
  name: "step",
  title: "A step of the whole transformer",
  kinds: ["cuda", "cpu"],
  seconds: 200,
  async *run(context) {
    const { device: found, folder, checkpoint, full } = context;
    const { device } = found;
    const memory = deviceMemory(device);
    const free = memory?.free() ?? Infinity;
    const { config, latent, tokens, label } = sizeOf(context);
    const target = targetOf(found);
    const stored = full ? fittingWeights(free) : "BF16";
    const component = checkpoint !== undefined && full
      ? (await openAtiCheckpoint(checkpoint)).transformer
      : randomTransformer(`${folder}/step.safetensors`, {
        config,
        stored: stored ?? "BF16",
      });
    const { config: { numLayers } } = component;
    const bytes = weightBytes(component);
    yield {
      name: "weights",
      state: "note",
      text: `${
        checkpoint !== undefined && full
          ? `those of ${checkpoint}`
          : `random, ${stored ?? "BF16"}, every block the same`
      }: ${gigabytes(bytes)}; ${label}`,
      facts: { bytes, numLayers },
    };
    const flops = numLayers * blockFlops(component.config, tokens);
    const chip = device.kind === "cuda" ? queryChip(device.index) : undefined;
    const top = chip && chipRate(chip, target.compute);
    const feeds = [0, 1].map(() =>
      someTransformerFeeds(component.config, latent)
    );
    const row = (name: string, seconds: number, passes: number): Row => {
      const rate = passes * flops / seconds;
      return {
        name,
        state: "note",
        text: `${seconds.toFixed(2)} s, ${(rate / 1e9).toFixed(1)} GFLOP/s${
          top ? `, ${(100 * rate / top).toFixed()} % of the chip's rate` : ""
        }`,
        facts: { seconds, passes, rate },
      };
    };
    const needed = bytes +
      transformerActivationBytes(component.config, VIDEO, 2) + MARGIN;
    const fits = !full || needed <= free;
    if (fits) yield* wholeStep();
    else {
      yield {
        name: "whole",
        state: "note",
        text: `not run: it needs ${gigabytes(needed)}, ${
          gigabytes(free)
        } are free`,
      };
    }
    if (context.left() < 20 && fits) {
      yield { name: "streamed", state: "note", text: "no time was left" };
      return;
    }
    yield* streamedStep();

    async function* wholeStep(): AsyncGenerator<Row> {
      await using runtime = openRuntime(device);
      const opening = performance.now();
      await using session = await runtime.open(
        buildTransformer(component, { latent, target }),
      );
      const opened = (performance.now() - opening) / 1000;
      yield {
        name: "whole, opening",
        state: "note",
        text: `${opened.toFixed(2)} s`,
        facts: { seconds: opened },
      };
      const run = async (passes: number) => {
        const begin = performance.now();
        for (const feed of feeds.slice(0, passes)) await session.run(feed);
        return (performance.now() - begin) / 1000;
      };
      const first = await run(1);
      yield row("whole, first pass", first, 1);
      if (context.left() > 3 * first) {
        yield row("whole, a step of two passes", await run(2), 2);
      }
    }

    async function* streamedStep(): AsyncGenerator<Row> {
      await using runtime = openRuntime(device);
      await using network = await openStreamedNetwork(
        runtime,
        buildTransformerBlocks(component, { latent, target, streamed: true }),
        { name: "the transformer", branches: 2 },
      );
      const begin = performance.now();
      const run = () => network.run(feeds);
      const peak = memory ? (await memory.peakOf(run)).peak : await run() && 0;
      const seconds = (performance.now() - begin) / 1000;
      const { text, ...others } = row(
        "streamed, a step of two passes",
        seconds,
        2,
      );
      yield {
        ...others,
        text: `${text}; ${gigabytes(network.bytesRead)} of weights read${
          memory ? `, ${gigabytes(peak)} of memory besides the slots` : ""
        }`,
      };
    }
  },
};

/** Whether weights arrive while the block before is computed. */
export const OVERLAP: Section = {
  name: "overlap",
  title: "Overlap of copies and computation",
  kinds: ["cuda", "cpu"],
  seconds: 60,
  async *run(context) {
    const { device: found, folder } = context;
    const { device } = found;
    const { config, latent, label } = sizeOf(context);
    const target = targetOf(found);
    const some = { ...config, numLayers: 6 };
    const component = randomTransformer(`${folder}/overlap.safetensors`, {
      config: some,
      stored: "BF16",
    });
    await using runtime = openRuntime(device);
    const time = async (
      latent: readonly [number, number, number],
      resident: number,
    ) => {
      await using network = await openStreamedNetwork(
        runtime,
        buildTransformerBlocks(component, { latent, target, streamed: true }),
        { name: "the transformer", resident },
      );
      const feeds = [someTransformerFeeds(some, latent)];
      await network.run(feeds);
      const begin = performance.now();
      await network.run(feeds);
      return (performance.now() - begin) / 1000;
    };
    // With four tokens there is next to nothing to compute.
    const tiny = [1, 4, 4] as const;
    const together = await time(latent, 0);
    const compute = await time(latent, some.numLayers);
    const copy = await time(tiny, 0) - await time(tiny, some.numLayers);
    // All of the shorter one is hidden: 1; one after the other: 0.
    const hidden = (compute + copy - together) /
      Math.max(Math.min(copy, compute), 1e-9);
    const bytes = component.tensors.values()
      .filter(({ name }) => name.startsWith("blocks."))
      .reduce((sum, { length }) => sum + length, 0);
    yield {
      name: `6 blocks, ${label}, ${deviceName(device)}`,
      state: "note",
      text: `${(1000 * compute).toFixed(1)} ms of computation, ${
        (1000 * copy).toFixed(1)
      } ms of copies (${(bytes / copy / 1e9).toFixed(1)} GB/s), together ${
        (1000 * together).toFixed(1)
      } ms: ${
        (100 * Math.max(0, Math.min(1, hidden))).toFixed()
      } % of the shorter one is hidden`,
      facts: {
        computeSeconds: compute,
        copySeconds: copy,
        togetherSeconds: together,
        hidden,
        bytes,
      },
    };
  },
};
