/**
 * Ends a process rightly while the library works on another thread.
 *
 * `exit()` destroys the library's global objects. A call that is under way
 * still uses them, and now and then the process ended in a segmentation fault, with
 * the exit code 139. A process that is ended by `Deno.exit()` with an error
 * code during such a call ends at once, without the C library's exit handlers.
 */

/** Libraries that have `_exit`, the first one that is there. */
const C_LIBRARIES: Partial<Record<typeof Deno.build.os, readonly string[]>> = {
  linux: ["libc.so.6", "libc.so"],
  darwin: ["/usr/lib/libSystem.B.dylib"],
};

let underWay = 0;
let isWatched = false;

/** The same function, each of whose calls counts until it has ended. */
export function counted<Arguments extends unknown[], Result>(
  call: (...args: Arguments) => Promise<Result>,
): (...args: Arguments) => Promise<Result> {
  return async (...args) => {
    underWay++;
    try {
      return await call(...args);
    } finally {
      underWay--;
    }
  };
}

/** Watches for the end of the process, after all that did so before. */
export function watchEnd(): void {
  if (isWatched) return;
  isWatched = true;
  const end = findExit();
  addEventListener("unload", () => {
    // A test file that ends, for one, is no end of the process: its code is 0.
    if (underWay > 0 && Deno.exitCode !== 0) end?.(Deno.exitCode);
  });
}

function findExit(): ((code: number) => void) | undefined {
  for (const path of C_LIBRARIES[Deno.build.os] ?? []) {
    try {
      const { symbols } = Deno.dlopen(path, {
        _exit: { parameters: ["i32"], result: "void" },
      });
      return (code) => symbols._exit(code);
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      // This one is not there.
    }
  }
  return undefined;
}
