/**
 * Runs causal networks over a film, chunk after chunk. What their convolutions
 * remember stays in the runtime.
 */

import type { BuiltGraph } from "../../onnx/graph/graph_builder.ts";
import { cacheName, pastName, type VaeChunk } from "./vae_chunks.ts";
import type {
  GraphSession,
  KeptTensor,
  Runtime,
} from "../../onnx/runtime/runtime_interface.ts";
import type { Tensor } from "../../base/tensor.ts";
import { cutFrames, joinFrames } from "./_frames.ts";

/** A network of which there is a graph for each chunk. */
export interface ChunkNetwork {
  /** What error messages call it. */
  readonly name: string;
  /** The name of its input and of its output. */
  readonly input: string;
  readonly output: string;
  /**
   * Whether it takes the frames of a chunk one by one: its activations are
   * those of one frame then. Only for networks that leave time alone.
   */
  readonly frameByFrame?: boolean;
  /** The graph of a chunk. */
  build(chunk: VaeChunk): BuiltGraph;
}

/** How a film is cut. */
export interface ChunkOptions {
  /** How many latent frames the film has. */
  readonly latents: number;
  /** `whole`, or how many latent frames go through at a time behind the first one. */
  readonly perRun: "all" | number;
  readonly signal?: AbortSignal | undefined;
}

/** `[1, channels, frames, height, width]` */
type Frames = Tensor<Float32Array<ArrayBuffer>>;

/**
 * What the networks, one behind the other, make of each chunk.
 * `read(from, to)` gives the input for the latent frames `[from, to)`; its
 * array is handed over.
 */
export async function* runChunks(
  runtime: Runtime,
  networks: readonly ChunkNetwork[],
  options: ChunkOptions & {
    read(from: number, to: number): Tensor | Promise<Tensor>;
  },
): AsyncGenerator<Frames, void, void> {
  const { latents, perRun, signal, read } = options;
  await using chain = new Chain(
    networks.map((network) => new RunningNetwork(runtime, network, signal)),
  );
  if (perRun === "all") {
    yield await chain.run({ kind: "all", latents }, await read(0, latents));
    return;
  }
  yield await chain.run({ kind: "first" }, await read(0, 1));
  for (let from = 1; from < latents; from += perRun) {
    const length = Math.min(perRun, latents - from);
    yield await chain.run(
      { kind: "next", latents: length },
      await read(from, from + length),
    );
  }
}

/** Networks of which each is fed what the one before made. */
class Chain implements AsyncDisposable {
  readonly #networks: readonly RunningNetwork[];

  constructor(networks: readonly RunningNetwork[]) {
    this.#networks = networks;
  }

  async run(chunk: VaeChunk, input: Tensor): Promise<Frames> {
    let x = input as Frames;
    for (const network of this.#networks) x = await network.take(chunk, x);
    return x;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const network of this.#networks) await network.close();
  }
}

/** One network with what it remembers. */
class RunningNetwork {
  readonly #runtime: Runtime;
  readonly #network: ChunkNetwork;
  readonly #signal: AbortSignal | undefined;
  /** The graph that is open; there are two or three, one at a time. */
  #open: { key: string; session: GraphSession } | undefined;
  #past: readonly KeptTensor[] = [];

  constructor(
    runtime: Runtime,
    network: ChunkNetwork,
    signal: AbortSignal | undefined,
  ) {
    this.#runtime = runtime;
    this.#network = network;
    this.#signal = signal;
  }

  /** What it makes of a chunk. */
  async take(chunk: VaeChunk, x: Frames): Promise<Frames> {
    if (!this.#network.frameByFrame) return await this.#run(chunk, x);
    const made: Frames[] = [];
    const count = x.dims.at(-3)!;
    for (let i = 0; i < count; i++) {
      const first = chunk.kind === "first" && i === 0;
      const frame = count === 1 ? x : cutFrames(x, { from: i, to: i + 1 });
      made.push(
        await this.#run(
          first ? { kind: "first" } : { kind: "next", latents: 1 },
          frame,
        ),
      );
    }
    return joinFrames(made);
  }

  async #run(chunk: VaeChunk, x: Tensor): Promise<Frames> {
    const { input, output } = this.#network;
    const session = await this.#sessionOf(chunk);
    const past = this.#past;
    const feeds = Object.fromEntries([
      [input, x],
      ...past.map((value, i) => [pastName(i), value]),
    ]);
    const names = session.graph.outputs.flatMap(({ name }) =>
      name === output ? [] : [name]
    );
    const { outputs, kept } = await session.runKeeping(feeds, names, {
      signal: this.#signal,
      transfer: true,
    });
    if (chunk.kind !== "all") {
      const count = past.length || names.length;
      // A frame that is not among the outputs is remembered one place further.
      this.#past = Array.from(
        { length: count },
        (_, i) => kept[cacheName(i)] ?? past[i + 1]!,
      );
      for (const value of past) if (!this.#past.includes(value)) value.drop();
    }
    return outputs[output]!;
  }

  /** The graph for a kind of chunk, opened when the one before is closed. */
  async #sessionOf(chunk: VaeChunk): Promise<GraphSession> {
    const key = JSON.stringify(chunk);
    if (this.#open?.key === key) return this.#open.session;
    await this.#release();
    const { name } = this.#network;
    const session = await this.#runtime.open(this.#network.build(chunk), {
      name,
      signal: this.#signal,
    });
    this.#open = { key, session };
    return session;
  }

  async #release(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.session.release();
  }

  /** Forgets everything. */
  async close(): Promise<void> {
    await this.#release();
    for (const value of this.#past) value.drop();
    this.#past = [];
  }
}
