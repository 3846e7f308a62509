/**
 * The budget of device memory of a pipeline, and what it allows.
 *
 * @module
 */

import { withHint } from "../base/errors.ts";
import { gigabytes } from "../base/gigabytes.ts";
import type { Device } from "../onnx/runtime/device.ts";
import { deviceMemory } from "../onnx/runtime/device_memory.ts";
import {
  describePlan,
  type MemoryPlan,
  type NetworkSizes,
  nextSmallerPlan,
  type PlanOptions,
  sizeFlag,
} from "./memory_plan.ts";

/** The share of the free memory that is planned with. */
const SHARE = 0.95;

/**
 * The budget for these devices, in bytes: what was asked for, if the devices
 * have as much, else what is free, with a margin. Undefined where the memory is
 * unknown and nothing was asked for.
 *
 * @throws {RangeError} When what was asked for is no size.
 */
export function memoryBudget(
  devices: readonly Device[],
  vram: number | undefined,
): number | undefined {
  if (vram !== undefined && !(vram > 0 && Number.isFinite(vram))) {
    throw new RangeError(
      `Cannot use ${vram} bytes of device memory: expected a positive number`,
    );
  }
  const free = devices.flatMap((device) =>
    SHARE * (deviceMemory(device)?.free ?? Infinity)
  );
  const budget = Math.min(vram ?? Infinity, ...free);
  return Number.isFinite(budget) ? budget : undefined;
}

/** What native libraries say when a device has no memory left. */
const OUT_OF_MEMORY =
  /out of memory|bad_alloc|failed to allocate|smaller than requested bytes|not enough memory|there is memory for \d+|CUDA failure 2\b/i;

/**
 * An error, with the next smaller plan as its HINT where it says that the device
 * had too little memory.
 */
export function explainMemory(
  error: unknown,
  planned: {
    plan: MemoryPlan;
    sizes: NetworkSizes;
    options: PlanOptions;
  } | undefined,
): unknown {
  if (
    !planned || !(error instanceof Error) || !OUT_OF_MEMORY.test(error.message)
  ) return error;
  const [message = ""] = error.message.split("\nHINT: ");
  const smaller = nextSmallerPlan(
    planned.plan,
    planned.sizes,
    planned.options,
  );
  const hint = smaller
    ? `The next smaller plan needs ${gigabytes(smaller.peak)}: --vram ${
      sizeFlag(smaller.peak)
    } (vram in the API), ${describePlan(smaller).at(-1)}.`
    : "There is no smaller plan: take weights with fewer bits, a smaller size or fewer frames, or close what else uses the device.";
  return new Error(withHint(message, hint), { cause: error });
}
