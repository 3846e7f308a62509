/**
 * The blocks of a network, run one after the other by one session: their
 * weights are inputs, which are streamed through two slots of memory where
 * they do not all fit, and their activations stay on the device.
 *
 * @module
 */

import type { BuiltGraph } from "../../graph/graph_builder.ts";
import { sizeOf, type Tensor } from "../../../base/tensor.ts";
import { explain } from "../_explain.ts";
import { checkWeightFiles } from "../_weight_files.ts";
import { deviceName } from "../device.ts";
import { type BlockDevice, deviceTensor } from "./block_device.ts";
import type { Feeds } from "../runtime_interface.ts";
import type { OrtEnvironment } from "./ort_library.ts";
import { IoBinding } from "./io_binding.ts";
import { pointerAtOffset } from "./native_memory.ts";
import { OrtSession, type OrtTask } from "./ort_session.ts";
import { OrtValue } from "./ort_value.ts";
import { createWeightReader, type WeightReader } from "./weight_reader.ts";
import { WeightStream } from "./weight_stream.ts";

/** How a loop is opened. */
export interface BlockLoopOptions {
  /** What error messages call the blocks. */
  readonly name: string;
  /** Where it runs; it must outlive the loop. */
  readonly device: BlockDevice;
  /** How many blocks there are. */
  readonly count: number;
  /**
   * The graph of block `i`, its weights streamed. It makes `y` of `x`, of the
   * same shape; its other inputs are the same for all blocks.
   */
  readonly block: (i: number) => BuiltGraph;
  /** How many of the first blocks stay in memory; none by default. */
  readonly resident?: number;
  /**
   * How many sets of activations go through the blocks in one sweep (with and
   * without a prompt), each weight being moved once for all; 1 by default.
   */
  readonly branches?: number;
  /** How many threads are used on the CPU. */
  readonly threads?: number | undefined;
}

/** How a sweep is run. */
export interface SweepOptions {
  /** Makes the sweep fail at once; the native run ends after its node. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each block with how many of all blocks are done. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Reads the first streamed blocks of the next sweep ahead. */
  readonly again?: boolean;
}

/** The activations of one branch. */
interface Branch {
  /**
   * `x`, in which `y` is made as well: a block writes `y` with its last node,
   * when everything that reads `x` is done.
   */
  readonly state: OrtValue;
  /** The other inputs by their names. */
  readonly others: ReadonlyMap<string, OrtValue>;
}

/** An open loop, which must be released. */
export class BlockLoop implements AsyncDisposable {
  readonly #options: BlockLoopOptions;
  readonly #session: OrtSession;
  readonly #reader: WeightReader;
  readonly #stream: WeightStream;
  readonly #branches: readonly Branch[];
  /** By slot and branch. */
  readonly #bindings: readonly (readonly IoBinding[])[];
  /** Settles when the last sweep has ended; never rejected. */
  #tail: Promise<void> = Promise.resolve();
  #released: Promise<void> | undefined;

