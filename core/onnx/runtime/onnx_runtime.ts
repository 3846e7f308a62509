/**
 * The door to ONNX Runtime's package: its Node.js binding, which is loaded
 * only when it is asked for, and where its library is.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { quote } from "../../base/errors.ts";
import type * as Ort from "npm:onnxruntime-node@1.30.0";
import type { FeedData, SessionSettings } from "./_messages.ts";
import { sessionConfig } from "./_session_recipe.ts";
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

/** The library's file in its package, by `Deno.build.os`. */
const LIBRARIES: Partial<
  Record<typeof Deno.build.os, readonly [folder: string, file: string]>
> = {
  linux: ["linux", "libonnxruntime.so.1"],
  darwin: ["darwin", "libonnxruntime.1.30.0.dylib"],
  windows: ["win32", "onnxruntime.dll"],
};

let replaced: string | undefined;
let isLoaded = false;

/**
 * Uses the same library at another path, next to which other providers are.
 *
 * @throws {Error} When it was loaded before.
 */
export function replaceLibrary(path: string): void {
  if (isLoaded) {
    throw new Error(
      `Cannot use ${quote(path)}: ONNX Runtime was loaded before`,
    );
  }
  replaced = path;
}

/** The path of the native library, which is about to be loaded. */
export function libraryToLoad(): string | undefined {
  isLoaded = true;
  return onnxRuntimeLibrary();
}

/**
 * The native library's own file, for its C API; undefined where Deno does not
 * tell or the package has none for this platform. Nothing is loaded.
 */
export function onnxRuntimeLibrary(): string | undefined {
  if (replaced !== undefined) return replaced;
  const folder = onnxRuntimeFolder();
  const library = LIBRARIES[Deno.build.os];
  if (folder === undefined || library === undefined) return undefined;
  const [os, file] = library;
  const arch = Deno.build.arch === "aarch64" ? "arm64" : "x64";
  return join(folder, "bin", "napi-v6", os, arch, file);
}

/**
 * Opens a session of the binding over a model in memory whose weights stay in
 * their files. Of the CUDA provider's own options the binding passes on
 * `deviceId` alone.
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
    extra: nested(sessionConfig({ device, weightsFolder })),
  });
}

/** Entries as the binding takes them: `{"a.b": c}` as `{a: {b: c}}`. */
function nested(
  entries: Readonly<Record<string, string>>,
): Record<string, Record<string, string>> {
  const groups: Record<string, Record<string, string>> = {};
  for (const [key, value] of Object.entries(entries)) {
    const dot = key.indexOf(".");
    (groups[key.slice(0, dot)] ??= {})[key.slice(dot + 1)] = value;
  }
  return groups;
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
