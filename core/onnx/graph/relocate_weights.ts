/**
 * A model whose weights are in other files than it was written for.
 *
 * @module
 */

import { message, readFields } from "./_wire.ts";
import { type ExternalData, writeExternalData } from "./onnx_proto.ts";

/** `ModelProto.graph`, `GraphProto.initializer` and so on, in `onnx.proto`. */
const GRAPH = 7, INITIALIZER = 5, EXTERNAL_DATA = 13, KEY = 1, VALUE = 2;

/**
 * The model with what `move` returns for the place of each weight that is in a
 * file. Nothing else changes; weights in the model itself stay there.
 *
 * @throws {TypeError} When `model` is no ONNX model.
 */
export function relocateWeights(
  model: Uint8Array,
  move: (place: ExternalData) => ExternalData,
): Uint8Array<ArrayBuffer> {
  return rewrite(
    model,
    GRAPH,
    (graph) =>
      rewrite(graph, INITIALIZER, (tensor) => moveTensor(tensor, move)),
  );
}

/** A message with the content of its fields of one number replaced. */
function rewrite(
  bytes: Uint8Array,
  number: number,
  replace: (content: Uint8Array) => Uint8Array,
): Uint8Array<ArrayBuffer> {
  return message((w) => {
    for (const field of readFields(bytes)) {
      if (field.number === number) w.bytes(number, replace(field.content));
      else w.copy(field.bytes);
    }
  });
}

function moveTensor(
  tensor: Uint8Array,
  move: (place: ExternalData) => ExternalData,
): Uint8Array {
  const entries = new Map<string, string>();
  for (const { number, content } of readFields(tensor)) {
    if (number !== EXTERNAL_DATA) continue;
    const pair = new Map(
      [...readFields(content)].map((field) => [
        field.number,
        new TextDecoder().decode(field.content),
      ]),
    );
    entries.set(pair.get(KEY) ?? "", pair.get(VALUE) ?? "");
  }
  if (entries.size === 0) return tensor;
  const place = move({
    location: entries.get("location") ?? "",
    offset: Number(entries.get("offset") ?? 0),
    length: Number(entries.get("length") ?? 0),
  });
  return message((w) => {
    for (const { number, bytes } of readFields(tensor)) {
      if (number !== EXTERNAL_DATA) w.copy(bytes);
    }
    writeExternalData(w, place);
  });
}
