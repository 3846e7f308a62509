/** A runtime over the C API of ONNX Runtime's library. */

import { resolve } from "node:path";
import type { BuiltGraph } from "../graph/graph_builder.ts";
import { sizeOf, type Tensor } from "../../base/tensor.ts";
import { explain } from "./_explain.ts";
import { checkFeeds, checkKeep, checkOutputs } from "./_graph_feeds.ts";
import type { FeedData } from "./_messages.ts";
import { checkWeightFiles } from "./_weight_files.ts";
import { type Device, deviceName } from "./device.ts";
import type { OrtEnvironment } from "./ort/ort_library.ts";
import { KeptMemory, runOnDevice } from "./ort/kept_memory.ts";
import { OrtSession, type OrtTask } from "./ort/ort_session.ts";
import { OrtValue } from "./ort/ort_value.ts";
import type {
  Feeds,
  GraphSession,
  KeptTensor,
  OpenOptions,
  RunOptions,
  Runtime,
} from "./runtime_interface.ts";

/** Native work that waits for its turn. */
interface Work<Made, Result> {
  /** What it does, for errors: "run a graph on cpu". */
  readonly action: string;
  /** Makes it fail at once. */
  readonly signal: AbortSignal | undefined;
  /** Starts it. */
  start(): OrtTask<Made>;
  /** What is made of what it made, before the next work starts. */
  finish(made: Made): Result;
  /** Frees what it made when nobody wants it any more. */
  discard(made: Made): void | Promise<void>;
  /** Called when it has ended, or will not be started. */
  cleanup?(): void;
}

