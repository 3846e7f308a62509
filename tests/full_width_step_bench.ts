#!/usr/bin/env -S deno run --no-prompt --allow-all
/**
 * Where the time and the memory of a step of the 14B transformer go on the
 * processor: one block at its full width (5120, 40 heads, feed-forward 13824),
 * timed operator by operator by ONNX Runtime itself, beside a plain matrix
 * product of the same run. A pass through the network is forty such blocks and
 * a step two passes, with the prompt and without; both are multiplied, not run.
 *
 * Run as a program it takes the number of latent frames of 832 x 480 pixels,
 * 1560 tokens each (21 are a whole video). It prints its figures as one line of
 * JSON and a table of them to standard error. As a bench it does that for one
 * latent frame, in a process of its own: memory is a matter of the process.
 *
 * The weights are 1.6 GB of random float32 numbers in a file that is removed
 * again. Linux only.
 */

import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { networkLayout } from "../core/wan/networks.ts";
import { WAN_14B_I2V } from "../core/wan/transformer/layout.ts";
import { readSafetensors } from "../core/formats/safetensors.ts";
import { planSafetensors } from "../core/formats/safetensors_writer.ts";
import {
  byteLengthOf,
  type TensorIndex,
} from "../core/formats/tensor_index.ts";
import { openFileSource } from "../core/files/files.ts";
import {
  type BuiltGraph,
  GraphBuilder,
} from "../core/onnx/graph/graph_builder.ts";
import { gemm } from "../core/onnx/graph/layers.ts";
import { buildTransformerBlocks } from "../core/wan/transformer/transformer.ts";
import { CPU } from "../core/onnx/runtime/device.ts";
import {
  createSession,
  loadOnnxRuntime,
  nativeTensor,
  type OnnxRuntime,
} from "../core/onnx/runtime/onnx_runtime.ts";
import { sizeOf } from "../core/base/tensor.ts";

/** Frames, height and width of a whole video, in latent cells. */
const LATENT = [21, 60, 104] as const;
const TOKENS_PER_FRAME = 30 * 52;
const PASSES = 2;
/** The rows of the plain product: one latent frame, whatever the block has. */
const PLAIN_ROWS = TOKENS_PER_FRAME;
const { dim, ffnDim, numLayers } = WAN_14B_I2V;

/** An operator as it was run: what it took, in seconds, and its shapes. */
interface OperatorRun {
  readonly operator: string;
  readonly seconds: number;
  readonly inputs: readonly (readonly number[])[];
  readonly output: readonly number[];
}

/** What the operators of one kind took together. */
interface Share {
  seconds: number;
  /** Floating-point operations, of products and attention only. */
  flops: number;
}

/** The process's memory in GB. */
interface Memory {
  /** The most that was ever resident. */
  readonly peak: number;
  /** What is resident now of files: weights and libraries. */
  readonly files: number;
}

/** How a run went as a whole. */
interface Run {
  readonly seconds: number;
  /** The seconds of all cores together that the process got meanwhile. */
  readonly cpuSeconds: number;
  /** With the session still open. */
  readonly memory: Memory;
  readonly operators: readonly OperatorRun[];
}

function writeRandomBlock(path: string): void {
  const plans = networkLayout("transformer", { ...WAN_14B_I2V, numLayers: 1 })
    .filter(({ name }) => name.startsWith("blocks.0."))
    .map(({ name, shape }) => ({ name, shape, dtype: "F32" as const }));
  const { header, offsets } = planSafetensors(plans);
  const numbers = new Uint8Array(randomNumbers(2 ** 22, 0.04).buffer);
  using file = Deno.openSync(path, { write: true, createNew: true });
  file.writeSync(header);
  plans.forEach(({ dtype, shape }, i) => {
    file.seekSync(offsets[i]!, Deno.SeekMode.Start);
    for (let left = byteLengthOf(dtype, shape); left > 0;) {
      left -= file.writeSync(numbers.subarray(0, left));
    }
  });
}

function randomNumbers(
  length: number,
  width: number,
): Float32Array<ArrayBuffer> {
  const numbers = new Float32Array(length);
  for (let i = 0; i < length; i++) numbers[i] = width * (Math.random() - 0.5);
  return numbers;
}

/** A product as large as the feed-forward layer's first; few numbers come back. */
function plainProduct(weights: TensorIndex): BuiltGraph {
  const g = new GraphBuilder("plain", { weights });
  const x = g.input("x", "float32", [PLAIN_ROWS, dim]);
  g.output("y", gemm(x, g.weight("blocks.0.ffn.0.weight")).slice(0, 0, 1));
  return g.build();
}

