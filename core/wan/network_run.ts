/**
 * What the stages of a generation have in common: each one opens a network on
 * a device, runs it and gives its memory back.
 *
 * @module
 */

import type { GraphTarget } from "../onnx/graph/graph_target.ts";
import type { Device } from "../onnx/runtime/device.ts";
import { openRuntime } from "../onnx/runtime/runtime.ts";
import type { Runtime } from "../onnx/runtime/runtime_interface.ts";

/** A device and the arithmetic on it. */
export interface Placement {
  /** Where. */
  readonly device: Device;
  /** How. */
  readonly target: GraphTarget;
}

/** Where and how a stage runs. */
export interface NetworkOptions {
  /** The device. */
  readonly device: Device;
  /** The arithmetic on it; plain float32 by default. */
  readonly target?: GraphTarget;
  /** How many threads the CPU may use; one per core by default. */
  readonly threads?: number;
  /**
   * Makes the stage fail at once; a native run that is under way ends after
   * the node that it is in, and its memory is given back then.
   */
  readonly signal?: AbortSignal | undefined;
  /** Told how many of all parts of the stage's work are done. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** How a stage of one network runs it. */
export interface NetworkRunOptions extends NetworkOptions {
  /**
   * `monolithic` runs the network as one graph: fastest on a GPU that holds it.
   * `blockwise` runs it block by block: progress moves, an abort acts within one
   * block, and the converted weights of only one block are in memory. The
   * default is `blockwise` on the CPU and `monolithic` on a GPU.
   */
  readonly execution?: "monolithic" | "blockwise";
}

/** The form that is asked for, or the one that suits the device. */
export function executionFor(
  options: NetworkRunOptions,
): "monolithic" | "blockwise" {
  return options.execution ??
    (options.device.kind === "cpu" ? "blockwise" : "monolithic");
}

/** Runs `work` in a runtime of its own, which is closed whatever happens. */
export async function inRuntime<T>(
  options: NetworkOptions,
  work: (runtime: Runtime) => Promise<T>,
): Promise<T> {
  await using runtime = openNetworkRuntime(options);
  return await work(runtime);
}

/** The runtime that a stage asks for. */
export function openNetworkRuntime(options: NetworkOptions): Runtime {
  const { device, threads, signal } = options;
  signal?.throwIfAborted();
  return openRuntime(device, threads === undefined ? {} : { threads });
}
