/**
 * The options that a session is opened with: the provider of its device and
 * the recipe that leaves weights where they are.
 *
 * @module
 */

import { sessionConfig } from "../_session_recipe.ts";
import type { Device } from "../device.ts";
import type { OrtLibrary } from "./ort_library.ts";
import type { OrtValue } from "./ort_value.ts";

/** How a session is opened. */
export interface OrtSessionSettings {
  /** Where it runs. */
  readonly device: Device;
  /** The folder that external data is relative to; empty when there is none. */
  readonly weightsFolder: string;
  /** How many threads it uses on the CPU; by default one per core. */
  readonly threads?: number | undefined;
  /** Options of the CUDA provider beyond the device, by their names. */
  readonly cuda?: Readonly<Record<string, string>>;
  /** Whether what a graph says twice is computed twice, not kept meanwhile. */
  readonly recompute?: boolean;
  /** Weights that are in memory already, instead of the model's own. */
  readonly initializers?: ReadonlyMap<string, OrtValue>;
}

/** `ORT_LOGGING_LEVEL_FATAL`: what goes wrong is returned as well. */
export const LOG_FATAL = 4;

/** `ORT_ENABLE_ALL`. */
const OPTIMIZE_ALL = 99;

/** Options of the library, until they are disposed of. */
export class OrtSessionOptions implements Disposable {
  /** For a native call. */
  readonly pointer: Deno.PointerObject;
  readonly #library: OrtLibrary;

  /**
   * Options for a device.
   *
   * @throws {OrtError} When the library has no such provider or cannot load it.
   */
  constructor(library: OrtLibrary, settings: OrtSessionSettings) {
    const { api, check, make } = library;
    this.#library = library;
    this.pointer = make((out) => api.CreateSessionOptions(out));
    try {
      check(api.DisableMemPattern(this.pointer));
      check(api.DisableCpuMemArena(this.pointer)); // no arena of its own
      check(api.SetSessionLogSeverityLevel(this.pointer, LOG_FATAL));
      check(api.SetSessionGraphOptimizationLevel(this.pointer, OPTIMIZE_ALL));
      if (settings.threads !== undefined) {
        check(api.SetIntraOpNumThreads(this.pointer, settings.threads));
      }
      for (const [key, value] of Object.entries(sessionConfig(settings))) {
        this.#addEntry(key, value);
      }
      if (settings.device.kind === "cpu") {
        // The environment's arena; weights that are no file stay out of it.
        this.#addEntry("session.use_env_allocators", "1");
        this.#addEntry("session.use_device_allocator_for_initializers", "1");
      }
      this.#appendProvider(settings);
      for (const [name, value] of settings.initializers ?? []) {
        using scope = library.scope();
        check(
          api.AddInitializer(
            this.pointer,
            scope.text(name).pointer,
            value.pointer,
          ),
        );
      }
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Ends an opening that is under way, at one of its steps. */
  cancelLoading(): void {
    const { api, check } = this.#library;
    check(api.SessionOptionsSetLoadCancellationFlag(this.pointer, true));
  }

  #addEntry(key: string, value: string): void {
    using scope = this.#library.scope();
    this.#library.check(
      this.#library.api.AddSessionConfigEntry(
        this.pointer,
        scope.text(key).pointer,
        scope.text(value).pointer,
      ),
    );
  }

  /** The CPU is always there; it takes what the other one cannot run. */
  #appendProvider({ device, cuda = {} }: OrtSessionSettings): void {
    if (device.kind === "webgpu") {
      using scope = this.#library.scope();
      this.#library.check(
        this.#library.api.SessionOptionsAppendExecutionProvider(
          this.pointer,
          scope.text("WebGPU").pointer,
          scope.block(0).pointer,
          scope.block(0).pointer,
          0n,
        ),
      );
    } else if (device.kind === "cuda") {
      this.#appendCuda({
        device_id: String(device.index),
        // Not by powers of two: 6401 MiB instead of 6662 for a block.
        arena_extend_strategy: "kSameAsRequested",
        ...cuda,
      });
    }
  }

  #appendCuda(options: Readonly<Record<string, string>>): void {
    const { api, check, make, scope: open } = this.#library;
    const native = make((out) => api.CreateCUDAProviderOptions(out));
    try {
      using scope = open();
      check(
        api.UpdateCUDAProviderOptions(
          native,
          scope.texts(Object.keys(options)).pointer,
          scope.texts(Object.values(options)).pointer,
          BigInt(Object.keys(options).length),
        ),
      );
      check(
        api.SessionOptionsAppendExecutionProvider_CUDA_V2(this.pointer, native),
      );
    } finally {
      api.ReleaseCUDAProviderOptions(native);
    }
  }

  /** Frees it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.#library.api.ReleaseSessionOptions(this.pointer);
  }
}
