/**
 * What the images are called: the names of the files that were added, until a
 * user renames them. Kept in `editor/names.json`, by number.
 *
 * @module
 */

import type { ProjectFiles } from "./project_files.ts";

const FILE = "names.json";
/** The longest name, in characters. */
const MAX_LENGTH = 200;

/** The names in a project folder. */
export class ImageNames {
  readonly #folder: ProjectFiles;

  /** The names in a folder. */
  constructor(folder: ProjectFiles) {
    this.#folder = folder;
  }

  /** All names, by the numbers of the images; none where they cannot be read. */
  async read(): Promise<ReadonlyMap<string, string>> {
    if (!await this.#folder.exists("editor", FILE)) return new Map();
    const bytes = await this.#folder.read("editor", FILE);
    return parseNames(new TextDecoder().decode(bytes));
  }

  /**
   * Names an image; white space and control characters around and in the name
   * are tidied. An empty name is none.
   *
   * @throws {RangeError} When it is too long.
   */
  async write(id: string, name: string): Promise<void> {
    // deno-lint-ignore no-control-regex
    const tidy = name.replace(/[\x00-\x1f\x7f\s]+/g, " ").trim();
    if (tidy.length > MAX_LENGTH) {
      throw new RangeError(
        `Cannot name image ${id}: the name has ${tidy.length} characters, expected at most ${MAX_LENGTH}`,
      );
    }
    const names = new Map(await this.read());
    if (tidy) names.set(id, tidy);
    else names.delete(id);
    const sorted = [...names].sort(([a], [b]) => Number(a) - Number(b));
    const text = JSON.stringify(Object.fromEntries(sorted), undefined, 1);
    await this.#folder.write("editor", FILE, text + "\n");
  }
}

/** The names in a text, by the numbers of the images; none where it is none. */
export function parseNames(text: string): ReadonlyMap<string, string> {
  try {
    const names: unknown = JSON.parse(text);
    return new Map(
      Object.entries(names as Readonly<Record<string, unknown>>).flatMap(
        ([id, name]) => typeof name === "string" ? [[id, name]] : [],
      ),
    );
  } catch {
    return new Map();
  }
}
