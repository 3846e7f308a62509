/**
 * Runs causal networks over a video, chunk after chunk. What their convolutions
 * remember stays in the runtime.
 */

import type { BuiltGraph } from "../../onnx/graph/graph_builder.ts";
import { cacheName, pastName, type VaeChunk } from "./causal_chunks.ts";
import type {
  GraphSession,
  KeptTensor,
  Runtime,
} from "../../onnx/runtime/runtime_interface.ts";
import type { Tensor } from "../../base/tensor.ts";
import { cutFrames, joinFrames } from "./frames.ts";

/** A network with a graph for each chunk. */
export interface ChunkNetwork {
  /** Its name in error messages. */
  readonly name: string;
  /** The name of its input and of its output. */
  readonly input: string;
  readonly output: string;
  /**
   * Whether it gets the frames of a chunk one by one, with the activations of
   * one frame. Only for networks without layers over time.
   */
  readonly frameByFrame?: boolean;
  /** The graph of a chunk. */
  build(chunk: VaeChunk): BuiltGraph;
}

/** How a video is split. */
export interface ChunkOptions {
  /** The number of latent frames of the video. */
  readonly latents: number;
  /** `all`, or the number of latent frames per run after the first. */
  readonly perRun: "all" | number;
  readonly signal?: AbortSignal | undefined;
}

/** `[1, channels, frames, height, width]` */
type Frames = Tensor<Float32Array<ArrayBuffer>>;

/**
 * The output of the networks, applied in sequence, for each chunk.
 * `read(from, to)` returns the input for the latent frames `[from, to)`, in an
 * array that is transferred to the worker.
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

/** Networks applied in sequence. */
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

/** One network with its cache. */
class RunningNetwork {
  readonly #runtime: Runtime;
  readonly #network: ChunkNetwork;
  readonly #signal: AbortSignal | undefined;
  /** The open graph; there are two or three, one at a time. */
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

  /** Runs the network on a chunk. */
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
      // A frame that is not an output has moved by one position.
      this.#past = Array.from(
        { length: count },
        (_, i) => kept[cacheName(i)] ?? past[i + 1]!,
      );
      for (const value of past) if (!this.#past.includes(value)) value.drop();
    }
    return outputs[output]!;
  }

  /** The graph for a kind of chunk; the previous one is closed first. */
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

  /** Releases the session and the cache. */
  async close(): Promise<void> {
    await this.#release();
    for (const value of this.#past) value.drop();
    this.#past = [];
  }
}
