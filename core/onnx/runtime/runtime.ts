/**
 * Where graphs run: one device and any number of sessions.
 *
 * Graphs run on other threads, one after the other. Numbers are copied in and
 * out as float32 (ids as integers); what one graph makes for another one can
 * stay in the runtime.
 *
 * @module
 */

import { BindingRuntime } from "./_binding_runtime.ts";
import { CApiRuntime } from "./_c_api_runtime.ts";
import { chooseBackend } from "./_choose_backend.ts";
import type { Device } from "./device.ts";
import type { Runtime, RuntimeBackend } from "./runtime_interface.ts";

export type {
  Feeds,
  GraphSession,
  KeptTensor,
  OpenOptions,
  RunOptions,
  Runtime,
  RuntimeBackend,
} from "./runtime_interface.ts";

export type { FeedData } from "./_messages.ts";

/** How a runtime is opened. */
export interface RuntimeOptions {
  /**
   * How many threads a session may use on the CPU. By default one per core;
   * fewer leave the machine usable meanwhile.
   */
  readonly threads?: number;
  /**
   * The most memory that each session may allocate on CUDA besides its weights,
   * in bytes. The binding cannot limit it.
   */
  readonly arenaLimit?: number;
  /**
   * By which interface of ONNX Runtime; by default its C API where that works
   * and was tried, else its Node.js binding.
   */
  readonly backend?: RuntimeBackend["kind"];
}

/**
 * Opens a runtime on a device; whether there is such a device shows when the
 * first session is opened.
 *
 * @throws {Error} When the backend that is asked for cannot be used.
 */
export function openRuntime(
  device: Device,
  options: RuntimeOptions = {},
): Runtime {
  const { threads, arenaLimit } = options;
  const backend = chooseBackend(options.backend);
  return backend.kind === "c-api"
    ? new CApiRuntime(device, { ...backend, threads, arenaLimit })
    : new BindingRuntime(device, { backend, threads });
}
