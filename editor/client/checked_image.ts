/**
 * Files that a person brings, before they are sent.
 *
 * @module
 */

import { readImageHeader } from "../../core/media/image_header.ts";
import { decodeImage, type ShownImage } from "./images.ts";

/**
 * Decodes a file that a person brings.
 *
 * @throws {Error} When the tools could not read it either, with a HINT.
 */
export async function checkedImage(file: File): Promise<ShownImage> {
  const name = file.name || "the image";
  readImageHeader(new Uint8Array(await file.arrayBuffer()), { name });
  return await decodeImage(file, `local ${file.name}`).catch((cause) => {
    throw new TypeError(`Cannot read ${name}: it is damaged`, { cause });
  });
}
