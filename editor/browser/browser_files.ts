/**
 * The files of a project in the browser's own storage: IndexedDB, which every
 * browser has in every kind of window, and in which several files change
 * together or not at all. One database holds one project; which one is said by
 * the address of the page.
 *
 * @module
 */

import { quote } from "../../core/base/errors.ts";
import { canMakeRoom, numberMark, oldTrash, trashName } from "./old_trash.ts";
import type { FileFacts, ProjectFiles } from "../server/project_files.ts";
import { JOBS_FILE, type ProjectPart } from "../server/project_parts.ts";
import type { ProjectFormats } from "../server/project_formats.ts";
import { StorageFullError } from "../server/store_errors.ts";

const FACTS = "facts";
const CONTENTS = "contents";
const TRASH = ".trash";

/** A full storage gives up at least this many bytes of its trash at a time. */
const ROOM = 4 * 1024 * 1024;

/** Files of this many bytes and more are kept outside of the database's own. */
const LARGE = 64 * 1024;

/** What is kept of a file besides its content. */
interface StoredFacts {
  /** When it was written, in ms since 1970. */
  readonly at: number;
  /** Its bytes. */
  readonly size: number;
}

/** A content as it is kept. */
type StoredContent = Uint8Array<ArrayBuffer> | Blob;

/** A project in the browser's storage. Use {@linkcode BrowserFiles.open}. */
export class BrowserFiles implements ProjectFiles {
  readonly dir: string;
  readonly jobsPath = JOBS_FILE;
  readonly formats: ProjectFormats;
  readonly #db: IDBDatabase;
  readonly #name: string;
  /** What is known of every file, by its path. */
  readonly #facts: Map<string, StoredFacts>;
  /** The sorted names in a folder; forgotten with each change in it. */
  readonly #names = new Map<string, readonly string[]>();
  #last = 0;
  /** When the operation in progress began: its own trash is not given up. */
  #began = Infinity;

  private constructor(
    name: string,
    db: IDBDatabase,
    options: {
      readonly facts: Map<string, StoredFacts>;
      readonly formats: ProjectFormats;
    },
  ) {
    this.#name = name;
    this.#db = db;
    this.#facts = options.facts;
    this.formats = options.formats;
    this.dir = name;
  }

  /**
   * Opens the project of a name, making it where needed.
   *
   * @throws {Error} When the browser keeps nothing for this page.
   */
  static async open(
    name: string,
    formats: ProjectFormats,
  ): Promise<BrowserFiles> {
    const db = await openDatabase(name);
    // Not while another worker, of an earlier version, still writes.
    return await locked(name, async () => {
      const store = db.transaction(FACTS).objectStore(FACTS);
      const [paths, facts] = await Promise.all([
        finish(store.getAllKeys()),
        finish<StoredFacts[]>(store.getAll()),
      ]);
      const known = paths.map((path, i) => [String(path), facts[i]!] as const);
      return new BrowserFiles(name, db, { facts: new Map(known), formats });
    });
  }

  path(part: ProjectPart, file: string): string {
    return `${part}/${file}`;
  }

