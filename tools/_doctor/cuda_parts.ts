/**
 * What CUDA needs and what of it is there: NVIDIA's driver, the provider files
 * of ONNX Runtime, the libraries of CUDA and cuDNN 9. Which version of CUDA the
 * provider file says itself.
 *
 * The driver is asked through its own library, so that neither `nvidia-smi`
 * nor `/proc` has to be permitted: `--allow-ffi` is enough.
 *
 * @module
 */

import { join } from "node:path";
import { FormatError } from "../../core/base/errors.ts";
import { fileExists, openFileSource } from "../../core/files/files.ts";
import { onnxRuntimeFolder } from "../../core/onnx/runtime/onnx_runtime.ts";
import { neededLibraries } from "./needed_libraries.ts";

/** One GPU, as its driver describes it. */
export interface NvidiaGpu {
  /** For example `NVIDIA GeForce RTX 4090`. */
  readonly name: string;
  /** Bytes in all. */
  readonly memory: number;
}

/** What the driver says. */
export interface NvidiaDriver {
  /** The newest CUDA that it runs, for example `12.8`. */
  readonly cuda: string;
  /** Its GPUs, in the order of `cuda:0`, `cuda:1`. */
  readonly gpus: readonly NvidiaGpu[];
}

/** What CUDA needs, piece by piece. */
export interface CudaParts {
  /** The driver, or why it does not answer. */
  readonly driver: NvidiaDriver | string;
  /** Where the provider files belong. */
  readonly providerFolder: string;
  /** The provider files that are not there. */
  readonly missingProviders: readonly string[];
  /**
   * The version of CUDA that the provider file is built for, 12 or 13; nothing
   * when it is not there.
   */
  readonly cudaVersion?: number | undefined;
  /** The libraries that cannot be loaded, if they were looked for. */
  readonly missingLibraries: readonly string[];
}

/** The provider files that ONNX Runtime's package leaves out. */
const PROVIDERS = [
  "libonnxruntime_providers_shared.so",
  "libonnxruntime_providers_cuda.so",
] as const;

/** The provider opens it when a graph has its first convolution or attention. */
const CUDNN = "libcudnn.so.9";

/** The machines for which ONNX Runtime's package has a CUDA provider. */
export function hasCudaProvider(
  { os, arch }: { os: string; arch: string } = Deno.build,
): boolean {
  return os === "linux" && arch === "x86_64";
}

/**
 * Looks for everything that CUDA needs. Missing parts are no errors.
 *
 * @param options.libraries whether the libraries of CUDA are looked for too,
 * where there is a driver; loading them takes a moment and is of no use if
 * CUDA works
 * @throws {Deno.errors.NotCapable} Without `--allow-ffi` and `--allow-read`.
 */
export async function findCudaParts(
  options: { libraries: boolean },
): Promise<CudaParts> {
  const driver = askDriver();
  const folder = onnxRuntimeFolder();
  const providerFolder = folder === undefined
    ? ""
    : join(folder, "bin", "napi-v6", "linux", "x64");
  const missingProviders: string[] = [];
  for (const name of PROVIDERS) {
    const there = await fileExists(join(providerFolder, name));
    if (!there) missingProviders.push(name);
  }
  const [, provider] = PROVIDERS;
  const libraries = missingProviders.includes(provider)
    ? []
    : cudaLibraries(join(providerFolder, provider));
  // Half a file, left by a download that was cut, is as good as none.
  if (!libraries) missingProviders.push(provider);
  const cudaVersion = libraries
    ?.map((name) => /^libcudart\.so\.(\d+)$/.exec(name)?.[1])
    .find((version) => version !== undefined);
  const missingLibraries: string[] = [];
  const wanted = options.libraries && typeof driver !== "string"
    ? libraries ?? []
    : [];
  for (const name of wanted) {
    const beside = join(providerFolder, name);
    if (await fileExists(beside) || canLoad(name)) continue;
    missingLibraries.push(name);
  }
  return {
    driver,
    providerFolder,
    missingProviders,
    missingLibraries,
    ...(cudaVersion !== undefined && { cudaVersion: Number(cudaVersion) }),
  };
}

/**
 * What of CUDA a provider file asks for, the driver's own library aside;
 * nothing when it is no library.
 */
function cudaLibraries(provider: string): string[] | undefined {
  using file = openFileSource(provider);
  let names: string[];
  try {
    names = neededLibraries(file);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
  const linked = names.filter((name) => /^libcu(?!da\.so)/.test(name));
  return [...new Set([...linked, CUDNN])];
}

function canLoad(library: string): boolean {
  try {
    Deno.dlopen(library, {}); // left open: CUDA's libraries do not like to leave
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}

/** The few functions of the driver's library that are asked. */
const SYMBOLS = {
  cuInit: { parameters: ["u32"], result: "i32" },
  cuDriverGetVersion: { parameters: ["buffer"], result: "i32" },
  cuDeviceGetCount: { parameters: ["buffer"], result: "i32" },
  cuDeviceGet: { parameters: ["buffer", "i32"], result: "i32" },
  cuDeviceGetName: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  cuDeviceTotalMem_v2: { parameters: ["buffer", "i32"], result: "i32" },
} as const;

/** What the driver's error codes mean that a person can do something about. */
const CODES: Readonly<Record<number, string>> = {
  100: "it sees no GPU",
  101: "it sees no such GPU",
  803: "its parts have different versions; restart the machine",
  804: "it is older than the CUDA in this container",
  999: "it is in an unknown state; restart the machine",
};

/**
 * What a driver's library answers, or why it does not. The library stays
 * loaded: another part of the process may be at work with it.
 */
export function askDriver(
  library: string = Deno.build.os === "windows" ? "nvcuda.dll" : "libcuda.so.1",
): NvidiaDriver | string {
  let opened: Deno.DynamicLibrary<typeof SYMBOLS>;
  try {
    opened = Deno.dlopen(library, SYMBOLS);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return `its library ${library} is not there`;
  }
  const cuda = opened.symbols;
  const ok = (code: number, action: string) => {
    if (code === 0) return;
    throw new Error(CODES[code] ?? `${action} fails with error ${code}`);
  };
  try {
    ok(cuda.cuInit(0), "cuInit");
    const number = new Int32Array(1);
    ok(cuda.cuDriverGetVersion(number), "cuDriverGetVersion");
    const version = number[0]!;
    ok(cuda.cuDeviceGetCount(number), "cuDeviceGetCount");
    const gpus = Array.from({ length: number[0]! }, (_, index) => {
      ok(cuda.cuDeviceGet(number, index), "cuDeviceGet");
      const name = new Uint8Array(256);
      ok(
        cuda.cuDeviceGetName(name, name.length, number[0]!),
        "cuDeviceGetName",
      );
      const memory = new BigUint64Array(1);
      ok(
        cuda.cuDeviceTotalMem_v2(memory, number[0]!),
        "cuDeviceTotalMem",
      );
      return {
        name: new TextDecoder().decode(name.subarray(0, name.indexOf(0))),
        memory: Number(memory[0]),
      };
    });
    return {
      // 1000 * major + 10 * minor
      cuda: `${Math.floor(version / 1000)}.${Math.floor(version % 1000 / 10)}`,
      gpus,
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
