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
   * Makes the stage fail at once; a native run that is under way ends after
   * the node that it is in, and its memory is given back then.
   */
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of finished parts of the work. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Options for running one network. */
export interface NetworkRunOptions extends NetworkOptions {
  /**
   * `monolithic` runs the network as one graph: fastest on a GPU that holds it.
   * `blockwise` runs it block by block: progress is reported and an abort acts
   * after each block, and the converted weights of only one block are in
   * memory. The default is `blockwise` on the CPU and `monolithic` on a GPU.
   */
  readonly execution?: "monolithic" | "blockwise";
}

/** The requested execution, or the default for the device. */
export function executionFor(
  options: NetworkRunOptions,
): "monolithic" | "blockwise" {
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
  const { device, threads, signal } = options;
  signal?.throwIfAborted();
  return openRuntime(device, threads === undefined ? {} : { threads });
}
