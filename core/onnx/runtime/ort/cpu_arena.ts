/**
 * The memory in which sessions compute on the CPU: one arena for all of them.
 *
 * Runs are on threads that change. From `malloc` each thread would have a heap
 * of its own, and what a run frees there is given to the system and faulted in
 * again at once, or kept a second time by the next thread.
 *
 * @module
 */

import { GraphBuilder } from "../../graph/graph_builder.ts";
import { CPU } from "../device.ts";
import type { OrtArena, OrtLibrary } from "./ort_library.ts";
import { readText } from "./native_memory.ts";
import { OrtValue } from "./ort_value.ts";
import { OrtSessionOptions } from "./session_options.ts";

/** `OrtArenaAllocator` and `OrtMemTypeDefault`. */
const ARENA_ALLOCATOR = 1, MEMORY_DEFAULT = 0;

/** `kSameAsRequested`; by powers of two up to twice as much is allocated. */
const SAME_AS_REQUESTED = 1;

/** Less than this is kept, in bytes: a session more is soon opened. */
const KEPT = 2 ** 24;

/** What an environment's sessions allocate from, if they say so. */
export class CpuArena implements OrtArena {
  readonly #library: OrtLibrary;
  /** A graph of one number, whose runs can shrink the arena. */
  readonly #session: Deno.PointerObject;
  readonly #allocator: Deno.PointerObject;

  /**
   * Gives the environment its arena, unless another Worker of the process has
   * done so: the library would replace it.
   */
  constructor(library: OrtLibrary, environment: Deno.PointerObject) {
    this.#library = library;
    const { api, check, make } = library;
    using scope = library.scope();
    const name = scope.text("Cpu").pointer;
    const info = make((out) =>
      api.CreateMemoryInfo(name, ARENA_ALLOCATOR, 0, MEMORY_DEFAULT, out)
    );
    const open = () => {
      const session = openSmallest(library, environment);
      const allocator = make((out) => api.CreateAllocator(session, info, out));
      return { session, allocator };
    };
    try {
      let opened = open();
      if (unusedIn(library, opened.allocator) === undefined) {
        api.ReleaseAllocator(opened.allocator);
        api.ReleaseSession(opened.session);
        const config = make((out) =>
          api.CreateArenaCfgV2(
            scope.texts(["arena_extend_strategy"]).pointer,
            scope.integers([SAME_AS_REQUESTED]).pointer,
            1n,
            out,
          )
        );
        try {
          check(api.CreateAndRegisterAllocator(environment, info, config));
        } finally {
          api.ReleaseArenaCfg(config);
        }
        opened = open();
      }
      this.#session = opened.session;
      this.#allocator = opened.allocator;
    } finally {
      api.ReleaseMemoryInfo(info);
    }
  }

  /** How many bytes it has that no tensor is in. */
  get unused(): number {
    return unusedIn(this.#library, this.#allocator)!;
  }

  /**
   * Gives what no tensor is in back to the system, if that is much. The library
   * does so at the end of a run that asks for it.
   */
  async trim(): Promise<void> {
    if (this.unused < KEPT) return;
    const { api, asyncApi, check, make } = this.#library;
    const runOptions = make((out) => api.CreateRunOptions(out));
    const scope = this.#library.scope();
    try {
      check(
        api.AddRunConfigEntry(
          runOptions,
          scope.text("memory.enable_memory_arena_shrinkage").pointer,
          scope.text("cpu:0").pointer,
        ),
      );
      using x = OrtValue.copyOf(this.#library, {
        type: "float32",
        dims: [1],
        data: new Float32Array(1),
      });
      const made = scope.integers([0]);
      check(
        await asyncApi.Run(
          this.#session,
          runOptions,
          scope.texts(["x"]).pointer,
          scope.pointers([x.pointer]).pointer,
          1n,
          scope.texts(["y"]).pointer,
          1n,
          made.pointer,
        ),
      );
      api.ReleaseValue(made.readPointer()!);
    } finally {
      scope.free();
      api.ReleaseRunOptions(runOptions);
    }
  }
}

/** How many bytes of an arena are unused; undefined if it is none. */
function unusedIn(
  library: OrtLibrary,
  allocator: Deno.PointerObject,
): number | undefined {
  const { api, make, scope: open } = library;
  const stats = make((out) => api.AllocatorGetStats(allocator, out));
  try {
    using scope = open();
    const read = (key: string) => {
      const text = readText(api.GetKeyValue(stats, scope.text(key).pointer));
      return text === "" ? NaN : Number(text);
    };
    const unused = read("TotalAllocated") - read("InUse");
    return Number.isNaN(unused) ? undefined : unused;
  } finally {
    api.ReleaseKeyValuePairs(stats);
  }
}

/** A session that is never released: y = x + 1 of one number. */
function openSmallest(
  library: OrtLibrary,
  environment: Deno.PointerObject,
): Deno.PointerObject {
  const g = new GraphBuilder("one number");
  g.output("y", g.input("x", "float32", [1]).add(1));
  const { model } = g.build();
  using options = new OrtSessionOptions(library, {
    device: CPU,
    weightsFolder: "",
    threads: 1,
  });
  using scope = library.scope();
  return library.make((out) =>
    library.api.CreateSessionFromArray(
      environment,
      scope.bytes(model).pointer,
      BigInt(model.byteLength),
      options.pointer,
      out,
    )
  );
}
