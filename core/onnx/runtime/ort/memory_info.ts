/**
 * Where memory is: on the CPU or on a device.
 *
 * @module
 */

import type { Device, DeviceKind } from "../device.ts";
import type { OrtLibrary } from "./ort_library.ts";

/** The names that the library gives to the memory of each kind of device. */
const NAMES: Readonly<Record<DeviceKind, string>> = {
  cpu: "Cpu",
  cuda: "Cuda",
  webgpu: "WebGPU_Buf",
};

/** `OrtDeviceAllocator` and `OrtMemTypeDefault`. */
const DEVICE_ALLOCATOR = 0, MEMORY_DEFAULT = 0;

/** A description of a device's memory, until it is disposed of. */
export class MemoryInfo implements Disposable {
  /** For a native call. */
  readonly pointer: Deno.PointerObject;
  readonly #library: OrtLibrary;

  /** Describes the memory of a device. */
  constructor(library: OrtLibrary, { kind, index }: Device) {
    using scope = library.scope();
    const name = scope.text(NAMES[kind]).pointer;
    this.#library = library;
    this.pointer = library.make((out) =>
      library.api.CreateMemoryInfo(
        name,
        DEVICE_ALLOCATOR,
        index,
        MEMORY_DEFAULT,
        out,
      )
    );
  }

  /** Frees it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.#library.api.ReleaseMemoryInfo(this.pointer);
  }
}
