/**
 * A project out of one file, which any ZIP program may have written.
 *
 * @module
 */

import { memorySource } from "../../core/base/byte_source.ts";
import { FormatError, quote, withHint } from "../../core/base/errors.ts";
import { readZipDirectory } from "../../core/formats/zip.ts";
import { readZipEntry, type ZipEntry } from "../../core/formats/zip_entry.ts";
import { findMotion } from "../model/motion.ts";
import { parseDocument } from "../model/parse_document.ts";
import { parsePresets, type Preset } from "../model/presets.ts";
import { MAX_IMAGE_BYTES, readImageHeader } from "./image_header.ts";
import { parseNames } from "./image_names.ts";
import type { ArchivedFile, ArchivedProject } from "./project_formats.ts";
import { JOBS_FILE, PARTS } from "./project_parts.ts";

/**
 * Reads an archive whole, and checks its images, documents, and presets. The
 * files may be in a folder of it, as when a project folder was packed.
 *
 * @throws {FormatError} When it is no ZIP archive, is damaged, or has no images.
 * @throws {UnsupportedImageError | TypeError} When an image, a document, or the
 * list of presets is not what it should be.
 */
export async function readProjectArchive(
  bytes: Uint8Array,
): Promise<ArchivedProject> {
  const source = memorySource(bytes, "the project file");
  const entries = readZipDirectory(source);
  const root = entries.map(({ name }) => IMAGE.exec(name)?.[1])
    .find((found) => found !== undefined);
  if (root === undefined) {
    throw new FormatError(
      withHint(
        'Cannot open the project file: it has no images, expected "images/00.jpg" and the like',
        "A project file is saved in the editor, or is a packed project folder.",
      ),
    );
  }
  const read = (entry: ZipEntry) =>
    readZipEntry(source, entry, { limit: MAX_IMAGE_BYTES });
  const find = async (path: string) => {
    const entry = entries.find(({ name }) => name === root + path);
    return entry ? new TextDecoder().decode(await read(entry)) : "";
  };
  const names = parseNames(await find("editor/names.json"));
  const images = new Map<string, ArchivedFile[]>();
  for (const entry of entries) {
    const match = entry.name.startsWith(root)
      ? FILE.exec(entry.name.slice(root.length))
      : null;
    const [, folder, id, ending] = match ?? [];
    const part = PARTS.find((part) => part === folder);
    if (!part || part === "thumbnails" || !id || !ending) continue;
    const file = { part, ending, bytes: await read(entry) };
    checkFile(entry.name, file);
    images.set(id, [...images.get(id) ?? [], file]);
  }
  return {
    images: [...images].filter(([, files]) =>
      files.some(({ part }) => part === "images")
    ).map(([id, files]) => ({ id, name: names.get(id), files }))
      .sort((a, b) => Number(a.id) - Number(b.id)),
    jobs: await find(JOBS_FILE),
    presets: readPresets(await find(PRESETS), root + PRESETS),
  };
}

/** An image in an archive, and the folder above it. */
const IMAGE = /^((?:.*\/)?)images\/\d{2,6}\.(?:jpe?g|png|webp)$/i;

/** A file that belongs to an image. */
const FILE = /^(\w+)\/(\d{2,6})(\.(?:[a-z]+|\d{1,15})(?:\.[a-z]+)?)$/i;

const PRESETS = "editor/presets.json";

/** The presets in a text; none in an empty one. */
function readPresets(text: string, name: string): Preset[] {
  if (text === "") return [];
  try {
    const presets = parsePresets(JSON.parse(text));
    for (const { text } of presets) parseDocument(findMotion(text));
    return presets;
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(
      `Cannot open the project file: ${quote(name)} is damaged (${said})`,
      { cause },
    );
  }
}

function checkFile(name: string, { part, ending, bytes }: ArchivedFile): void {
  if (part === "images") readImageHeader(bytes);
  if (part !== "editor" || ending !== ".json") return;
  try {
    parseDocument(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(
      `Cannot open the project file: ${quote(name)} is no document (${said})`,
      { cause },
    );
  }
}
