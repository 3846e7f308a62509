/**
 * A network in pieces whose blocks share one session: their weights are
 * streamed through a part of the device's memory, so that a device can run
 * what it cannot hold.
 *
 * @module
 */

import type { NetworkBlocks } from "../graph/network_blocks.ts";
import type { Tensor } from "../../base/tensor.ts";
import { CApiRuntime } from "./_c_api_runtime.ts";
import { describeBackend } from "./backend.ts";
import { deviceName } from "./device.ts";
import { type BlockDevice, HostBlockDevice } from "./ort/block_device.ts";
import { BlockLoop } from "./ort/block_loop.ts";
import { CudaBlockDevice } from "./ort/cuda_block_device.ts";
import type { Feeds, Runtime } from "./runtime_interface.ts";

/** How a network is streamed. */
export interface StreamedNetworkOptions {
  /** What error messages call the network. */
  readonly name: string;
  /** How many of its blocks stay on the device; none by default. */
  readonly resident?: number;
  /**
   * How many feeds go through the blocks together, each weight being moved once
   * for all of them; 1 by default.
   */
  readonly branches?: number;
  /** As in `RunOptions`. */
  readonly signal?: AbortSignal | undefined;
}

/** How a sweep is run. */
export interface StreamedRunOptions {
  /** Makes the call fail at once; the native run ends after its node. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each piece with how many of all pieces are done. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Reads the first blocks of the next run ahead. */
  readonly again?: boolean;
}

/** What a network makes, by the names of its outputs. */
export type NetworkOutputs = Record<
  string,
  Tensor<Float32Array<ArrayBuffer>>
>;

/** An open network, which must be closed before its runtime. */
export interface StreamedNetwork extends AsyncDisposable {
  /** How many bytes of the device's memory its blocks' weights have. */
  readonly slotBytes: number;
  /** How many bytes of its blocks' weights have been read so far. */
  readonly bytesRead: number;
  /** How many blocks it has. */
  readonly count: number;
  /**
   * What the network makes of each of `feeds`.
   *
   * @throws As `GraphSession.run`.
   */
  run(
    feeds: readonly Feeds[],
    options?: StreamedRunOptions,
  ): Promise<NetworkOutputs[]>;
  /** What the piece before the blocks makes of each of `feeds`: `y`, and more. */
  enter(
    feeds: readonly Feeds[],
    options?: Pick<StreamedRunOptions, "signal">,
  ): Promise<NetworkOutputs[]>;
  /**
   * What the blocks make of each of `feeds`, which have `x` and what the blocks
   * are fed besides. Progress is the number of blocks, over all feeds that do
   * not go together.
   */
  sweep(
    feeds: readonly Feeds[],
    options?: StreamedRunOptions,
  ): Promise<Tensor<Float32Array<ArrayBuffer>>[]>;
  /**
   * What the piece after the blocks makes of each of `feeds`, which have `x`;
   * `y` is that `x` in a network without such a piece.
   */
  leave(
    feeds: readonly Feeds[],
    options?: Pick<StreamedRunOptions, "signal">,
  ): Promise<NetworkOutputs[]>;
  /** Gives all memory back. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens a network whose blocks' graphs have streamed weights. The first piece
 * makes `y`, which the first block is fed as `x`; what else it makes, and the
 * network's own feeds, are fed to the pieces that have inputs for them.
 *
 * @throws {TypeError} When the runtime is on WebGPU or has no C API, or the
 * blocks' graphs differ in more than their weights.
 * @throws {FormatError} When a weight file is shorter than the blocks need.
 */
export async function openStreamedNetwork(
  runtime: Runtime,
  pieces: NetworkBlocks,
  options: StreamedNetworkOptions,
): Promise<StreamedNetwork> {
  const { name, resident = 0, branches = 1, signal } = options;
  if (!(runtime instanceof CApiRuntime)) {
    throw new TypeError(
      `Cannot stream ${name}: it needs ONNX Runtime's C API, not ${
        describeBackend(runtime.backend)
      }`,
    );
  }
  signal?.throwIfAborted();
  const device = blockDevice(runtime, name);
  try {
    const loop = await BlockLoop.open(runtime.environment, {
      name: `the blocks of ${name}`,
      device,
      count: pieces.count,
      block: (i) => pieces.block(i),
      resident,
      branches,
      threads: runtime.threads,
    });
    return new PiecesWithLoop(runtime, pieces, {
      name,
      loop,
      device,
      branches,
    });
  } catch (error) {
    await device[Symbol.asyncDispose]();
    throw error;
  }
}

function blockDevice(runtime: CApiRuntime, name: string): BlockDevice {
  const { device, environment } = runtime;
  if (device.kind === "cpu") return new HostBlockDevice(environment.library);
  if (device.kind === "cuda") {
    const { arenaLimit } = runtime;
    return new CudaBlockDevice(environment.library, device, { arenaLimit });
  }
  throw new TypeError(
    `Cannot stream ${name} on ${deviceName(device)}: expected cpu or cuda`,
  );
}

class PiecesWithLoop implements StreamedNetwork {
  readonly #runtime: Runtime;
  readonly #pieces: NetworkBlocks;
  readonly #name: string;
  readonly #loop: BlockLoop;
  readonly #device: BlockDevice;
  readonly #branches: number;
  #closing: Promise<void> | undefined;

