/**
 * A checkpoint folder, filled from the hub: what is wanted, what is there
 * already, and the transfer of the rest.
 *
 * @module
 */

import { dirname, join, resolve } from "node:path";
import { quote, withHint } from "../base/errors.ts";
import { gigabytes } from "../base/gigabytes.ts";
import { fileError } from "../files/file_error.ts";
import {
  freeSpace,
  openAtomicFile,
  removeStaleTemp,
  writeFileAtomic,
} from "../files/files.ts";
import { makeFolder, renameDurably } from "../files/flush.ts";
import { SPACE_MARGIN } from "../files/space_margin.ts";
import { temporaryName } from "../files/temporary.ts";
import {
  bytesPresent,
  downloadFile,
  type DownloadFileOptions,
  hashFile,
  removeParts,
} from "./download_file.ts";
import { findCached } from "./hub_cache.ts";
import type { HubClient, HubFile } from "./hub_client.ts";
import { HubError } from "./hub_error.ts";
import { selectFiles, type WantedFiles } from "./variants.ts";

/** A file that belongs into the folder. */
export interface PlannedFile {
  /** The file of the hub. */
  readonly file: HubFile;
  /** Its path in the folder. */
  readonly path: string;
  /**
   * What is there: `verified` by an earlier run and unchanged since,
   * `unverified` of the right size, `different`, `cached` by the Hub's own
   * client, `partial` or nothing.
   */
  readonly state:
    | "cached"
    | "verified"
    | "unverified"
    | "different"
    | "partial"
    | "missing";
  /** How many bytes have to be fetched. */
  readonly missing: number;
  /** Where the Hub's cache has the file, if it has. */
  readonly source?: string;
}

/** What a download will do. */
export interface DownloadPlan {
  /** The folder. */
  readonly folder: string;
  /** Its files, the smallest first. */
  readonly files: readonly PlannedFile[];
  /** Bytes of all files. */
  readonly size: number;
  /** Bytes to fetch. */
  readonly missing: number;
}

/** What happens during a download. */
export type DownloadEvent =
  | { readonly type: "file"; readonly planned: PlannedFile }
  | {
    readonly type: "progress";
    readonly planned: PlannedFile;
    readonly stage: "download" | "verify";
    /** Bytes of the file that are there, or checked. */
    readonly bytes: number;
  }
  | {
    readonly type: "retry";
    readonly planned: PlannedFile;
    readonly reason: string;
  }
  | {
    readonly type: "done";
    readonly planned: PlannedFile;
    /** Whether it was fetched; else it was there. */
    readonly fetched: boolean;
  };

/** Files that were checked once are listed here, with size and time. */
const RECORD = ".verified.json";

/** Locked while a download runs; it holds who does, and stays. */
const LOCK = ".download.lock";

interface VerifiedFile {
  readonly digest: string;
  readonly size: number;
  /** Of the last change, in milliseconds. */
  readonly changed: number;
}

/**
 * Lists what a folder needs. Asks the hub for the lists of files; downloads
 * and writes nothing.
 *
 * @param options.cache the cache of the Hub's own client, see `hubCacheFolder`
 * @param options.verify whether files that an earlier run has checked count
 * as unverified again
 * @throws {HubError} When a repository or a wanted file is not to be had.
 *
 * @example
 * ```ts
 * import { HubClient, planDownload, VARIANTS } from "@ati/ati";
 *
 * // How many bytes a download would fetch.
 * export async function costOf(folder: string): Promise<number> {
 *   const { wanted } = VARIANTS.fp8;
 *   return (await planDownload(new HubClient(), { folder, wanted })).missing;
 * }
 * ```
 */
export async function planDownload(
  client: HubClient,
  options: {
    folder: string;
    wanted: readonly WantedFiles[];
    cache?: string;
    verify?: boolean;
    signal?: AbortSignal;
  },
): Promise<DownloadPlan> {
  const { folder, wanted, cache, verify = false, signal } = options;
  const lists = new Map<string, Promise<readonly HubFile[]>>();
  const record = verify ? new Map() : await readRecord(folder);
  const files: PlannedFile[] = [];
  for (const request of wanted) {
    const { repository } = request;
    if (!lists.has(repository)) {
      lists.set(
        repository,
        client.listFiles(repository, signal ? { signal } : {}),
      );
    }
    for (const file of selectFiles(await lists.get(repository)!, request)) {
      files.push(await planFile(file, { folder, cache, record }));
    }
  }
  files.sort((a, b) => a.file.size - b.file.size);
  const sum = (count: (planned: PlannedFile) => number) =>
    files.reduce((total, planned) => total + count(planned), 0);
  return {
    folder,
    files,
    size: sum(({ file }) => file.size),
    missing: sum(({ missing }) => missing),
  };
}

