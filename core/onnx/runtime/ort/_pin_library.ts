/**
 * Keeps a library loaded until the process has ended.
 *
 * Deno closes what it has opened when JavaScript ends, by an uncaught error or
 * because a Worker is terminated. A run that is under way on another thread
 * would lose the code that it executes, and the process would end in a
 * segmentation fault.
 */

import { quote } from "../../../base/errors.ts";

/** Libraries that have `dlopen`, the first one that is there; its `RTLD_NOW`. */
const LOADERS: Partial<Record<typeof Deno.build.os, readonly string[]>> = {
  linux: ["libc.so.6", "libdl.so.2", "libc.so"],
  darwin: ["/usr/lib/libSystem.B.dylib"],
};
const RTLD_NOW = 2;

/** `GET_MODULE_HANDLE_EX_FLAG_PIN`. */
const PIN = 1;

/**
 * Opens a library once more, which nobody will close.
 *
 * @throws {Error} When the system has no way to do so.
 */
export function pinLibrary(path: string): void {
  const pinned = Deno.build.os === "windows" ? pinModule(path) : open(path);
  if (pinned) return;
  throw new Error(
    `Cannot use ${quote(path)}: it cannot be kept loaded while it works`,
  );
}

function open(path: string): boolean {
  for (const loader of LOADERS[Deno.build.os] ?? []) {
    try {
      const library = Deno.dlopen(loader, {
        dlopen: { parameters: ["buffer", "i32"], result: "pointer" },
      });
      const name = new TextEncoder().encode(`${path}\0`);
      const handle = library.symbols.dlopen(name, RTLD_NOW);
      library.close();
      if (handle !== null) return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      // This one is not there or lacks the function.
    }
  }
  return false;
}

function pinModule(path: string): boolean {
  const library = Deno.dlopen("kernel32.dll", {
    GetModuleHandleExW: {
      parameters: ["u32", "buffer", "buffer"],
      result: "i32",
    },
  });
  const name = Uint16Array.from(`${path}\0`, (char) => char.charCodeAt(0));
  const handle = new BigUint64Array(1);
  const found = library.symbols.GetModuleHandleExW(PIN, name, handle);
  library.close();
  return found !== 0;
}
