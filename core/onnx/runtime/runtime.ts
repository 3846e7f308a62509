/**
 * A place where graphs run: one device, one worker, any number of sessions.
 *
 * Running a graph blocks the thread it runs on, so that happens in a worker.
 * Numbers cross as float32 (ids as integers); what one graph makes for another
 * one can stay in the worker.
 *
 * @module
 */

import { resolve } from "node:path";
import { quote, withHint } from "../../base/errors.ts";
import type { BuiltGraph } from "../graph/graph_builder.ts";
import { sizeOf, type Tensor } from "../../base/tensor.ts";
import type {
  Feed,
  FeedData,
  Fetch,
  Reply,
  Request,
  Values,
} from "./_messages.ts";
import { checkWeightFiles } from "./_weight_files.ts";
import { type Device, deviceName } from "./device.ts";
import { explain } from "./_explain.ts";

export type { FeedData } from "./_messages.ts";

/** How a runtime is opened. */
export interface RuntimeOptions {
  /**
   * How many threads a session may use on the CPU. By default one per core;
   * fewer leave the machine usable meanwhile.
   */
  readonly threads?: number;
}

/** A tensor that stays in the worker, for example a cache between two runs. */
export interface KeptTensor {
  /** The length of each axis, outermost first. */
  readonly dims: readonly number[];
  /** Gives its memory back for the next one of its size. Twice does no harm. */
  drop(): void;
}

/** What a graph is fed, by the names of its inputs. */
export type Feeds = Readonly<Record<string, Tensor<FeedData> | KeptTensor>>;

/** How a graph is run. */
export interface RunOptions {
  /**
   * Abort makes the call fail at once and ends the whole runtime; a native
   * run that is under way goes on in the background to its end, and only then
   * is its memory given back. What is cut into several graphs therefore stops
   * after the one that is running.
   */
  readonly signal?: AbortSignal | undefined;
  /** Hands the feeds' arrays over instead of copying them; they are empty then. */
  readonly transfer?: boolean;
}

/** A graph that is ready to run. */
export interface GraphSession extends AsyncDisposable {
  /** What the graph is fed and what it makes. */
  readonly graph: Pick<BuiltGraph, "inputs" | "outputs">;
  /**
   * Runs the graph and hands all outputs back.
   *
   * @throws {TypeError} When a feed is missing, unknown or of another type.
   * @throws {RangeError} When a feed has another shape.
   */
  run(
    feeds: Feeds,
    options?: RunOptions,
  ): Promise<Record<string, Tensor<Float32Array<ArrayBuffer>>>>;
  /**
   * Runs the graph, keeps the outputs named by `keep` in the worker and hands
   * the others back.
   */
  runKeeping(
    feeds: Feeds,
    keep: readonly string[],
    options?: RunOptions,
  ): Promise<{
    outputs: Record<string, Tensor<Float32Array<ArrayBuffer>>>;
    kept: Record<string, KeptTensor>;
  }>;
  /** Gives the session's memory back. Twice does no harm. */
  release(): Promise<void>;
}

/** How a session is opened. */
export interface OpenOptions {
  /** What error messages call the graph. */
  readonly name?: string;
  /** As in {@linkcode RunOptions.signal}. */
  readonly signal?: AbortSignal | undefined;
}

/** One worker on one device. */
export interface Runtime extends AsyncDisposable {
  /** Where its graphs run. */
  readonly device: Device;
  /**
   * Makes a graph ready to run.
   *
   * @throws {FormatError} When a weight file is shorter than the graph needs.
   * @throws {Deno.errors.NotCapable} Without permission to read one.
   * @throws {TypeError} When an output is not float32.
   */
  open(graph: BuiltGraph, options?: OpenOptions): Promise<GraphSession>;
  /** Puts a tensor into the worker, for graphs that are fed it many times. */
  keep(tensor: Tensor): KeptTensor;
  /** Ends the worker and gives all memory back. Twice does no harm. */
  close(): Promise<void>;
}

/**
 * Starts a worker for one device. Nothing native is loaded before the first
 * session is opened.
 */
export function openRuntime(
  device: Device,
  options: RuntimeOptions = {},
): Runtime {
  return new WorkerRuntime(device, options);
}

type Body<R> = R extends Request ? Omit<R, "id"> : never;

