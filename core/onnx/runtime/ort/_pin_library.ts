/**
 * Keeps a native library in memory until the process ends.
 *
 * @module
 */

/** The flags that open a library for good, and where `dlopen` is. */
const LOADERS: Partial<
  Record<
    typeof Deno.build.os,
    { readonly flags: number; readonly paths: readonly string[] }
  >
> = {
  // RTLD_NOW | RTLD_NODELETE. Before glibc 2.34 it was in a library of its own.
  linux: { flags: 0x2 | 0x1000, paths: ["libc.so.6", "libdl.so.2"] },
  darwin: { flags: 0x2 | 0x80, paths: ["/usr/lib/libSystem.B.dylib"] },
};

/**
 * Opens the library once more so that it is never unloaded. Deno closes what a
 * Worker has opened when the Worker is terminated; a run that is under way on
 * another thread would then execute code that is gone.
 *
 * Does nothing where the system's loader is not known, as on Windows.
 */
export function pinLibrary(path: string): void {
  const loader = LOADERS[Deno.build.os];
  if (loader === undefined) return;
  let failure: unknown;
  for (const loaderPath of loader.paths) {
    try {
      const library = Deno.dlopen(loaderPath, {
        dlopen: { parameters: ["buffer", "i32"], result: "pointer" },
      });
      library.symbols.dlopen(
        new TextEncoder().encode(`${path}\0`),
        loader.flags,
      );
      library.close();
      return;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
