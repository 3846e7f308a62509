/**
 * How a native package is loaded: late, once, and with an error that tells the
 * way out.
 *
 * @module
 */

import { withHint } from "../base/errors.ts";

/** What to say about a native package that does not load. */
export interface NativePackage {
  /** The package, for the message. */
  readonly name: string;
  /** What cannot be done without it, after "Cannot ". */
  readonly purpose: string;
  /** The permission flags it needs. */
  readonly permissions: string;
}

/**
 * A loader that imports a native package at its first call and hands out the
 * same module afterwards. A failed import is tried again at the next call.
 *
 * The loader throws an `Error` with `cause` and a HINT when the package does
 * not load.
 */
export function lazyNative<Module>(
  about: NativePackage,
  load: () => Promise<Module>,
): () => Promise<Module> {
  let loaded: Promise<Module> | undefined;
  return () => {
    loaded ??= load().catch((cause: unknown) => {
      loaded = undefined;
      throw explain(about, cause);
    });
    return loaded;
  };
}

function explain(about: NativePackage, cause: unknown): Error {
  const reason = cause instanceof Error
    ? cause.message.trim().split("\n")[0]
    : String(cause);
  const message =
    `Cannot ${about.purpose}: the native package ${about.name} did not load (${reason})`;
  // sharp and node-av wrap a refused permission in an error of their own.
  const refused = cause instanceof Deno.errors.NotCapable ||
    /NotCapable|Requires \w+ access/.test(String(cause));
  return new Error(
    withHint(
      message,
      refused
        ? `Native code needs Deno's leave: add ${about.permissions}`
        : `The package brings binaries for Linux, macOS and Windows on x64 and arm64; ${about.name} must be installed for ${Deno.build.os} ${Deno.build.arch}.`,
    ),
    { cause },
  );
}
