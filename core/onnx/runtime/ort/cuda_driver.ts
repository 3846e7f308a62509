/**
 * The part of CUDA's driver that streaming needs: memory, copies, streams and
 * events of one GPU.
 *
 * Every call returns at once and is made on this thread: the driver's current
 * context is that of a thread, and other threads have none.
 *
 * @module
 */

import { addressOf, type NativeBlock, readText } from "./native_memory.ts";
import type { OrtLibrary } from "./ort_library.ts";

/** The driver's library, by `Deno.build.os`. */
const LIBRARIES: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "libcuda.so.1",
  windows: "nvcuda.dll",
};

/** `CUDA_ERROR_NOT_READY`. */
const NOT_READY = 600;

/** `CU_STREAM_NON_BLOCKING`, `CU_EVENT_DISABLE_TIMING`. */
const NON_BLOCKING = 1, NO_TIMING = 2;

const SYMBOLS = {
  cuInit: { parameters: ["u32"], result: "i32" },
  cuDeviceGet: { parameters: ["pointer", "i32"], result: "i32" },
  cuDevicePrimaryCtxRetain: { parameters: ["pointer", "i32"], result: "i32" },
  cuCtxSetCurrent: { parameters: ["pointer"], result: "i32" },
  cuGetErrorName: {
    parameters: ["i32", "pointer"],
    result: "i32",
    optional: true,
  },
  cuMemGetInfo_v2: { parameters: ["pointer", "pointer"], result: "i32" },
  cuMemAlloc_v2: { parameters: ["pointer", "usize"], result: "i32" },
  cuMemFree_v2: { parameters: ["u64"], result: "i32" },
  cuMemHostAlloc: { parameters: ["pointer", "usize", "u32"], result: "i32" },
  cuMemFreeHost: { parameters: ["pointer"], result: "i32" },
  cuMemcpyHtoDAsync_v2: {
    parameters: ["u64", "pointer", "usize", "pointer"],
    result: "i32",
  },
  cuMemcpyDtoHAsync_v2: {
    parameters: ["pointer", "u64", "usize", "pointer"],
    result: "i32",
  },
  cuStreamCreate: { parameters: ["pointer", "u32"], result: "i32" },
  cuStreamDestroy_v2: { parameters: ["pointer"], result: "i32" },
  cuStreamWaitEvent: {
    parameters: ["pointer", "pointer", "u32"],
    result: "i32",
  },
  cuEventCreate: { parameters: ["pointer", "u32"], result: "i32" },
  cuEventDestroy_v2: { parameters: ["pointer"], result: "i32" },
  cuEventRecord: { parameters: ["pointer", "pointer"], result: "i32" },
  cuEventQuery: { parameters: ["pointer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** An error of the driver, with its name where the driver tells it. */
export class CudaError extends Error {
  /** The class name, as it appears in a printed error. */
  override readonly name: string = "CudaError";
  /** `CUresult`. */
  readonly code: number;

  /** An error of that code. */
  constructor(action: string, code: number, name: string) {
    super(
      code === 2
        ? `Cannot ${action}: out of memory on the GPU`
        : `Cannot ${action}: CUDA's driver answers ${name || code}`,
    );
    this.code = code;
  }
}

/** The driver, and its context of one GPU. */
export class CudaDriver {
  readonly #symbols: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
  readonly #context: Deno.PointerValue;
  /** Two words for results. */
  readonly #out: NativeBlock;
  readonly #more: NativeBlock;

  /**
   * Opens the driver for a GPU. Both stay open: work may be queued when
   * JavaScript ends.
   *
   * @throws {CudaError} When there is no such GPU.
   * @throws {Error} When there is no driver.
   */
  constructor(library: OrtLibrary, { index }: { index: number }) {
    const path = LIBRARIES[Deno.build.os];
    if (path === undefined) {
      throw new Error(`Cannot use CUDA: there is none for ${Deno.build.os}`);
    }
    this.#symbols = Deno.dlopen(path, SYMBOLS).symbols;
    const scope = library.scope(); // never freed, as the driver
    this.#out = scope.integers([0]);
    this.#more = scope.integers([0]);
    const out = this.#out.pointer;
    this.#check("use CUDA", this.#symbols.cuInit(0));
    this.#check(
      `use GPU ${index}`,
      this.#symbols.cuDeviceGet(out, index),
    );
    const device = this.#out.readInt32();
    this.#check(
      `use GPU ${index}`,
      this.#symbols.cuDevicePrimaryCtxRetain(out, device),
    );
    this.#context = this.#out.readPointer();
  }

  /** How much memory is free and how much there is, in bytes. */
  memory(): { free: number; total: number } {
    this.#check(
      "ask for the GPU's memory",
      this.#current.cuMemGetInfo_v2(this.#out.pointer, this.#more.pointer),
    );
    return { free: this.#out.readInteger(), total: this.#more.readInteger() };
  }

  /** Memory of the GPU. */
  allocate(byteLength: number): Deno.PointerObject {
    return this.#make(
      `allocate ${byteLength} bytes`,
      this.#current.cuMemAlloc_v2(this.#out.pointer, BigInt(byteLength)),
    );
  }

  /** Frees memory of the GPU. */
  free(pointer: Deno.PointerObject): void {
    this.#check(
      "free memory",
      this.#current.cuMemFree_v2(addressOf(pointer)),
    );
  }

  /** Memory of the host that the GPU copies from and to by itself. */
  allocateHost(byteLength: number): Deno.PointerObject {
    return this.#make(
      `allocate ${byteLength} bytes of pinned memory`,
      this.#current.cuMemHostAlloc(this.#out.pointer, BigInt(byteLength), 0),
    );
  }

  /** Frees memory of the host. */
  freeHost(pointer: Deno.PointerObject): void {
    this.#check("free memory", this.#current.cuMemFreeHost(pointer));
  }

  /** A stream, in which work is done in order. */
  createStream(): Deno.PointerObject {
    return this.#make(
      "create a stream",
      this.#current.cuStreamCreate(this.#out.pointer, NON_BLOCKING),
    );
  }

  /** Destroys a stream when its work is done. */
  destroyStream(stream: Deno.PointerObject): void {
    this.#check("destroy a stream", this.#current.cuStreamDestroy_v2(stream));
  }

  /** An event, which has been reached until it is recorded. */
  createEvent(): Deno.PointerObject {
    return this.#make(
      "create an event",
      this.#current.cuEventCreate(this.#out.pointer, NO_TIMING),
    );
  }

  /** Destroys an event. */
  destroyEvent(event: Deno.PointerObject): void {
    this.#check("destroy an event", this.#current.cuEventDestroy_v2(event));
  }

  /** Records an event behind the work that a stream has so far. */
  record(event: Deno.PointerObject, stream: Deno.PointerObject): void {
    this.#check(
      "record an event",
      this.#current.cuEventRecord(event, stream),
    );
  }

  /** Lets what a stream gets from now on wait for an event. */
  waitFor(stream: Deno.PointerObject, event: Deno.PointerObject): void {
    this.#check(
      "wait for an event",
      this.#current.cuStreamWaitEvent(stream, event, 0),
    );
  }

  /** Queues a copy to the GPU. `from` must stay as it is until it is done. */
  copyToDevice(
    { from, to, byteLength, stream }: {
      from: Deno.PointerObject;
      to: Deno.PointerObject;
      byteLength: number;
      stream: Deno.PointerObject;
    },
  ): void {
    this.#check(
      `copy ${byteLength} bytes to the GPU`,
      this.#current.cuMemcpyHtoDAsync_v2(
        addressOf(to),
        from,
        BigInt(byteLength),
        stream,
      ),
    );
  }

  /** Queues a copy from the GPU. */
  copyToHost(
    { from, to, byteLength, stream }: {
      from: Deno.PointerObject;
      to: Deno.PointerObject;
      byteLength: number;
      stream: Deno.PointerObject;
    },
  ): void {
    this.#check(
      `copy ${byteLength} bytes from the GPU`,
      this.#current.cuMemcpyDtoHAsync_v2(
        to,
        addressOf(from),
        BigInt(byteLength),
        stream,
      ),
    );
  }

  /** Whether an event has been reached. */
  isReached(event: Deno.PointerObject): boolean {
    const code = this.#current.cuEventQuery(event);
    if (code === NOT_READY) return false;
    this.#check("wait for the GPU", code);
    return true;
  }

  /** Waits until an event has been reached; timers go on meanwhile. */
  async reached(event: Deno.PointerObject): Promise<void> {
    while (!this.isReached(event)) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** The driver's functions, for this GPU: others may be used on this thread. */
  get #current(): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] {
    this.#check("use a GPU", this.#symbols.cuCtxSetCurrent(this.#context));
    return this.#symbols;
  }

  #make(action: string, code: number): Deno.PointerObject {
    this.#check(action, code);
    const made = this.#out.readPointer();
    if (made === null) throw new CudaError(action, code, "nothing");
    return made;
  }

  #check(action: string, code: number): void {
    if (code !== 0) throw new CudaError(action, code, this.#nameOf(code));
  }

  #nameOf(code: number): string {
    const getName = this.#symbols.cuGetErrorName;
    if (!getName || getName(code, this.#out.pointer) !== 0) return "";
    return readText(this.#out.readPointer());
  }
}
