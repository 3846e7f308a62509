/**
 * Where each function that is used has its place in `struct OrtApi` of ONNX
 * Runtime {@linkcode ORT_VERSION}, and what it takes.
 *
 * The struct only grows at its end, so a place never changes; a wrong place or
 * a wrong parameter ends the process, which is why the version is pinned and
 * the library is tested before it is used. No function takes a JavaScript
 * buffer: what native code reads and writes is native memory.
 *
 * Source: `onnxruntime_c_api.h`, `ORT_API_VERSION` {@linkcode ORT_API_VERSION}.
 * On Windows the same struct holds; none of these functions takes a string of
 * `ORTCHAR_T`, which is UTF-16 there.
 *
 * @module
 */

/** The library's version that the table was made for. */
export const ORT_VERSION = "1.30.0";

/** The number by which the library hands out that struct. */
export const ORT_API_VERSION = 30;

/** One function: its place in the struct, and its C types. */
export interface ApiEntry {
  /** Its place, from 0. */
  readonly index: number;
  /** The types of what it takes. */
  readonly parameters: readonly Deno.NativeType[];
  /** The type of what it returns. */
  readonly result: Deno.NativeResultType;
}

/** A function that returns a status: null, or an error that must be released. */
function status<const Parameters extends readonly Deno.NativeType[]>(
  index: number,
  ...parameters: Parameters
) {
  return { index, parameters, result: "pointer" } as const;
}

/** A function that releases what it is given. */
function release(index: number) {
  return { index, parameters: ["pointer"], result: "void" } as const;
}

/**
 * The functions by name. Comments name the parameters; `out` is where the
 * function writes its result.
 */
