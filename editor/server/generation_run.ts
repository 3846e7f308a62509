/**
 * One run of the generator, from the queue to its end, and all that has
 * happened to it.
 *
 * @module
 */

import type { ProcessEvent, RunProcess } from "./run_process.ts";

/** What happens to a run, in this order; `queued` when it has to wait. */
export type GenerationEvent =
  | { readonly type: "queued"; readonly ahead: number }
  | { readonly type: "started" }
  | ProcessEvent
  /** A video is finished, and is this take of its image. */
  | { readonly type: "take"; readonly image: string; readonly number: number }
  | {
    readonly type: "end";
    readonly state: "done" | "failed" | "cancelled";
  };

/** A run: waiting, running, or over. */
export interface Generation {
  /** Its number. */
  readonly id: number;
  /** The images it makes videos of. */
  readonly images: readonly string[];
  /** All events, those that are still to come included. */
  events(): AsyncIterable<GenerationEvent>;
  /** Takes it out of the queue, or asks its process to stop. */
  cancel(): void;
}

/** A process that was asked to stop has this long, in ms. */
const STOP_TIME = 15_000;

/** What a run consists of. */
export interface RunWork {
  /** Starts the process; called once, unless the run is cancelled before. */
  start(onEvent: (event: GenerationEvent) => void): RunProcess;
  /**
   * Called once when it is over, cancelled in the queue included, with whether
   * all is done.
   */
  end(isDone: boolean): Promise<void>;
}

/** One run and all that has happened to it. */
export class Run implements Generation {
  readonly id: number;
  readonly images: readonly string[];
  readonly #work: RunWork;
  readonly #events: GenerationEvent[] = [];
  #wake = Promise.withResolvers<void>();
  #process: RunProcess | undefined;
  #working: Promise<void> | undefined;
  #cancelled = false;

  /** A run that waits. */
  constructor(id: number, images: readonly string[], work: RunWork) {
    this.id = id;
    this.images = images;
    this.#work = work;
  }

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.#events.at(-1)?.type === "end";
  }

  /** Forgets what it said on the way: its takes and its end stay. */
  shorten(): void {
    const kept = this.#events.filter((event) =>
      event.type === "take" || event.type === "end"
    );
    this.#events.splice(0, this.#events.length, ...kept);
  }

  /** Runs the process to its end; nothing after it was cancelled. */
  work(): Promise<void> {
    return this.#working ??= this.#run();
  }

  async #run(): Promise<void> {
    if (this.isOver) return;
    this.tell({ type: "started" });
    let isDone = false;
    try {
      this.#process = this.#work.start((event) => this.tell(event));
      if (this.#cancelled) this.#process.stop();
      isDone = await this.#process.done;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.tell({ type: "message", text });
    }
    await this.#work.end(isDone).catch((error) =>
      this.tell({ type: "message", text: String(error) })
    );
    this.tell({
      type: "end",
      state: this.#cancelled ? "cancelled" : isDone ? "done" : "failed",
    });
  }

  /** Resolves when the process has ended; it is killed if that takes long. */
  async ended(): Promise<void> {
    const timer = setTimeout(() => this.#process?.kill(), STOP_TIME);
    await this.#working;
    clearTimeout(timer);
  }

  /** Adds an event. */
  tell(event: GenerationEvent): void {
    this.#events.push(event);
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  async *events(): AsyncGenerator<GenerationEvent, void, void> {
    for (let i = 0;; i++) {
      while (i >= this.#events.length) {
        if (this.isOver) return;
        await this.#wake.promise;
      }
      const event = this.#events[i]!;
      yield event;
      if (event.type === "end") return;
    }
  }

  cancel(): void {
    if (this.#cancelled || this.isOver) return;
    this.#cancelled = true;
    if (this.#working) return this.#process?.stop();
    this.tell({ type: "end", state: "cancelled" });
    void this.#work.end(false).catch(() => {});
  }
}
