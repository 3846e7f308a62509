/**
 * How much of a GPU's memory is used while something runs.
 *
 * @module
 */

import type { Device } from "../../core/onnx/runtime/device.ts";
import { onnxRuntimeLibrary } from "../../core/onnx/runtime/onnx_runtime.ts";
import { CudaDriver } from "../../core/onnx/runtime/ort/cuda_driver.ts";
import { ortEnvironment } from "../../core/onnx/runtime/ort/environment.ts";

/** A GPU's memory, in bytes; other programs' is part of what is not free. */
export interface DeviceMemory {
  free(): number;
  /** Runs something, and how much less was free meanwhile. */
  peakOf<Result>(
    run: () => Promise<Result>,
  ): Promise<{ result: Result; peak: number }>;
}

/** How often the driver is asked, in ms. */
const INTERVAL = 2;

/** The memory of an NVIDIA GPU; undefined for other devices. */
export function deviceMemory(device: Device): DeviceMemory | undefined {
  const library = onnxRuntimeLibrary();
  if (device.kind !== "cuda" || library === undefined) return undefined;
  const driver = new CudaDriver(ortEnvironment(library).library, device);
  const free = () => driver.memory().free;
  return {
    free,
    async peakOf(run) {
      const before = free();
      let least = before;
      const look = () => least = Math.min(least, free());
      const timer = setInterval(look, INTERVAL);
      try {
        const result = await run();
        look();
        return { result, peak: before - least };
      } finally {
        clearInterval(timer);
      }
    },
  };
}
