/** Which interface of ONNX Runtime is used, found out once. */

import { libraryToLoad } from "./onnx_runtime.ts";
import { ortEnvironment } from "./ort/environment.ts";
import type { OrtEnvironment } from "./ort/ort_library.ts";
import type { RuntimeBackend } from "./runtime_interface.ts";

/** A backend, with what is needed to use it. */
export type ChosenBackend =
  | { readonly kind: "c-api"; readonly environment: OrtEnvironment }
  | { readonly kind: "binding"; readonly reason: string };

/** Where the C API has been tried. */
const TRIED: readonly string[] = ["linux-x86_64"];

let tried: ChosenBackend | undefined;

/**
 * The backend that is asked for, or the default one.
 *
 * @throws {Error} When the C API is asked for and cannot be used.
 */
export function chooseBackend(asked?: RuntimeBackend["kind"]): ChosenBackend {
  if (asked === "binding") {
    return { kind: "binding", reason: "it was asked for" };
  }
  if (asked === undefined) {
    const platform = `${Deno.build.os}-${Deno.build.arch}`;
    return TRIED.includes(platform) ? tried ??= tryCApi() : {
      kind: "binding",
      reason: `the C API has not been tried on ${platform}`,
    };
  }
  const found = tried ??= tryCApi();
  if (found.kind === "binding") {
    throw new Error(`Cannot use ONNX Runtime's C API: ${found.reason}`);
  }
  return found;
}

function tryCApi(): ChosenBackend {
  const path = libraryToLoad();
  if (path === undefined) {
    return {
      kind: "binding",
      reason: "where the package's library is, is not known",
    };
  }
  try {
    return { kind: "c-api", environment: ortEnvironment(path) };
  } catch (error) {
    return {
      kind: "binding",
      reason: error instanceof Deno.errors.NotCapable
        ? "the C API needs --allow-ffi without a path"
        : error instanceof Error
        ? error.message
        : String(error),
    };
  }
}