/**
 * Does what the plan says, file by file. A run that was stopped continues where
 * it stopped; one that was finished does nothing.
 *
 * @param options.overwrite whether files that differ from the hub's are replaced
 * @throws {HubError} `no-space`, or as {@linkcode downloadFile}
 * @throws {Deno.errors.AlreadyExists} When a file differs from the hub's and
 * `overwrite` is not set.
 * @throws {Error} When another download into the folder is running.
 *
 * @example
 * ```ts
 * import { HubClient, planDownload, runDownload, VARIANTS } from "@ati/ati";
 *
 * export async function fetchCheckpoint(folder: string): Promise<void> {
 *   const client = new HubClient();
 *   const { wanted } = VARIANTS.official;
 *   await runDownload(client, await planDownload(client, { folder, wanted }));
 * }
 * ```
 */
export async function runDownload(
  client: HubClient,
  plan: DownloadPlan,
  options:
    & Omit<DownloadFileOptions, "path" | "onProgress">
    & {
      overwrite?: boolean;
      onEvent?: (event: DownloadEvent) => void;
    } = {},
): Promise<void> {
  const { overwrite = false, onEvent = () => {}, ...transfer } = options;
  const { folder, files } = plan;
  const different = files.filter(({ state }) => state === "different");
  if (different.length > 0 && !overwrite) throw differs(different);
  const free = await freeSpace(folder);
  const needed = plan.missing + await copiedBytes(plan);
  if (needed > 0 && free < needed + SPACE_MARGIN) {
    throw new HubError(
      "no-space",
      withHint(
        `Cannot download into ${quote(folder)}: ${
          gigabytes(needed)
        } are missing and ${
          gigabytes(SPACE_MARGIN)
        } are kept free, the disk has room for ${gigabytes(free)}`,
        "Choose another disk, or a smaller --variant (fp8).",
      ),
    );
  }
  using _lock = await lockFolder(folder);
  for (const path of new Set(files.map(({ path }) => dirname(path)))) {
    await removeStaleTemp(join(path, RECORD));
  }
  const record = await readRecord(folder);
  for (const planned of files) {
    const { file, path } = planned;
    options.signal?.throwIfAborted();
    onEvent({ type: "file", planned });
    const isRight = planned.state === "verified" ||
      planned.state === "unverified" &&
        await isIntact(planned, { onEvent, ...transfer }) ||
      planned.source !== undefined &&
        await takeCached(planned, planned.source, { onEvent, ...transfer });
    if (!isRight) {
      if (planned.state === "unverified" && !overwrite) {
        throw differs([planned]);
      }
      await downloadFile(client, file, {
        ...transfer,
        path,
        onProgress: (progress) =>
          onEvent(
            progress.stage === "retry"
              ? { type: "retry", planned, reason: progress.reason }
              : { type: "progress", planned, ...progress },
          ),
      });
    }
    if (planned.state !== "verified") {
      const { size, mtime } = await Deno.stat(path);
      record.set(file.path, {
        digest: file.hash.digest,
        size,
        changed: mtime?.getTime() ?? 0,
      });
      await writeFileAtomic(
        join(folder, RECORD),
        JSON.stringify(Object.fromEntries(record), undefined, 2) + "\n",
        { overwrite: true },
      );
    }
    onEvent({ type: "done", planned, fetched: !isRight });
  }
}

/** One download per folder: two would write over each other's parts. */
async function lockFolder(folder: string): Promise<Deno.FsFile> {
  const path = join(folder, LOCK);
  let file: Deno.FsFile;
  try {
    await makeFolder(folder);
    file = await Deno.open(path, { read: true, write: true, create: true });
  } catch (error) {
    throw fileError("write", path, error);
  }
  // A file system without locks (some network disks) has to do without.
  const isMine = await file.tryLock(true).catch(() => true);
  if (isMine) {
    await file.truncate();
    await file.write(new TextEncoder().encode(`process ${Deno.pid}\n`));
    return file; // the system releases it when the process ends
  }
  file.close();
  // Windows lets nobody read a file that is locked.
  const owner = await Deno.readTextFile(path).catch(() => "");
  const [name = "another process"] = /^process \d+$/m.exec(owner) ?? [];
  throw new Error(
    withHint(
      `Cannot download into ${
        quote(folder)
      }: another download into it is running (${name})`,
      "Wait until it ends, or end it; what it has fetched is kept.",
    ),
  );
}

