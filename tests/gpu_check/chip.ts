/**
 * What an NVIDIA GPU is said to reach, from what its driver says of it.
 *
 * @module
 */

import type { ComputeType } from "../../core/onnx/graph/graph_target.ts";

/** A GPU, as its driver describes it. */
export interface Chip {
  readonly name: string;
  /** Compute capability times 10, for example 89. */
  readonly capability: number;
  readonly multiprocessors: number;
  /** The highest clock in MHz. */
  readonly clock: number;
  /** Its memory in bytes. */
  readonly memory: number;
  /** The newest CUDA that the driver knows, for example 12.8. */
  readonly driver: string;
}

/**
 * Floating-point operations of one multiprocessor in a clock with 16-bit
 * factors and 32-bit sums, dense: the tensor cores of data centers, and of
 * GeForce cards where these have half of it. Source: NVIDIA's architecture
 * papers.
 */
const RATES: Readonly<
  Record<number, readonly [data: number, geforce: number]>
> = {
  70: [1024, 1024],
  75: [1024, 512],
  80: [2048, 2048],
  86: [1024, 512],
  89: [1024, 512],
  90: [4096, 4096],
  100: [8192, 8192],
  103: [8192, 8192],
  120: [1024, 512],
};

/** The chip's rate in FLOP/s; undefined where it is not known. */
export function chipRate(
  { name, capability, multiprocessors, clock }: Chip,
  compute: ComputeType,
): number | undefined {
  const [data, geforce] = RATES[capability] ?? [];
  if (data === undefined || geforce === undefined) return undefined;
  const perClock = /GeForce/.test(name) ? geforce : data;
  // TF32 has half the rate of 16 bits.
  const share = compute === "float32" ? 0.5 : 1;
  return share * perClock * multiprocessors * clock * 1e6;
}

const SYMBOLS = {
  cuInit: { parameters: ["u32"], result: "i32" },
  cuDriverGetVersion: { parameters: ["buffer"], result: "i32" },
  cuDeviceGet: { parameters: ["buffer", "i32"], result: "i32" },
  cuDeviceGetName: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  cuDeviceTotalMem_v2: { parameters: ["buffer", "i32"], result: "i32" },
  cuDeviceGetAttribute: {
    parameters: ["buffer", "i32", "i32"],
    result: "i32",
  },
} as const;

/** `CU_DEVICE_ATTRIBUTE_...` */
const CLOCK = 13, MULTIPROCESSORS = 16, MAJOR = 75, MINOR = 76;

/** Queries the driver; undefined where there is none, or no such GPU. */
export function queryChip(index: number): Chip | undefined {
  let cuda: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
  try {
    cuda = Deno.dlopen(
      Deno.build.os === "windows" ? "nvcuda.dll" : "libcuda.so.1",
      SYMBOLS,
    ).symbols;
  } catch {
    return undefined;
  }
  const out = new Int32Array(1);
  if (cuda.cuInit(0) !== 0 || cuda.cuDeviceGet(out, index) !== 0) {
    return undefined;
  }
  const device = out[0]!;
  const attribute = (which: number) =>
    cuda.cuDeviceGetAttribute(out, which, device) === 0 ? out[0]! : 0;
  const name = new Uint8Array(256);
  cuda.cuDeviceGetName(name, name.length, device);
  const memory = new BigUint64Array(1);
  cuda.cuDeviceTotalMem_v2(memory, device);
  const version = cuda.cuDriverGetVersion(out) === 0 ? out[0]! : 0;
  return {
    name: new TextDecoder().decode(name.subarray(0, name.indexOf(0))),
    capability: 10 * attribute(MAJOR) + attribute(MINOR),
    multiprocessors: attribute(MULTIPROCESSORS),
    clock: attribute(CLOCK) / 1000,
    memory: Number(memory[0]),
    driver: `${Math.floor(version / 1000)}.${Math.floor(version % 1000 / 10)}`,
  };
}
