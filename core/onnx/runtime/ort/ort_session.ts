/**
 * A session of the library: opened from a model in memory, run on another
 * thread, ended between two nodes, released when its last run has ended.
 *
 * @module
 */

import { watchEnd } from "./_end_during_call.ts";
import type { OrtArena, OrtEnvironment } from "./ort_library.ts";
import { type NativeBlock, NativeScope } from "./native_memory.ts";
import type { OrtLibrary } from "./ort_library.ts";
import { OrtValue } from "./ort_value.ts";
import {
  OrtSessionOptions,
  type OrtSessionSettings,
} from "./session_options.ts";

/** Native work on another thread. */
export interface OrtTask<Result> {
  /** What it makes; settles when the native work has ended. */
  readonly done: Promise<Result>;
  /**
   * Asks the work to end early, at its next node or step. Then `done` is
   * rejected, unless the work was finished already.
   */
  terminate(): void;
}

/** What a session is opened with. */
export interface OrtSessionOpenOptions extends OrtSessionSettings {
  /** The names of the graph's inputs, in the order in which runs feed them. */
  readonly inputs: readonly string[];
  /** The names of the outputs, in the order in which runs make them. */
  readonly outputs: readonly string[];
}

/** An open session, which must be released. */
export class OrtSession implements AsyncDisposable {
  readonly #library: OrtLibrary;
  readonly #pointer: Deno.PointerObject;
  /** What it allocates from, unless it is on a GPU. */
  readonly #arena: OrtArena | undefined;
  readonly #initializers: readonly OrtValue[];
  /** The names, for as long as the session lives. */
  readonly #scope: NativeScope;
  readonly #inputNames: NativeBlock;
  readonly #outputNames: NativeBlock;
  readonly #counts: { readonly inputs: number; readonly outputs: number };
  /** What must end before the session is released. */
  readonly #running = new Set<Promise<unknown>>();
  #leases = 0;
  /** Whether it is to be freed with the last lease. */
  #ended = false;
  #released: Promise<void> | undefined;

  private constructor(
    { library, cpuArena }: OrtEnvironment,
    pointer: Deno.PointerObject,
    options: OrtSessionOpenOptions,
  ) {
    this.#library = library;
    this.#pointer = pointer;
    this.#arena = options.device.kind === "cpu" ? cpuArena : undefined;
    this.#initializers = [...options.initializers?.values() ?? []];
    this.#scope = new NativeScope(library.memory);
    this.#inputNames = this.#scope.texts(options.inputs);
    this.#outputNames = this.#scope.texts(options.outputs);
    this.#counts = {
      inputs: options.inputs.length,
      outputs: options.outputs.length,
    };
  }

  /**
   * Opens a model, a serialized `ModelProto`. Its weights are mapped from
   * their files, which must be checked before.
   *
   * @throws {OrtError} At once, when there is no such device.
   */
  static open(
    environment: OrtEnvironment,
    model: Uint8Array,
    options: OrtSessionOpenOptions,
  ): OrtTask<OrtSession> {
    const { library } = environment;
    const sessionOptions = new OrtSessionOptions(library, options);
    let ended = false;
    const open = async () => {
      const initializers = [...options.initializers?.values() ?? []];
      for (const value of initializers) value.hold();
      const scope = library.scope();
      try {
        const out = scope.integers([0]);
        library.check(
          await library.asyncApi.CreateSessionFromArray(
            environment.pointer,
            scope.bytes(model).pointer,
            BigInt(model.byteLength),
            sessionOptions.pointer,
            out.pointer,
          ),
        );
        // The first session on a device loads the provider and the driver.
        watchEnd(options.device.kind);
        return new OrtSession(environment, out.readPointer()!, options);
      } catch (error) {
        for (const value of initializers) value.release();
        throw error;
      } finally {
        ended = true;
        scope.free();
        sessionOptions[Symbol.dispose]();
      }
    };
    return {
      done: open(),
      terminate() {
        if (!ended) sessionOptions.cancelLoading();
      },
    };
  }

  /** For a native call. */
  get pointer(): Deno.PointerObject {
    this.#checkOpen();
    return this.#pointer;
  }

  /**
   * Runs the graph; holds `inputs` until it has ended. Every output is a new
   * tensor of the CPU, which belongs to the caller.
   */
  run(inputs: readonly OrtValue[]): OrtTask<OrtValue[]> {
    this.#checkOpen();
    const { inputs: expected, outputs } = this.#counts;
    if (inputs.length !== expected) {
      throw new RangeError(
        `Cannot run a graph: ${inputs.length} inputs are given, expected ${expected}`,
      );
    }
    const { api, asyncApi, check } = this.#library;
    return this.start(inputs, async (runOptions, scope) => {
      const made = scope.integers(new Array<number>(outputs).fill(0));
      check(
        await asyncApi.Run(
          this.#pointer,
          runOptions,
          this.#inputNames.pointer,
          scope.pointers(inputs.map((value) => value.pointer)).pointer,
          BigInt(expected),
          this.#outputNames.pointer,
          BigInt(outputs),
          made.pointer,
        ),
      );
      const pointers = Array.from(
        { length: outputs },
        (_, i) => made.readPointer(i)!,
      );
      const values: OrtValue[] = [];
      try {
        for (const pointer of pointers) {
          values.push(OrtValue.adopt(this.#library, pointer));
        }
      } catch (error) {
        for (const value of values) value.release();
        // What could not be adopted is released already.
        for (const pointer of pointers.slice(values.length + 1)) {
          api.ReleaseValue(pointer);
        }
        throw error;
      }
      return values;
    });
  }

  /**
   * Starts native work on the session, which is not released before the work
   * has ended, and neither are the values that it holds. The work is given run
   * options and a scope for its arguments.
   */
  start<Result>(
    holds: readonly OrtValue[],
    work: (
      runOptions: Deno.PointerObject,
      scope: NativeScope,
    ) => Promise<Result>,
  ): OrtTask<Result> {
    this.#checkOpen();
    const { api, check, make, scope: openScope } = this.#library;
    for (const value of holds) value.hold();
    const runOptions = make((out) => api.CreateRunOptions(out));
    let ended = false;
    const run = async () => {
      const scope = openScope();
      try {
        return await work(runOptions, scope);
      } finally {
        ended = true;
        scope.free();
        for (const value of holds) value.release();
        api.ReleaseRunOptions(runOptions);
      }
    };
    const done = run();
    const settled = done.catch(() => {}).finally(() =>
      this.#running.delete(settled)
    );
    this.#running.add(settled);
    return {
      done,
      terminate() {
        if (!ended) check(api.RunOptionsSetTerminate(runOptions));
      },
    };
  }

  /** Keeps the session from being released until the lease is disposed of. */
  lease(): Disposable {
    this.#checkOpen();
    this.#leases++;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held && --this.#leases === 0 && this.#ended) void this.#free();
        held = false;
      },
    };
  }

  /**
   * Waits for the runs that are under way and gives all memory back: at once,
   * or with the last lease, which is not waited for. Idempotent.
   */
  release(): Promise<void> {
    return this.#released ??= this.#release();
  }

  async #release(): Promise<void> {
    await Promise.all(this.#running);
    this.#ended = true;
    if (this.#leases === 0) await this.#free();
  }

  async #free(): Promise<void> {
    await this.#library.asyncApi.ReleaseSession(this.#pointer);
    this.#scope.free();
    for (const value of this.#initializers) value.release();
    await this.#arena?.trim();
  }

  /** Releases it at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  #checkOpen(): void {
    if (this.#released) {
      throw new Error("Cannot use a session: it was released");
    }
  }
}