  constructor(
    runtime: Runtime,
    pieces: NetworkBlocks,
    options: {
      name: string;
      loop: BlockLoop;
      device: BlockDevice;
      branches: number;
    },
  ) {
    this.#runtime = runtime;
    this.#pieces = pieces;
    this.#name = options.name;
    this.#loop = options.loop;
    this.#device = options.device;
    this.#branches = options.branches;
  }

  get slotBytes(): number {
    return this.#loop.slotBytes;
  }

  get bytesRead(): number {
    return this.#loop.bytesRead;
  }

  get count(): number {
    return this.#pieces.count;
  }

  async run(
    feeds: readonly Feeds[],
    options: StreamedRunOptions = {},
  ): Promise<NetworkOutputs[]> {
    const { onProgress } = options;
    const rounds = Math.ceil(feeds.length / this.#branches);
    const total = rounds * this.count + (this.#pieces.last ? 2 : 1);
    const entered = await this.enter(feeds, options);
    onProgress?.(1, total);
    const later = entered.map(({ y, ...others }, i) => ({
      ...feeds[i], // of which the pieces take what they have inputs for
      ...others,
      x: y!,
    }));
    const swept = await this.sweep(later, {
      ...options,
      onProgress: (done) => onProgress?.(1 + done, total),
    });
    const outputs = await this.leave(
      later.map((feed, i) => ({ ...feed, x: swept[i]! })),
      options,
    );
    if (this.#pieces.last) onProgress?.(total, total);
    return outputs;
  }

  enter(
    feeds: readonly Feeds[],
    options: Pick<StreamedRunOptions, "signal"> = {},
  ): Promise<NetworkOutputs[]> {
    return this.#piece(this.#pieces.first(), feeds, options.signal);
  }

  async sweep(
    feeds: readonly Feeds[],
    { signal, onProgress, again = false }: StreamedRunOptions = {},
  ): Promise<Tensor<Float32Array<ArrayBuffer>>[]> {
    const branches = this.#branches, { count } = this;
    const total = Math.ceil(feeds.length / branches) * count;
    const made: Tensor<Float32Array<ArrayBuffer>>[] = [];
    for (let from = 0; from < feeds.length; from += branches) {
      const before = from / branches * count;
      made.push(
        ...await this.#loop.run(feeds.slice(from, from + branches), {
          signal,
          again: again || from + branches < feeds.length,
          onProgress: (done) => onProgress?.(before + done, total),
        }),
      );
    }
    return made;
  }

  async leave(
    feeds: readonly Feeds[],
    options: Pick<StreamedRunOptions, "signal"> = {},
  ): Promise<NetworkOutputs[]> {
    if (!this.#pieces.last) {
      return feeds.map(({ x }) => ({ y: x as NetworkOutputs[string] }));
    }
    return await this.#piece(this.#pieces.last(), feeds, options.signal);
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#loop.release();
    await this.#device[Symbol.asyncDispose]();
  }

  /** Runs one of the pieces around the blocks, with the feeds that it takes. */
  async #piece(
    graph: ReturnType<NetworkBlocks["first"]>,
    feeds: readonly Feeds[],
    signal: AbortSignal | undefined,
  ): Promise<NetworkOutputs[]> {
    const name = this.#name;
    await using session = await this.#runtime.open(graph, { name, signal });
    const outputs: NetworkOutputs[] = [];
    for (const feed of feeds) {
      const taken = graph.inputs.flatMap((input) => {
        const value = feed[input.name];
        return value ? [[input.name, value]] : []; // run() tells what is missing
      });
      outputs.push(await session.run(Object.fromEntries(taken), { signal }));
    }
    return outputs;
  }
}
