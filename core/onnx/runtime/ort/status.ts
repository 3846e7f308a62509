/** What the library's functions return: nothing, or an error. */

import type { Api } from "./api_table.ts";
import { readText } from "./native_memory.ts";

/** An error of the library, in its words. */
export class OrtError extends Error {
  /** The class name, as it appears in a printed error. */
  override readonly name: string = "OrtError";
  /** `OrtErrorCode`: 1 for a failure, 2 for an invalid argument, and so on. */
  readonly code: number;

  /** An error of that code. */
  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

/**
 * Throws the error that a status holds, and releases it.
 *
 * @throws {OrtError} Unless the status is null.
 */
export function checkStatus(
  api: Pick<Api, "GetErrorCode" | "GetErrorMessage" | "ReleaseStatus">,
  status: Deno.PointerValue,
): void {
  if (status === null) return;
  const message = readText(api.GetErrorMessage(status));
  const code = api.GetErrorCode(status);
  api.ReleaseStatus(status);
  throw new OrtError(message, code);
}
