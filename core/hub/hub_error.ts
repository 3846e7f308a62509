/**
 * The error of a download that cannot continue, with a code.
 *
 * @module
 */

/**
 * Why a download cannot continue:
 * - `unauthorized`: the hub wants a token, or does not take this one
 * - `forbidden`: the token may not read it: its license must be accepted first
 * - `not-found`: there is no such repository, revision or file
 * - `unreachable`: the connection failed again and again
 * - `protocol`: the answer is not what the hub's protocol says
 * - `changed`: the file on the server is another than the one listed
 * - `hash-mismatch`: what arrived is not what the repository lists
 * - `no-space`: the disk is too small
 */
export type HubErrorCode =
  | "unauthorized"
  | "forbidden"
  | "not-found"
  | "unreachable"
  | "protocol"
  | "changed"
  | "hash-mismatch"
  | "no-space";

/** A download cannot continue; `code` says why. */
export class HubError extends Error {
  /** The class name, as it is printed in an error. */
  override readonly name = "HubError";
  /** Why. */
  readonly code: HubErrorCode;

  /** An error with its code and message. */
  constructor(code: HubErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
