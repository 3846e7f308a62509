/**
 * `--watch`: the job files of a folder, those that are there and those that
 * are added.
 *
 * @module
 */

import { basename, extname, join } from "node:path";
import { pause } from "../../core/base/back_off.ts";
import { UsageError } from "../shared/tool.ts";

/** A job file that is to be run. */
export interface WatchedFile {
  /** Its path. */
  readonly path: string;
  /** Has it come again later: another process works on some of its items. */
  readonly revisit: () => void;
}

/** How a folder is watched. */
export interface WatchOptions {
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Milliseconds between two looks into the folder; 1000. */
  readonly intervalMs?: number;
  /** Milliseconds until a file that is to be revisited comes again; 60000. */
  readonly revisitMs?: number;
}

/**
 * The paths of the job files (`.yaml`, `.yml`) in a folder, in the order of
 * their names; after that each one that is new or has changed, once it has
 * stayed the same between two looks: a file that is being copied is not taken
 * half. Ends only by an error.
 *
 * @throws {UsageError} When no such folder at the beginning.
 * @throws The signal's reason.
 */
export async function* watchJobFiles(
  folder: string,
  { signal, intervalMs = 1000, revisitMs = 60_000 }: WatchOptions,
): AsyncGenerator<WatchedFile, void, void> {
  /** What was taken, and what was seen at the last look, by path. */
  const taken = new Map<string, string>();
  /** When files come again, as performance.now() tells it. */
  const due = new Map<string, number>();
  let seen = await lookInto(folder);
  if (!seen) {
    throw new UsageError(
      `Cannot watch ${JSON.stringify(folder)}: no such folder`,
    );
  }
  for (;;) {
    await pause(intervalMs, signal);
    // A file system that is away for a moment has no files for a moment.
    const now: Map<string, string> = await lookInto(folder) ?? new Map();
    for (const [path, state] of now) {
      if ((due.get(path) ?? Infinity) <= performance.now()) {
        due.delete(path);
        taken.delete(path);
      }
      if (taken.get(path) === state || seen.get(path) !== state) continue;
      taken.set(path, state);
      yield {
        path,
        revisit: () => due.set(path, performance.now() + revisitMs),
      };
      signal.throwIfAborted();
    }
    seen = now;
  }
}

/** The folder for the results of a job file. */
export function outputOf(jobFile: string, output: string): string {
  return join(output, basename(jobFile, extname(jobFile)));
}

/** Size and time of every job file in a folder; undefined without a folder. */
async function lookInto(
  folder: string,
): Promise<Map<string, string> | undefined> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (!isDirectory && /^[^.].*\.ya?ml$/i.test(name)) names.push(name);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
  const found = new Map<string, string>();
  for (const name of names.sort()) {
    const path = join(folder, name);
    try {
      const { isFile, size, mtime, ino } = await Deno.stat(path);
      if (isFile) found.set(path, `${size} ${mtime?.getTime()} ${ino}`);
    } catch {
      // Removed meanwhile.
    }
  }
  return found;
}
