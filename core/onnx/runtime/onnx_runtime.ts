/**
 * The door to ONNX Runtime. Only the worker comes through here, and only when
 * the first session is opened: loading the native library takes a moment.
 *
 * @module
 */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type * as Ort from "npm:onnxruntime-node@1.30.0";
import type { FeedData, SessionSettings } from "./_messages.ts";
import { refuseTelemetry } from "./_telemetry.ts";

export type { FeedData, SessionSettings } from "./_messages.ts";

/** The native library. */
export type OnnxRuntime = typeof Ort;

/** An open session of the native library. */
export type NativeSession = Ort.InferenceSession;

/** A tensor of the native library, over an array of ours. */
export type NativeTensor = Ort.Tensor;

/** Loads the native library, its telemetry off; needs `--allow-ffi`. */
export async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  refuseTelemetry();
  const ort = await import("npm:onnxruntime-node@1.30.0");
  ort.env.logLevel = "fatal"; // what goes wrong is thrown as well
  return ort;
}

/**
 * The folder of the native library's package; undefined where Deno does not
 * tell. Nothing is loaded.
 */
export function onnxRuntimeFolder(): string | undefined {
  try {
    const main = import.meta.resolve("npm:onnxruntime-node@1.30.0");
    return dirname(dirname(fileURLToPath(main)));
  } catch {
    return undefined; // it is not installed, or lies behind no file: URL
  }
}

/**
 * Opens a session over a model in memory whose weights stay in their files.
 *
 * The options keep ONNX Runtime from making private copies: no memory pattern
 * (it would reserve the sum of all weights in one block), no arena, no
 * prepacking, and no folding of a weight's cast into a constant. Of the CUDA
 * provider's own options the binding passes on `deviceId` alone. Threads sleep
 * while they wait, so that videos are encoded and other programs run meanwhile.
 */
export async function createSession(
  ort: OnnxRuntime,
  model: Uint8Array,
  settings: SessionSettings,
): Promise<NativeSession> {
  const { device, weightsFolder, threads } = settings;
  return await ort.InferenceSession.create(model, {
    executionProviders: device.kind === "cuda"
      ? [{ name: "cuda", deviceId: device.index }]
      : [device.kind],
    enableMemPattern: false,
    enableCpuMemArena: false,
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    extra: {
      session: {
        disable_prepacking: "1",
        "intra_op.allow_spinning": "0",
        // On CUDA the arena grows by up to 1 GiB at a time, and what weights
        // leave of that is no use to activations: 1 GB for the 14B model.
        ...(device.kind === "cuda"
          ? { use_device_allocator_for_initializers: "1" }
          : {}),
        ...(weightsFolder === ""
          ? {}
          : { model_external_initializers_file_folder_path: weightsFolder }),
      },
      optimization: {
        disable_specified_optimizers:
          "ConstantFolding;FuseFp16InitializerToFp32NodeTransformer",
      },
    },
  });
}

/** The array as a tensor of the native library, which uses the same memory. */
export function nativeTensor(
  ort: OnnxRuntime,
  dims: readonly number[],
  data: FeedData,
): NativeTensor {
  if (data instanceof Float32Array) {
    return new ort.Tensor("float32", data, dims);
  }
  if (data instanceof Int32Array) return new ort.Tensor("int32", data, dims);
  if (data instanceof Uint8Array) return new ort.Tensor("uint8", data, dims);
  return new ort.Tensor("int64", data, dims);
}
