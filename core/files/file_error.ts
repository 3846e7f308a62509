/**
 * What the operating system says about a file, in the terms of this project.
 *
 * @module
 */

import { quote } from "../base/errors.ts";

const STATES: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the quota of this disk is used up",
  EROFS: "the file system is read-only",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENAMETOOLONG: "its name is too long for the file system",
  ENOTDIR: "a part of its path is a file, expected a folder",
  EEXIST: "a part of its path is a file, expected a folder", // from mkdir
  EISDIR: "it is a folder, expected a file",
  ELOOP: "symlink loop",
  EMFILE: "too many files are open",
};

/**
 * An error of the system as "Cannot <action> <path>: <state>", of the same
 * class and with the original as its cause. What is no error of the system,
 * and a permission that Deno was not given, is returned as it is.
 *
 * @param action What was tried, for example `"write"`.
 */
export function fileError(
  action: string,
  path: string,
  cause: unknown,
): unknown {
  if (!(cause instanceof Error) || cause instanceof Deno.errors.NotCapable) {
    return cause;
  }
  const { code } = cause as { code?: unknown };
  const state = typeof code === "string" ? STATES[code] : undefined;
  if (state === undefined) return cause;
  // The same class, so that errors can still be told apart by it.
  const SameError = cause.constructor as ErrorConstructor;
  const message = `Cannot ${action} ${quote(path)}: ${state}`;
  return Object.assign(new SameError(message, { cause }), { code });
}
