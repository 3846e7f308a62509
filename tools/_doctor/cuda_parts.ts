/**
 * The components that CUDA needs: NVIDIA's driver, the provider libraries of
 * ONNX Runtime, the libraries of CUDA and cuDNN 9. The version of CUDA is read
 * from the provider library.
 *
 * The driver is queried through its own library, so that neither `nvidia-smi`
 * nor `/proc` has to be permitted: `--allow-ffi` is enough.
 *
 * @module
 */

import { join } from "node:path";
import { FormatError } from "../../core/base/errors.ts";
import { fileExists, openFileSource } from "../../core/files/files.ts";
import {
  cudaProviderFolder,
  PROVIDER_FILES as PROVIDERS,
} from "../../core/onnx/runtime/cuda_provider.ts";
import { neededLibraries } from "./needed_libraries.ts";

/** One GPU, as its driver describes it. */
export interface NvidiaGpu {
  /** For example `NVIDIA GeForce RTX 4090`. */
  readonly name: string;
  /** Total memory in bytes. */
  readonly memory: number;
}

/** The driver's report. */
export interface NvidiaDriver {
  /** The newest supported version of CUDA, for example `12.8`. */
  readonly cuda: string;
  /** Its GPUs, in the order of `cuda:0`, `cuda:1`. */
  readonly gpus: readonly NvidiaGpu[];
}

/** The components of CUDA, found and missing. */
export interface CudaParts {
  /** The driver, or why it is not usable. */
  readonly driver: NvidiaDriver | string;
  /** The folder of the provider libraries. */
  readonly providerFolder: string;
  /** The provider libraries that are missing. */
  readonly missingProviders: readonly string[];
  /**
   * The version of CUDA that the provider library is built for, 12 or 13;
   * undefined if the library is missing.
   */
  readonly cudaVersion?: number | undefined;
  /** The libraries that cannot be loaded, if checked. */
  readonly missingLibraries: readonly string[];
}

/**
 * Opened by the provider for a graph's first convolution or attention: without
 * it a session opens, and fails when it runs.
 */
export const CUDNN = "libcudnn.so.9";

/**
 * Finds the components that CUDA needs. Missing ones are not errors.
 *
 * @param options.libraries whether to check the libraries of CUDA too, if there
 * is a driver; loading them takes a moment and is pointless if CUDA works
 * @throws {Deno.errors.NotCapable} Without `--allow-ffi` and `--allow-read`.
 */
export async function findCudaParts(
  options: { libraries: boolean },
): Promise<CudaParts> {
  const driver = askDriver();
  const providerFolder = cudaProviderFolder();
  const missingProviders: string[] = [];
  for (const name of PROVIDERS) {
    const there = await fileExists(join(providerFolder, name));
    if (!there) missingProviders.push(name);
  }
  const [, provider] = PROVIDERS;
  const libraries = missingProviders.includes(provider)
    ? []
    : cudaLibraries(join(providerFolder, provider));
  // A partial file of an interrupted download counts as missing.
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
 * cuDNN, and the libraries of CUDA that a provider library is linked with,
 * without the driver's own; undefined if it is not a library.
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
  return [...new Set([CUDNN, ...linked])];
}

function canLoad(library: string): boolean {
  try {
    Deno.dlopen(library, {}); // not closed: CUDA's libraries cannot be unloaded safely
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}

/** The functions of the driver's library that are called. */
const SYMBOLS = {
  cuInit: { parameters: ["u32"], result: "i32" },
  cuDriverGetVersion: { parameters: ["buffer"], result: "i32" },
  cuDeviceGetCount: { parameters: ["buffer"], result: "i32" },
  cuDeviceGet: { parameters: ["buffer", "i32"], result: "i32" },
  cuDeviceGetName: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  cuDeviceTotalMem_v2: { parameters: ["buffer", "i32"], result: "i32" },
} as const;

/** Driver error codes that a user can fix. */
const CODES: Readonly<Record<number, string>> = {
  100: "no GPU found",
  101: "no such GPU",
  803: "the driver's components have different versions; restart the machine",
  804: "the driver is older than the CUDA in this container",
  999: "the driver is in an unknown state; restart the machine",
};

/**
 * Queries a driver library, or returns why it is not usable. The library stays
 * loaded, because another part of the process may use it.
 */
export function askDriver(
  library: string = Deno.build.os === "windows" ? "nvcuda.dll" : "libcuda.so.1",
): NvidiaDriver | string {
  let opened: Deno.DynamicLibrary<typeof SYMBOLS>;
  try {
    opened = Deno.dlopen(library, SYMBOLS);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return `${library} not found`;
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
