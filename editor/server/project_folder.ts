/**
 * The project folder itself, with the files that `project_files.ts` lists: one
 * writer at a time, a trash instead of deletion.
 *
 * Every write is temp + fsync + rename. What symbolic links lead to is inside
 * the folder, or is neither read nor written: real paths are compared.
 *
 * @module
 */

import { dirname, join, sep } from "node:path";
import { quote } from "../../core/base/errors.ts";
import { fileError } from "../../core/files/file_error.ts";
import {
  fileExists,
  readFileBytes,
  readFileText,
  writeFileAtomic,
} from "../../core/files/files.ts";
import { OWN_FORMATS } from "./own_formats.ts";
import type { ProjectFormats } from "./project_formats.ts";
import type { ProjectFiles } from "./project_files.ts";
import { JOBS_FILE, PARTS, type ProjectPart } from "./project_parts.ts";
import { OutsideFolderError } from "./store_errors.ts";

const TRASH = ".trash";
const LOCK = ".lock";
/** The names in a folder are kept once it has not changed this long, in ms. */
const NAMES_AGE = 1000;

/** A project folder. Use {@linkcode ProjectFolder.open}. */
export class ProjectFolder implements ProjectFiles {
  /** Its path. */
  readonly dir: string;
  /** The job file's path. */
  readonly jobsPath: string;
  /** What reads and writes its files. */
  readonly formats: ProjectFormats = OWN_FORMATS;
  /** Its path with all links resolved. */
  readonly #root: string;
  readonly #names = new Map<
    ProjectPart,
    { readonly changed: number; readonly names: readonly string[] }
  >();
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(dir: string, root: string) {
    this.dir = dir;
    this.#root = root;
    this.jobsPath = join(dir, JOBS_FILE);
  }

  /**
   * Opens a folder, making it and its parts where needed, and clears away what
   * a killed server had begun to write.
   *
   * @throws {OutsideFolderError} When a part is a link that leads out of it.
   */
  static async open(dir: string): Promise<ProjectFolder> {
    let folder: ProjectFolder;
    try {
      await Deno.mkdir(dir, { recursive: true });
      folder = new ProjectFolder(dir, await Deno.realPath(dir));
    } catch (cause) {
      throw fileError("use", dir, cause);
    }
    for (const part of PARTS) {
      const path = await folder.checkInside(part);
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

  /** Where a file is. */
  path(part: ProjectPart, file: string): string {
    return join(this.dir, part, file);
  }

  /**
   * The path of something in the folder, once its real path was seen to be
   * there too; of what does not exist yet, that of the folder it will be in.
   *
   * @throws {OutsideFolderError} When a link leads out of the folder.
   */
  async checkInside(relative: string): Promise<string> {
    const path = join(this.dir, relative);
    for (let at = path;; at = dirname(at)) {
      const real = await realPath(at);
      if (real === undefined) continue;
      if (real !== this.#root && !real.startsWith(this.#root + sep)) {
        throw new OutsideFolderError(
          `Cannot use ${
            quote(path)
          }: a symbolic link leads out of the project folder, expected a path inside`,
        );
      }
      return path;
    }
  }

  /** The names in a part, sorted; read again when the folder has changed. */
  async names(part: ProjectPart): Promise<readonly string[]> {
    const path = await this.checkInside(part);
    const changed = (await Deno.stat(path)).mtime?.getTime() ?? Infinity;
    const known = this.#names.get(part);
    if (known?.changed === changed) return known.names;
    const names = await readFolder(path);
    // A change in the same moment would have the same time.
    if (Date.now() - changed > NAMES_AGE) {
      this.#names.set(part, { changed, names });
    }
    return names;
  }

  /** Whether a part has a file. */
  async exists(part: ProjectPart, file: string): Promise<boolean> {
    return await fileExists(await this.checkInside(join(part, file)));
  }

  /** What the system knows of a file. */
  async stat(part: ProjectPart, file: string): Promise<Deno.FileInfo> {
    return await Deno.stat(await this.checkInside(join(part, file)));
  }

  /** The bytes of a file. */
  async read(
    part: ProjectPart,
    file: string,
    options: { limit?: number } = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    const path = await this.checkInside(join(part, file));
    return await readFileBytes(path, options);
  }

  /** The bytes of a file of the generator; undefined when there is none. */
  async readOutput(
    file: string,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const path = await this.checkInside(join("output", "outputs", file));
    return await fileExists(path) ? await readFileBytes(path) : undefined;
  }

  /**
   * What the system knows of a file that is no link, at once: of a thousand
   * images this takes a tenth of what waiting for each of them does. Undefined
   * for links, which {@linkcode stat} follows. Only after {@linkcode names},
   * which has checked the folder.
   */
  statPlain(part: ProjectPart, file: string): Deno.FileInfo | undefined {
    const info = Deno.lstatSync(join(this.dir, part, file));
    return info.isSymlink ? undefined : info;
  }

  /** The first bytes of a file that was found, at once. */
  readHead(
    part: ProjectPart,
    file: string,
    length: number,
  ): Uint8Array<ArrayBuffer> {
    using opened = Deno.openSync(join(this.dir, part, file));
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const read = opened.readSync(bytes.subarray(filled));
      if (read === null) break;
      filled += read;
    }
    return bytes.subarray(0, filled);
  }

  /** Removes a file. */
  async remove(part: ProjectPart, file: string): Promise<void> {
    await Deno.remove(await this.checkInside(join(part, file)));
  }

  /** Writes a file whole, or not at all. */
  async write(
    part: ProjectPart,
    file: string,
    content: Uint8Array | string,
  ): Promise<void> {
    const path = await this.checkInside(join(part, file));
    await writeFileAtomic(path, content, { overwrite: true });
  }

  /** The job file's text; empty when there is none. */
  async readJobs(): Promise<string> {
    await this.checkInside(JOBS_FILE);
    return await fileExists(this.jobsPath)
      ? await readFileText(this.jobsPath)
      : "";
  }

  /** Replaces the job file. */
  async writeJobs(text: string): Promise<void> {
    await this.checkInside(JOBS_FILE);
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
    const path = await this.checkInside(LOCK);
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
    const trash = join(TRASH, `${Date.now()}-${name}`);
    for (const file of files) {
      const from = await this.checkInside(file);
      const to = await this.checkInside(join(trash, file));
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
    return await readFolder(await this.checkInside(TRASH));
  }

  /**
   * Brings back what one name of the trash holds. What has come into its place
   * meanwhile takes its place in the trash.
   */
  async restore(trashed: string): Promise<void> {
    const trash = await this.checkInside(join(TRASH, trashed));
    for (const part of await readFolder(trash)) {
      for (const file of await readFolder(join(trash, part))) {
        await this.toTrash(`${trashed}-found`, [join(part, file)]);
        await Deno.rename(
          await this.checkInside(join(TRASH, trashed, part, file)),
          await this.checkInside(join(part, file)),
        );
      }
    }
    await Deno.remove(trash, { recursive: true });
  }
}

/** A path with all links resolved; undefined when nothing is there. */
async function realPath(path: string): Promise<string | undefined> {
  try {
    return await Deno.realPath(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      // A link to nothing could be a link to anything in a moment.
      const info = await Deno.lstat(path).catch(() => undefined);
      if (!info?.isSymlink) return undefined;
    }
    throw fileError("use", path, cause);
  }
}

/**
 * What a killed server had begun to write (`core/files/files.ts` names it so), and
 * the job files of its runs.
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

/** Names in a folder, sorted; none when the folder does not exist. */
async function readFolder(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(path)) names.push(entry.name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}
