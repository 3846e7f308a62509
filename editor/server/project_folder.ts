/**
 * The project folder itself: where files of which kind lie, one writer at a
 * time, a trash instead of deletion.
 *
 * ```
 * <dir>/images/NN.jpg           the pictures, as they were given
 * <dir>/editor/NN.json          the editable documents (autosaved)
 * <dir>/editor/NN.stored.json   what was stored last, and from which document
 * <dir>/tracks/NN.pth           the tracks, written by "Store Tracks"
 * <dir>/images_tracks/NN.png    the pictures with their tracks
 * <dir>/test.yaml               the job list
 * <dir>/.trash/                 what was deleted or replaced
 * ```
 *
 * Every write is temp + fsync + rename.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { fileError } from "../../core/files/file_error.ts";
import {
  fileExists,
  readFileBytes,
  readFileText,
  writeFileAtomic,
} from "../../core/files/files.ts";

/** The folders in the project folder, one for each kind of file. */
export const PARTS = ["images", "editor", "tracks", "images_tracks"] as const;

/** One of {@linkcode PARTS}. */
export type ProjectPart = typeof PARTS[number];

/** The job list's name. */
export const JOBS_FILE = "test.yaml";

const TRASH = ".trash";
const LOCK = ".lock";

/** A project folder. Use {@linkcode ProjectFolder.open}. */
export class ProjectFolder {
  /** Its path. */
  readonly dir: string;
  /** The job list's path. */
  readonly jobsPath: string;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(dir: string) {
    this.dir = dir;
    this.jobsPath = join(dir, JOBS_FILE);
  }

  /**
   * Opens a folder, making it and its parts where needed, and clears away what
   * a killed server had begun to write.
   */
  static async open(dir: string): Promise<ProjectFolder> {
    const folder = new ProjectFolder(dir);
    for (const part of PARTS) {
      const path = join(dir, part);
      try {
        await Deno.mkdir(path, { recursive: true });
      } catch (cause) {
        throw fileError("use", path, cause);
      }
      await removeLeftovers(path);
    }
    await removeLeftovers(dir);
    return folder;
  }

  /** Where a file lies. */
  path(part: ProjectPart, file: string): string {
    return join(this.dir, part, file);
  }

  /** The names in a part, sorted. */
  names(part: ProjectPart): Promise<string[]> {
    return readFolder(join(this.dir, part));
  }

  /** Writes a file whole, or not at all. */
  async write(
    part: ProjectPart,
    file: string,
    content: Uint8Array | string,
  ): Promise<void> {
    await writeFileAtomic(this.path(part, file), content, { overwrite: true });
  }

  /** The job list's text; empty when there is none. */
  async readJobs(): Promise<string> {
    return await fileExists(this.jobsPath)
      ? await readFileText(this.jobsPath)
      : "";
  }

  /** Replaces the job list. */
  async writeJobs(text: string): Promise<void> {
    await writeFileAtomic(this.jobsPath, text, { overwrite: true });
  }

  /**
   * Has writers wait for one another, in the order in which they came; those
   * of another editor that works on the same folder too.
   */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => this.#locked(work));
    this.#queue = result.catch(() => {});
    return result;
  }

  async #locked<T>(work: () => Promise<T>): Promise<T> {
    const path = join(this.dir, LOCK);
    let lock: Deno.FsFile;
    try {
      lock = await Deno.open(path, { create: true, write: true });
    } catch (cause) {
      throw fileError("write", path, cause);
    }
    using _closed = lock;
    // The system forgets the lock with the process, however that ends. A file
    // system that has no locks serves one editor at a time.
    await lock.lock(true).catch(() => {});
    return await work();
  }

  /** Puts files into the trash; `how` says whether they stay where they are as well. */
  async toTrash(
    name: string,
    files: readonly string[],
    how: "move" | "copy" = "move",
  ): Promise<void> {
    const trash = join(this.dir, TRASH, `${Date.now()}-${name}`);
    for (const file of files) {
      const from = join(this.dir, file), to = join(trash, file);
      if (!await fileExists(from)) continue;
      if (how === "copy") {
        await writeFileAtomic(to, await readFileBytes(from));
        continue;
      }
      try {
        await Deno.mkdir(dirname(to), { recursive: true });
        await Deno.rename(from, to);
      } catch (cause) {
        throw fileError("move", from, cause);
      }
    }
  }

  /** The names of what is in the trash, the oldest first. */
  async trashed(): Promise<string[]> {
    return await readFolder(join(this.dir, TRASH));
  }

  /**
   * Brings back what one name of the trash holds. What has come into its place
   * meanwhile takes its place in the trash.
   */
  async restore(trashed: string): Promise<void> {
    const trash = join(this.dir, TRASH, trashed);
    for (const part of await readFolder(trash)) {
      for (const file of await readFolder(join(trash, part))) {
        await this.toTrash(`${trashed}-found`, [join(part, file)]);
        await Deno.rename(join(trash, part, file), join(this.dir, part, file));
      }
    }
    await Deno.remove(trash, { recursive: true });
  }
}

/**
 * What a killed server had begun to write (`core/files/files.ts` names it so), and
 * the job lists of its runs.
 */
const LEFTOVER = /^(\..+\.[0-9a-f]{8}\.part|generation-[0-9a-f]{8}\.yaml)$/;

/** A younger one may belong to another process that is writing right now. */
const LEFTOVER_AGE = 60_000;

async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readFolder(folder)) {
    if (!LEFTOVER.test(name)) continue;
    const path = join(folder, name);
    const { mtime } = await Deno.stat(path);
    if (Date.now() - (mtime?.getTime() ?? Date.now()) > LEFTOVER_AGE) {
      await Deno.remove(path);
    }
  }
}

/** Names in a folder, sorted; none where there is no folder. */
async function readFolder(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(path)) names.push(entry.name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}
