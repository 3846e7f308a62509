/**
 * What tells one run from another: a state that was saved is gone on with only
 * where all of this is the same.
 *
 * @module
 */

import type { Tensor } from "../base/tensor.ts";
import type { MotionSignal } from "../control/time_to_move/motion_signal.ts";
import { processTracks } from "../tracks/resample.ts";
import { VERSION } from "./fingerprint.ts";
import type { TextIds } from "./_prompt_reader.ts";
import { fingerprint, fingerprintTensor } from "./fingerprint.ts";
import type { CompleteSettings, GenerationInputs } from "./generation.ts";

/** What the result depends on besides the job. */
export interface RunFacts {
  /** The settings. */
  readonly settings: CompleteSettings;
  /** What the steps start from. */
  readonly noise: Tensor;
  /** The words, as the text encoder reads them. */
  readonly texts: TextIds;
  /** The fingerprint of the weights. */
  readonly weights: string;
  /** Where the networks run, and in which arithmetic. */
  readonly placements: readonly string[];
  /** The rest, as JSON values: LoRAs, tiles. */
  readonly how: readonly unknown[];
}

/** A fingerprint of all that the result of a run depends on. */
export async function runKey(
  { image, tracks }: Pick<GenerationInputs, "image" | "tracks">,
  { settings, noise, texts, weights, placements, how }: RunFacts,
): Promise<string> {
  return await fingerprint(
    `run of ${VERSION}`,
    weights,
    ...placements,
    JSON.stringify(how),
    JSON.stringify(Object.entries(settings).sort()),
    await fingerprintTensor(noise),
    `${image.width}x${image.height}`,
    image.data,
    await fingerprintTensor(processTracks(tracks, image)),
    ...texts.map((ids) => Int32Array.from(ids ?? [])),
  );
}

/** A fingerprint of a motion signal; undefined where there is none. */
export async function signalKey(
  signal: MotionSignal | undefined,
): Promise<string | undefined> {
  return signal && await fingerprint(
    ...[...signal.frames, ...signal.masks].flatMap((
      { width, height, data },
    ) => [`${width}x${height}`, data]),
  );
}