  names(part: ProjectPart): Promise<readonly string[]> {
    return Promise.resolve(this.#namesIn(part));
  }

  exists(part: ProjectPart, file: string): Promise<boolean> {
    return Promise.resolve(this.#facts.has(`${part}/${file}`));
  }

  stat(part: ProjectPart, file: string): Promise<FileFacts> {
    const found = this.statPlain(part, file);
    return found
      ? Promise.resolve(found)
      : Promise.reject(missing(`${part}/${file}`));
  }

  statPlain(part: ProjectPart, file: string): FileFacts | undefined {
    const found = this.#facts.get(`${part}/${file}`);
    return found && { mtime: new Date(found.at), size: found.size };
  }

  async read(
    part: ProjectPart,
    file: string,
    options: { limit?: number } = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { limit = Infinity } = options;
    const { size } = await this.stat(part, file);
    if (size > limit) {
      throw new RangeError(
        `Cannot read ${
          quote(`${part}/${file}`)
        }: it has ${size} bytes, expected at most ${limit}`,
      );
    }
    return await bytesOf(await this.#content(`${part}/${file}`));
  }

  async readHead(
    part: ProjectPart,
    file: string,
    length: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const content = await this.#content(`${part}/${file}`);
    return await bytesOf(content.slice(0, length));
  }

  readOutput(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async write(
    part: ProjectPart,
    file: string,
    content: Uint8Array | string,
  ): Promise<void> {
    await this.#save(`${part}/${file}`, content);
  }

  async remove(part: ProjectPart, file: string): Promise<void> {
    await this.#change([{ from: `${part}/${file}` }]);
  }

  async readJobs(): Promise<string> {
    if (!this.#facts.has(JOBS_FILE)) return "";
    return new TextDecoder().decode(
      await bytesOf(await this.#content(JOBS_FILE)),
    );
  }

  async writeJobs(text: string): Promise<void> {
    await this.#save(JOBS_FILE, text);
  }

  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return locked(this.#name, async () => {
      this.#began = this.#now();
      try {
        return await work();
      } finally {
        this.#began = Infinity;
      }
    });
  }

  async toTrash(
    name: string,
    files: readonly string[],
    how: "move" | "copy" = "move",
  ): Promise<void> {
    const trash = `${TRASH}/${this.#now()}-${name}`;
    const there = files.filter((file) => this.#facts.has(file));
    await this.#change(
      there.map((from) => ({
        from,
        to: `${trash}/${from}`,
        keep: how === "copy",
      })),
    );
  }

  trashed(): Promise<string[]> {
    const names = new Set<string>();
    for (const path of this.#facts.keys()) {
      const [folder, name = ""] = path.split("/", 2);
      if (folder === TRASH) names.add(name);
    }
    return Promise.resolve([...names].sort());
  }

  async restore(trashed: string): Promise<void> {
    const root = `${TRASH}/${trashed}/`;
    const paths = [...this.#facts.keys()].filter((path) =>
      path.startsWith(root)
    );
    const back = paths.map((from) => ({ from, to: from.slice(root.length) }));
    await this.toTrash(`${trashed}-found`, back.map(({ to }) => to));
    await this.#change(back);
  }

  #namesIn(folder: string): readonly string[] {
    const known = this.#names.get(folder);
    if (known) return known;
    const names: string[] = [];
    for (const path of this.#facts.keys()) {
      if (folderOf(path) === folder) names.push(path.slice(folder.length + 1));
    }
    names.sort();
    this.#names.set(folder, names);
    return names;
  }

  /** Now, and never the same twice: a changed file has a changed time. */
  #now(): number {
    this.#last = Math.max(Date.now(), this.#last + 1);
    return this.#last;
  }

  async #content(path: string): Promise<StoredContent> {
    const store = this.#db.transaction(CONTENTS).objectStore(CONTENTS);
    const content = await finish<StoredContent | undefined>(store.get(path));
    if (content === undefined) throw missing(path);
    return content;
  }

  async #save(path: string, content: Uint8Array | string): Promise<void> {
    const bytes = typeof content === "string"
      ? new TextEncoder().encode(content)
      : content.slice();
    const facts = { at: this.#now(), size: bytes.length };
    await this.#write({ path, bytes: bytes.length }, (store) => {
      store(FACTS).put(facts, path);
      store(CONTENTS).put(
        bytes.length < LARGE ? bytes : new Blob([bytes]),
        path,
      );
    });
    this.#facts.set(path, facts);
    this.#names.delete(folderOf(path));
  }

  /** Moves, copies and removes files, all of them or none. */
  async #change(
    steps: readonly {
      readonly from: string;
      /** Where to; nowhere: it is removed. */
      readonly to?: string;
      readonly keep?: boolean;
    }[],
  ): Promise<void> {
    if (steps.length === 0) return;
    const contents = await Promise.all(
      steps.map(({ from, to }) => to === undefined ? "" : this.#content(from)),
    );
    const moved = steps.map(({ from }) => this.#facts.get(from));
    const needed = {
      path: steps[0]!.from,
      // What is removed needs none.
      bytes: moved.reduce(
        (sum, facts, i) =>
          steps[i]!.to === undefined ? sum : sum + (facts?.size ?? 0),
        0,
      ),
      // Neither what comes out of the trash nor what goes into it.
      keep: steps.flatMap(({ from, to = "" }) => [from, to]),
    };
    await this.#write(needed, (store) => {
      for (const [i, { from, to, keep = false }] of steps.entries()) {
        if (to !== undefined) {
          store(FACTS).put(moved[i], to);
          store(CONTENTS).put(contents[i], to);
        }
        if (keep) continue;
        for (const name of [FACTS, CONTENTS]) store(name).delete(from);
      }
    });
    for (const { from, to, keep = false } of steps) {
      const facts = this.#facts.get(from);
      if (to !== undefined && facts) this.#facts.set(to, facts);
      if (!keep) this.#facts.delete(from);
      this.#names.delete(folderOf(from));
      if (to !== undefined) this.#names.delete(folderOf(to));
    }
  }

  /**
   * Changes the storage; where that is full, the oldest trash makes room, if
   * all of it can.
   */
  async #write(
    { path, bytes, keep = [] }: {
      readonly path: string;
      readonly bytes: number;
      readonly keep?: readonly string[];
    },
    work: (store: (name: string) => IDBObjectStore) => void,
  ): Promise<void> {
    const names = keep.map(trashName).filter((name) => name !== undefined);
    const needed = { bytes, keep: new Set(names), since: this.#began };
    let canFit: boolean | undefined;
    for (;;) {
      try {
        return await this.#transact(path, work);
      } catch (error) {
        if (!(error instanceof StorageFullError)) throw error;
        canFit ??= canMakeRoom(this.#sizes(), {
          ...needed,
          free: await freeBytes(),
        });
        if (!canFit || !await this.#giveUpTrash(needed)) throw error;
      }
    }
  }

  #sizes(): Map<string, number> {
    return new Map([...this.#facts].map(([path, { size }]) => [path, size]));
  }

  /** Removes the oldest of the trash; answers whether there was any. */
  async #giveUpTrash(
    needed: {
      readonly bytes: number;
      readonly keep: ReadonlySet<string>;
      readonly since: number;
    },
  ): Promise<boolean> {
    const given = oldTrash(this.#sizes(), {
      ...needed,
      bytes: Math.max(needed.bytes, ROOM),
    });
    if (given.length === 0) return false;
    await this.#transact(given[0]!, (store) => {
      for (const path of given) {
        for (const kind of [FACTS, CONTENTS]) store(kind).delete(path);
      }
    });
    for (const path of given) this.#facts.delete(path);
    const marks = new Set(given.map((path) => numberMark(trashName(path)!)));
    for (const mark of marks) {
      if (mark === undefined) continue;
      const facts = { at: this.#now(), size: 0 };
      await this.#transact(mark, (store) => {
        store(FACTS).put(facts, mark);
        store(CONTENTS).put(new Uint8Array(0), mark);
      });
      this.#facts.set(mark, facts);
    }
    return true;
  }

  async #transact(
    path: string,
    work: (store: (name: string) => IDBObjectStore) => void,
  ): Promise<void> {
    const transaction = this.#db.transaction([FACTS, CONTENTS], "readwrite", {
      durability: "strict",
    });
    work((name) => transaction.objectStore(name));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(writeError(path, transaction.error));
    });
  }
}

