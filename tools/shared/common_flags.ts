/**
 * Flags that several tools have: one text for each.
 *
 * @module
 */

/** Replaces outputs. */
export const OVERWRITE = [
  "--overwrite",
  "overwrite existing output files",
] as const;

/** Where the CUDA provider is, if not next to ONNX Runtime's own library. */
export const CUDA_PROVIDER = [
  "--cuda_provider <folder>",
  "folder with ONNX Runtime's CUDA provider, for example onnxruntime/capi of the wheel onnxruntime-gpu",
] as const;

/** Prints more. */
export const VERBOSE = [
  "--verbose",
  "print file locations and stack traces",
] as const;