/** One device; native work is done one after the other. */
export class CApiRuntime implements Runtime {
  readonly device: Device;
  readonly backend = { kind: "c-api" } as const;
  readonly environment: OrtEnvironment;
  readonly threads: number | undefined;
  /** The most that a session on CUDA allocates besides its weights, in bytes. */
  readonly arenaLimit: number | undefined;
  readonly #sessions = new Set<CApiSession>();
  readonly #values = new Set<CApiValue>();
  /** Settles when all work that was asked for has ended; never rejected. */
  #tail: Promise<void> = Promise.resolve();
  /** How many aborted calls there are whose native work has not ended. */
  #abandoned = 0;
  #keptMemory: KeptMemory | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    device: Device,
    options: {
      environment: OrtEnvironment;
      threads: number | undefined;
      arenaLimit?: number | undefined;
    },
  ) {
    this.device = device;
    this.environment = options.environment;
    this.threads = options.threads;
    this.arenaLimit = options.arenaLimit;
  }

  /** Checks that work may be asked for. */
  check(action: string, signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (this.#closing) {
      throw new Error(`Cannot ${action}: the runtime is closed`);
    }
  }

  /** Does native work in its turn; a failure says what could not be done. */
  do<Made, Result>(work: Work<Made, Result>): Promise<Result> {
    const { action, signal } = work;
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    let task: OrtTask<Made> | undefined;
    let aborted = false;
    const abort = () => {
      aborted = true;
      this.#abandoned++;
      reject(signal?.reason);
      task?.terminate();
    };
    signal?.addEventListener("abort", abort, { once: true });
    const turn = async () => {
      try {
        if (aborted) return;
        task = work.start();
        const made = await task.done;
        if (aborted) await work.discard(made);
        else resolve(work.finish(made));
      } catch (error) {
        // Of no effect after an abort: the library says that it was ended.
        reject(
          explain(
            `Cannot ${action}`,
            error instanceof Error ? error.message : String(error),
          ),
        );
      } finally {
        signal?.removeEventListener("abort", abort);
        if (aborted) this.#abandoned--;
        work.cleanup?.();
      }
    };
    this.#tail = this.#tail.then(turn);
    return promise;
  }

  /** Gives memory back in its turn; waits for that unless a call was aborted. */
  async free(release: () => void | Promise<void>): Promise<void> {
    const freed = this.#tail.then(release);
    this.#tail = freed.catch(() => {});
    if (this.#abandoned === 0) await freed;
  }

  async open(
    graph: BuiltGraph,
    options: OpenOptions = {},
  ): Promise<GraphSession> {
    const { name = "a graph", signal } = options;
    checkOutputs(graph, name);
    await checkWeightFiles(graph.weightFiles);
    const action = `open ${name} on ${deviceName(this.device)}`;
    this.check(action, signal);
    return await this.do({
      action,
      signal,
      start: () =>
        OrtSession.open(this.environment, graph.model, {
          device: this.device,
          threads: this.threads,
          ...(this.arenaLimit !== undefined && {
            cuda: { gpu_mem_limit: String(this.arenaLimit) },
          }),
          weightsFolder: graph.weightFiles.size > 0
            ? resolve(graph.weightsFolder)
            : "",
          inputs: graph.inputs.map((input) => input.name),
          outputs: graph.outputs.map((output) => output.name),
        }),
      finish: (native) => {
        const session = new CApiSession(this, { native, graph, name });
        this.#sessions.add(session);
        return session;
      },
      discard: (native) => native.release(),
    });
  }

  keep(tensor: Tensor): KeptTensor {
    this.check("keep a tensor", undefined);
    return this.own(
      OrtValue.copyOf(this.environment.library, {
        type: "float32",
        dims: tensor.dims,
        data: tensor.data,
      }),
    );
  }

  /** Where tensors are kept, unless that is the CPU. */
  keptMemory(): KeptMemory {
    return this.#keptMemory ??= new KeptMemory(
      this.environment.library,
      this.device,
    );
  }

  /** A value that is kept until it is dropped or the runtime is closed. */
  own(value: OrtValue): CApiValue {
    const kept = new CApiValue(this, value);
    this.#values.add(kept);
    return kept;
  }

  /** Called when a value or a session is gone. */
  forget(gone: CApiValue | CApiSession): void {
    if (gone instanceof CApiValue) this.#values.delete(gone);
    else this.#sessions.delete(gone);
  }

  close(): Promise<void> {
    return this.#closing ??= this.free(async () => {
      for (const value of this.#values) value.drop();
      for (const session of this.#sessions) await session.native.release();
      this.#sessions.clear();
      this.#keptMemory?.[Symbol.dispose]();
      if (this.device.kind === "cpu") await this.environment.cpuArena.trim();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class CApiValue implements KeptTensor {
  readonly runtime: CApiRuntime;
  readonly dims: readonly number[];
  readonly #native: OrtValue;
  #dropped = false;

  constructor(runtime: CApiRuntime, native: OrtValue) {
    this.runtime = runtime;
    this.#native = native;
    this.dims = native.dims;
  }

  /** One more holder of the tensor. */
  hold(action: string): OrtValue {
    if (this.#dropped) {
      throw new Error(`Cannot ${action}: a tensor was dropped`);
    }
    return this.#native.hold();
  }

  drop(): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.runtime.forget(this);
    this.#native.release(); // a run that reads it holds it as well
  }
}

class CApiSession implements GraphSession {
  readonly graph: BuiltGraph;
  readonly native: OrtSession;
  readonly #runtime: CApiRuntime;
  readonly #name: string;
  #released: Promise<void> | undefined;

  constructor(
    runtime: CApiRuntime,
    options: { native: OrtSession; graph: BuiltGraph; name: string },
  ) {
    this.#runtime = runtime;
    this.native = options.native;
    this.graph = options.graph;
    this.#name = options.name;
  }

  async run(feeds: Feeds, options: RunOptions = {}) {
    return (await this.runKeeping(feeds, [], options)).outputs;
  }

  async runKeeping(
    feeds: Feeds,
    keep: readonly string[],
    options: RunOptions = {},
  ) {
    const { signal, transfer = false } = options;
    const action = `run ${this.#name} on ${deviceName(this.#runtime.device)}`;
    checkKeep(this.graph, keep, action);
    const isOwn = (feed: Feeds[string]): feed is CApiValue =>
      feed instanceof CApiValue && feed.runtime === this.#runtime;
    const checked = checkFeeds(this.graph, feeds, { action, isOwn });
    this.#runtime.check(action, signal);
    if (this.#released) {
      throw new Error(`Cannot ${action}: the session was released`);
    }
    const inputs: OrtValue[] = [];
    const cleanup = () => {
      for (const value of inputs) value.release();
    };
    try {
      for (const feed of checked) {
        inputs.push(
          "kept" in feed
            ? feed.kept.hold(action)
            : OrtValue.copyOf(this.#runtime.environment.library, {
              type: feed.type,
              dims: feed.tensor.dims,
              data: feed.tensor.data,
            }),
        );
      }
    } catch (error) {
      cleanup();
      throw error;
    }
    if (transfer) {
      for (const feed of checked) if ("tensor" in feed) empty(feed.tensor.data);
    }
    return await this.#runtime.do({
      action,
      signal,
      start: () =>
        this.#runtime.device.kind === "cpu" || keep.length === 0
          ? this.native.run(inputs)
          : runOnDevice(this.native, {
            graph: this.graph,
            inputs,
            keep,
            memory: this.#runtime.keptMemory(),
          }),
      finish: (made) => this.#take(made, keep),
      discard: (made) => {
        for (const value of made) value.release();
      },
      cleanup,
    });
  }

  /** Copies what is handed back, and frees it; keeps the others. */
  #take(made: readonly OrtValue[], keep: readonly string[]) {
    const outputs: Record<string, Tensor<Float32Array<ArrayBuffer>>> = {};
    const kept: Record<string, KeptTensor> = {};
    for (const [i, { name, shape }] of this.graph.outputs.entries()) {
      const value = made[i]!;
      if (keep.includes(name)) {
        kept[name] = this.#runtime.own(value);
      } else {
        const data = value.read(new Float32Array(sizeOf(shape)));
        outputs[name] = { dims: shape, data };
        value.release();
      }
    }
    return { outputs, kept };
  }

  release(): Promise<void> {
    return this.#released ??= this.#runtime.free(async () => {
      this.#runtime.forget(this);
      await this.native.release();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/** Gives an array's memory back, if all of its buffer is its own. */
function empty(data: FeedData): void {
  if (
    data.buffer instanceof ArrayBuffer &&
    data.byteLength === data.buffer.byteLength
  ) data.buffer.transfer(0);
}
