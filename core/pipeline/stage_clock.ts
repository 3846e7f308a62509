/**
 * The duration of each stage of a generation.
 *
 * @module
 */

import type { PipelineListener, StageName } from "./events.ts";

/** Times the stages and emits an event when one begins. */
export class StageClock {
  readonly #emit: PipelineListener;
  readonly #seconds: Partial<Record<StageName, number>> = {};
  #current: { stage: StageName; since: number } | undefined;

  /** A stopped clock; `emit` is called for every stage. */
  constructor(emit: PipelineListener) {
    this.#emit = emit;
  }

  /** Starts a stage and ends the previous one. */
  start(stage: StageName, device: string): void {
    this.stop();
    this.#current = { stage, since: performance.now() };
    this.#emit({ type: "stage", stage, device });
  }

  /** Ends the current stage; returns the seconds of all stages so far. */
  stop(): Readonly<Partial<Record<StageName, number>>> {
    if (this.#current) {
      const { stage, since } = this.#current;
      const seconds = (performance.now() - since) / 1000;
      this.#seconds[stage] = (this.#seconds[stage] ?? 0) + seconds;
    }
    this.#current = undefined;
    return this.#seconds;
  }
}
