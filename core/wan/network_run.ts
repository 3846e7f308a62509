/**
 * Opens a network on a device, runs it, and frees its memory: common to all
 * stages of a generation.
 *
 * @module
 */

import type { GraphTarget } from "../onnx/graph/graph_target.ts";
import type { Device } from "../onnx/runtime/device.ts";
import { openRuntime } from "../onnx/runtime/runtime.ts";
import type { Runtime } from "../onnx/runtime/runtime_interface.ts";

/** A device and the types to compute in. */
export interface Placement {
  /** The device. */
  readonly device: Device;
  /** The types and operators to use on it. */
  readonly target: GraphTarget;
}

/** Where and how a network runs. */
export interface NetworkOptions {
  /** The device. */
  readonly device: Device;
  /** The types and operators to use on it; plain float32 by default. */
  readonly target?: GraphTarget;
  /** The number of CPU threads; one per core by default. */
  readonly threads?: number;
  /**
   * The most memory that ONNX Runtime may take on CUDA besides the weights, in
   * bytes; a run that needs more fails. No limit by default.
   */
  readonly arenaLimit?: number | undefined;
  /**
   * Makes the stage fail at once; a native run that is under way ends after
   * the node that it is in, and its memory is given back then.
   */
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of finished parts of the work. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Blocks whose weights are read ahead of use into two slots of the device's
 * memory. Progress is reported and an abort acts after each block.
 */
export interface StreamedExecution {
  /** How many of the first blocks stay on the device once they have been read. */
  readonly resident: number;
  /**
   * How many passes go through the blocks together, each weight being moved
   * once for all of them; 1 by default.
   */
  readonly passes?: number;
}

/**
 * How a network is run. `monolithic`: as one graph, fastest on a GPU that holds
 * it. `blockwise`: block after block, each opened, run, and released, so that
 * progress is reported, an abort acts after each block, and the converted
 * weights of only one block are in memory. Streamed: block after block in one
 * session, on a GPU that cannot hold the network, or on the CPU.
 */
export type Execution = "monolithic" | "blockwise" | StreamedExecution;

/** Options for running one network. */
export interface NetworkRunOptions extends NetworkOptions {
  /** The default is `blockwise` on the CPU and `monolithic` on a GPU. */
  readonly execution?: Execution | undefined;
}

/** The requested execution, or the default for the device. */
export function executionFor(
  options: Pick<NetworkRunOptions, "device" | "execution">,
): Execution {
  return options.execution ??
    (options.device.kind === "cpu" ? "blockwise" : "monolithic");
}

/** Runs `work` in a new runtime, which is always closed. */
export async function inRuntime<T>(
  options: NetworkOptions,
  work: (runtime: Runtime) => Promise<T>,
): Promise<T> {
  await using runtime = openNetworkRuntime(options);
  return await work(runtime);
}

/** Opens the runtime for these options. */
export function openNetworkRuntime(options: NetworkOptions): Runtime {
  const { device, threads, arenaLimit, signal } = options;
  signal?.throwIfAborted();
  return openRuntime(device, {
    ...(threads !== undefined && { threads }),
    ...(arenaLimit !== undefined && { arenaLimit }),
  });
}
