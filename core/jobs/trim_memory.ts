/**
 * Hands memory that has been freed back to the system.
 *
 * Each thread that allocates has a heap of its own in glibc, and what is freed
 * in the middle of one stays with the process. Items are made by dozens of
 * threads (the encoder's, ONNX Runtime's, Deno's), so a run of many items
 * grows although nothing leaks.
 *
 * @module
 */

/** `malloc_trim` of the C library, opened at the first call. */
let trim: (() => void) | undefined;

/**
 * Gives back whole pages that are free, in milliseconds. Does nothing where
 * the C library is not glibc or native code is not allowed.
 */
export function trimMemory(): void {
  trim ??= openTrim();
  trim();
}

function openTrim(): () => void {
  if (Deno.build.os !== "linux") return () => {};
  // Nobody is asked for a permission that only saves memory.
  const { state } = Deno.permissions.querySync({ name: "ffi" });
  if (state !== "granted") return () => {};
  try {
    const { symbols } = Deno.dlopen("libc.so.6", {
      malloc_trim: { parameters: ["usize"], result: "i32" },
    });
    return () => void symbols.malloc_trim(0n);
  } catch {
    return () => {}; // another C library
  }
}
