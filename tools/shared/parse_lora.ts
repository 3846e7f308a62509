/**
 * The value of `--lora`.
 *
 * @module
 */

import type { LoraChoice } from "../../core/pipeline/pipeline_options.ts";
import { InvalidArgumentError } from "./tool.ts";

/** A LoRA as `file` or `file=strength`, put behind the others. */
export function parseLora(
  text: string,
  others: readonly LoraChoice[],
): LoraChoice[] {
  const [, file, strength] =
    /^(.+?)(?:=([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?))?$/i.exec(text) ?? [];
  if (!file) throw new InvalidArgumentError("expected a file.");
  return [...others, {
    file,
    ...(strength !== undefined && { strength: Number(strength) }),
  }];
}
