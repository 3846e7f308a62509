/**
 * ONNX Runtime's C library, opened and bound: it is the pinned version, and
 * its functions can be called.
 *
 * @module
 */

import { quote } from "../../../base/errors.ts";
import { refuseTelemetry } from "../_telemetry.ts";
import {
  type Api,
  API_TABLE,
  type ApiEntry,
  type ApiName,
  ASYNC_NAMES,
  type AsyncApi,
  ORT_API_VERSION,
  ORT_VERSION,
} from "./api_table.ts";
import {
  type Allocator,
  borrowed,
  NativeScope,
  pointerAt,
  readText,
} from "./native_memory.ts";
import { counted, watchEnd } from "./_end_during_call.ts";
import { pinLibrary } from "./_pin_library.ts";
import { checkStatus } from "./status.ts";

/** The library, ready to be called. */
export interface OrtLibrary {
  /** Its version, as it says itself. */
  readonly version: string;
  /** Its functions; each blocks until it returns. */
  readonly api: Api;
  /** The long ones on another thread. What they are given must be native. */
  readonly asyncApi: AsyncApi;
  /** Its allocator of the CPU's memory, for tensors. */
  readonly allocator: Deno.PointerObject;
  /** The same memory, for arguments. */
  readonly memory: Allocator;
  /** Throws the error that a status holds. */
  check(status: Deno.PointerValue): void;
  /**
   * What a function writes as its result: `call` is given where to write it
   * and returns the status.
   */
  make(
    call: (out: Deno.PointerObject) => Deno.PointerValue,
  ): Deno.PointerObject;
  /** Blocks that are freed together. */
  scope(): NativeScope;
}

/** Memory of the library from which several sessions allocate. */
export interface OrtArena {
  /** How many bytes it has that no tensor is in. */
  readonly unused: number;
  /** Gives what no tensor is in back to the system, if that is much. */
  trim(): Promise<void>;
}

/** The library and its one environment in a process. */
export interface OrtEnvironment {
  /** The library. */
  readonly library: OrtLibrary;
  /** The environment, for a native call. */
  readonly pointer: Deno.PointerObject;
  /** What its sessions on the CPU allocate from. */
  readonly cpuArena: OrtArena;
}

/**
 * Opens the library, its telemetry off before any of its code runs.
 *
 * @throws {Deno.errors.NotCapable} Without the whole of `--allow-ffi`.
 * @throws {Error} When it is not the pinned version.
 */
export function openOrtLibrary(path: string): OrtLibrary {
  // Deno opens a library that --allow-ffi names, but makes no pointers then,
  // and the C library that turns telemetry off may not be named.
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
    throw new Deno.errors.NotCapable(
      `Cannot open ${quote(path)}: ffi without a path is not permitted`,
    );
  }
  refuseTelemetry();
  const { symbols } = Deno.dlopen(path, {
    OrtGetApiBase: { parameters: [], result: "pointer" },
  });
  pinLibrary(path);
  watchEnd("onnxruntime");
  const base = symbols.OrtGetApiBase();
  const version = base === null ? "" : versionOf(base);
  if (base === null || version !== ORT_VERSION) {
    throw new Error(
      `Cannot use ${quote(path)}: it is version ${
        quote(version)
      }, expected ${ORT_VERSION}`,
    );
  }
  const { api, asyncApi } = bindFunctions(base);
  const check = (status: Deno.PointerValue) => checkStatus(api, status);
  const { allocator, result } = firstMemory(api, check);
  const make: OrtLibrary["make"] = (call) => {
    check(call(result));
    const made = new Deno.UnsafePointerView(result).getPointer();
    if (made === null) throw new Error("ONNX Runtime made nothing");
    return made;
  };
  const memory: Allocator = {
    allocate: (byteLength) =>
      make((out) => api.AllocatorAlloc(allocator, BigInt(byteLength), out)),
    free: (pointer) => check(api.AllocatorFree(allocator, pointer)),
  };
  return {
    version,
    api,
    asyncApi,
    allocator,
    memory,
    check,
    make,
    scope: () => new NativeScope(memory),
  };
}

/** `OrtApiBase` is two functions: GetApi(number) and GetVersionString(). */
function versionOf(base: Deno.PointerObject): string {
  const getVersion = new Deno.UnsafeFnPointer(
    new Deno.UnsafePointerView(base).getPointer<never>(8)!,
    { parameters: [], result: "pointer" },
  );
  return readText(getVersion.call());
}

function bindFunctions(
  base: Deno.PointerObject,
): { api: Api; asyncApi: AsyncApi } {
  const getApi = new Deno.UnsafeFnPointer(
    new Deno.UnsafePointerView(base).getPointer<never>(0)!,
    { parameters: ["u32"], result: "pointer" },
  );
  const struct = getApi.call(ORT_API_VERSION);
  if (struct === null) {
    throw new Error(
      `Cannot use ONNX Runtime: it has no API ${ORT_API_VERSION}`,
    );
  }
  const table = new Deno.UnsafePointerView(struct);
  const bind = (name: ApiName, nonblocking: boolean) => {
    const { index, parameters, result }: ApiEntry = API_TABLE[name];
    const pointer = table.getPointer<never>(8 * index);
    if (pointer === null) {
      throw new Error(`Cannot use ONNX Runtime: it has no function ${name}`);
    }
    const definition = { parameters, result, nonblocking };
    const native = new Deno.UnsafeFnPointer(pointer, definition);
    const call = native.call.bind(native);
    return [
      name,
      nonblocking
        ? counted(call as (...args: never[]) => Promise<unknown>)
        : call,
    ] as const;
  };
  const names = Object.keys(API_TABLE) as ApiName[];
  // The types follow from the table; TypeScript cannot follow a loop over it.
  const all = (list: readonly ApiName[], nonblocking: boolean): unknown =>
    Object.fromEntries(list.map((name) => bind(name, nonblocking)));
  return {
    api: all(names, false) as Api,
    asyncApi: all(ASYNC_NAMES, true) as AsyncApi,
  };
}

/**
 * The allocator, and one word of its memory for results. Until that word is
 * there, results go to memory of JavaScript; the two calls return at once.
 */
function firstMemory(
  api: Api,
  check: OrtLibrary["check"],
): { allocator: Deno.PointerObject; result: Deno.PointerObject } {
  const word = new BigUint64Array(1);
  check(api.GetAllocatorWithDefaultOptions(borrowed(word)));
  const allocator = pointerAt(word[0]!);
  check(api.AllocatorAlloc(allocator, 8n, borrowed(word)));
  const result = pointerAt(word[0]!);
  if (allocator === null || result === null) {
    throw new Error("ONNX Runtime has no allocator");
  }
  return { allocator, result };
}
