/**
 * Where a block loop has its weights and activations: on the CPU, or on a
 * device whose copies and runs are queued.
 *
 * @module
 */

import type { DataType } from "../../graph/onnx_proto.ts";
import { sizeOf } from "../../../base/tensor.ts";
import { CPU, type Device } from "../device.ts";
import { bytesPerElement } from "./element_type.ts";
import { MemoryInfo } from "./memory_info.ts";
import { NativeBlock } from "./native_memory.ts";
import type { OrtLibrary } from "./ort_library.ts";
import { OrtValue } from "./ort_value.ts";

/** A piece of a device's memory. */
export interface DeviceMemory extends Disposable {
  /** Where it starts. */
  readonly pointer: Deno.PointerObject;
  /** Its size. */
  readonly byteLength: number;
}

/** A device as a block loop uses it. */
export interface BlockDevice extends AsyncDisposable {
  /** Which one. */
  readonly device: Device;
  /** Where its memory is, for tensors. */
  readonly memoryInfo: MemoryInfo;
  /** Options of the CUDA provider for sessions that work with it. */
  readonly providerOptions: Readonly<Record<string, string>>;
  /** The configuration of runs. */
  readonly runConfig: Readonly<Record<string, string>>;
  /** What is added for a run after which the session's own memory is given back. */
  readonly lastRunConfig: Readonly<Record<string, string>>;

  /** Memory that is freed when it is disposed of. */
  allocate(byteLength: number): DeviceMemory;
  /**
   * Fills memory with what `read` writes at the address that it is given,
   * behind all work that was queued before {@linkcode afterUse}. Resolves when
   * the filling has been queued, or is done.
   */
  fill(
    memory: DeviceMemory,
    read: (into: Deno.PointerObject) => Promise<void>,
  ): Promise<void>;
  /** Lets work that is queued from now on wait for the filling of `memory`. */
  beforeUse(memory: DeviceMemory): void;
  /** Lets later fillings of `memory` wait for the work that was queued so far. */
  afterUse(memory: DeviceMemory): void;
  /** Copies numbers into a tensor of the device, before later work. */
  write(value: OrtValue, data: ArrayBufferView): Promise<void>;
  /** Copies the numbers of a tensor out, behind all work queued so far. */
  read<Data extends ArrayBufferView<ArrayBuffer>>(
    value: OrtValue,
    into: Data,
  ): Promise<Data>;
  /** Waits for all work that was queued. */
  finished(): Promise<void>;
}

/** A tensor in a device's memory, whose numbers are undefined. */
export function deviceTensor(
  library: OrtLibrary,
  device: BlockDevice,
  { type, dims }: { type: DataType; dims: readonly number[] },
): OrtValue {
  const owner = device.allocate(sizeOf(dims) * bytesPerElement(type));
  return OrtValue.over(library, {
    type,
    dims,
    address: owner.pointer,
    memoryInfo: device.memoryInfo.pointer,
    owner,
  });
}

/** The CPU: weights are read straight into their slot, and runs are waited for. */
export class HostBlockDevice implements BlockDevice {
  /** The CPU. */
  readonly device: Device = CPU;
  /** Its memory. */
  readonly memoryInfo: MemoryInfo;
  /** None. */
  readonly providerOptions = {};
  /** None. */
  readonly runConfig = {};
  /** None: what is in the arena of the CPU is freed with the session. */
  readonly lastRunConfig = {};
  readonly #library: OrtLibrary;

  /** Uses the library's own memory. */
  constructor(library: OrtLibrary) {
    this.#library = library;
    this.memoryInfo = new MemoryInfo(library, CPU);
  }

  /** Ordinary memory. */
  allocate(byteLength: number): DeviceMemory {
    return new NativeBlock(this.#library.memory, byteLength);
  }

  /** Reads into the memory itself. */
  async fill(
    memory: DeviceMemory,
    read: (into: Deno.PointerObject) => Promise<void>,
  ): Promise<void> {
    await read(memory.pointer);
  }

  /** Nothing: fillings are done when they resolve. */
  beforeUse(): void {}

  /** Nothing: runs are over when they resolve. */
  afterUse(): void {}

  /** Copies at once. */
  write(value: OrtValue, data: ArrayBufferView): Promise<void> {
    value.write(data);
    return Promise.resolve();
  }

  /** Copies at once. */
  read<Data extends ArrayBufferView<ArrayBuffer>>(
    value: OrtValue,
    into: Data,
  ): Promise<Data> {
    return Promise.resolve(value.read(into));
  }

  /** Nothing is queued. */
  finished(): Promise<void> {
    return Promise.resolve();
  }

  /** Nothing is left to free but the description of its memory. */
  [Symbol.asyncDispose](): Promise<void> {
    this.memoryInfo[Symbol.dispose]();
    return Promise.resolve();
  }
}
