/**
 * Classifier-free guidance: the model is asked twice, with the prompt and with
 * the negative prompt, and the difference is exaggerated
 * (image2video.py:315-326).
 *
 * @module
 */

import type { Tensor } from "../base/tensor.ts";

/** How strongly the prompt is followed, and where that may be left out. */
export interface GuidanceOptions {
  /**
   * 5 is the reference's default. 1 follows the prompt as it is and halves the
   * work, since the negative prompt is never asked; distilled LoRAs want 1.
   */
  readonly scale: number;
  /**
   * Steps `[from, to)`, counted from 0, that are taken without the negative
   * prompt. The late steps change details only: leaving out the last third
   * saves a sixth of the time and is hard to see.
   */
  readonly skipNegative?: readonly [from: number, to: number];
}

/**
 * Whether step `step` asks the model with the negative prompt too.
 *
 * @throws {RangeError} When the scale is not finite or the range not one.
 */
export function needsNegative(
  step: number,
  options: GuidanceOptions,
): boolean {
  checkGuidance(options);
  if (options.scale === 1) return false;
  const [from, to] = options.skipNegative ?? [0, 0];
  return !(step >= from && step < to);
}

/**
 * Nothing, if the options make sense.
 *
 * @throws {RangeError} When the scale is not finite or the range not one.
 */
export function checkGuidance(options: GuidanceOptions): void {
  if (!Number.isFinite(options.scale)) {
    throw new RangeError(
      `Cannot guide with scale ${options.scale}: expected a finite number`,
    );
  }
  const [from, to] = options.skipNegative ?? [0, 0];
  if (
    !(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to)
  ) {
    throw new RangeError(
      `Cannot skip the unconditional pass over steps ${from} to ${to}: ` +
        "expected two whole numbers, the first not above the second",
    );
  }
}

/**
 * `unconditional + scale * (conditional - unconditional)` in float32; all of
 * the same dims.
 *
 * @throws {RangeError} When the two differ in their number of values.
 */
export function applyGuidance(
  conditional: Tensor,
  unconditional: Tensor,
  { scale }: Pick<GuidanceOptions, "scale">,
): Tensor {
  const { dims, data } = conditional;
  const plain = unconditional.data;
  if (data.length !== plain.length) {
    throw new RangeError(
      `Cannot guide: the conditional prediction has ${data.length} values, ` +
        `the unconditional ${plain.length}, expected as many`,
    );
  }
  const factor = Math.fround(scale);
  return {
    dims,
    data: plain.map((u, i) =>
      u + Math.fround(factor * Math.fround(data[i]! - u))
    ),
  };
}