/**
 * Runs a graph once, in a session like all others but for its profile, which
 * is written into `folder`.
 */
async function runProfiled(
  ort: OnnxRuntime,
  graph: BuiltGraph,
  folder: string,
): Promise<Run> {
  const prefix = crypto.randomUUID();
  const profiling = {
    enableProfiling: true,
    profileFilePrefix: join(folder, prefix),
  };
  const session = await createSession(
    {
      ...ort,
      InferenceSession: {
        create: (model: Uint8Array, options: object) =>
          ort.InferenceSession.create(model, { ...options, ...profiling }),
      },
    } as unknown as OnnxRuntime,
    graph.model,
    { device: CPU, weightsFolder: graph.weightsFolder },
  );
  const tensors = (
    values: BuiltGraph["inputs"],
    fill: (length: number) => Float32Array<ArrayBuffer>,
  ) =>
    Object.fromEntries(values.map(({ name, shape }) => [
      name,
      nativeTensor(ort, shape, fill(sizeOf(shape))),
    ]));
  const feeds = tensors(graph.inputs, (length) => randomNumbers(length, 1));
  const results = tensors(graph.outputs, (length) => new Float32Array(length));

  const cpu = process.cpuUsage();
  const begin = performance.now();
  await session.run(feeds, results);
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const used = memory();
  session.endProfiling();
  await session.release();

  const written = Array.from(Deno.readDirSync(folder), ({ name }) => name)
    .find((name) => name.startsWith(prefix))!;
  const operators = readProfile(Deno.readTextFileSync(join(folder, written)));
  const cpuSeconds = (user + system) / 1e6;
  return { seconds, cpuSeconds, memory: used, operators };
}

/** One event of ONNX Runtime's profile, as far as it is read here. */
interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args: {
    readonly op_name: string;
    readonly input_type_shape: readonly Record<string, readonly number[]>[];
    readonly output_type_shape: readonly Record<string, readonly number[]>[];
  };
}

/** The operators of a profile, in the order in which they ran. */
function readProfile(text: string): OperatorRun[] {
  const shapes = (typed: ProfileEvent["args"]["input_type_shape"]) =>
    typed.map((entry) => Object.values(entry)[0]!);
  return (JSON.parse(text) as ProfileEvent[])
    .filter(({ cat, name }) => cat === "Node" && name.endsWith("_kernel_time"))
    .map(({ dur, args }) => ({
      operator: args.op_name,
      seconds: dur / 1e6,
      inputs: shapes(args.input_type_shape),
      output: shapes(args.output_type_shape)[0]!,
    }));
}

/** Adds up a block's operators by what they are for. */
function sharesOf(
  operators: readonly OperatorRun[],
  tokens: number,
): Map<string, Share> {
  const shares = new Map<string, Share>();
  let selfProducts = 0;
  for (const { operator, seconds, inputs, output } of operators) {
    let kind: string, flops = 0;
    if (operator === "Gemm") {
      const [rows, inner] = inputs[0] as [number, number];
      flops = 2 * rows * inner * output[1]!;
      if (inner === ffnDim || output[1] === ffnDim) {
        kind = "feed-forward, products";
      } else if (rows === tokens && selfProducts < 4) {
        // The cross attention's come after: they need the self attention.
        selfProducts++;
        kind = "self attention, q k v o";
      } else kind = "cross attention, q k v o";
    } else if (operator === "MultiHeadAttention") {
      const [, keys] = inputs[1] as [number, number];
      flops = 4 * tokens * keys * dim;
      kind = keys === tokens
        ? "self attention, softmax(q kᵀ) v"
        : "cross attention, softmax(q kᵀ) v";
    } else if (operator.includes("LayerNormalization")) {
      kind = "norms";
    } else if (operator === "RotaryEmbedding") kind = "rotary embedding";
    else if (operator.includes("Gelu")) kind = "feed-forward, gelu";
    else if (operator === "Mul" || operator === "Add") {
      kind = "modulation, residual sums";
    } else kind = "other";
    const share = shares.get(kind) ?? { seconds: 0, flops: 0 };
    share.seconds += seconds;
    share.flops += flops;
    shares.set(kind, share);
  }
  return shares;
}

function memory(): Memory {
  const status = Deno.readTextFileSync("/proc/self/status");
  const gigabytes = (key: string) =>
    Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(status)![1]) * 1024 / 1e9;
  return { peak: gigabytes("VmHWM"), files: gigabytes("RssFile") };
}

