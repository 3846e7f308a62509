/**
 * Whether a network's weights are stored in forms that can be computed with:
 * what cannot is refused when the layout is read, before any network is
 * loaded.
 *
 * @module
 */

import { quote, withHint } from "../base/errors.ts";
import { isBlockType } from "../formats/gguf_blocks.ts";
import { findScale, scaleName } from "../formats/weight_scale.ts";
import { findQuantized } from "../onnx/graph/quantized_weight.ts";
import { CheckpointError } from "../formats/checkpoint_error.ts";
import type { TensorDtype, TensorIndex } from "../formats/tensor_index.ts";

/** The element types that a graph converts to the one it computes in. */
const RUNNABLE: readonly TensorDtype[] = [
  "F32",
  "F16",
  "BF16",
  "F64",
  "F8_E4M3",
  "F8_E5M2",
];

/**
 * Checks how every tensor of a network is stored.
 *
 * @param tensors under their official names
 * @param options.source what to call the file in an error
 * @param options.isScaled whether the file is marked as scaled fp8
 * @param options.convert whether GGUF's blocks may be among them
 * @throws {CheckpointError} `weight-encoding`, with the tensor's name.
 */
export function checkEncodings(
  tensors: TensorIndex,
  options: { source: string; isScaled: boolean; convert: boolean },
): void {
  const { source, isScaled, convert } = options;
  const fail = (state: string, hint?: string) => {
    const message = `Cannot use the weights of ${quote(source)}: ${state}`;
    return new CheckpointError(
      "weight-encoding",
      hint ? withHint(message, hint) : message,
    );
  };
  const blocks = new Map<TensorDtype, number>();
  const unscaled: string[] = [];
  for (const { name, dtype, shape } of tensors.values()) {
    const packed = /^(.*\.weight)_q[48](?:_scales)?$/.exec(name);
    if (packed) {
      if (!findQuantized(tensors, packed[1]!)) {
        throw fail(`${quote(name)} has no packed numbers`);
      }
      continue;
    }
    if (isBlockType(dtype)) blocks.set(dtype, (blocks.get(dtype) ?? 0) + 1);
    else if (!RUNNABLE.includes(dtype)) {
      throw fail(
        `${quote(name)} is stored as ${dtype}, expected one of ${
          RUNNABLE.join(" ")
        }`,
        "Use the model's bf16, fp16 or fp8 file.",
      );
    }
    const scale = findScale(tensors, name);
    if (scale && name.endsWith("token_embedding.weight")) {
      const columns = scale.group[1];
      if (scale.counts[1] > 1 && shape[1]! % columns !== 0) {
        throw fail(`${quote(scale.entry.name)} has blocks of ${columns}`);
      }
    }
    if (
      isScaled && dtype.startsWith("F8_") && shape.length > 1 &&
      scaleName(name) !== undefined && !scale &&
      name !== "token_embedding.weight"
    ) unscaled.push(name);
  }
  if (unscaled.length > 0) {
    throw fail(
      `it is marked as scaled fp8 ("scaled_fp8"), but ${unscaled.length} fp8 weights have no factors, the first is ${
        quote(unscaled[0]!)
      }`,
      "The file was converted wrongly: its weights cannot be known. Use another one.",
    );
  }
  if (blocks.size > 0 && !convert) {
    const types = [...blocks].sort(([, a], [, b]) => b - a)
      .map(([type, count]) => `${count} ${type}`).join(", ");
    throw fail(
      `it is a quantized GGUF file (tensors: ${types}), which has to be converted first`,
      `deno task quantize ${source} OUT.safetensors converts it; Q8_0 and Q4_0 are converted without loss.`,
    );
  }
}
