/**
 * One file of the hub while it is fetched to the disk: in parallel parts, resumed
 * where it stopped, checked, and only then given its name.
 *
 * While it is incomplete it is next to its final place as `<name>.part`,
 * with `<name>.part.json` telling which ranges have arrived.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { backOff, pause } from "../base/back_off.ts";
import { quote, withHint } from "../base/errors.ts";
import { fileError } from "../files/file_error.ts";
import { fileExists, writeFileAtomic } from "../files/files.ts";
import { makeFolder, renameDurably } from "../files/flush.ts";
import type { HubClient, HubFile } from "./hub_client.ts";
import { HubError } from "./hub_error.ts";

/** How a file is fetched. */
export interface DownloadFileOptions {
  /** The path to write. */
  readonly path: string;
  /** Parallel connections; 4 unless given. */
  readonly connections?: number;
  /** Bytes per part; 64 MiB unless given. */
  readonly partSize?: number;
  /** Attempts without a single new byte before giving up; 5. */
  readonly attempts?: number;
  /** Milliseconds before the first new attempt, doubled each time; 1000. */
  readonly retryDelay?: number;
  /** Called with the bytes that are there so far, of the file and checked. */
  readonly onProgress?: (progress: FileProgress) => void;
  /** Stops the download; what has arrived is kept for the next time. */
  readonly signal?: AbortSignal;
}

/** How far a file is. */
export type FileProgress =
  | { readonly stage: "download" | "verify"; readonly bytes: number }
  | { readonly stage: "retry"; readonly reason: string };

/** A range of the file and how much of it has arrived, in bytes. */
interface Part {
  readonly begin: number;
  readonly end: number;
  done: number;
}

/** What `<name>.part.json` holds. */
interface PartState {
  readonly digest: string;
  readonly size: number;
  readonly parts: Part[];
}

/** How often the data is flushed and the state written, in milliseconds. */
const STATE_INTERVAL = 2000;
const MAX_DELAY = 30_000;

/** The server sends the whole file when asked for a part. */
class NoRanges extends Error {}

/**
 * Downloads a file, or the rest of it, and checks its hash. Nothing is at
 * `path` before all of it is right.
 *
 * @throws {HubError} `hash-mismatch` (what arrived is removed), or as
 * `HubClient.openFile`. @throws The signal's reason when it is aborted.
 */
export async function downloadFile(
  client: HubClient,
  file: HubFile,
  options: DownloadFileOptions,
): Promise<void> {
  const { path, signal, onProgress = () => {} } = options;
  await makeFolder(dirname(path));
  await removeLink(`${path}.part`);
  const transfer = await Transfer.open(file, options);
  try {
    try {
      await transfer.run(client);
    } catch (error) {
      if (!(error instanceof NoRanges)) throw error;
      await transfer.restart();
      await transfer.run(client);
    }
  } catch (error) {
    // Why it failed matters more than that this fails too, on a full disk.
    await transfer.save().catch(() => {});
    throw error;
  }
  await transfer.save();
  onProgress({ stage: "verify", bytes: 0 });
  const partPath = `${path}.part`;
  const digest = await hashFile(partPath, {
    file,
    onBytes: (bytes) => onProgress({ stage: "verify", bytes }),
    ...(signal ? { signal } : {}),
  });
  if (digest !== file.hash.digest) {
    await removeParts(path);
    throw new HubError(
      "hash-mismatch",
      withHint(
        `Cannot download ${
          quote(file.path)
        }: what arrived has ${file.hash.algorithm} ${digest}, expected ${file.hash.digest}`,
        "It was removed. Start again; a proxy or mirror between may alter files.",
      ),
    );
  }
  await flush(partPath);
  await renameDurably(partPath, path);
  await removeParts(path);
}

/** How many bytes of a file an earlier run has left behind. */
export async function bytesPresent(
  file: HubFile,
  path: string,
): Promise<number> {
  const state = await readState(file, path);
  return state?.parts.reduce((sum, part) => sum + part.done, 0) ?? 0;
}

