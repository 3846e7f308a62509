/**
 * The second file of a Wan-Move pair.
 *
 * @module
 */

import { optionalFileExists, readFileBytes } from "../files/files.ts";
import { visibilityPath } from "../tracks/exchange/export_tracks.ts";

/**
 * The file with the visibility that belongs to a `.npy` of tracks:
 * `a_visibility.npy` or `a_vis.npy` next to `a_tracks.npy` or `a.npy`;
 * undefined when there is none, or where there is no permission to look for
 * it, of which `onNote` is told.
 */
export async function pairedVisibilityPath(
  tracksPath: string,
  onNote?: (message: string) => void,
): Promise<string | undefined> {
  if (!/\.npy$/i.test(tracksPath)) return undefined;
  const path = visibilityPath(tracksPath);
  for (const one of [path, path.replace(/visibility\.npy$/, "vis.npy")]) {
    if (await optionalFileExists(one, onNote)) return one;
  }
  return undefined;
}

/**
 * The bytes of {@linkcode pairedVisibilityPath}.
 *
 * @throws {Error} When it cannot be read.
 */
export async function pairedVisibility(
  tracksPath: string,
  onNote?: (message: string) => void,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const path = await pairedVisibilityPath(tracksPath, onNote);
  return path === undefined ? undefined : await readFileBytes(path);
}
