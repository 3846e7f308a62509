/**
 * Runs whose outputs stay on the device, for other sessions to read.
 *
 * @module
 */

import type { BuiltGraph } from "../../graph/graph_builder.ts";
import type { Signature } from "../../graph/value.ts";
import { sizeOf } from "../../../base/tensor.ts";
import { CPU, type Device } from "../device.ts";
import { CudaDriver } from "./cuda_driver.ts";
import { bytesPerElement } from "./element_type.ts";
import { IoBinding } from "./io_binding.ts";
import { MemoryInfo } from "./memory_info.ts";
import type { OrtLibrary } from "./ort_library.ts";
import type { OrtSession, OrtTask } from "./ort_session.ts";
import { OrtValue } from "./ort_value.ts";

/**
 * The memory for what is kept on a GPU.
 *
 * On CUDA it is allocated here: in a session's own arena one kept tensor would
 * keep all of the arena. WebGPU has no such allocation: its tensors are in
 * buffers of their session, which must outlive them.
 */
export class KeptMemory implements Disposable {
  /** The library. */
  readonly library: OrtLibrary;
  /** The memory of the CPU. */
  readonly host: MemoryInfo;
  /** The memory of the device. */
  readonly own: MemoryInfo;
  /** Whether a session must outlive the tensors that it made. */
  readonly leased: boolean;
  readonly #driver: CudaDriver | undefined;

  /** The memory of a GPU. */
  constructor(library: OrtLibrary, device: Device) {
    this.library = library;
    this.host = new MemoryInfo(library, CPU);
    this.own = new MemoryInfo(library, device);
    this.leased = device.kind === "webgpu";
    this.#driver = device.kind === "cuda"
      ? new CudaDriver(library, device)
      : undefined;
  }

  /** A tensor on the device; undefined where only a session can make one. */
  allocate({ type, shape }: Signature): OrtValue | undefined {
    const driver = this.#driver;
    if (!driver) return undefined;
    const address = driver.allocate(
      Math.max(1, sizeOf(shape) * bytesPerElement(type)),
    );
    return OrtValue.over(this.library, {
      type,
      dims: shape,
      address,
      memoryInfo: this.own.pointer,
      owner: { [Symbol.dispose]: () => driver.free(address) },
    });
  }

  /** Frees the descriptions; tensors have been freed before. */
  [Symbol.dispose](): void {
    this.host[Symbol.dispose]();
    this.own[Symbol.dispose]();
  }
}

/**
 * Runs a session once; the outputs that are named by `keep` stay on the
 * device, the others are on the CPU.
 */
export function runOnDevice(
  session: OrtSession,
  options: {
    graph: Pick<BuiltGraph, "inputs" | "outputs">;
    inputs: readonly OrtValue[];
    keep: readonly string[];
    memory: KeptMemory;
  },
): OrtTask<OrtValue[]> {
  const { graph, inputs, keep, memory } = options;
  const binding = new IoBinding(memory.library, session);
  /** By the place of the output. */
  const allocated = new Map<number, OrtValue>();
  const cleanup = () => {
    binding[Symbol.dispose]();
    for (const value of allocated.values()) value.release();
  };
  try {
    for (const [i, { name }] of graph.inputs.entries()) {
      binding.bindInput(name, inputs[i]!);
    }
    for (const [i, output] of graph.outputs.entries()) {
      const kept = keep.includes(output.name);
      const value = kept ? memory.allocate(output) : undefined;
      if (value) {
        allocated.set(i, value);
        binding.bindOutput(output.name, value);
      } else {
        binding.bindOutputTo(output.name, kept ? memory.own : memory.host);
      }
    }
    const { done, terminate } = binding.run();
    const take = () =>
      binding.outputs({ lease: memory.leased }).map((value, i) => {
        const own = allocated.get(i);
        if (!own) return value;
        value.release(); // a second handle of the same memory
        return own.hold();
      });
    return { done: done.then(take).finally(cleanup), terminate };
  } catch (error) {
    cleanup();
    throw error;
  }
}
