/** What the native library says, as an error that says what to do about it. */

import { withHint } from "../../base/errors.ts";

/** What is known about a message of the native library, the first match counts. */
const KNOWN: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [
    /bad_alloc|failed to allocate|out of memory|CUDA failure 2\b|not enough memory/i,
    "The memory is not enough; take a smaller size, a precision with fewer bits, or tiles, or close what else uses it.",
  ],
  [
    /requires ffi access|NotCapable/i,
    "ONNX Runtime is a native library; allow it with --allow-ffi.",
  ],
  [
    /libonnxruntime_providers|onnxruntime_providers_\w+\.(so|dll)|ExecutionProvider_Cuda/i,
    "The CUDA provider, or a library that it needs, is not installed. Its files (libonnxruntime_providers_cuda.so and _shared.so, Linux x64) " +
    'come with "nodeModulesDir": "auto" in deno.json and then ' +
    "`deno install --allow-scripts=npm:onnxruntime-node --entrypoint core/onnx/runtime/onnx_runtime.ts`; " +
    "the libraries of CUDA and cuDNN 9 must be there as well. tools/doctor.ts looks for every piece and says in which version.",
  ],
  [
    /lib(cudart|cublas|cublasLt|cudnn|cufft|curand|nvrtc)\b/i,
    "A library of CUDA or cuDNN 9 is missing; install it and put its folder into LD_LIBRARY_PATH. tools/doctor.ts says in which version.",
  ],
  [
    /no CUDA-capable device|CUDA driver version|invalid device ordinal|CUDA failure (35|100|101)\b/i,
    "No such NVIDIA GPU can be used; `nvidia-smi` lists those that are there and the driver's CUDA version.",
  ],
  [
    /adapter|vulkan|webgpu.*device|RequestDevice/i,
    "WebGPU found no GPU. On Linux it needs a Vulkan 1.3 driver (Debian, Ubuntu: mesa-vulkan-drivers 23 or later, or NVIDIA's own); `vulkaninfo --summary` shows what is there.",
  ],
];

/** Where in the library's own sources a check failed; of no use to a reader. */
const ORIGIN =
  /^\S*onnxruntime_src\S* .*? was false\. |\S*onnxruntime_src\S* .*?\[ONNXRuntimeError\] : \d+ : \w+ : /s;

/** An error from the words of the native library, with a hint where one is known. */
export function explain(action: string, message: string): Error {
  const text = `${action}: ${message.replace(ORIGIN, "").trim()}`;
  const known = KNOWN.find(([pattern]) => pattern.test(message));
  return new Error(known ? withHint(text, known[1]) : text);
}