  private constructor(
    { library }: OrtEnvironment,
    options: BlockLoopOptions,
    opened: {
      session: OrtSession;
      graph: BuiltGraph;
      reader: WeightReader;
      stream: WeightStream;
    },
  ) {
    const { device, branches = 1 } = options;
    const { graph, stream, session } = opened;
    this.#options = options;
    this.#session = session;
    this.#reader = opened.reader;
    this.#stream = stream;
    const tensor = (signature: BuiltGraph["inputs"][number]) =>
      deviceTensor(library, device, {
        type: signature.type,
        dims: signature.shape,
      });
    const x = graph.inputs.find(({ name }) => name === "x")!;
    const others = graph.inputs.filter((input) => input !== x);
    this.#branches = Array.from({ length: branches }, () => ({
      state: tensor(x),
      others: new Map(others.map((input) => [input.name, tensor(input)])),
    }));
    this.#bindings = stream.slots.map((slot) => {
      const weights = graph.streamedWeights.map((weight, i) =>
        OrtValue.over(library, {
          type: weight.type,
          dims: weight.shape,
          address: pointerAtOffset(slot.pointer, stream.layout.offsets[i]!),
          memoryInfo: device.memoryInfo.pointer,
        })
      );
      const bindings = this.#branches.map(({ state, others }) => {
        const binding = new IoBinding(library, session);
        for (const [i, { name }] of graph.streamedWeights.entries()) {
          binding.bindInput(name, weights[i]!);
        }
        for (const [name, value] of others) binding.bindInput(name, value);
        binding.bindInput("x", state);
        binding.bindOutput("y", state);
        return binding;
      });
      for (const value of weights) value.release(); // the bindings hold them
      return bindings;
    });
  }

  /**
   * Opens one session for all blocks and allocates slots and activations.
   *
   * @throws {FormatError} When a weight file is too short.
   * @throws {TypeError} When the blocks' graphs are not the same.
   */
  static async open(
    environment: OrtEnvironment,
    options: BlockLoopOptions,
  ): Promise<BlockLoop> {
    const { device, count, resident = 0, threads } = options;
    const { library } = environment;
    const graph = options.block(0);
    const graphs = Array.from(
      { length: count },
      (_, i) => i === 0 ? graph : options.block(i),
    );
    checkAlike(graphs, options.name);
    const files = new Map<string, number>();
    for (const { file, offset, length } of graphs.flatMap(weightsOf)) {
      files.set(file, Math.max(files.get(file) ?? 0, offset + length));
    }
    await checkWeightFiles(files);
    const session = await OrtSession.open(environment, graph.model, {
      device: device.device,
      weightsFolder: "",
      threads,
      cuda: device.providerOptions,
      recompute: true,
      inputs: [...graph.inputs, ...graph.streamedWeights].map((x) => x.name),
      outputs: graph.outputs.map((output) => output.name),
    }).done;
    const reader = createWeightReader(library);
    let stream: WeightStream | undefined;
    try {
      stream = new WeightStream({
        device,
        reader,
        blocks: graphs.map(weightsOf),
        resident: Math.min(resident, count),
      });
      const opened = { session, graph, reader, stream };
      return new BlockLoop(environment, options, opened);
    } catch (error) {
      await stream?.[Symbol.asyncDispose]();
      reader[Symbol.dispose]();
      await session.release();
      throw error;
    }
  }

  /** How many bytes of weights have been read so far. */
  get bytesRead(): number {
    return this.#stream.bytesRead;
  }

  /** How many bytes the slots have. */
  get slotBytes(): number {
    const { slots, layout } = this.#stream;
    return slots.length * layout.byteLength;
  }

  /**
   * Sends each branch's activations through all blocks: what the last block
   * makes of it, in order. `feeds` are the inputs of the first block; others
   * among them are left alone.
   */
  async run(
    feeds: readonly Feeds[],
    options: SweepOptions = {},
  ): Promise<Tensor<Float32Array<ArrayBuffer>>[]> {
    const { signal } = options;
    signal?.throwIfAborted();
    const { name: called } = this.#options;
    if (this.#released) {
      throw new Error(`Cannot run ${called}: the session was released`);
    }
    if (feeds.length < 1 || feeds.length > this.#branches.length) {
      throw new RangeError(
        `Cannot run ${called}: ${feeds.length} branches are given, expected 1 to ${this.#branches.length}`,
      );
    }
    const writes = feeds.flatMap((feed, i) => {
      const { state, others } = this.#branches[i]!;
      return [["x", state] as const, ...others].map(([name, value]) => ({
        value,
        data: feedOf(feed, { name, value, called }),
      }));
    });
    const sweep = this.#tail.then(() =>
      this.#sweep({ writes, branches: feeds.length }, options)
    );
    this.#tail = sweep.then(() => {}, () => {});
    if (!signal) return await sweep;
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await Promise.race([sweep, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", abort);
      aborted.promise.catch(() => {});
    }
  }

  /** Waits for the sweep that is under way and gives all memory back. Idempotent. */
  release(): Promise<void> {
    return this.#released ??= this.#release();
  }

  /** Releases it at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  async #sweep(
    { writes, branches }: {
      writes: readonly { value: OrtValue; data: Float32Array }[];
      branches: number;
    },
    { signal, onProgress, again = false }: SweepOptions,
  ): Promise<Tensor<Float32Array<ArrayBuffer>>[]> {
    const { device, count, resident = 0, name } = this.#options;
    let task: OrtTask<void> | undefined;
    const terminate = () => task?.terminate();
    signal?.addEventListener("abort", terminate, { once: true });
    try {
      for (const { value, data } of writes) await device.write(value, data);
      for (let i = 0; i < count; i++) {
        signal?.throwIfAborted();
        await this.#stream.ready(i);
        // Its slot was read by the block before, whose work has been queued.
        if (i + 1 < count) this.#stream.prefetch(i + 1);
        const bindings = this.#bindings[this.#stream.slotOf(i)]!;
        for (const [branch, binding] of bindings.slice(0, branches).entries()) {
          signal?.throwIfAborted();
          // What runs between two sweeps gets the memory of the activations.
          const isLast = i === count - 1 && branch === branches - 1;
          task = binding.run(
            isLast
              ? { ...device.runConfig, ...device.lastRunConfig }
              : device.runConfig,
          );
          await task.done;
        }
        this.#stream.used(i);
        onProgress?.(i + 1, count);
      }
      if (again) {
        for (let i = resident; i < Math.min(count, resident + 2); i++) {
          this.#stream.prefetch(i);
        }
      }
      const outputs: Tensor<Float32Array<ArrayBuffer>>[] = [];
      for (const { state } of this.#branches.slice(0, branches)) {
        const { dims } = state;
        const data = new Float32Array(sizeOf(dims));
        outputs.push({ dims, data: await device.read(state, data) });
      }
      return outputs;
    } catch (error) {
      await device.finished();
      if (signal?.aborted) throw signal.reason;
      throw explain(
        `Cannot run ${name} on ${deviceName(device.device)}`,
        error instanceof Error ? error.message : String(error),
      );
    } finally {
      signal?.removeEventListener("abort", terminate);
    }
  }

  async #release(): Promise<void> {
    await this.#tail;
    await this.#options.device.finished();
    for (const binding of this.#bindings.flat()) binding[Symbol.dispose]();
    for (const { state, others } of this.#branches) {
      for (const value of [state, ...others.values()]) value.release();
    }
    await this.#session.release();
    await this.#stream[Symbol.asyncDispose]();
    this.#reader[Symbol.dispose]();
  }
}

function weightsOf(graph: BuiltGraph): BuiltGraph["streamedWeights"] {
  return graph.streamedWeights;
}

/** One session is right for all blocks only if their graphs are the same. */
function checkAlike(graphs: readonly BuiltGraph[], name: string): void {
  const [first, ...others] = graphs;
  if (!first || first.streamedWeights.length === 0) {
    throw new TypeError(`Cannot stream ${name}: it has no streamed weights`);
  }
  const x = first.inputs.find(({ name }) => name === "x");
  const integers = first.inputs.find(({ type }) => type !== "float32");
  if (integers) {
    throw new TypeError(
      `Cannot stream ${name}: the input "${integers.name}" of its blocks is ${integers.type}, expected float32`,
    );
  }
  const [y, ...more] = first.outputs;
  if (
    !x || y?.name !== "y" || more.length > 0 ||
    x.type !== y.type || x.shape.join() !== y.shape.join()
  ) {
    throw new TypeError(
      `Cannot stream ${name}: a block must make only y of x, both of one shape`,
    );
  }
  const different = others.findIndex(({ model }) =>
    model.length !== first.model.length ||
    model.some((byte, i) => byte !== first.model[i])
  );
  if (different < 0) return;
  throw new TypeError(
    `Cannot stream ${name}: the graph of block ${
      different + 1
    } is not that of block 0, expected graphs that differ in their weights only`,
  );
}

function feedOf(
  feed: Feeds,
  { name, value, called }: { name: string; value: OrtValue; called: string },
): Float32Array {
  const tensor = feed[name];
  if (!tensor || !("data" in tensor)) {
    throw new TypeError(`Cannot run ${called}: input "${name}" is missing`);
  }
  if (!(tensor.data instanceof Float32Array)) {
    throw new TypeError(`Cannot run ${called}: input "${name}" is not float32`);
  }
  if (
    tensor.dims.join() !== value.dims.join() ||
    tensor.data.length !== sizeOf(value.dims)
  ) {
    throw new RangeError(
      `Cannot run ${called}: input "${name}" is [${
        tensor.dims.join(", ")
      }], expected [${value.dims.join(", ")}]`,
    );
  }
  return tensor.data;
}
