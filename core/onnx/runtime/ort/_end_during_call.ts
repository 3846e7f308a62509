/**
 * Ends a process rightly while the library works on another thread.
 *
 * `exit()` destroys the global objects of libraries. A call that is under way
 * still uses them, and now and then the process ended in a segmentation fault,
 * with the exit code 139.
 *
 * With glibc, `_exit()` is the handler that `exit()` calls first: the process
 * ends with its code, and no handler runs that was registered before, however
 * the process came to its end. (Deno's reset of a raw terminal is one of them:
 * a program that sets it to raw before it opens a runtime resets it itself.)
 * macOS has no such handler; there `Deno.exit()` with an error code ends the
 * process at once while a call is under way, and an uncaught error does not.
 */

let underWay = 0;
let isWatched = false;
const skipped = new Set<string>();

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

/**
 * Sees to the end of the process. Handlers run from the newest to the oldest,
 * so it is called again when more libraries have been loaded, once for each
 * `loaded`.
 */
export function watchEnd(loaded: string): void {
  if (skipped.has(loaded)) return;
  if (skipExitHandlers()) skipped.add(loaded);
  else watchUnload();
}

/** Whether `exit()` will call `_exit()` before the handlers known so far. */
function skipExitHandlers(): boolean {
  if (Deno.build.os !== "linux") return false;
  const symbols = openLibrary("libc.so.6", {
    on_exit: { parameters: ["pointer", "pointer"], result: "i32" },
    // The address of the function, which `exit()` gives its code.
    _exit: { type: "pointer" },
  });
  return symbols?.on_exit(symbols._exit, null) === 0;
}

function watchUnload(): void {
  if (isWatched) return;
  isWatched = true;
  const path = Deno.build.os === "darwin"
    ? "/usr/lib/libSystem.B.dylib"
    : "libc.so";
  const symbols = openLibrary(path, {
    _exit: { parameters: ["i32"], result: "void" },
  });
  addEventListener("unload", () => {
    // A test file that ends, for one, is no end of the process: its code is 0.
    if (underWay > 0 && Deno.exitCode !== 0) symbols?._exit(Deno.exitCode);
  });
}

/** The functions of a library; `undefined` when they are not there. */
function openLibrary<Symbols extends Deno.ForeignLibraryInterface>(
  path: string,
  symbols: Symbols,
): Deno.DynamicLibrary<Symbols>["symbols"] | undefined {
  try {
    return Deno.dlopen(path, symbols).symbols;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}
