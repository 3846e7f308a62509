/**
 * What a device computes rightly, by a small graph whose numbers are known.
 *
 * @module
 */

import { withHint } from "../../base/errors.ts";
import type { ComputeType, GraphTarget } from "../graph/graph_target.ts";
import {
  isRight,
  selfTestGraph,
  selfTestNumbers,
  type SelfTestOutput,
} from "./_probe_graph.ts";
import { type Device, type DeviceKind, deviceName } from "./device.ts";
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

/** The element types that each kind is tried with. */
const COMPUTE_TYPES: Readonly<Record<DeviceKind, readonly ComputeType[]>> = {
  cpu: ["float32"],
  webgpu: ["float32", "float16"],
  cuda: ["float32", "bfloat16", "float16"],
};

/**
 * What a runtime's device computes rightly.
 *
 * @throws {Error} When it is nothing at all, or it cannot be used.
 */
export async function probeRuntime(
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
