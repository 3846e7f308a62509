/**
 * Keeps ONNX Runtime from reporting what it runs.
 *
 * Its official builds for Linux and macOS send the names and shapes of models,
 * how long they take and an identifier of the machine to their maker, and keep
 * files for it in the home and temporary folders. Native code does so around
 * Deno's permissions, whatever `--allow-net` and `--allow-write` say, unless
 * `ORT_DISABLE_TELEMETRY` stands in the environment when the library starts.
 * (On Windows the builds report through the system, which has its own switch.)
 *
 * @module
 */

const C_LIBRARIES: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "libc.so.6",
  darwin: "/usr/lib/libSystem.B.dylib",
};

/** A string as C takes it. */
const text = (value: string) => new TextEncoder().encode(`${value}\0`);

/**
 * Sets `ORT_DISABLE_TELEMETRY`, unless the user has set it. The C library is
 * asked, because that takes no more than the `--allow-ffi` that ONNX Runtime
 * needs as well; without it nothing is done, and nothing will be loaded.
 */
export function refuseTelemetry(): void {
  const path = C_LIBRARIES[Deno.build.os];
  if (path === undefined) return;
  try {
    const library = Deno.dlopen(path, {
      setenv: { parameters: ["buffer", "buffer", "i32"], result: "i32" },
    });
    library.symbols.setenv(text("ORT_DISABLE_TELEMETRY"), text("1"), 0);
    library.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
  }
}
