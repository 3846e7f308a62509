/**
 * The presets of a project: motions under names, in `editor/presets.json`, so
 * that each browser that opens the project has them.
 *
 * @module
 */

import { quote, withHint } from "../../core/base/errors.ts";
import { findMotion } from "../model/motion.ts";
import { parseDocument } from "../model/parse_document.ts";
import {
  joinPresets,
  MAX_TEXT,
  parsePresets,
  type Preset,
} from "../model/presets.ts";
import type { ProjectFiles } from "./project_files.ts";
import { DamagedFileError, PresetConflictError } from "./store_errors.ts";
import { digest } from "./tagged_document.ts";

const FILE = "presets.json";
/** A longer file is not read, bytes. */
const LIMIT = 4 * MAX_TEXT;

/** Presets and the tag that names this very list. */
export interface TaggedPresets {
  /** The presets. */
  readonly presets: readonly Preset[];
  /** A strong HTTP entity tag, quotes included. */
  readonly etag: string;
}

/** The presets in a project folder. */
export class Presets {
  readonly #folder: ProjectFiles;

  /** The presets in a folder. */
  constructor(folder: ProjectFiles) {
    this.#folder = folder;
  }

  /**
   * All presets; none where there is no file.
   *
   * @throws {DamagedFileError} When the file is there and cannot be understood.
   */
  async read(): Promise<TaggedPresets> {
    if (!await this.#folder.exists("editor", FILE)) return await tagged([]);
    const bytes = await this.#folder.read("editor", FILE, { limit: LIMIT });
    let presets: Preset[];
    try {
      presets = parsePresets(JSON.parse(new TextDecoder().decode(bytes)));
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      const path = this.#folder.path("editor", FILE);
      throw new DamagedFileError(
        withHint(
          `Cannot use ${quote(path)}: damaged (${said})`,
          "Move it away to begin with no presets.",
        ),
        { cause },
      );
    }
    return await tagged(presets);
  }

  /**
   * Replaces the list; answers with its new tag.
   *
   * @throws {PresetConflictError} When the present tag is another.
   * @throws {TypeError} When a motion that is not there yet is none.
   */
  write(
    presets: readonly Preset[],
    { etag }: Pick<TaggedPresets, "etag">,
  ): Promise<string> {
    return this.#folder.exclusive(async () => {
      const current = await this.read();
      const next = await tagged(presets);
      // The same content again (a repeated request) is no conflict.
      if (next.etag === current.etag) return next.etag;
      if (current.etag !== etag) throw new PresetConflictError(current);
      const known = new Set(current.presets.map(({ text }) => text));
      for (const { text } of presets) {
        if (!known.has(text)) parseDocument(findMotion(text));
      }
      await this.#save(presets);
      return next.etag;
    });
  }

  /**
   * Adds presets of another project that were checked, as `joinPresets` does.
   * For a writer that others wait for already.
   *
   * @throws {TypeError} When there are too many then; none is added.
   */
  async add(more: readonly Preset[]): Promise<void> {
    const { presets } = await this.read();
    const all = joinPresets(presets, more);
    if (all.length > presets.length) await this.#save(all);
  }

  async #save(presets: readonly Preset[]): Promise<void> {
    const text = JSON.stringify(presets, undefined, 1) + "\n";
    await this.#folder.write("editor", FILE, text);
  }
}

async function tagged(presets: readonly Preset[]): Promise<TaggedPresets> {
  const text = new TextEncoder().encode(JSON.stringify(presets));
  return { presets, etag: `"${(await digest(text)).slice(0, 32)}"` };
}