/** What the browser says can still be written; 0 where it does not say. */
async function freeBytes(): Promise<number> {
  const { quota = 0, usage = 0 } = await navigator.storage.estimate()
    .catch((): StorageEstimate => ({}));
  return Math.max(0, quota - usage);
}

function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: unknown) =>
      reject(
        new Error(
          `Cannot open the browser's storage for ${
            quote(name)
          }: ${cause}, expected a browser that lets this page keep data`,
          { cause },
        ),
      );
    let request: IDBOpenDBRequest;
    try {
      request = indexedDB.open(name, 1);
    } catch (cause) {
      return refuse(cause);
    }
    request.onupgradeneeded = () => {
      request.result.createObjectStore(FACTS);
      request.result.createObjectStore(CONTENTS);
    };
    request.onsuccess = () => {
      const db = request.result;
      // Someone clears the site's data, or a newer page wants to change it.
      db.onversionchange = () => db.close();
      resolve(db);
    };
    request.onerror = () => refuse(request.error);
  });
}

function finish<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function locked<T>(name: string, work: () => Promise<T>): Promise<T> {
  return navigator.locks.request(name, work) as Promise<T>;
}

async function bytesOf(
  content: StoredContent,
): Promise<Uint8Array<ArrayBuffer>> {
  return content instanceof Blob
    ? new Uint8Array(await content.arrayBuffer())
    : content;
}

/** The folder that a path is in; empty for what is in none. */
function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function missing(path: string): Error {
  const error = new Error(`Cannot read ${quote(path)}: no such file`);
  // As the errors of the disk are called.
  error.name = "NotFound";
  return error;
}

function writeError(path: string, cause: DOMException | null): Error {
  return cause?.name === "QuotaExceededError"
    ? new StorageFullError(
      `Cannot write ${
        quote(path)
      }: the browser's storage for this page is full. Save the project as a file, then delete images, which cannot be restored once their room is needed, or make room on the disk`,
      { cause },
    )
    : new Error(
      `Cannot write ${
        quote(path)
      }: the browser's storage refused it (${cause})`,
      { cause },
    );
}
