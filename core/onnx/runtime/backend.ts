/**
 * By which interface of ONNX Runtime graphs run: the C API of its library, or
 * the Node.js binding of its package.
 *
 * Both load the same library and compute the same numbers. With the C API a
 * run can be ended, no worker is needed, and tensors can stay on a device.
 *
 * @module
 */

import { chooseBackend } from "./_choose_backend.ts";
import type { RuntimeBackend } from "./runtime_interface.ts";

export type { RuntimeBackend } from "./runtime_interface.ts";

/**
 * The backend that is used by default. The library is loaded and tested at
 * the first call.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { describeBackend, runtimeBackend } from "./backend.ts";
 * assert.match(describeBackend(runtimeBackend()), /^ONNX Runtime /);
 * ```
 */
export function runtimeBackend(): RuntimeBackend {
  const chosen = chooseBackend();
  return chosen.kind === "c-api" ? { kind: chosen.kind } : chosen;
}

/** One line about a backend. */
export function describeBackend(backend: RuntimeBackend): string {
  return backend.kind === "c-api"
    ? "ONNX Runtime by its C API"
    : `ONNX Runtime by its Node.js binding: ${backend.reason}`;
}
