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
import { MAX_VERSIONS } from "../model/thin_versions.ts";
import { parsePresets, type Preset } from "../model/presets.ts";
import { MAX_IMAGE_BYTES, readImageHeader } from "./image_header.ts";
import { parseNames } from "./image_names.ts";
import type { ArchivedFile, ArchivedProject } from "./project_formats.ts";
import { JOBS_FILE, PARTS, type ProjectPart } from "./project_parts.ts";

/** An archive may unpack to this many bytes more than it has. */
const MAX_GROWTH = 1024 ** 3;

/**
 * Reads an archive whole, and checks its images, documents, and presets. The
 * files may be in a folder of it, as when a project folder was packed.
 *
 * Of each image's versions the newest are read.
 *
 * @throws {FormatError} When it is no ZIP archive, is damaged, has no images, or
 * unpacks to more than a project has.
 * @throws {UnsupportedImageError | TypeError} When an image, a document, or the
 * list of presets is not what it should be.
 */
export async function readProjectArchive(
  bytes: Uint8Array,
): Promise<ArchivedProject> {
  const source = memorySource(bytes, "the project file");
  const entries = readZipDirectory(source);
  const root = findRoot(entries);
  if (root === undefined) {
    throw new FormatError(
      withHint(
        'Cannot open the project file: it has no images, expected "images/00.jpg" and the like',
        "A project file is saved in the editor, or is a packed project folder.",
      ),
    );
  }
  const files = ownFiles(entries, root);
  checkGrowth(files, bytes.length);
  const read = (entry: ZipEntry) =>
    readZipEntry(source, entry, { limit: MAX_IMAGE_BYTES });
  const find = async (path: string) => {
    const entry = entries.find(({ name }) => name === root + path);
    return entry ? new TextDecoder().decode(await read(entry)) : "";
  };
  const names = parseNames(await find("editor/names.json"));
  const images = new Map<string, ArchivedFile[]>();
  for (const { entry, part, id, ending } of files) {
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

/** A file of an archive that belongs to an image. */
interface OwnFile {
  readonly entry: ZipEntry;
  readonly part: ProjectPart;
  readonly id: string;
  readonly ending: string;
}

/** What belongs to images; of many versions of one the newest. */
function ownFiles(entries: readonly ZipEntry[], root: string): OwnFile[] {
  const found = entries.flatMap((entry): OwnFile[] => {
    const match = entry.name.startsWith(root)
      ? FILE.exec(entry.name.slice(root.length))
      : null;
    const [, folder, id, ending] = match ?? [];
    const part = PARTS.find((part) => part === folder);
    return !part || part === "thumbnails" || !id || !ending
      ? []
      : [{ entry, part, id, ending }];
  });
  const versions = Map.groupBy(
    found.filter(({ part }) => part === "versions"),
    ({ id }) => id,
  );
  const timeOf = ({ ending }: OwnFile) => parseInt(ending.slice(1)) || 0;
  const kept = new Set(
    [...versions.values()].flatMap((all) =>
      all.sort((a, b) => timeOf(b) - timeOf(a)).slice(0, MAX_VERSIONS)
    ),
  );
  return found.filter((file) => file.part !== "versions" || kept.has(file));
}

/**
 * The folder that has the images: the outermost, since a packed project folder
 * has others in its trash.
 */
function findRoot(entries: readonly ZipEntry[]): string | undefined {
  const depthOf = (folder: string) => folder.split("/").length;
  const roots = entries.map(({ name }) => IMAGE.exec(name)?.[1])
    .filter((found) => found !== undefined);
  return roots.sort((a, b) => depthOf(a) - depthOf(b))[0];
}

/** @throws {FormatError} When little is packed that would be very much. */
function checkGrowth(files: readonly OwnFile[], packed: number): void {
  const total = files.reduce((sum, { entry }) => sum + entry.size, 0);
  const limit = packed + MAX_GROWTH;
  if (total <= limit) return;
  throw new FormatError(
    withHint(
      `Cannot open the project file: its ${packed} bytes unpack to ${total}, expected at most ${limit}`,
      "A larger project is unpacked as a project folder.",
    ),
  );
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
