/**
 * The objects that were marked with a track file.
 *
 * @module
 */

import { optionalFileExists, readFileBytes } from "../files/files.ts";
import {
  type MotionObject,
  objectsPath,
  parseObjects,
  scaleObjects,
} from "../tracks/motion_objects.ts";

/** A file of more bytes than this is something else. */
const LIMIT = 16 * 1024 * 1024;
/** The same for a track file. */
const TRACK_LIMIT = 256 * 1024 * 1024;

/**
 * The objects in `a.objects.json` next to `a.pth`, px of the image, the
 * farthest first; none without such a file. When the track file has changed
 * since they were marked they are left out, and `note` says so; as it does
 * where there is no permission to look for the file.
 *
 * @throws {FormatError} When the file is not one of objects.
 * @throws {Error} When it cannot be read.
 */
export async function markedObjects(
  trackFile: string,
  options: {
    /** How many tracks the file has. */
    readonly trackCount: number;
    /** The image's size. */
    readonly image: { readonly width: number; readonly height: number };
  },
): Promise<{ objects: readonly MotionObject[]; note?: string }> {
  const path = objectsPath(trackFile);
  let denied: string | undefined;
  if (!await optionalFileExists(path, (note) => denied = note)) {
    return { objects: [], ...(denied !== undefined && { note: denied }) };
  }
  const { trackCount, image } = options;
  const bytes = await readFileBytes(path, { limit: LIMIT });
  const file = parseObjects(new TextDecoder().decode(bytes), {
    name: path,
    trackCount,
  });
  const tracks = await readFileBytes(trackFile, { limit: TRACK_LIMIT });
  const hash = await crypto.subtle.digest("SHA-256", tracks);
  if (file.trackHash !== new Uint8Array(hash).toHex()) {
    return {
      objects: [],
      note: `${path} belongs to other tracks: its objects are not used`,
    };
  }
  return {
    objects: scaleObjects(file.objects, { from: file.image, to: image }),
  };
}