/** The hash of a file on disk, in the way that the hub lists it. */
export async function hashFile(
  path: string,
  options: {
    file: Pick<HubFile, "size" | "hash">;
    onBytes?: (bytes: number) => void;
    signal?: AbortSignal;
  },
): Promise<string> {
  const { file, onBytes = () => {}, signal } = options;
  const isGit = file.hash.algorithm === "git-sha1";
  const hash = createHash(isGit ? "sha1" : "sha256");
  if (isGit) hash.update(`blob ${file.size}\0`);
  using handle = await Deno.open(path);
  const buffer = new Uint8Array(4 * 1024 * 1024);
  for (let bytes = 0;;) {
    signal?.throwIfAborted();
    const count = await handle.read(buffer);
    if (count === null) break;
    hash.update(buffer.subarray(0, count));
    onBytes(bytes += count);
  }
  return hash.digest("hex");
}

class Transfer {
  readonly #file: HubFile;
  readonly #options: DownloadFileOptions;
  readonly #state: PartState;
  /** Bytes on disk, as of now. */
  #bytes: number;
  #saved = 0;

  private constructor(
    file: HubFile,
    options: DownloadFileOptions,
    state: PartState,
  ) {
    this.#file = file;
    this.#options = options;
    this.#state = state;
    this.#bytes = state.parts.reduce((sum, { done }) => sum + done, 0);
  }

  /** Continues where an earlier run stopped, or begins. */
  static async open(
    file: HubFile,
    options: DownloadFileOptions,
  ): Promise<Transfer> {
    const { path, partSize = 64 * 1024 * 1024 } = options;
    const earlier = await readState(file, path);
    if (earlier) return new Transfer(file, options, earlier);
    const parts: Part[] = [];
    for (let begin = 0; begin < file.size; begin += partSize) {
      const end = Math.min(begin + partSize, file.size);
      parts.push({ begin, end, done: 0 });
    }
    try {
      using handle = await Deno.open(`${path}.part`, {
        write: true,
        create: true,
        truncate: true,
      });
      await handle.truncate(file.size);
    } catch (error) {
      throw fileError("write", `${path}.part`, error);
    }
    const { size, hash: { digest } } = file;
    return new Transfer(file, options, { digest, size, parts });
  }

  /** Fetches what is missing, several parts at a time. */
  async run(client: HubClient): Promise<void> {
    const { connections = 4, signal } = this.#options;
    this.#report();
    const queue = this.#state.parts.filter((p) => p.begin + p.done < p.end);
    // The first failure stops the others, so that nothing writes on.
    const stop = new AbortController();
    const combined = signal
      ? AbortSignal.any([signal, stop.signal])
      : stop.signal;
    const worker = async () => {
      for (let part = queue.shift(); part; part = queue.shift()) {
        await this.#fetchPart(client, part, combined);
      }
    };
    const workers = Array.from(
      { length: Math.min(connections, queue.length) },
      () =>
        worker().catch((error) => {
          stop.abort(error);
          throw error;
        }),
    );
    const results = await Promise.allSettled(workers);
    signal?.throwIfAborted();
    // The one that failed first; the others were only told to stop.
    if (stop.signal.aborted) throw stop.signal.reason;
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** Forgets what has arrived: everything is to come in one piece. */
  async restart(): Promise<void> {
    const { parts, size } = this.#state;
    parts.splice(0, parts.length, { begin: 0, end: size, done: 0 });
    this.#bytes = 0;
    await this.save();
  }

  /** Records what has arrived, once it is on the disk. */
  async save(): Promise<void> {
    this.#saved = performance.now();
    const state = JSON.stringify(this.#state);
    await flush(`${this.#options.path}.part`);
    await writeFileAtomic(
      `${this.#options.path}.part.json`,
      state,
      { overwrite: true },
    );
  }

  async #fetchPart(
    client: HubClient,
    part: Part,
    signal: AbortSignal,
  ): Promise<void> {
    const { attempts = 5, retryDelay = 1000, onProgress = () => {} } =
      this.#options;
    let failures = 0;
    while (part.begin + part.done < part.end) {
      const before = part.done;
      try {
        await this.#receive(client, part, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!isPassing(error)) throw error;
        failures = part.done > before ? 1 : failures + 1;
        if (failures >= attempts) {
          throw new HubError(
            "unreachable",
            withHint(
              `Cannot download ${quote(this.#file.path)}: ${
                describe(error)
              }, ${attempts} times in a row`,
              "What has arrived is kept; the same command resumes it.",
            ),
            { cause: error },
          );
        }
        onProgress({ stage: "retry", reason: describe(error) });
        await pause(
          backOff(failures, { first: retryDelay, most: MAX_DELAY }),
          signal,
        );
      }
    }
  }

  async #receive(
    client: HubClient,
    part: Part,
    signal: AbortSignal,
  ): Promise<void> {
    const wanted = part.begin + part.done;
    const { isPart, chunks } = await client.openFile(this.#file, {
      begin: wanted,
      end: part.end,
      signal,
    });
    const isWhole = wanted === 0 && part.end === this.#file.size;
    if (!isPart && !isWhole) {
      await chunks[Symbol.asyncIterator]().return?.();
      // In one piece there is nothing to resume: it begins again.
      throw new NoRanges();
    }
    using handle = await Deno.open(`${this.#options.path}.part`, {
      write: true,
    });
    await handle.seek(wanted, Deno.SeekMode.Start);
    for await (const chunk of chunks) {
      const room = part.end - part.begin - part.done;
      if (chunk.length > room) {
        throw new HubError(
          "protocol",
          `Cannot download ${
            quote(this.#file.path)
          }: the server sends more than was asked for`,
        );
      }
      await writeAll(handle, chunk, this.#options.path);
      part.done += chunk.length;
      this.#bytes += chunk.length;
      this.#report();
      if (performance.now() - this.#saved > STATE_INTERVAL) await this.save();
      signal.throwIfAborted();
    }
    if (part.begin + part.done < part.end) {
      throw new TypeError("the connection ended too early");
    }
  }

  #report(): void {
    this.#options.onProgress?.({ stage: "download", bytes: this.#bytes });
  }
}

