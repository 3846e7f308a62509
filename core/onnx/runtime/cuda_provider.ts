/**
 * Where the CUDA provider of ONNX Runtime is: next to the package's own
 * library, where its installer puts it, or in a folder of the user's.
 *
 * @module
 */

import { basename, join, resolve } from "node:path";
import { quote, withHint } from "../../base/errors.ts";
import {
  onnxRuntimeFolder,
  onnxRuntimeLibrary,
  replaceLibrary,
} from "./onnx_runtime.ts";
import { ORT_VERSION } from "./ort/api_table.ts";

/** The files of the provider, which ONNX Runtime's package does not include. */
export const PROVIDER_FILES = [
  "libonnxruntime_providers_shared.so",
  "libonnxruntime_providers_cuda.so",
] as const;

/** The platforms for which there is a CUDA provider. */
export function hasCudaProvider(
  { os, arch }: { os: string; arch: string } = Deno.build,
): boolean {
  return os === "linux" && arch === "x86_64";
}

let chosen: string | undefined;

/** The folder of the provider's files; empty where Deno does not tell. */
export function cudaProviderFolder(): string {
  if (chosen !== undefined) return chosen;
  const folder = onnxRuntimeFolder();
  return folder === undefined
    ? ""
    : join(folder, "bin", "napi-v6", "linux", "x64");
}

/**
 * Uses the CUDA provider in a folder instead of the package's, for example
 * that of the wheel onnxruntime-gpu of the same version
 * (`onnxruntime/capi`, built for CUDA 13). CUDA's libraries may be there too.
 * Must be called before the first session is opened.
 *
 * ONNX Runtime looks for its providers next to its own library. So links to
 * all of them are put into a temporary folder (copies, where links are not
 * permitted), which is removed when the process ends.
 *
 * @throws {Error} When a file is missing or of another version, the platform
 * has no provider, or ONNX Runtime was loaded before.
 */
export async function useCudaProvider(folder: string): Promise<void> {
  const action = `Cannot use the CUDA provider in ${quote(folder)}`;
  if (!hasCudaProvider()) {
    throw new Error(`${action}: there is one for Linux on x64 only`);
  }
  const files = await librariesIn(folder, action);
  const missing = PROVIDER_FILES.filter((name) => !files.includes(name));
  if (missing.length > 0) {
    throw new Error(withHint(
      `${action}: ${missing.join(" and ")} not found`,
      `The files are in the wheel onnxruntime-gpu ${ORT_VERSION}, in onnxruntime/capi.`,
    ));
  }
  if (!await mentions(join(folder, PROVIDER_FILES[1]), `\0${ORT_VERSION}\0`)) {
    throw new Error(withHint(
      `${action}: it is not of version ${ORT_VERSION}`,
      `Get it from the wheel onnxruntime-gpu ${ORT_VERSION}, or from the installer of the package.`,
    ));
  }
  const library = onnxRuntimeLibrary();
  if (library === undefined) {
    throw new Error(`${action}: where the package's library is, is not known`);
  }
  const together = await Deno.makeTempDir({ prefix: "ati-cuda-provider-" });
  globalThis.addEventListener(
    "unload",
    () => Deno.removeSync(together, { recursive: true }),
  );
  for (
    const path of [library, ...files.map((name) => resolve(folder, name))]
  ) {
    const link = join(together, basename(path));
    try {
      await Deno.symlink(path, link);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) throw error;
      await Deno.copyFile(path, link);
    }
  }
  replaceLibrary(join(together, basename(library)));
  chosen = folder;
}

/** The provider's files and CUDA's libraries in a folder. */
async function librariesIn(folder: string, action: string): Promise<string[]> {
  try {
    const names = await Array.fromAsync(
      Deno.readDir(folder),
      ({ name }) => name,
    );
    return names.filter((name) =>
      /^lib(onnxruntime_providers_|cu|nv)\w+\.so(\.\d+)*$/.test(name)
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new Error(`${action}: it is no folder that can be read`, {
      cause: error,
    });
  }
}

/** How much of a file is looked at at once, in bytes. */
const PIECE = 2 ** 22;

/** Whether a file has that text in it. */
async function mentions(path: string, text: string): Promise<boolean> {
  using file = await Deno.open(path);
  const piece = new Uint8Array(PIECE + text.length);
  let kept = 0;
  for (;;) {
    const count = await file.read(piece.subarray(kept));
    if (count === null) return false;
    const end = kept + count;
    const view = piece.subarray(0, end);
    if (new TextDecoder("latin1").decode(view).includes(text)) return true;
    kept = Math.min(text.length, end);
    piece.copyWithin(0, end - kept, end);
  }
}
