/**
 * How much memory a device has.
 *
 * @module
 */

import { chooseBackend } from "./_choose_backend.ts";
import type { Device } from "./device.ts";
import { CudaDriver } from "./ort/cuda_driver.ts";

/**
 * The free and the total memory of a device, in bytes; undefined where nobody
 * tells: on the CPU, with WebGPU, and with the binding.
 */
export function deviceMemory(
  device: Device,
): { free: number; total: number } | undefined {
  const backend = chooseBackend();
  if (device.kind !== "cuda" || backend.kind !== "c-api") return undefined;
  try {
    return new CudaDriver(backend.environment.library, device).memory();
  } catch {
    return undefined; // no driver: opening a session says so
  }
}

/** Whether a device can run blocks whose weights are streamed. */
export function canStream(device: Device): boolean {
  return device.kind !== "webgpu" && chooseBackend().kind === "c-api";
}