async function measure(frames: number) {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "block.safetensors");
    writeRandomBlock(path);
    using source = openFileSource(path);
    const { tensors } = readSafetensors(source);
    const ort = await loadOnnxRuntime();

    const loadBefore = Deno.loadavg()[0]!;
    const plain = () => runProfiled(ort, plainProduct(tensors), folder);
    await plain(); // the pages of the weights are mapped by now
    const plains = [await plain()];
    const { block } = buildTransformerBlocks(
      { tensors, config: { ...WAN_14B_I2V, numLayers: 1 } },
      { latent: [frames, LATENT[1], LATENT[2]] },
    );
    const run = await runProfiled(ort, block(0), folder);
    plains.push(await plain());

    const tokens = frames * TOKENS_PER_FRAME;
    const shares = sharesOf(run.operators, tokens);
    const timed = run.operators.reduce((sum, { seconds }) => sum + seconds, 0);
    shares.set("between operators", { seconds: run.seconds - timed, flops: 0 });
    const flops = shares.values().reduce((sum, share) => sum + share.flops, 0);
    const plainFlops = 2 * PLAIN_ROWS * dim * ffnDim;
    return {
      tokens,
      seconds: run.seconds,
      gigaflops: flops / run.seconds / 1e9,
      /** How many cores the run got on average, of how many. */
      cores: run.cpuSeconds / run.seconds,
      coresThere: navigator.hardwareConcurrency,
      /** Of the plain product, before and after. */
      plain: plains.map(({ seconds, cpuSeconds }) => ({
        gigaflops: plainFlops / seconds / 1e9,
        cores: cpuSeconds / seconds,
      })),
      passSeconds: numLayers * run.seconds,
      stepSeconds: PASSES * numLayers * run.seconds,
      peakMemory: run.memory.peak,
      mappedMemory: run.memory.files,
      load: [loadBefore, Deno.loadavg()[0]!],
      kinds: Object.fromEntries(
        [...shares].map(([kind, share]) => [kind, {
          seconds: share.seconds,
          share: share.seconds / run.seconds,
          teraflop: share.flops / 1e12,
          gigaflops: share.flops / share.seconds / 1e9,
        }]),
      ),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

type Figures = Awaited<ReturnType<typeof measure>>;

/** The figures for people. */
function describe(figures: Figures): string {
  const { kinds, plain, load, tokens } = figures;
  const rows = Object.entries(kinds)
    .sort(([, a], [, b]) => b.seconds - a.seconds)
    .map(([kind, { seconds, share, gigaflops }]) =>
      `${kind.padEnd(34)}${seconds.toFixed(2).padStart(9)} s` +
      `${(100 * share).toFixed(1).padStart(7)} %` +
      (gigaflops > 0 ? `${gigaflops.toFixed(1).padStart(8)} GFLOP/s` : "")
    );
  return [
    `one block of ${tokens} tokens: ${figures.seconds.toFixed(1)} s, ` +
    `${figures.gigaflops.toFixed(1)} GFLOP/s, on ` +
    `${figures.cores.toFixed(2)} of ${figures.coresThere} cores`,
    ...rows,
    `plain product before and after: ${
      plain.map(({ gigaflops, cores }) =>
        `${gigaflops.toFixed(1)} GFLOP/s on ${cores.toFixed(2)} cores`
      ).join(", ")
    }`,
    `x ${numLayers} blocks = ${figures.passSeconds.toFixed(0)} s a pass, ` +
    `x ${PASSES} passes = ${figures.stepSeconds.toFixed(0)} s a step`,
    `most memory ${figures.peakMemory.toFixed(2)} GB, ` +
    `${figures.mappedMemory.toFixed(2)} GB of it files; ` +
    `load of the machine ${load.map((n) => n.toFixed(1)).join(" to ")}`,
  ].join("\n");
}

if (import.meta.main) {
  const [argument = "1"] = Deno.args;
  const frames = Number(argument);
  if (!Number.isInteger(frames) || frames < 1 || frames > LATENT[0]) {
    throw new RangeError(
      `Cannot measure ${argument} latent frames, expected 1 to ${LATENT[0]}`,
    );
  }
  const figures = await measure(frames);
  console.error(describe(figures));
  console.log(JSON.stringify(figures));
} else {
  // What counts is what the process says; the bench's own time is all of it.
  Deno.bench(
    "one full-width block, by operator",
    { n: 1, warmup: 0 },
    async () => {
      const script = fileURLToPath(import.meta.url);
      const { success } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--no-prompt", "--allow-all", script],
        stdout: "null", // the table goes to standard error
      }).spawn().status;
      if (!success) throw new Error(`Cannot measure a block: ${script} failed`);
    },
  );
}
