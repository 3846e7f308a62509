/**
 * Runs a causal network over a film, chunk after chunk. What its convolutions
 * remember stays in the worker.
 */

import type { BuiltGraph } from "../graph/graph_builder.ts";
import { cacheName, pastName, type VaeChunk } from "../models/wan_vae.ts";
import type { GraphSession, KeptTensor, Runtime } from "../runtime/runtime.ts";
import type { Tensor } from "../tensor.ts";

/** A network of which there is a graph for each chunk. */
export interface ChunkNetwork {
  /** What error messages call it. */
  readonly name: string;
  /** The name of its input and of its output. */
  readonly input: string;
  readonly output: string;
  /** The graph of a chunk. */
  build(chunk: VaeChunk): BuiltGraph;
}

/** How a film is cut. */
export interface ChunkOptions {
  /** How many latent frames the film has. */
  readonly latents: number;
  /** `whole`, or how many latent frames go through at a time behind the first one. */
  readonly perRun: "whole" | number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What the network makes of each chunk. `read(from, to)` gives the input for
 * the latent frames `[from, to)`; its array is handed over.
 */
export async function* runChunks(
  runtime: Runtime,
  network: ChunkNetwork,
  options: ChunkOptions & {
    read(from: number, to: number): Tensor | Promise<Tensor>;
  },
): AsyncGenerator<Tensor<Float32Array<ArrayBuffer>>, void, void> {
  const { latents, perRun, signal, read } = options;
  const { name, input, output } = network;
  const open = (chunk: VaeChunk) =>
    runtime.open(network.build(chunk), { name, signal });

  if (perRun === "whole") {
    await using session = await open({ kind: "whole", latents });
    const feeds = { [input]: await read(0, latents) };
    yield (await session.run(feeds, { signal, transfer: true }))[output]!;
    return;
  }

  let past: readonly KeptTensor[] = [];
  const run = async (session: GraphSession, from: number, to: number) => {
    const feeds = Object.fromEntries([
      [input, await read(from, to)],
      ...past.map((value, i) => [pastName(i), value]),
    ]);
    const names = session.graph.outputs.flatMap(({ name }) =>
      name === output ? [] : [name]
    );
    const { outputs, kept } = await session.runKeeping(feeds, names, {
      signal,
      transfer: true,
    });
    for (const value of past) value.drop();
    past = names.map((_, i) => kept[cacheName(i)]!);
    return outputs[output]!;
  };

  {
    await using session = await open({ kind: "first" });
    yield await run(session, 0, 1);
  }
  // At most two lengths: the usual one, and the remainder.
  let from = 1;
  while (from < latents) {
    const length = Math.min(perRun, latents - from);
    await using session = await open({ kind: "next", latents: length });
    for (; latents - from >= length; from += length) {
      yield await run(session, from, from + length);
    }
  }
  for (const value of past) value.drop();
}
