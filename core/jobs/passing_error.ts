/**
 * Which errors of an item may pass by themselves.
 *
 * @module
 */

/** What the system answers when something is used up or away for a while. */
const PASSING_CODES: ReadonlySet<unknown> = new Set([
  "ENOSPC",
  "EDQUOT",
  "EMFILE",
  "ENFILE",
  "ENOMEM",
  "EAGAIN",
  "EBUSY",
  "EIO",
  "ESTALE",
  "ETIMEDOUT",
  "EHOSTDOWN",
]);

/** What drivers and ONNX Runtime say when a GPU is lost or full. */
const PASSING_MESSAGE =
  /device (?:was |is |has been )?lost|DEVICE_LOST|CUDA (?:error|failure)|CUBLAS|CUDNN|out of memory|failed to allocate/i;

/**
 * Whether the same work may succeed a little later: the disk is full, the file
 * system is away, the GPU is lost or its memory is taken by another program.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { mayPass } from "./passing_error.ts";
 * assert.ok(mayPass(Object.assign(new Error("full"), { code: "ENOSPC" })));
 * assert.ok(!mayPass(new RangeError("the tracks are too short")));
 * ```
 */
export function mayPass(error: unknown): boolean {
  for (let cause = error, depth = 0; depth < 8; depth++) {
    if (!(cause instanceof Error)) return false;
    const { code } = cause as { code?: unknown };
    if (PASSING_CODES.has(code) || PASSING_MESSAGE.test(cause.message)) {
      return true;
    }
    cause = cause.cause;
  }
  return false;
}
