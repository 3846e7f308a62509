/**
 * The errors of both readers of torch checkpoints.
 *
 * @module
 */

import { quote, withHint } from "../base/errors.ts";
import {
  CheckpointError,
  type CheckpointErrorCode,
} from "./checkpoint_error.ts";

/** Makes the error that says what is wrong with a file. */
export type FailTorch = (
  code: CheckpointErrorCode,
  state: string,
  options?: { hint?: string; cause?: unknown; offset?: number },
) => CheckpointError;

/** What helps with a file that this version of torch's format cannot give. */
export const RESAVE =
  'Save it again with a current torch: torch.save(torch.load("old.pth", weights_only=True), "new.pth"), or convert it to safetensors.';

/** What helps with a file of a big-endian machine. */
export const RESAVE_LITTLE_ENDIAN =
  "Save it again on a little-endian machine (x86 or ARM).";

/**
 * Errors of the form "Cannot read <file> as <kind>: <state>".
 *
 * @param kind what the file was read as, with its article
 */
export function torchFailure(file: string, kind: string): FailTorch {
  return (code, state, { hint, ...rest } = {}) => {
    const message = `Cannot read ${quote(file)} as ${kind}: ${state}`;
    return new CheckpointError(
      code,
      hint ? withHint(message, hint) : message,
      rest,
    );
  };
}
