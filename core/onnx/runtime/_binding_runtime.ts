/**
 * A runtime over the package's Node.js binding, whose calls block their
 * thread: its sessions are in a worker.
 */

import { resolve } from "node:path";
import { quote, withHint } from "../../base/errors.ts";
import type { BuiltGraph } from "../graph/graph_builder.ts";
import type { Tensor } from "../../base/tensor.ts";
import { checkFeeds, checkKeep, checkOutputs } from "./_graph_feeds.ts";
import type {
  Feed,
  FeedData,
  Fetch,
  Reply,
  Request,
  Values,
} from "./_messages.ts";
import { checkWeightFiles } from "./_weight_files.ts";
import type { RuntimeBackend } from "./runtime_interface.ts";
import { type Device, deviceName } from "./device.ts";
import { explain } from "./_explain.ts";
import type {
  Feeds,
  GraphSession,
  KeptTensor,
  OpenOptions,
  RunOptions,
  Runtime,
} from "./runtime_interface.ts";

type Body<R> = R extends Request ? Omit<R, "id"> : never;

interface Pending {
  resolve(reply: Reply): void;
  reject(reason: unknown): void;
}

/** One worker on one device. */
export class BindingRuntime implements Runtime {
  readonly device: Device;
  readonly backend: RuntimeBackend;
  readonly #threads: number | undefined;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  /** Why nothing can run here any more. */
  #over: Error | undefined;
  #closing: Promise<void> | undefined;
  #numbers = 0;

  constructor(
    device: Device,
    options: { backend: RuntimeBackend; threads: number | undefined },
  ) {
    this.device = device;
    this.backend = options.backend;
    this.#threads = options.threads;
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
    checkOutputs(graph, name);
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
        ...(this.#threads === undefined ? {} : { threads: this.#threads }),
      },
    }, { action: `open ${name} on ${deviceName(this.device)}`, signal });
    return new BindingSession(this, { session, graph, name });
  }

  keep(tensor: Tensor): KeptTensor {
    const value = new BindingValue(this, this.next(), tensor.dims);
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

class BindingValue implements KeptTensor {
  readonly runtime: BindingRuntime;
  readonly number: number;
  readonly dims: readonly number[];
  #dropped = false;

  constructor(
    runtime: BindingRuntime,
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

class BindingSession implements GraphSession {
  readonly graph: BuiltGraph;
  readonly #runtime: BindingRuntime;
  readonly #number: number;
  readonly #name: string;
  #released = false;

  constructor(
    runtime: BindingRuntime,
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
    checkKeep(this.graph, keep, action);
    const sent = this.#feeds(feeds, action, transfer);
    const kept: Record<string, BindingValue> = {};
    const fetches = this.graph.outputs.map(({ name, shape }): Fetch => {
      if (!keep.includes(name)) return { name, dims: shape };
      const value = new BindingValue(
        this.#runtime,
        this.#runtime.next(),
        shape,
      );
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
    const isOwn = (feed: Feeds[string]): feed is BindingValue =>
      feed instanceof BindingValue && feed.runtime === this.#runtime;
    return Object.fromEntries(
      checkFeeds(this.graph, feeds, { action, isOwn }).map((feed) => [
        feed.name,
        "kept" in feed ? { kind: "kept", value: feed.kept.number } : {
          kind: "tensor",
          dims: feed.tensor.dims,
          data: ownArray(feed.tensor.data, transfer),
        },
      ]),
    );
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
