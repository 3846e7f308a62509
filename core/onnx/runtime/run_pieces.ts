/**
 * Runs a network that is cut into pieces: open one, run it, release it, go on
 * with the next. What the pieces hand on stays in the worker.
 *
 * @module
 */

import type { NetworkBlocks } from "../graph/network_blocks.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { Feeds, KeptTensor, Runtime } from "./runtime_interface.ts";

/** How pieces are run. */
export interface RunPiecesOptions {
  /** What error messages call the network. */
  readonly name: string;
  /** Stops after the piece that is running; the call itself fails at once. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each piece how many of all pieces are done. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Feeds a network in pieces, once for each of `feeds`, and gives back what its
 * last piece makes for each. A piece is opened once for all of them, so that
 * two runs (with and without a prompt) share the conversion of its weights'
 * pages.
 *
 * Every piece gets the feeds that it has inputs for. What a piece makes as `y`
 * is the next one's `x`; its other outputs are feeds of all later pieces.
 */
export async function runBlocks(
  runtime: Runtime,
  pieces: NetworkBlocks,
  options: RunPiecesOptions & { feeds: readonly Feeds[] },
): Promise<Record<string, Tensor<Float32Array<ArrayBuffer>>>[]> {
  const { name, signal, onProgress } = options;
  const builders = [
    () => pieces.first(),
    ...Array.from({ length: pieces.count }, (_, i) => () => pieces.block(i)),
    ...(pieces.last ? [() => pieces.last!()] : []),
  ];
  const runs = options.feeds.map((feeds) => new Run(runtime, feeds));
  let results: Record<string, Tensor<Float32Array<ArrayBuffer>>>[] = [];
  for (const [i, build] of builders.entries()) {
    const isLast = i === builders.length - 1;
    await using session = await runtime.open(build(), {
      name: `${name}, part ${i + 1} of ${builders.length}`,
      signal,
    });
    const { inputs, outputs } = session.graph;
    const keep = isLast ? [] : outputs.map((output) => output.name);
    results = [];
    for (const run of runs) {
      const made = await session.runKeeping(
        run.feedsFor(inputs.map((input) => input.name)),
        keep,
        { signal },
      );
      run.take(made.kept);
      results.push(made.outputs);
    }
    onProgress?.(i + 1, builders.length);
  }
  for (const run of runs) run.drop();
  return results;
}

/** What is there to be fed for one of several runs. */
class Run {
  readonly #values = new Map<string, Feeds[string]>();

  constructor(runtime: Runtime, feeds: Feeds) {
    for (const [name, value] of Object.entries(feeds)) {
      // What several pieces are fed crosses over once.
      this.#values.set(name, isFloat32(value) ? runtime.keep(value) : value);
    }
  }

  feedsFor(names: readonly string[]): Feeds {
    return Object.fromEntries(
      names.flatMap((name) => {
        const value = this.#values.get(name);
        return value ? [[name, value]] : []; // what is missing, run() tells
      }),
    );
  }

  take(made: Readonly<Record<string, KeptTensor>>): void {
    for (const [output, value] of Object.entries(made)) {
      const name = output === "y" ? "x" : output;
      this.#drop(name);
      this.#values.set(name, value);
    }
  }

  drop(): void {
    for (const name of this.#values.keys()) this.#drop(name);
  }

  #drop(name: string): void {
    const value = this.#values.get(name);
    if (value && "drop" in value) value.drop();
  }
}

function isFloat32(value: Feeds[string]): value is Tensor {
  return "data" in value && value.data instanceof Float32Array;
}
