/**
 * What an ONNX model of another program is fed and makes, read from its bytes.
 *
 * @module
 */

import { readFields } from "./_wire.ts";
import { DATA_TYPES, type DataType, type ValueInfo } from "./onnx_proto.ts";

/** What a model is fed and makes. */
export interface ModelSignature {
  /** What a run must be given: inputs with a value of their own are left out. */
  readonly inputs: readonly ValueInfo[];
  /** What a run makes. */
  readonly outputs: readonly ValueInfo[];
  /** Whether weights are in another file. */
  readonly hasExternalData: boolean;
}

const TYPE_NAMES: ReadonlyMap<number, DataType> = new Map(
  Object.entries(DATA_TYPES).map(([name, number]) =>
    [number, name as DataType] as const
  ),
);

/** `TensorProto.data_location`: in another file. */
const EXTERNAL = 1;

/**
 * Reads the inputs and outputs of a model; its nodes are not looked at. An axis
 * without a number is a string, its name or `?`.
 *
 * @throws {TypeError} When the bytes are no ONNX model, or an element type is
 * none of `DATA_TYPES`.
 */
export function readSignature(model: Uint8Array): ModelSignature {
  const graph = one(model, 7);
  if (!graph) throw new TypeError("Cannot read an ONNX model: it has no graph");
  const inputs: ValueInfo[] = [], outputs: ValueInfo[] = [];
  const own = new Set<string>();
  let hasExternalData = false;
  for (const { number, content } of readFields(graph)) {
    if (number === 11) inputs.push(readValue(content));
    else if (number === 12) outputs.push(readValue(content));
    else if (number === 5) {
      own.add(text(one(content, 8)));
      hasExternalData ||= numberOf(content, 14) === EXTERNAL;
    }
  }
  return {
    inputs: inputs.filter(({ name }) => !own.has(name)),
    outputs,
    hasExternalData,
  };
}

/** A `ValueInfoProto`: name 1, type 2 / tensor 1 / element type 1, shape 2. */
function readValue(value: Uint8Array): ValueInfo {
  const name = text(one(value, 1));
  const tensor = one(one(value, 2) ?? EMPTY, 1) ?? EMPTY;
  const type = TYPE_NAMES.get(numberOf(tensor, 1) ?? 0);
  if (!type) {
    throw new TypeError(
      `Cannot read an ONNX model: the element type of "${name}" is ${
        numberOf(tensor, 1) ?? "missing"
      }, expected one of ${Object.keys(DATA_TYPES).join(", ")}`,
    );
  }
  const shape: (number | string)[] = [];
  for (const { number, content } of readFields(one(tensor, 2) ?? EMPTY)) {
    if (number !== 1) continue;
    shape.push(numberOf(content, 1) ?? (text(one(content, 2)) || "?"));
  }
  return { name, type, shape };
}

const EMPTY = new Uint8Array();

function one(message: Uint8Array, field: number): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  for (const { number, content } of readFields(message)) {
    if (number === field) found = content;
  }
  return found;
}

/** A field that is a varint. */
function numberOf(message: Uint8Array, field: number): number | undefined {
  for (const { number, bytes } of readFields(message)) {
    if (number !== field) continue;
    // After the tag: all numbers here have field numbers below 16.
    let value = 0;
    for (let at = 1, scale = 1; at < bytes.length; at++, scale *= 0x80) {
      value += (bytes[at]! & 0x7f) * scale;
    }
    return value;
  }
  return undefined;
}

function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}