async function writeAll(
  file: Deno.FsFile,
  bytes: Uint8Array,
  path: string,
): Promise<void> {
  try {
    for (let written = 0; written < bytes.length;) {
      written += await file.write(bytes.subarray(written));
    }
  } catch (error) {
    const told = fileError("write", `${path}.part`, error);
    if (told instanceof Error && told !== error) {
      told.message = withHint(
        told.message,
        "What has arrived is kept; the same command resumes it.",
      );
    }
    throw told;
  }
}

/** Removes a link: written through it, the bytes would replace another file. */
async function removeLink(path: string): Promise<void> {
  try {
    if ((await Deno.lstat(path)).isSymlink) await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Flushes a file's data to the disk. */
async function flush(path: string): Promise<void> {
  try {
    using file = await Deno.open(path, { read: true, write: true });
    await file.sync();
  } catch (error) {
    throw fileError("write", path, error);
  }
}

/** Whether another attempt may help: the network failed, not the request. */
function isPassing(error: unknown): boolean {
  if (error instanceof NoRanges) return false;
  if (error instanceof HubError) return error.code === "unreachable";
  return error instanceof TypeError ||
    error instanceof DOMException && error.name === "TimeoutError" ||
    error instanceof Deno.errors.Http ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.UnexpectedEof ||
    error instanceof Deno.errors.TimedOut;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message.split("\n")[0]! : String(error);
}

/** What an earlier run has written down, if it was about the same file. */
async function readState(
  file: HubFile,
  path: string,
): Promise<PartState | undefined> {
  if (!await fileExists(`${path}.part`)) return undefined;
  try {
    const state = JSON.parse(
      await Deno.readTextFile(`${path}.part.json`),
    ) as PartState;
    const { size } = await Deno.stat(`${path}.part`);
    return isState(state, file) && size === file.size ? state : undefined;
  } catch (error) {
    // Without a readable state what has arrived cannot be told apart.
    if (error instanceof SyntaxError) return undefined;
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function isState(state: PartState, file: HubFile): boolean {
  if (
    state?.digest !== file.hash.digest || state.size !== file.size ||
    !Array.isArray(state.parts)
  ) return false;
  let position = 0;
  for (const { begin, end, done } of state.parts) {
    if (begin !== position || !(end > begin)) return false;
    if (!Number.isSafeInteger(done) || done < 0 || done > end - begin) {
      return false;
    }
    position = end;
  }
  return position === file.size;
}

/** Removes what an unfinished download has left next to a file. */
export async function removeParts(path: string): Promise<void> {
  for (const name of [`${path}.part`, `${path}.part.json`]) {
    await Deno.remove(name).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}