export const API_TABLE = {
  // Errors: (status).
  GetErrorCode: { index: 1, parameters: ["pointer"], result: "i32" },
  GetErrorMessage: { index: 2, parameters: ["pointer"], result: "pointer" },
  ReleaseStatus: release(93),

  // The environment: (severity, name, out), (environment).
  CreateEnv: status(3, "i32", "pointer", "pointer"),
  DisableTelemetryEvents: status(6, "pointer"),
  GetBuildInfoString: { index: 254, parameters: [], result: "pointer" },

  // Memory: (out), (allocator, bytes, out), (allocator, address).
  GetAllocatorWithDefaultOptions: status(78, "pointer"),
  AllocatorAlloc: status(75, "pointer", "usize", "pointer"),
  AllocatorFree: status(76, "pointer", "pointer"),
  // (name, allocator type, device index, memory type, out)
  CreateMemoryInfo: status(68, "pointer", "i32", "i32", "i32", "pointer"),
  ReleaseMemoryInfo: release(94),
  // Arenas: (keys, values, how many, out), (environment, memory info, arena).
  CreateArenaCfgV2: status(164, "pointer", "pointer", "usize", "pointer"),
  CreateAndRegisterAllocator: status(144, "pointer", "pointer", "pointer"),
  ReleaseArenaCfg: release(157),
  // Statistics: (session, memory info, out), (allocator, out), (pairs, key).
  CreateAllocator: status(131, "pointer", "pointer", "pointer"),
  ReleaseAllocator: release(132),
  AllocatorGetStats: status(319, "pointer", "pointer"),
  GetKeyValue: {
    index: 297,
    parameters: ["pointer", "pointer"],
    result: "pointer",
  },
  ReleaseKeyValuePairs: release(300),

  // Session options: (options, ...).
  CreateSessionOptions: status(10, "pointer"),
  DisableMemPattern: status(17, "pointer"),
  DisableCpuMemArena: status(19, "pointer"),
  SetSessionLogSeverityLevel: status(22, "pointer", "i32"),
  SetSessionGraphOptimizationLevel: status(23, "pointer", "i32"),
  SetIntraOpNumThreads: status(24, "pointer", "i32"),
  AddSessionConfigEntry: status(130, "pointer", "pointer", "pointer"),
  // (options, name, value): the value must outlive the session.
  AddInitializer: status(150, "pointer", "pointer", "pointer"),
  // (options, provider's name, keys, values, how many)
  SessionOptionsAppendExecutionProvider: status(
    216,
    "pointer",
    "pointer",
    "pointer",
    "pointer",
    "usize",
  ),
  SessionOptionsSetLoadCancellationFlag: status(293, "pointer", "bool"),
  ReleaseSessionOptions: release(100),

  // The CUDA provider: (out), (options, keys, values, how many).
  CreateCUDAProviderOptions: status(205, "pointer"),
  UpdateCUDAProviderOptions: status(
    206,
    "pointer",
    "pointer",
    "pointer",
    "usize",
  ),
  ReleaseCUDAProviderOptions: release(208),
  SessionOptionsAppendExecutionProvider_CUDA_V2: status(
    204,
    "pointer",
    "pointer",
  ),

  // Sessions: (environment, model, bytes, options, out).
  CreateSessionFromArray: status(
    8,
    "pointer",
    "pointer",
    "usize",
    "pointer",
    "pointer",
  ),
  // (session, run options, input names, inputs, how many, output names, how
  // many, outputs)
  Run: status(
    9,
    "pointer",
    "pointer",
    "pointer",
    "pointer",
    "usize",
    "pointer",
    "usize",
    "pointer",
  ),
  ReleaseSession: release(95),

  // Run options: (out), (options), (options, key, value).
  CreateRunOptions: status(39, "pointer"),
  RunOptionsSetTerminate: status(46, "pointer"),
  AddRunConfigEntry: status(165, "pointer", "pointer", "pointer"),
  ReleaseRunOptions: release(97),

  // Values: (allocator, dimensions, how many, element type, out).
  CreateTensorAsOrtValue: status(
    48,
    "pointer",
    "pointer",
    "usize",
    "i32",
    "pointer",
  ),
  // (memory info, address, bytes, dimensions, how many, element type, out)
  CreateTensorWithDataAsOrtValue: status(
    49,
    "pointer",
    "pointer",
    "usize",
    "pointer",
    "usize",
    "i32",
    "pointer",
  ),
  GetTensorMutableData: status(51, "pointer", "pointer"),
  GetTensorTypeAndShape: status(65, "pointer", "pointer"),
  GetTensorElementType: status(60, "pointer", "pointer"),
  GetDimensionsCount: status(61, "pointer", "pointer"),
  GetDimensions: status(62, "pointer", "pointer", "usize"),
  ReleaseTensorTypeAndShapeInfo: release(99),
  ReleaseValue: release(96),

  // Bindings: (session, out), (binding, name, value or memory info).
  CreateIoBinding: status(134, "pointer", "pointer"),
  BindInput: status(136, "pointer", "pointer", "pointer"),
  BindOutput: status(137, "pointer", "pointer", "pointer"),
  BindOutputToDevice: status(138, "pointer", "pointer", "pointer"),
  // (binding, allocator, out: array of values, out: how many)
  GetBoundOutputValues: status(
    140,
    "pointer",
    "pointer",
    "pointer",
    "pointer",
  ),
  ClearBoundInputs: release(141), // which releases only what is bound
  ClearBoundOutputs: release(142),
  // (session, run options, binding)
  RunWithBinding: status(133, "pointer", "pointer", "pointer"),
  ReleaseIoBinding: release(135),
} as const satisfies Record<string, ApiEntry>;

/** The name of a function that is used. */
export type ApiName = keyof typeof API_TABLE;

/** The C types of a function. */
export type Definition<Name extends ApiName> = {
  /** The types of what it takes. */
  parameters: (typeof API_TABLE)[Name]["parameters"];
  /** The type of what it returns. */
  result: (typeof API_TABLE)[Name]["result"];
};

/** The functions, called on this thread. */
export type Api = {
  readonly [Name in ApiName]: Deno.UnsafeFnPointer<Definition<Name>>["call"];
};

/** The functions that take long, called on another thread. */
export type AsyncApi = {
  readonly [
    Name in (typeof ASYNC_NAMES)[number]
  ]: Deno.UnsafeFnPointer<Definition<Name> & { nonblocking: true }>["call"];
};

/** The functions that take long. */
export const ASYNC_NAMES = [
  "CreateSessionFromArray",
  "Run",
  "RunWithBinding",
  "ReleaseSession",
] as const satisfies readonly ApiName[];
