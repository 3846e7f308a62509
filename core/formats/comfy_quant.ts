/**
 * ComfyUI's word on how weights are quantized: a small tensor
 * `<module>.comfy_quant` with JSON, or one entry of the file's metadata.
 *
 * Source: `comfy/quant_ops.py` and `comfy/utils.py` of ComfyUI.
 *
 * @module
 */

import type { ByteSource } from "../base/byte_source.ts";
import { CheckpointError } from "./checkpoint_error.ts";
import type { TensorIndex } from "./tensor_index.ts";
import { quote, withHint } from "../base/errors.ts";

/** The formats that are float8 numbers times `weight_scale`. */
const SUPPORTED: readonly string[] = ["float8_e4m3fn", "float8_e5m2"];

/** The JSON is some 30 bytes. */
const MAX_MARKER = 4096;

const METADATA_KEY = "_quantization_metadata";

/**
 * Throws where a marker names a format that cannot be read.
 *
 * @throws {CheckpointError} `weight-encoding`, with the module and its format.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkComfyMarkers } from "./comfy_quant.ts";
 * import { memorySource } from "../base/byte_source.ts";
 * const text = new TextEncoder().encode('{"format": "nvfp4"}');
 * const name = "blocks.0.ffn.0.comfy_quant";
 * const tensors = new Map([[name, {
 *   name, dtype: "U8", shape: [19], file: "a", offset: 0, length: 19,
 * } as const]]);
 * assert.throws(
 *   () => checkComfyMarkers(memorySource(text, "a"), { tensors, metadata: new Map() }),
 *   /"nvfp4"/,
 * );
 * ```
 */
export function checkComfyMarkers(
  source: ByteSource,
  file: { tensors: TensorIndex; metadata: ReadonlyMap<string, string> },
): void {
  const check = (module: string, value: unknown, offset?: number) => {
    const format = typeof value === "object" && value !== null &&
        "format" in value
      ? value.format
      : undefined;
    if (typeof format === "string" && SUPPORTED.includes(format)) return;
    throw new CheckpointError(
      "weight-encoding",
      withHint(
        `Cannot use ${quote(source.name)}: the weights of ${
          quote(module)
        } are stored as ${quote(format)}, expected ${
          SUPPORTED.map(quote).join(" or ")
        }`,
        "Use the model's bf16, fp16 or fp8 file.",
      ),
      offset === undefined ? {} : { offset },
    );
  };
  for (const { name, offset, length } of file.tensors.values()) {
    if (!name.endsWith(".comfy_quant")) continue;
    const module = name.slice(0, -".comfy_quant".length);
    const bytes = source.read(offset, Math.min(length, MAX_MARKER));
    check(module, parse(new TextDecoder().decode(bytes)), offset);
  }
  const layers = (parse(file.metadata.get(METADATA_KEY) ?? "") as {
    layers?: unknown;
  } | undefined)?.layers;
  if (typeof layers !== "object" || layers === null) return;
  for (const [module, value] of Object.entries(layers)) check(module, value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
