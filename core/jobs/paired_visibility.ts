/**
 * The second file of a Wan-Move pair.
 *
 * @module
 */

import { fileExists, readFileBytes } from "../files/files.ts";
import { visibilityPath } from "../tracks/exchange/export_tracks.ts";

/**
 * The visibility that belongs to a `.npy` of tracks, `a_visibility.npy` next to
 * `a_tracks.npy` or `a.npy`; undefined when there is none.
 *
 * @throws {Error} When it cannot be read.
 */
export async function pairedVisibility(
  tracksPath: string,
): Promise<Uint8Array | undefined> {
  if (!/\.npy$/i.test(tracksPath)) return undefined;
  const path = visibilityPath(tracksPath);
  return await fileExists(path) ? await readFileBytes(path) : undefined;
}