interface Pending {
  resolve(reply: Reply): void;
  reject(reason: unknown): void;
}

class WorkerRuntime implements Runtime {
  readonly device: Device;
  readonly #options: RuntimeOptions;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  /** Why nothing can run here any more. */
  #over: Error | undefined;
  #closing: Promise<void> | undefined;
  #numbers = 0;

  constructor(device: Device, options: RuntimeOptions) {
    this.device = device;
    this.#options = options;
    const script = new URL("./worker.ts", import.meta.url);
    checkReadable(script);
    this.#worker = new Worker(script, {
      type: "module",
      name: `ati ${deviceName(device)}`,
    });
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      const pending = this.#pending.get(data.id);
      this.#pending.delete(data.id);
      pending?.resolve(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#end(
        new Error(`Cannot run on ${deviceName(device)}: ${event.message}`),
      );
    };
  }

  /** Whether nothing can run here any more; all memory is given back then. */
  get closed(): boolean {
    return this.#over !== undefined;
  }

  /** A number that is used once: of a request, a session or a kept value. */
  next(): number {
    return this.#numbers++;
  }

  /** The reply to a request; a failure says what could not be done. */
  async send(
    body: Body<Request>,
    options: {
      action: string;
      transfer?: Transferable[];
      signal?: AbortSignal | undefined;
    },
  ): Promise<Reply> {
    const { action, transfer = [], signal } = options;
    signal?.throwIfAborted();
    if (this.#over) {
      throw new Error(`Cannot ${action}: the runtime is closed`, {
        cause: this.#over,
      });
    }
    const id = this.next();
    const abort = () => this.#end(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const reply = await new Promise<Reply>((resolve, reject) => {
        this.#pending.set(id, { resolve, reject });
        this.#worker.postMessage({ ...body, id }, transfer);
      });
      if (reply.kind === "failed") {
        throw explain(`Cannot ${action}`, reply.message);
      }
      return reply;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  async open(
    graph: BuiltGraph,
    options: OpenOptions = {},
  ): Promise<GraphSession> {
    const { name = "a graph", signal } = options;
    for (const output of graph.outputs) {
      if (output.type === "float32") continue;
      throw new TypeError(
        `Cannot open ${name}: output "${output.name}" is ${output.type}, expected float32`,
      );
    }
    await checkWeightFiles(graph.weightFiles);
    const session = this.next();
    await this.send({
      kind: "open",
      session,
      model: graph.model,
      settings: {
        device: this.device,
        weightsFolder: graph.weightFiles.size > 0
          ? resolve(graph.weightsFolder)
          : "",
        ...(this.#options.threads === undefined
          ? {}
          : { threads: this.#options.threads }),
      },
    }, { action: `open ${name} on ${deviceName(this.device)}`, signal });
    return new WorkerSession(this, { session, graph, name });
  }

  keep(tensor: Tensor): KeptTensor {
    const value = new WorkerValue(this, this.next(), tensor.dims);
    const data = ownArray(tensor.data, false) as Float32Array<ArrayBuffer>;
    this.send({
      kind: "keep",
      value: value.number,
      dims: tensor.dims,
      data,
    }, { action: "keep a tensor" }).catch(() => {}); // told by the next run
    return value;
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    if (this.#over) return;
    const closed = this.send({ kind: "close" }, { action: "close" });
    this.#over = new Error("it was closed");
    await closed.finally(() => this.#worker.terminate());
  }

  /** Ends everything at once; what is asked meanwhile fails with `reason`. */
  #end(reason: unknown): void {
    this.#over ??= reason instanceof Error ? reason : new Error(String(reason));
    this.#worker.terminate();
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class WorkerValue implements KeptTensor {
  readonly runtime: WorkerRuntime;
  readonly number: number;
  readonly dims: readonly number[];
  #dropped = false;

  constructor(
    runtime: WorkerRuntime,
    number: number,
    dims: readonly number[],
  ) {
    this.runtime = runtime;
    this.number = number;
    this.dims = dims;
  }

  drop(): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.runtime.send({ kind: "drop", values: [this.number] }, {
      action: "drop a tensor",
    }).catch(() => {}); // a closed runtime has dropped everything
  }
}

class WorkerSession implements GraphSession {
  readonly graph: BuiltGraph;
  readonly #runtime: WorkerRuntime;
  readonly #number: number;
  readonly #name: string;
  #released = false;

  constructor(
    runtime: WorkerRuntime,
    options: { session: number; graph: BuiltGraph; name: string },
  ) {
    this.#runtime = runtime;
    this.#number = options.session;
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
    const unknown = keep.find((name) =>
      !this.graph.outputs.some((output) => output.name === name)
    );
    if (unknown !== undefined) {
      throw new TypeError(`Cannot ${action}: it has no output "${unknown}"`);
    }
    const sent = this.#feeds(feeds, action, transfer);
    const kept: Record<string, WorkerValue> = {};
    const fetches = this.graph.outputs.map(({ name, shape }): Fetch => {
      if (!keep.includes(name)) return { name, dims: shape };
      const value = new WorkerValue(this.#runtime, this.#runtime.next(), shape);
      kept[name] = value;
      return { name, dims: shape, keep: value.number };
    });
    const reply = await this.#runtime.send({
      kind: "run",
      session: this.#number,
      feeds: sent,
      fetches,
    }, {
      action,
      signal,
      transfer: Object.values(sent).flatMap((feed) =>
        feed.kind === "tensor" ? [feed.data.buffer as ArrayBuffer] : []
      ),
    });
    const outputs: Readonly<Record<string, Values>> = reply.kind === "ran"
      ? reply.outputs
      : {};
    return { outputs, kept };
  }

  #feeds(
    feeds: Feeds,
    action: string,
    transfer: boolean,
  ): Record<string, Feed> {
    const names = this.graph.inputs.map(({ name }) => name);
    const unknown = Object.keys(feeds).find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw new TypeError(
        `Cannot ${action}: there is no input "${unknown}", expected ${
          names.join(", ")
        }`,
      );
    }
    const sent: Record<string, Feed> = {};
    for (const { name, type, shape } of this.graph.inputs) {
      const feed = feeds[name];
      if (!feed) {
        throw new TypeError(`Cannot ${action}: input "${name}" is missing`);
      }
      if (feed.dims.join() !== shape.join()) {
        throw new RangeError(
          `Cannot ${action}: input "${name}" is [${
            feed.dims.join(", ")
          }], expected [${shape.join(", ")}]`,
        );
      }
      if (feed instanceof WorkerValue && feed.runtime === this.#runtime) {
        sent[name] = { kind: "kept", value: feed.number };
        continue;
      }
      if (!("data" in feed)) {
        throw new TypeError(
          `Cannot ${action}: input "${name}" is kept by another runtime`,
        );
      }
      if (typeOf(feed.data) !== type || feed.data.length !== sizeOf(shape)) {
        throw new TypeError(
          `Cannot ${action}: input "${name}" holds ${feed.data.length} x ${
            typeOf(feed.data)
          }, expected ${sizeOf(shape)} x ${type}`,
        );
      }
      sent[name] = {
        kind: "tensor",
        dims: feed.dims,
        data: ownArray(feed.data, transfer),
      };
    }
    return sent;
  }

  async release(): Promise<void> {
    if (this.#released || this.#runtime.closed) return;
    this.#released = true;
    await this.#runtime.send({ kind: "release", session: this.#number }, {
      action: `release ${this.#name}`,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/** Deno wants to be allowed to read a worker's script, unless it has a URL. */
function checkReadable(script: URL): void {
  if (script.protocol !== "file:") return;
  const descriptor = { name: "read", path: script } as const;
  if (Deno.permissions.querySync(descriptor).state === "granted") return;
  throw new Deno.errors.NotCapable(
    withHint(
      `Cannot start a worker: reading ${
        quote(script.pathname)
      } is not permitted`,
      "Allow it with --allow-read.",
    ),
  );
}

/** ONNX's name for the elements of an array. */
function typeOf(data: FeedData): string {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Int32Array) return "int32";
  if (data instanceof BigInt64Array) return "int64";
  return "uint8";
}

/**
 * An array that fills its buffer and may be transferred: the given one if
 * that is allowed and so, else a copy. (Posting a part of a buffer would copy
 * all of it.)
 */
function ownArray(data: FeedData, give: boolean): FeedData {
  const whole = data.byteLength === data.buffer.byteLength &&
    data.buffer instanceof ArrayBuffer;
  return give && whole ? data : data.slice();
}
