/**
 * How a run of items is asked for, what it tells, and how it ends.
 *
 * @module
 */

import type { Engine, EngineName, EngineProgress } from "./engine.ts";
import type { LockOptions } from "./item_lock.ts";
import type { RunItem } from "./plan_run.ts";

/** What happens during a run. */
export type RunEvent =
  /** Everything there already; nothing is done. */
  | { readonly type: "skipped"; readonly item: RunItem }
  /** Another process works on it. */
  | { readonly type: "locked"; readonly item: RunItem }
  /** Work on the item begins. */
  | { readonly type: "started"; readonly item: RunItem }
  /** Something that a person should know; the work continues. */
  | {
    readonly type: "note";
    readonly item: RunItem;
    /**
     * How the inputs were read, what was decided about the tracks, or how the
     * engine goes about it.
     */
    readonly about: "inputs" | "tracks" | "work";
    readonly message: string;
  }
  /** A step of the item is done. */
  | ({ readonly type: "progress"; readonly item: RunItem } & EngineProgress)
  /** All outputs of the item are there. */
  | {
    readonly type: "done";
    readonly item: RunItem;
    readonly engine: EngineName;
    readonly seconds: number;
  }
  /** The item failed for a reason that may pass; it is tried again. */
  | {
    readonly type: "retry";
    readonly item: RunItem;
    readonly error: unknown;
    /** Which attempt failed, 1 first. */
    readonly attempt: number;
    /** How long is waited before the next one. */
    readonly waitMs: number;
  }
  /** The item could not be done; the others continue. */
  | {
    readonly type: "failed";
    readonly item: RunItem;
    readonly error: unknown;
  };

/** How a run is done. */
export interface RunOptions {
  /** One or more; each takes the next item as soon as it is free. */
  readonly engines: readonly Engine[];
  /** Whether outputs that are there are made again. */
  readonly overwrite?: boolean;
  /** The quality of the videos, 0 (lossless) to 51; 10 as in the reference. */
  readonly crf?: number;
  /**
   * How often an item is tried again after an error that may pass (a full
   * disk, a lost GPU), and the first and the longest wait in milliseconds; the
   * wait doubles. Never tried again where absent.
   */
  readonly retries?: {
    readonly count: number;
    readonly firstMs: number;
    readonly mostMs: number;
  };
  /** How items are locked against other processes on the same folder. */
  readonly lock?: Pick<LockOptions, "heartbeatMs" | "staleAfterMs">;
  /**
   * Ends the run; the item in work leaves no output behind, but what its
   * engine needs to continue with it.
   */
  readonly signal?: AbortSignal;
  /** Called for every event. */
  readonly onEvent?: (event: RunEvent) => void;
}

/** How a run ended. */
export interface RunSummary {
  /** Items whose outputs were made. */
  readonly done: number;
  /** Items that were already finished. */
  readonly skipped: number;
  /** Items that another process works on. */
  readonly locked: number;
  /** Items that failed. */
  readonly failed: number;
}
