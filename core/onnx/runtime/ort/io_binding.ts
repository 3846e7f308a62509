/**
 * Inputs and outputs that are bound to a session before it is run, so that
 * they can stay on a device.
 *
 * @module
 */

import type { MemoryInfo } from "./memory_info.ts";
import { pointerAt, readAddresses } from "./native_memory.ts";
import type { OrtLibrary } from "./ort_library.ts";
import type { OrtSession, OrtTask } from "./ort_session.ts";
import { OrtValue } from "./ort_value.ts";

/** What is bound, until it is disposed of; dispose of it before its session. */
export class IoBinding implements Disposable {
  readonly #library: OrtLibrary;
  readonly #session: OrtSession;
  readonly #pointer: Deno.PointerObject;
  /** The values that are bound, by the names of inputs and outputs. */
  readonly #bound = new Map<string, OrtValue>();
  #disposed = false;

  /** A binding of a session, with nothing bound. */
  constructor(library: OrtLibrary, session: OrtSession) {
    this.#library = library;
    this.#session = session;
    this.#pointer = library.make((out) =>
      library.api.CreateIoBinding(session.pointer, out)
    );
  }

  /**
   * Binds an input, in place of what was bound to it. A value that is on the
   * CPU is copied to the device here if the session wants it there.
   */
  bindInput(name: string, value: OrtValue): void {
    const { api, check } = this.#library;
    using scope = this.#library.scope();
    check(
      api.BindInput(this.#pointer, scope.text(name).pointer, value.pointer),
    );
    this.#hold(`input ${name}`, value);
  }

  /** Binds an output to a value that is overwritten by each run. */
  bindOutput(name: string, value: OrtValue): void {
    const { api, check } = this.#library;
    using scope = this.#library.scope();
    check(
      api.BindOutput(this.#pointer, scope.text(name).pointer, value.pointer),
    );
    this.#hold(`output ${name}`, value);
  }

  /** Lets each run make a new value for an output, on a device or the CPU. */
  bindOutputTo(name: string, memory: MemoryInfo): void {
    const { api, check } = this.#library;
    using scope = this.#library.scope();
    check(
      api.BindOutputToDevice(
        this.#pointer,
        scope.text(name).pointer,
        memory.pointer,
      ),
    );
  }

  /** Runs the session; `config` has entries of the run's configuration. */
  run(config: Readonly<Record<string, string>> = {}): OrtTask<void> {
    const { api, asyncApi, check } = this.#library;
    return this.#session.start(
      [...this.#bound.values()],
      async (runOptions, scope) => {
        for (const [key, value] of Object.entries(config)) {
          check(
            api.AddRunConfigEntry(
              runOptions,
              scope.text(key).pointer,
              scope.text(value).pointer,
            ),
          );
        }
        check(
          await asyncApi.RunWithBinding(
            this.#session.pointer,
            runOptions,
            this.#pointer,
          ),
        );
      },
    );
  }

  /**
   * The values of all outputs after a run, in the order in which they were
   * bound; they belong to the caller. With `lease`, the session is not
   * released before they are freed.
   */
  outputs({ lease = false }: { lease?: boolean } = {}): OrtValue[] {
    const { api, check, allocator, memory } = this.#library;
    using scope = this.#library.scope();
    const list = scope.integers([0]), count = scope.integers([0]);
    check(
      api.GetBoundOutputValues(
        this.#pointer,
        allocator,
        list.pointer,
        count.pointer,
      ),
    );
    const values = list.readPointer();
    if (values === null) return [];
    try {
      return readAddresses(values, count.readInteger()).map((address) =>
        OrtValue.adopt(
          this.#library,
          pointerAt(address)!,
          lease ? this.#session.lease() : undefined,
        )
      );
    } finally {
      memory.free(values);
    }
  }

  /** Frees it at the end of a `using` block. Idempotent. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#library.api.ReleaseIoBinding(this.#pointer);
    for (const value of this.#bound.values()) value.release();
    this.#bound.clear();
  }

  #hold(key: string, value: OrtValue): void {
    const before = this.#bound.get(key);
    this.#bound.set(key, value.hold());
    before?.release();
  }
}
