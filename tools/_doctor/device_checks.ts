/**
 * Checks the devices: each one is probed, and if CUDA does not work the missing
 * component is reported.
 *
 * @module
 */

import type { ComputeType } from "../../core/onnx/graph/graph_target.ts";
import { gigabytes } from "../../core/base/gigabytes.ts";
import { deviceName } from "../../core/onnx/runtime/device.ts";
import type {
  ProbedDevice,
  ProbeResult,
} from "../../core/onnx/runtime/devices.ts";
import { type CudaParts, CUDNN, type NvidiaGpu } from "./cuda_parts.ts";
import {
  failure,
  FETCH_PACKAGES,
  type Finding,
  type FindingFacts,
  isDenied,
} from "./finding.ts";

/** The command that downloads the provider libraries with the package. */
const FETCH_PROVIDERS =
  "deno install --node-modules-dir=auto --allow-scripts=npm:onnxruntime-node --entrypoint core/onnx/runtime/onnx_runtime.ts";

/** The oldest NVIDIA driver for Linux that supports a version of CUDA. */
const DRIVERS: Readonly<Record<number, number>> = { 12: 525, 13: 580 };

const TYPES: Readonly<Record<ComputeType, string>> = {
  float32: "fp32",
  float16: "fp16",
  bfloat16: "bf16",
};

/** Context of a finding about a device. */
export interface DeviceContext {
  /** Whether this device is required. */
  readonly required: boolean;
  /** The fix for a missing permission. */
  readonly permissions: string;
  /** The components of CUDA; unused for other devices. */
  readonly cuda?: CudaParts | undefined;
}

/**
 * The result of probing a device, as a finding. For CUDA it names the missing
 * component.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { describeDevice } from "./device_checks.ts";
 * import { CPU } from "../../core/onnx/runtime/device.ts";
 * const found = { device: CPU, attention: "fused", compute: ["float32"] } as const;
 * const finding = describeDevice(
 *   { state: "works", found },
 *   { required: true, permissions: "" },
 * );
 * assert.equal(finding.message, "works in fp32");
 * ```
 */
export function describeDevice(
  report: ProbeResult,
  context: DeviceContext,
): Finding {
  return report.state === "works"
    ? describeWorking(report.found, context)
    : describeUnusable(report, context);
}

function describeWorking(
  { device, attention, compute }: ProbedDevice,
  { cuda }: DeviceContext,
): Finding {
  const types = compute.map((type) => TYPES[type]).join(", ");
  const gpu = device.kind === "cuda" ? gpuOf(cuda, device.index) : undefined;
  const facts = {
    kind: "device",
    device: deviceName(device),
    attention,
    compute,
    ...(gpu && { gpu }),
  } as const;
  return {
    check: `device ${deviceName(device)}`,
    state: "good",
    message: [
      `works in ${types}`,
      ...(gpu ? [`${gpu.name} with ${gigabytes(gpu.memory)}`] : []),
      ...(attention === "manual"
        ? ["fused attention is wrong on this device; using the fallback"]
        : []),
    ].join("; "),
    facts,
  };
}

/** A GPU as the driver describes it. */
function gpuOf(
  parts: CudaParts | undefined,
  index: number,
): NvidiaGpu | undefined {
  return typeof parts?.driver === "object"
    ? parts.driver.gpus[index]
    : undefined;
}

function describeUnusable(
  { device, reason }: Extract<ProbeResult, { state: "unusable" }>,
  context: DeviceContext,
): Finding {
  const { required, permissions, cuda } = context;
  const { message, hint } = failure(reason);
  // Strip "Cannot open the self test on cuda: ...": the check is named after the device.
  const cause = message.replace(/^Cannot .*? on \S+: /, "");
  const check = `device ${deviceName(device)}`;
  if (isDenied(reason)) {
    return {
      check,
      state: "bad",
      message: `not tested: ${cause}`,
      todo: permissions,
    };
  }
  const { lines, todo, facts } = device.kind === "cuda" && cuda
    ? explainCuda(cuda, { required, index: device.index })
    : { lines: [], todo: hint, facts: undefined };
  return {
    check,
    state: required ? "bad" : "note",
    message: [`does not work: ${cause}`, ...lines].join("\n"),
    // The CPU only needs the package itself.
    ...(device.kind === "cpu"
      ? { todo: hint ?? FETCH_PACKAGES }
      : todo && { todo }),
    ...(facts && { facts }),
  };
}

/** The missing components of CUDA, in the order to install them. */
function explainCuda(
  parts: CudaParts,
  { required, index }: { required: boolean; index: number },
): { lines: string[]; todo: string | undefined; facts: FindingFacts } {
  const { driver, providerFolder, missingProviders, missingLibraries } = parts;
  const facts = { kind: "cuda", ...parts } as const;
  // The newest version, if the provider library is missing.
  const { cudaVersion: version = 13 } = parts;
  const install = `Install NVIDIA's driver, version ${
    DRIVERS[version] ?? DRIVERS[13]
  } or later`;
  if (typeof driver === "string") {
    return {
      lines: [`NVIDIA driver: ${driver}`],
      // Most machines have no such GPU and do not need one.
      todo: required
        ? `${install}; in a container, start it with the GPUs (docker run --gpus all).`
        : undefined,
      facts,
    };
  }
  const gpu = gpuOf(parts, index);
  const lines = [
    `${
      gpu ? `${gpu.name} with ${gigabytes(gpu.memory)}` : "no such GPU"
    }, driver for CUDA ${driver.cuda}`,
  ];
  const steps: string[] = [];
  if (Number.parseInt(driver.cuda) < (parts.cudaVersion ?? 12)) {
    lines.push(`the driver is too old for CUDA ${version}`);
    steps.push(`${install}.`);
  }
  if (missingProviders.length > 0) {
    lines.push(`not in ${providerFolder}: ${missingProviders.join(", ")}`);
    steps.push(
      `Download ${
        missingProviders.join(" and ")
      }: set "nodeModulesDir": "auto" in deno.json, then ${FETCH_PROVIDERS}; or name a folder that has them: --cuda_provider FOLDER`,
    );
  }
  if (missingLibraries.length > 0) {
    lines.push(`not found: ${missingLibraries.join(", ")}`);
    if (missingLibraries.includes(CUDNN)) {
      lines.push(
        "without cuDNN 9 networks are loaded and then fail at their first attention",
      );
    }
    steps.push(
      `Install the libraries of CUDA ${version} and cuDNN 9 (Debian, Ubuntu, from NVIDIA's packages: cuda-libraries-${version}-${
        version === 12 ? 8 : 0
      } libcudnn9-cuda-${version}), and name their folder in LD_LIBRARY_PATH.`,
    );
  }
  return { lines, todo: steps.join("\n") || undefined, facts };
}
