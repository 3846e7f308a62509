/**
 * Which devices are really there: each one is tried with a small graph whose
 * numbers are known, never guessed from the platform.
 *
 * @module
 */

import { quote } from "../../base/errors.ts";
import { type ProbedDevice, probeRuntime } from "./_probe_runtime.ts";
import {
  type Device,
  DEVICE_KINDS,
  deviceName,
  parseDevice,
} from "./device.ts";
import { openRuntime } from "./runtime.ts";

export type { ProbedDevice } from "./_probe_runtime.ts";

/** What came of trying a device. */
export type ProbeResult =
  | { readonly state: "works"; readonly found: ProbedDevice }
  | {
    readonly state: "unusable";
    readonly device: Device;
    /** Why it cannot be used, with a HINT where one is known. */
    readonly reason: Error;
  };

/**
 * Tries a device: opens sessions on it, lets it compute attention, matrix
 * products and a convolution in each element type, and compares the numbers. An
 * attention operator that is wrong (one WebGPU driver is known) is found and
 * avoided, and so is an element type in which long sums lose their small terms.
 */
export async function probeDevice(
  device: Device,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<ProbeResult> {
  const runtime = openRuntime(device);
  try {
    return { state: "works", found: await probeRuntime(runtime, options) };
  } catch (reason) {
    options.signal?.throwIfAborted();
    return {
      state: "unusable",
      device,
      reason: reason instanceof Error ? reason : new Error(String(reason)),
    };
  } finally {
    await runtime.close();
  }
}

/**
 * The device of that name, tried; `auto` is the first that works of CUDA,
 * WebGPU and the CPU.
 *
 * @throws {TypeError} When there is no device of that name.
 * @throws {Error} When a device that was asked for by name cannot be used, with
 * a HINT that says what is missing. It is never replaced by another one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { resolveDevice } from "@ati/ati";
 * const { device, attention } = await resolveDevice("cpu");
 * assert.equal(device.kind, "cpu");
 * assert.equal(attention, "fused");
 * ```
 */
export async function resolveDevice(
  name: string,
  options: {
    signal?: AbortSignal | undefined;
    /** Told what came of each device that was tried. */
    onProbe?: (report: ProbeResult) => void;
  } = {},
): Promise<ProbedDevice> {
  const candidates = name === "auto"
    ? DEVICE_KINDS.map((kind) => ({ kind, index: 0 }))
    : [parseDevice(name)];
  const reasons: Error[] = [];
  for (const device of candidates) {
    const report = await probeDevice(device, options);
    options.onProbe?.(report);
    if (report.state === "works") return report.found;
    reasons.push(report.reason);
  }
  if (reasons.length === 1) throw reasons[0]!;
  throw new AggregateError(
    reasons,
    `Cannot use the device ${quote(name)}: none of ${
      candidates.map(deviceName).join(", ")
    } works\n${reasons.map((reason) => reason.message).join("\n")}`,
  );
}
