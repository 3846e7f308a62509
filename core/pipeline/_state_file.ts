/**
 * The file that a generation resumes from: read at the start, written every so
 * many steps, and once more when the generation ends early.
 *
 * @module
 */

import type { PipelineListener } from "./events.ts";
import type { GenerateOptions } from "./pipeline_options.ts";
import {
  captureRun,
  restoreRun,
  type Resumable,
  type RunState,
} from "./saved_run.ts";
import { type StoredTensors, storeTensors } from "./tensor_store.ts";

/** The state of one run on disk. */
export class StateFile {
  readonly #file: NonNullable<GenerateOptions["resume"]>;
  readonly #parts: Resumable;
  readonly #key: string;
  /** The state after the last step, if it is not on disk yet. */
  #unsaved: StoredTensors | undefined;

  /**
   * Reads nothing yet.
   *
   * @param options.key a fingerprint of all that the result depends on
   */
  constructor(
    file: NonNullable<GenerateOptions["resume"]>,
    { parts, key }: { parts: Resumable; key: string },
  ) {
    this.#file = file;
    this.#parts = parts;
    this.#key = key;
  }

  /**
   * Brings sampler and cache back to where this run was saved, and returns the
   * rest; undefined where nothing usable was saved.
   */
  async restore(emit: PipelineListener): Promise<RunState | undefined> {
    const saved = await restoreRun(this.#file.path, this.#parts, {
      key: this.#key,
      onDamaged: (reason) =>
        emit({
          type: "note",
          message: `starts again, the saved state is unusable: ${reason}`,
        }),
    });
    if (saved) {
      const { step } = this.#parts.sampler;
      emit({ type: "resumed", step, latent: saved.latent });
    }
    return saved;
  }

  /** Takes the state after a step, and writes it when its turn has come. */
  async save(state: RunState): Promise<void> {
    this.#unsaved = captureRun(this.#parts, { key: this.#key, state });
    const { step, schedule } = this.#parts.sampler;
    if (step % this.#file.every && step < schedule.timesteps.length) return;
    await storeTensors(this.#file.path, this.#unsaved);
    this.#unsaved = undefined;
  }

  /**
   * Writes the steps since the last writing. Never throws: why a generation
   * ends matters more than that this fails.
   */
  async flush(): Promise<void> {
    if (!this.#unsaved) return;
    await storeTensors(this.#file.path, this.#unsaved).catch(() => {});
  }
}
