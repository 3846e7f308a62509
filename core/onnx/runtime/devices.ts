/**
 * Which devices are really there: each one is tried with a small graph whose
 * numbers are known, never guessed from the platform.
 *
 * @module
 */

import { quote, withHint } from "../../base/errors.ts";
import type { ComputeType, GraphTarget } from "../graph/graph_target.ts";
import {
  isRight,
  selfTestGraph,
  selfTestNumbers,
  type SelfTestOutput,
} from "./_probe_graph.ts";
import {
  type Device,
  DEVICE_KINDS,
  type DeviceKind,
  deviceName,
  parseDevice,
} from "./device.ts";
import { openRuntime } from "./runtime.ts";
import type { Runtime } from "./runtime_interface.ts";

/** A device that was tried and computes rightly. */
export interface ProbedDevice {
  /** What to open sessions on. */
  readonly device: Device;
  /** Whether its attention operator is right; else attention is written out. */
  readonly attention: GraphTarget["attention"];
  /**
   * In which element types it computes rightly, float32 first. A type whose sums
   * are not kept in float32 is not one of them: ONNX Runtime 1.30 keeps those of
   * float16 in float16 on WebGPU.
   */
  readonly compute: readonly [ComputeType, ...ComputeType[]];
}

/** What came of trying a device. */
export type ProbeResult =
  | { readonly state: "works"; readonly found: ProbedDevice }
  | {
    readonly state: "unusable";
    readonly device: Device;
    /** Why it cannot be used, with a HINT where one is known. */
    readonly reason: Error;
  };

/** The element types that each kind is tried with. */
const COMPUTE_TYPES: Readonly<Record<DeviceKind, readonly ComputeType[]>> = {
  cpu: ["float32"],
  webgpu: ["float32", "float16"],
  cuda: ["float32", "bfloat16", "float16"],
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
    return { state: "works", found: await selfTest(runtime, options) };
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
 * What a runtime's device computes rightly.
 *
 * @throws {Error} When it is nothing at all, or it cannot be used.
 */
export async function selfTest(
  runtime: Runtime,
  options: { signal?: AbortSignal | undefined },
): Promise<ProbedDevice> {
  const { device } = runtime;
  const { feeds, expected } = selfTestNumbers();
  const passes = async (
    compute: ComputeType,
    attention: GraphTarget["attention"],
  ) => {
    const graph = selfTestGraph(compute, attention);
    await using session = await runtime.open(graph, {
      name: "the self test",
      ...options,
    });
    const outputs = await session.run(feeds, options);
    return Object.entries(outputs).every(([name, { data }]) => {
      const output = name as SelfTestOutput;
      return isRight(data, expected[output], { output, compute });
    });
  };
  const attention = await passes("float32", "fused") ? "fused" : "manual";
  const compute: ComputeType[] = [];
  for (const type of COMPUTE_TYPES[device.kind]) {
    if (type === "float32") {
      if (attention === "fused" || await passes(type, attention)) {
        compute.push(type);
      }
      continue;
    }
    // A type that the device lacks altogether is an error when it is opened.
    if (await passes(type, attention).catch(() => false)) compute.push(type);
    options.signal?.throwIfAborted();
  }
  const [first, ...others] = compute;
  if (first !== "float32") {
    throw new Error(
      withHint(
        `Cannot use ${
          deviceName(device)
        }: its matrix products, convolutions or attention are wrong`,
        "Update its driver, or take another device.",
      ),
    );
  }
  return { device, attention, compute: [first, ...others] };
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
