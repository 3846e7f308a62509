/**
 * How long each stage of a generation takes.
 *
 * @module
 */

import type { PipelineListener, StageName } from "./events.ts";

/** Times the stages and tells when one begins. */
export class StageClock {
  readonly #emit: PipelineListener;
  readonly #seconds: Partial<Record<StageName, number>> = {};
  #current: { stage: StageName; since: number } | undefined;

  /** A clock that stands; `emit` hears of every stage. */
  constructor(emit: PipelineListener) {
    this.#emit = emit;
  }

  /** Begins a stage, ending the one before. */
  start(stage: StageName, device: string): void {
    this.stop();
    this.#current = { stage, since: performance.now() };
    this.#emit({ type: "stage", stage, device });
  }

  /** Ends the stage that runs; the seconds of all so far. */
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