async function planFile(
  file: HubFile,
  context: {
    folder: string;
    cache: string | undefined;
    record: ReadonlyMap<string, VerifiedFile>;
  },
): Promise<PlannedFile> {
  const path = join(context.folder, ...file.path.split("/"));
  let info: Deno.FileInfo | undefined;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (!info) {
    const source = context.cache === undefined
      ? undefined
      : await findCached(context.cache, file);
    if (source !== undefined) {
      return { file, path, state: "cached", missing: 0, source };
    }
    const present = await bytesPresent(file, path);
    return {
      file,
      path,
      state: present > 0 ? "partial" : "missing",
      missing: file.size - present,
    };
  }
  if (!info.isFile || info.size !== file.size) {
    return { file, path, state: "different", missing: file.size };
  }
  const known = context.record.get(file.path);
  const isVerified = known?.digest === file.hash.digest &&
    known.size === info.size && known.changed === (info.mtime?.getTime() ?? 0);
  return {
    file,
    path,
    state: isVerified ? "verified" : "unverified",
    missing: 0,
  };
}

/**
 * Puts a file of the Hub's cache in its place: as a second name of the same
 * bytes where the file system has such, else as a copy.
 *
 * @returns Whether its bytes are right; nothing is there otherwise.
 */
async function takeCached(
  planned: PlannedFile,
  source: string,
  options: { signal?: AbortSignal; onEvent: (event: DownloadEvent) => void },
): Promise<boolean> {
  const { path } = planned;
  try {
    if (!await isIntact(planned, { ...options, path: source })) return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false; // cleared meanwhile
    throw error;
  }
  await makeFolder(dirname(path));
  const temporary = temporaryName(path);
  try {
    await Deno.link(source, temporary);
    await renameDurably(temporary, path);
  } catch {
    // Another disk, or a file system without links.
    await Deno.remove(temporary).catch(() => {});
    await using pending = await openAtomicFile(path);
    const from = await Deno.open(source);
    await from.readable.pipeTo(pending.file.writable, {
      preventClose: true,
      ...(options.signal && { signal: options.signal }),
    }).catch((error) => {
      options.signal?.throwIfAborted();
      throw fileError("write", path, error);
    });
    if (!await isIntact(planned, { ...options, path: pending.path })) {
      return false;
    }
    await pending.commit();
  }
  await removeParts(path);
  return true;
}

/** Bytes of cached files that are on another disk and have to be copied. */
async function copiedBytes({ folder, files }: DownloadPlan): Promise<number> {
  let sum = 0;
  const device = await deviceOf(folder);
  for (const { file, source } of files) {
    if (source === undefined) continue;
    const { dev } = await Deno.stat(source);
    if (dev !== device) sum += file.size;
  }
  return sum;
}

/** The file system that a folder is in, or will be. */
async function deviceOf(folder: string): Promise<number | undefined> {
  for (let at = resolve(folder);; at = dirname(at)) {
    try {
      return (await Deno.stat(at)).dev;
    } catch {
      if (dirname(at) === at) return undefined;
    }
  }
}

async function isIntact(
  planned: PlannedFile,
  options: {
    path?: string;
    signal?: AbortSignal;
    onEvent: (event: DownloadEvent) => void;
  },
): Promise<boolean> {
  const { file } = planned;
  const { path = planned.path, signal, onEvent } = options;
  const digest = await hashFile(path, {
    file,
    ...(signal ? { signal } : {}),
    onBytes: (bytes) =>
      onEvent({ type: "progress", planned, stage: "verify", bytes }),
  });
  return digest === file.hash.digest;
}

async function readRecord(
  folder: string,
): Promise<Map<string, VerifiedFile>> {
  try {
    const json: unknown = JSON.parse(
      await Deno.readTextFile(join(folder, RECORD)),
    );
    return new Map(
      Object.entries((json ?? {}) as Record<string, VerifiedFile>),
    );
  } catch (error) {
    // Without the record the files are hashed once more, nothing worse.
    if (
      error instanceof Deno.errors.NotFound || error instanceof SyntaxError
    ) return new Map();
    throw error;
  }
}

function differs(files: readonly PlannedFile[]): Error {
  return new Deno.errors.AlreadyExists(
    withHint(
      `Cannot download ${
        files.map(({ path }) => quote(path)).join(", ")
      }: another file of that name is there`,
      "--overwrite replaces it; or choose another folder.",
    ),
  );
}

export { gigabytes };
