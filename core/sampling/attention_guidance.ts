/**
 * Normalized attention guidance (NAG): a negative prompt within one pass. Where
 * the transformer attends to the prompt it attends to the negative prompt, too,
 * and what the second adds is subtracted. So a negative prompt acts at guidance
 * scale 1, where distilled models work, for about 1 % of a step instead of a
 * second pass.
 *
 * Source: Chen et al., "Normalized Attention Guidance: Universal Negative
 * Guidance for Diffusion Models", arXiv 2505.21179; ComfyUI-KJNodes has it for
 * Wan I2V.
 *
 * @module
 */

/** How strongly a negative prompt acts in the attention. */
export interface AttentionGuidance {
  /** How far the attention moves away from the negative prompt; 11 is usual. */
  readonly scale: number;
  /**
   * The most that guided features may be, as a multiple of those without
   * guidance (in the L1 norm of a token), 1 or more; 2.5 by default.
   */
  readonly tau?: number;
  /** The share of the guided features in the result, 0 to 1; 0.25 by default. */
  readonly alpha?: number;
}

/** The largest scale and tau. */
export const ATTENTION_GUIDANCE_MOST = { scale: 100, tau: 10 } as const;

/** What applies where nothing is chosen: the values of the paper for videos. */
export const ATTENTION_GUIDANCE = { tau: 2.5, alpha: 0.25 } as const;

/**
 * The guidance with its defaults.
 *
 * @throws {RangeError} When a value is out of range.
 */
export function completeAttentionGuidance(
  { scale, tau = ATTENTION_GUIDANCE.tau, alpha = ATTENTION_GUIDANCE.alpha }:
    AttentionGuidance,
): Required<AttentionGuidance> {
  const check = (
    name: string,
    value: number,
    { isOk, expected }: { isOk: boolean; expected: string },
  ) => {
    if (isOk) return;
    throw new RangeError(
      `Cannot guide the attention with ${name} ${value}: expected ${expected}`,
    );
  };
  const most = ATTENTION_GUIDANCE_MOST;
  check("scale", scale, {
    isOk: scale > 0 && scale <= most.scale,
    expected: `a number above 0, up to ${most.scale}`,
  });
  check("tau", tau, {
    isOk: tau >= 1 && tau <= most.tau,
    expected: `a number from 1 to ${most.tau}`,
  });
  check("alpha", alpha, {
    isOk: alpha >= 0 && alpha <= 1,
    expected: "a number from 0 to 1",
  });
  return { scale, tau, alpha };
}
