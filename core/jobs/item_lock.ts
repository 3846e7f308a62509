/**
 * Locks between processes that share a folder, on one machine or on several:
 * a file that only one of them can create, with a heartbeat.
 *
 * No clocks are compared and no process is looked up, so that it works over
 * network file systems and without permissions beyond reading and writing.
 *
 * @module
 */

import { basename, dirname } from "node:path";
import { fileError } from "../files/file_error.ts";
import { moveAside, removeFile } from "../files/temporary.ts";

/** A lock that is held. Leaving an `await using` scope releases it. */
export interface ItemLock extends AsyncDisposable {
  /** Aborted if another process took the lock over because this one stalled. */
  readonly signal: AbortSignal;
  /** Releases the lock. Idempotent. */
  release(): Promise<void>;
}

/** What was in locks, by their paths, and when: ms of `performance.now()`. */
export type SeenLocks = ReadonlyMap<
  string,
  { readonly content: string; readonly at: number }
>;

/** How a lock is taken. */
export interface LockOptions {
  /** Milliseconds between two heartbeats; 3000. */
  readonly heartbeatMs?: number;
  /**
   * Milliseconds without a heartbeat until the owner of a lock counts as dead;
   * 10000.
   */
  readonly staleAfterMs?: number;
  /** What was in locks earlier: time that has passed is not waited again. */
  readonly seen?: SeenLocks;
  /**
   * Called at once when a lock is found, before its heartbeat is awaited, with
   * who holds it: `process 4711 since 2026-01-31 12:00:00Z`.
   */
  readonly onWait?: (owner: string) => void;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes the lock. One that a killed process left is recognized by
 * its missing heartbeat, and taken over after `staleAfterMs`.
 *
 * @returns undefined when a living process holds it.
 * @throws {Error} When nothing can be written there, with why.
 */
export async function takeLock(
  path: string,
  options: LockOptions = {},
): Promise<ItemLock | undefined> {
  const { heartbeatMs: beat = 3000, staleAfterMs: patience = 10_000, signal } =
    options;
  const id = crypto.randomUUID();
  const owner = describeProcess();
  await makeFolder(path);
  let told = false;
  while (!await create(path, `${id} 0 ${owner}`)) {
    const seen = await read(path);
    if (seen === undefined) continue; // just given back
    if (!told) options.onWait?.(ownerIn(seen));
    told = true;
    const earlier = options.seen?.get(path);
    const since = earlier?.content === seen ? earlier.at : performance.now();
    if (await changes(path, seen, { until: since + patience, signal })) {
      if (await read(path) === undefined) continue;
      return undefined;
    }
    await takeAway(path, seen);
  }
  return hold(path, { id, beat, owner });
}

/** This process, for the messages of others. */
function describeProcess(): string {
  const since = new Date().toISOString().replace(/T(.*)\..*$/, " $1Z");
  return `process ${Deno.pid}${hostSuffix()} since ${since}`;
}

/** Which machine, where that may be known: others may share the folder. */
function hostSuffix(): string {
  const permission = { name: "sys", kind: "hostname" } as const;
  return Deno.permissions.querySync(permission).state === "granted"
    ? ` on ${Deno.hostname()}`
    : "";
}

/** Who wrote a lock; damaged ones tell nothing. */
function ownerIn(content: string): string {
  const [owner] = /process \d+[ -~]{0,100}$/.exec(content) ?? [];
  return owner ?? "another process";
}

async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
  } catch (error) {
    throw fileError("write", path, error);
  }
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    await Deno.writeTextFile(path, content, { createNew: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw fileError("write", path, error);
  }
}

/**
 * Writes over what is in a lock, which is never shorter: a process that reads it
 * meanwhile sees no empty file, and one that is gone is not made again.
 */
async function rewrite(path: string, content: string): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.write(new TextEncoder().encode(content));
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Whether the file's content changes until that time. */
async function changes(
  path: string,
  seen: string,
  { until, signal }: { until: number; signal: AbortSignal | undefined },
): Promise<boolean> {
  for (;;) {
    signal?.throwIfAborted();
    const left = until - performance.now();
    if (left <= 0) return false;
    await new Promise((done) => setTimeout(done, Math.min(500, left / 4 + 1)));
    if (await read(path) !== seen) return true;
  }
}

/**
 * What is in those of the locks that are there. Looked at once before a run,
 * the locks of several dead processes are found out together. What cannot be
 * read counts as absent: its own item says why.
 */
export async function seeLocks(paths: readonly string[]): Promise<SeenLocks> {
  const folders = Map.groupBy(new Set(paths), dirname);
  const seen = new Map<string, { content: string; at: number }>();
  for (const [folder, wanted] of folders) {
    const there = await namesIn(folder);
    for (const path of wanted.filter((path) => there.has(basename(path)))) {
      const content = await read(path).catch(() => undefined);
      if (content !== undefined) {
        seen.set(path, { content, at: performance.now() });
      }
    }
  }
  return seen;
}

async function namesIn(folder: string): Promise<Set<string>> {
  const names = new Set<string>();
  try {
    for await (const { name } of Deno.readDir(folder)) names.add(name);
  } catch {
    // It is not there yet, or may not be read.
  }
  return names;
}

/**
 * Moves a dead lock out of the way. Of several processes only one succeeds; if
 * another one was quicker and it is a new lock, it is put back.
 */
export async function takeAway(path: string, seen: string): Promise<void> {
  const aside = await moveAside(path); // removed by others if this process dies
  if (!aside) return;
  using _locked = aside.file;
  const content = await read(aside.path);
  if (content !== undefined && content !== seen) await create(path, content);
  await removeFile(aside.path);
}

function hold(
  path: string,
  { id, beat, owner }: { id: string; beat: number; owner: string },
): ItemLock {
  const lost = new AbortController();
  let beats = 0;
  let working: Promise<void> = Promise.resolve();
  let held = true;
  const isOurs = async () => (await read(path))?.startsWith(id) ?? false;
  const pulse = async () => {
    if (!held) return;
    if (await isOurs()) {
      await rewrite(path, `${id} ${++beats} ${owner}`);
    } else {
      held = false;
      lost.abort(
        new Error("another process took over: this one stalled for too long"),
      );
    }
  };
  const timer = setInterval(() => {
    // A file system that is away for a moment must not end the work.
    working = working.then(pulse).catch(() => {});
  }, beat);
  const release = async () => {
    clearInterval(timer);
    await working;
    if (held && await isOurs()) await Deno.remove(path);
    held = false;
  };
  return { signal: lost.signal, release, [Symbol.asyncDispose]: release };
}
