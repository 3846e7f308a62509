/**
 * What a run has done so far, in numbers, for heartbeat lines.
 *
 * @module
 */

import type { RunEvent } from "../../core/jobs/run_options.ts";

/** The numbers of a heartbeat; names and units as in its JSON line. */
export interface Metrics {
  /** When, ISO 8601. */
  readonly time: string;
  /** Seconds since the start. */
  readonly uptime_seconds: number;
  /** Items whose outputs were made. */
  readonly done: number;
  /** Items that were already finished. */
  readonly skipped: number;
  /** Items that another process works on. */
  readonly locked: number;
  /** Items that failed. */
  readonly failed: number;
  /** Attempts that failed and are made again. */
  readonly retries: number;
  /** The items at work. */
  readonly running: readonly {
    readonly name: string;
    readonly stage: string | undefined;
    readonly done: number;
    readonly total: number;
  }[];
  /** Memory of this process, bytes. */
  readonly rss_bytes: number;
}

/** Counts events. */
export class MetricsCounter {
  readonly #started = performance.now();
  readonly #counts = { done: 0, skipped: 0, locked: 0, failed: 0, retries: 0 };
  readonly #running = new Map<string, Metrics["running"][number]>();

  /** Counts an event. */
  event(event: RunEvent): void {
    const { type, item: { name } } = event;
    switch (type) {
      case "started":
        this.#running.set(name, { name, stage: undefined, done: 0, total: 1 });
        return;
      case "progress": {
        const { stage, done, total } = event;
        this.#running.set(name, { name, stage, done, total });
        return;
      }
      case "retry":
        this.#counts.retries++;
        return;
      case "note":
        return;
      default:
        this.#running.delete(name);
        this.#counts[type]++;
    }
  }

  /** The numbers as of now. */
  now(): Metrics {
    return {
      time: new Date().toISOString(),
      uptime_seconds: Math.round((performance.now() - this.#started) / 100) /
        10,
      ...this.#counts,
      running: [...this.#running.values()],
      rss_bytes: Deno.memoryUsage().rss,
    };
  }
}

/** Calls back every so many seconds, never for 0, until it is disposed. */
export function everySeconds(seconds: number, call: () => void): Disposable {
  const timer = seconds > 0 ? setInterval(call, seconds * 1000) : undefined;
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
