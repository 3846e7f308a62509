/**
 * Which network runs where, and in which arithmetic.
 *
 * @module
 */

import { withHint } from "../errors.ts";
import type { ComputeType, GraphTarget } from "../graph/graph_target.ts";
import { type Device, deviceName } from "../runtime/device.ts";
import type { WorkingDevice } from "../runtime/devices.ts";

/**
 * A precision by the name people know; `auto` is the reference's (bf16) where
 * the device has it.
 */
export type Precision = "auto" | "bf16" | "fp16" | "fp32";

/** A device and the arithmetic on it. */
export interface Placement {
  /** Where. */
  readonly device: Device;
  /** How. */
  readonly target: GraphTarget;
}

const COMPUTE: Readonly<Record<Exclude<Precision, "auto">, ComputeType>> = {
  bf16: "bfloat16",
  fp16: "float16",
  fp32: "float32",
};

/** The precisions that `auto` takes, best first. */
const PREFERRED = ["bfloat16", "float16", "float32"] as const;

/**
 * Where the transformer runs. `auto` takes bf16 if the device computes rightly
 * in it (the reference's own), else fp16, else fp32.
 *
 * @throws {TypeError} When the device does not compute in the precision that
 * was asked for; it is never replaced by another one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { placeTransformer } from "./placement.ts";
 * import { CPU } from "../runtime/device.ts";
 * const cpu = { device: CPU, attention: "fused", compute: ["float32"] } as const;
 * assert.equal(placeTransformer(cpu, "auto").target.compute, "float32");
 * assert.throws(() => placeTransformer(cpu, "bf16"), /cpu computes in fp32/);
 * ```
 */
export function placeTransformer(
  found: WorkingDevice,
  precision: Precision,
): Placement {
  const compute = precision === "auto"
    ? PREFERRED.find((type) => found.compute.includes(type)) ?? "float32"
    : COMPUTE[precision];
  if (!found.compute.includes(compute)) {
    throw new TypeError(withHint(
      `Cannot run in ${precision}: ${deviceName(found.device)} computes in ${
        found.compute.map(nameOf).join(" and ")
      }`,
      "Leave --dtype away to take the best that works.",
    ));
  }
  return place(found, compute);
}

/**
 * Where the other networks run: the text encoder in bf16 or fp32 (it overflows
 * in fp16), image encoder and autoencoder in fp32.
 */
export function placeOthers(
  found: WorkingDevice,
): { readonly text: Placement; readonly exact: Placement } {
  return {
    text: place(
      found,
      found.compute.includes("bfloat16") ? "bfloat16" : "float32",
    ),
    exact: place(found, "float32"),
  };
}

/** A placement in words, for example `cuda:1, bf16`. */
export function describePlacement({ device, target }: Placement): string {
  return `${deviceName(device)}, ${nameOf(target.compute)}`;
}

function nameOf(compute: ComputeType): string {
  return Object.entries(COMPUTE).find(([, type]) => type === compute)![0];
}

function place(found: WorkingDevice, compute: ComputeType): Placement {
  const { device, attention } = found;
  const float8 = device.kind === "cpu" ? "dequantize" : "cast";
  return { device, target: { compute, attention, float8 } };
}
