/**
 * The transformer's pieces with what its blocks added remembered: TeaCache's
 * other half. All of it stays in the runtime.
 *
 * @module
 */

import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { BuiltGraph } from "../../onnx/graph/graph_builder.ts";
import type { NetworkBlocks } from "../../onnx/graph/network_blocks.ts";
import type {
  GraphSession,
  KeptTensor,
  Runtime,
} from "../../onnx/runtime/runtime_interface.ts";
import type { Branch, TimeTensor } from "../../sampling/step_cache.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { PredictOptions } from "./prediction.ts";

/** One pass of the transformer. */
export interface CachedPass extends PredictOptions {
  /** The branch whose residual is reused and stored. */
  readonly branch: Branch;
  /**
   * Whether the blocks may be skipped, by the time embedding `[dim]` and the
   * time projection `[6 dim]`.
   */
  mayReuse(time: Readonly<Record<TimeTensor, Float32Array>>): boolean;
}

/** A network whose blocks can be skipped. */
export class CachedNetwork {
  readonly #runtime: Runtime;
  readonly #blocks: Required<NetworkBlocks>;
  readonly #options: { name: string; keepOpen: boolean };
  readonly #sessions = new Map<string, Promise<GraphSession>>();
  /** The blocks' residual in the last pass that ran them, by branch. */
  readonly #added = new Map<Branch, KeptTensor>();

  constructor(
    runtime: Runtime,
    blocks: Required<NetworkBlocks>,
    options: { name: string; keepOpen: boolean },
  ) {
    this.#runtime = runtime;
    this.#blocks = blocks;
    this.#options = options;
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    pass: CachedPass,
  ): Promise<Tensor> {
    const { branch, signal, onProgress } = pass;
    const total = this.#blocks.count + 2;
    const embedded = await this.#use(
      "first",
      () => this.#blocks.first(),
      signal,
      (session) => session.runKeeping(feeds, ["y", "context"], { signal }),
    );
    const { y: start, context } = embedded.kept as Record<
      "y" | "context",
      KeptTensor
    >;
    const { e, e0 } = embedded.outputs as Record<TimeTensor, Tensor>;
    onProgress?.(1, total);
    const known = this.#added.get(branch);
    let end: KeptTensor;
    if (pass.mayReuse({ e: e.data, e0: e0.data }) && known !== undefined) {
      end = await this.#combine("add", start, known, signal);
    } else {
      end = start;
      for (let i = 0; i < this.#blocks.count; i++) {
        const made = await this.#use(
          `block ${i}`,
          () => this.#blocks.block(i),
          signal,
          (session) =>
            session.runKeeping({ x: end, e0, context }, ["y"], { signal }),
        );
        if (end !== start) end.drop();
        end = made.kept["y"]!;
        onProgress?.(i + 2, total);
      }
      known?.drop();
      this.#added.set(
        branch,
        await this.#combine("subtract", end, start, signal),
      );
    }
    const { prediction } = await this.#use(
      "last",
      () => this.#blocks.last(),
      signal,
      (session) => session.run({ x: end, e }, { signal }),
    );
    for (const value of [start, context, end]) value.drop();
    onProgress?.(total, total);
    return prediction!;
  }

  /** Clears the cache. */
  drop(): void {
    for (const value of this.#added.values()) value.drop();
    this.#added.clear();
  }

  async #combine(
    how: "add" | "subtract",
    a: KeptTensor,
    b: KeptTensor,
    signal: AbortSignal | undefined,
  ): Promise<KeptTensor> {
    const { kept } = await this.#use(
      how,
      () => combination(how, a.dims),
      signal,
      (session) => session.runKeeping({ a, b }, ["y"], { signal }),
    );
    return kept["y"]!;
  }

  /** Opens a graph, or uses the open session, and runs it. */
  async #use<T>(
    key: string,
    build: () => BuiltGraph,
    signal: AbortSignal | undefined,
    run: (session: GraphSession) => Promise<T>,
  ): Promise<T> {
    const open = () =>
      this.#runtime.open(build(), {
        name: `${this.#options.name}, ${key}`,
        signal,
      });
    if (!this.#options.keepOpen) {
      await using session = await open();
      return await run(session);
    }
    const session = this.#sessions.get(key) ?? open();
    this.#sessions.set(key, session);
    return await run(await session);
  }
}

/** `y = a + b` or `y = a - b`, in float32. */
function combination(
  how: "add" | "subtract",
  dims: readonly number[],
): BuiltGraph {
  const g = new GraphBuilder(how);
  const a = g.input("a", "float32", dims);
  const b = g.input("b", "float32", dims);
  g.output("y", how === "add" ? a.add(b) : a.sub(b));
  return g.build();
}
