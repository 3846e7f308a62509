/**
 * Runs float16 and bfloat16 graphs on a processor, which has few kernels for
 * them: every operation is computed in float32 and its result rounded. That is
 * what a GPU does, up to the order of its sums.
 *
 * @module
 */

import { GraphBuilder } from "../core/graph/graph_builder.ts";
import type { DataType } from "../core/graph/onnx_proto.ts";
import type { NodeOptions, Signature, Value } from "../core/graph/value.ts";

const isHalf = (type: DataType) => type === "float16" || type === "bfloat16";

/** A graph builder whose 16-bit values are such, but whose operations run in float32. */
export class RoundingBuilder extends GraphBuilder {
  readonly #wide = new Map<string, Value>();

  override nodes(
    opType: string,
    inputs: readonly (Value | null)[],
    outputs: readonly Signature[],
    options: NodeOptions = {},
  ): Value[] {
    if (
      opType === "Cast" ||
      ![...inputs, ...outputs].some((value) => value && isHalf(value.type))
    ) return super.nodes(opType, inputs, outputs, options);
    const wide = super.nodes(
      opType,
      inputs.map((value) => value && this.#widen(value)),
      outputs.map(({ type, shape }) => ({
        type: isHalf(type) ? "float32" : type,
        shape,
      })),
      options,
    );
    return wide.map((value, i) => value.cast(outputs[i]!.type));
  }

  #widen(value: Value): Value {
    if (!isHalf(value.type)) return value;
    const known = this.#wide.get(value.name);
    const wide = known ?? value.cast("float32");
    this.#wide.set(value.name, wide);
    return wide;
  }
}
