/**
 * Identifies a run: a saved state is resumed only if everything in the key is
 * the same.
 *
 * @module
 */

import type { Tensor } from "../base/tensor.ts";
import type { MotionSignal } from "../control/time_to_move/motion_signal.ts";
import { VERSION } from "./fingerprint.ts";
import type { PromptIds } from "./_prompt_reader.ts";
import { fingerprint, fingerprintTensor } from "./fingerprint.ts";
import type { CompleteSettings, GenerationInputs } from "./generation.ts";

/** What the result depends on. */
export interface RunFacts {
  /** The settings. */
  readonly settings: CompleteSettings;
  /** The initial latent and conditions. */
  readonly noise: Tensor;
  /** The prompts, as token ids. */
  readonly texts: PromptIds;
  /** The fingerprint of the weights. */
  readonly weights: string;
  /** The devices and dtypes of the networks. */
  readonly placements: readonly string[];
  /** Other settings, as JSON values: LoRAs, tiles. */
  readonly how: readonly unknown[];
}

/** A fingerprint of everything that the result of a run depends on. */
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
    tracks.toArray(),
    ...texts.map((ids) => Int32Array.from(ids ?? [])),
  );
}

/** A fingerprint of a motion signal; undefined if there is none. */
export async function signalKey(
  signal: MotionSignal | undefined,
): Promise<string | undefined> {
  return signal && await fingerprint(
    ...[...signal.frames, ...signal.masks].flatMap((
      { width, height, data },
    ) => [`${width}x${height}`, data]),
  );
}
