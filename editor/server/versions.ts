/**
 * Earlier versions of the documents: `versions/NN.MS.json`, where MS is when
 * that content was saved, in ms since 1970. They are kept sparsely, see
 * `model/thin_versions.ts`.
 *
 * @module
 */

import { quote } from "../../core/base/errors.ts";
import type { EditorDocument } from "../model/document.ts";
import { parseDocument } from "../model/parse_document.ts";
import { thinVersions, VERSION_SPACING } from "../model/thin_versions.ts";
import type { ProjectFiles } from "./project_files.ts";
import { UnknownImageError } from "./store_errors.ts";

/** What a list of versions shows of one. */
export interface VersionSummary {
  /** When it was saved, in ms since 1970; names the version. */
  readonly time: number;
  /** Its tracks. */
  readonly tracks: number;
  /** Its camera moves. */
  readonly moves: number;
  /** Its prompt, shortened. */
  readonly prompt: string;
}

/** The versions in a project folder. */
export class Versions {
  readonly #folder: ProjectFiles;

  /** The versions in a folder. */
  constructor(folder: ProjectFiles) {
    this.#folder = folder;
  }

  /**
   * Keeps a document that was saved at `time` (ms since 1970, now by default),
   * unless the newest version is the same; `sparsely` also unless that one is
   * only a few minutes older. An empty document is not kept.
   */
  async keep(
    id: string,
    document: EditorDocument,
    options: { readonly time?: number; readonly sparsely?: boolean } = {},
  ): Promise<void> {
    const { time = Date.now(), sparsely = false } = options;
    const { tracks, camera, prompt } = document;
    if (tracks.length + camera.length + prompt.length === 0) return;
    const times = await this.#times(id);
    const newest = times.at(-1) ?? -Infinity;
    if (sparsely && time - newest < VERSION_SPACING) return;
    const text = JSON.stringify(document);
    if (newest > 0 && text === await this.#text(id, newest)) return;
    await this.#folder.write("versions", fileOf(id, Math.round(time)), text);
    const all = [...times, Math.round(time)];
    for (const old of thinVersions(all, Math.max(Date.now(), time))) {
      await this.#folder.remove("versions", fileOf(id, old));
    }
  }

  /** All versions of an image that can be read, the newest first. */
  async list(id: string): Promise<VersionSummary[]> {
    const times = (await this.#times(id)).reverse();
    const summaries = await Promise.all(times.map(async (time) => {
      try {
        const { tracks, camera, prompt } = await this.read(id, time);
        return {
          time,
          tracks: tracks.length,
          moves: camera.length,
          prompt: prompt.slice(0, 200),
        };
      } catch {
        return undefined;
      }
    }));
    return summaries.filter((summary) => summary !== undefined);
  }

  /**
   * The version of a time.
   *
   * @throws {UnknownImageError} When there is none.
   */
  async read(id: string, time: number): Promise<EditorDocument> {
    if (!await this.#folder.exists("versions", fileOf(id, time))) {
      throw new UnknownImageError(
        `Cannot read a version of image ${id}: there is none of ${
          quote(String(time))
        }`,
      );
    }
    return parseDocument(JSON.parse(await this.#text(id, time)));
  }

  /** The files of an image's versions, relative to the project folder. */
  async files(id: string): Promise<string[]> {
    const times = await this.#times(id);
    return times.map((time) => `versions/${fileOf(id, time)}`);
  }

  async #text(id: string, time: number): Promise<string> {
    const bytes = await this.#folder.read("versions", fileOf(id, time));
    return new TextDecoder().decode(bytes);
  }

  /** When the versions of an image were saved, the oldest first. */
  async #times(id: string): Promise<number[]> {
    const names = await this.#folder.names("versions");
    const pattern = new RegExp(`^${id}\\.(\\d+)\\.json$`);
    return names.map((name) => Number(pattern.exec(name)?.[1] ?? NaN))
      .filter((time) => !Number.isNaN(time))
      .sort((a, b) => a - b);
  }
}

function fileOf(id: string, time: number): string {
  return `${id}.${time}.json`;
}
