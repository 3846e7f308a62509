/**
 * Runs the items of a job file through one or more engines: what is finished
 * is skipped, what fails does not stop the others, and nothing half-written is
 * left behind.
 *
 * @module
 */

import { backOff, pause } from "../base/back_off.ts";
import { reuseFileIo } from "../media/file_io.ts";
import type { Engine } from "./engine.ts";
import { mayPass } from "./passing_error.ts";
import {
  lockFile,
  removeLeftovers,
  someWanted,
  wantedOf,
} from "./_item_files.ts";
import { makeItem } from "./_make_item.ts";
import { seeLocks, takeLock } from "./item_lock.ts";
import { trimMemory } from "./trim_memory.ts";
import type { RunItem } from "./plan_run.ts";
import type { RunOptions, RunSummary } from "./run_options.ts";

/**
 * Does the items of a run.
 *
 * An item leaves the image with its tracks, the video, and the video with its
 * tracks. What is there already is kept unless `overwrite` is set; a missing
 * overlay is made from the finished video.
 *
 * @throws {DOMException} `AbortError`, when `signal` was aborted; everything
 * that was finished by then stays.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createPreviewEngine, runItems } from "@ati/ati";
 * const engines = [createPreviewEngine()];
 * const summary = await runItems([], { engines });
 * assert.equal(summary.done, 0);
 * ```
 */
export async function runItems(
  items: readonly RunItem[],
  options: RunOptions,
): Promise<RunSummary> {
  const { engines, signal, onEvent = () => {} } = options;
  if (engines.length === 0) {
    throw new TypeError("Cannot run items: expected one engine or more");
  }
  await removeLeftovers(items, engines[0]!);
  using _io = reuseFileIo();
  const seen = await seeLocks(items.map(lockFile));
  const running = { ...options, lock: { seen, ...options.lock } };
  const count = { done: 0, skipped: 0, locked: 0, failed: 0 };
  const queue = items.values();
  const lane = async (engine: Engine) => {
    for (const item of queue) {
      signal?.throwIfAborted();
      const started = performance.now();
      let came: "done" | "skipped" | "locked";
      try {
        came = await runWithRetries(item, engine, running);
      } catch (error) {
        // What no item is allowed to do need not be tried again.
        if (signal?.aborted || error instanceof Deno.errors.NotCapable) {
          throw error;
        }
        count.failed++;
        onEvent({ type: "failed", item, error });
        continue;
      }
      const seconds = (performance.now() - started) / 1000;
      count[came]++;
      if (came === "done") trimMemory();
      onEvent(
        came === "done"
          ? { type: came, item, engine: engine.name, seconds }
          : { type: came, item },
      );
    }
  };
  // Every lane is waited for, so that none is cut off while it cleans up.
  const lanes = await Promise.allSettled(engines.map(lane));
  signal?.throwIfAborted();
  for (const result of lanes) {
    if (result.status === "rejected") throw result.reason;
  }
  return count;
}

/** {@linkcode runItem}, again after errors that may pass. */
async function runWithRetries(
  item: RunItem,
  engine: Engine,
  options: RunOptions,
): ReturnType<typeof runItem> {
  const { retries, signal, onEvent } = options;
  for (let attempt = 1;; attempt++) {
    try {
      return await runItem(item, engine, options);
    } catch (error) {
      const isLast = attempt > (retries?.count ?? 0);
      if (signal?.aborted || !retries || isLast || !mayPass(error)) throw error;
      const { firstMs: first, mostMs: most } = retries;
      const waitMs = backOff(attempt, { first, most });
      onEvent?.({ type: "retry", item, error, attempt, waitMs });
      await pause(waitMs, signal);
    }
  }
}

/** Makes what is missing of an item, unless another process does. */
async function runItem(
  item: RunItem,
  engine: Engine,
  options: RunOptions,
): Promise<"done" | "skipped" | "locked"> {
  const { signal, onEvent } = options;
  if (!someWanted(await wantedOf(item, options))) return "skipped";
  await using lock = await takeLock(lockFile(item), {
    ...options.lock,
    signal,
    onWait: (owner) =>
      onEvent?.({
        type: "note",
        item,
        about: "work",
        message: `locked by ${owner}; checking whether it is still alive`,
      }),
  });
  if (!lock) return "locked";
  // Another process may have finished it while this one waited.
  const wanted = await wantedOf(item, options);
  if (!someWanted(wanted)) return "skipped";
  await makeItem(item, {
    engine,
    wanted,
    options: {
      ...options,
      signal: signal ? AbortSignal.any([signal, lock.signal]) : lock.signal,
    },
  });
  return "done";
}
