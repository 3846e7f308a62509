/**
 * Whether a control method goes with what the transformer was trained to
 * follow.
 *
 * @module
 */

import { withHint } from "../base/errors.ts";
import { TRAINING_TITLES, type TrainingFacts } from "../checkpoint/training.ts";
import type { MotionControl } from "../control/motion_control.ts";

/**
 * Checks a control method against the transformer.
 *
 * @param facts what is known of the transformer's training, if anything
 * @returns Remarks for the user.
 * @throws {TypeError} When the transformer's own file says that it was trained
 * to follow tracks in another way.
 */
export function checkTraining(
  { method, training: expected }: MotionControl,
  facts: TrainingFacts | undefined,
): string[] {
  if (!facts || expected === undefined || facts.training === expected) {
    return [];
  }
  const { training, evidence, isSure } = facts;
  const found = `${TRAINING_TITLES[training]}, as ${evidence} says`;
  if (training === "none") {
    return [
      `the checkpoint ${
        isSure ? "is" : "seems to be"
      } ${found}: it was not trained to follow tracks, --control ${method} has little effect; --control none with --time_to_move moves it without training`,
    ];
  }
  if (!isSure) {
    return [
      `the checkpoint seems to be ${found}, and --control ${method} is for another: if the name is right, use --control ${training}`,
    ];
  }
  throw new TypeError(
    withHint(
      `Cannot use control ${method} with this checkpoint: it is ${found}`,
      `Use --control ${training}, or name another transformer (--transformer FILE).`,
    ),
  );
}

/** What to say of a checkpoint that does not say what it was trained for. */
export const UNKNOWN_TRAINING = withHint(
  "Nothing in the checkpoint's names and metadata says whether it is ATI's or Wan-Move's: ATI is assumed",
  "Pass --control ati, wan-move or none.",
);
