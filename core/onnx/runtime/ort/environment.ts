/**
 * The one environment of ONNX Runtime in a process, made when it is first
 * needed and never released.
 *
 * @module
 */

import { CpuArena } from "./cpu_arena.ts";
import { LOG_FATAL } from "./session_options.ts";
import { openOrtLibrary, type OrtEnvironment } from "./ort_library.ts";
import { checkLibrary } from "./library_check.ts";

const environments = new Map<string, OrtEnvironment>();

/**
 * The environment of the library at that path, tested with a small graph when
 * it is made.
 *
 * @throws {Deno.errors.NotCapable} Without the whole of `--allow-ffi`.
 * @throws {Error} When the library is another version or computes wrongly.
 */
export function ortEnvironment(path: string): OrtEnvironment {
  const known = environments.get(path);
  if (known) return known;
  const library = openOrtLibrary(path);
  const { api, check, make } = library;
  using scope = library.scope();
  const name = scope.text("ati").pointer;
  const pointer = make((out) => api.CreateEnv(LOG_FATAL, name, out));
  // The library was told before it was opened; this is its own switch.
  check(api.DisableTelemetryEvents(pointer));
  const cpuArena = new CpuArena(library, pointer);
  const environment = { library, pointer, cpuArena };
  checkLibrary(environment);
  environments.set(path, environment);
  return environment;
}
