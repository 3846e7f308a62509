/**
 * Normalized attention guidance on the features of the cross attention.
 */

import type { Value } from "../../onnx/graph/value.ts";
import type { AttentionGuidance } from "../../sampling/attention_guidance.ts";

/** Keeps the reference's division defined where nothing is guided. */
const EPS = 1e-7;

/**
 * The features that a prompt gave, moved away from those that the negative
 * prompt gave; both `[1, tokens, dim]`, the result has their type and is computed
 * in float32.
 *
 * `g = p + (scale - 1) (p - n)` is shortened to `tau` times the L1 norm of `p`
 * where it is longer, then `p + alpha (g - p)`. Written like this it is `p`, bit
 * for bit, where `n` equals `p`: the pass with the negative prompt goes through
 * the same graph and stays what it is.
 */
export function guideFeatures(
  positive: Value,
  negative: Value,
  { scale, tau, alpha }: Required<AttentionGuidance>,
): Value {
  const p = positive.cast("float32");
  const guided = p.add(p.sub(negative.cast("float32")).mul(scale - 1));
  const [norm, longest] = [guided, p].map((x) => x.abs().sum([-1]));
  const factor = longest!.mul(tau).div(norm!.add(EPS)).clip(0, 1);
  return p.add(guided.mul(factor).sub(p).mul(alpha)).cast(positive.type);
}
