/** What a graph is fed, checked against what it has inputs for. */

import type { BuiltGraph } from "../graph/graph_builder.ts";
import { sizeOf, type Tensor } from "../../base/tensor.ts";
import type { FeedData } from "./_messages.ts";
import type { Feeds, KeptTensor } from "./runtime_interface.ts";

/** A checked feed: numbers, or a tensor that the same runtime keeps. */
export type CheckedFeed<Kept extends KeptTensor> =
  & {
    /** The input's name. */
    readonly name: string;
    /** The input's element type. */
    readonly type: BuiltGraph["inputs"][number]["type"];
  }
  & ({ readonly tensor: Tensor<FeedData> } | { readonly kept: Kept });

/**
 * The feeds in the order of the graph's inputs. `isOwn` tells whether the same
 * runtime keeps a tensor.
 *
 * @throws {TypeError} When a feed is missing, unknown or of another type.
 * @throws {RangeError} When a feed has another shape.
 */
export function checkFeeds<Kept extends KeptTensor>(
  graph: Pick<BuiltGraph, "inputs">,
  feeds: Feeds,
  options: { action: string; isOwn: (feed: Feeds[string]) => feed is Kept },
): CheckedFeed<Kept>[] {
  const { action, isOwn } = options;
  const names = graph.inputs.map(({ name }) => name);
  const unknown = Object.keys(feeds).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(
      `Cannot ${action}: there is no input "${unknown}", expected ${
        names.join(", ")
      }`,
    );
  }
  return graph.inputs.map(({ name, type, shape }) => {
    const feed = feeds[name];
    if (!feed) {
      throw new TypeError(`Cannot ${action}: input "${name}" is missing`);
    }
    if (feed.dims.join() !== shape.join()) {
      throw new RangeError(
        `Cannot ${action}: input "${name}" is [${
          feed.dims.join(", ")
        }], expected [${shape.join(", ")}]`,
      );
    }
    if (isOwn(feed)) return { name, type, kept: feed };
    if (!("data" in feed)) {
      throw new TypeError(
        `Cannot ${action}: input "${name}" is kept by another runtime`,
      );
    }
    if (typeOf(feed.data) !== type || feed.data.length !== sizeOf(shape)) {
      throw new TypeError(
        `Cannot ${action}: input "${name}" holds ${feed.data.length} x ${
          typeOf(feed.data)
        }, expected ${sizeOf(shape)} x ${type}`,
      );
    }
    return { name, type, tensor: feed };
  });
}

/**
 * Checks that a graph has the outputs that are to be kept.
 *
 * @throws {TypeError} When it lacks one.
 */
export function checkKeep(
  graph: Pick<BuiltGraph, "outputs">,
  keep: readonly string[],
  action: string,
): void {
  const unknown = keep.find((name) =>
    !graph.outputs.some((output) => output.name === name)
  );
  if (unknown !== undefined) {
    throw new TypeError(`Cannot ${action}: it has no output "${unknown}"`);
  }
}

/**
 * Checks that all outputs are float32.
 *
 * @throws {TypeError} When one is not.
 */
export function checkOutputs(
  graph: Pick<BuiltGraph, "outputs">,
  name: string,
): void {
  for (const output of graph.outputs) {
    if (output.type === "float32") continue;
    throw new TypeError(
      `Cannot open ${name}: output "${output.name}" is ${output.type}, expected float32`,
    );
  }
}

/** ONNX's name for the elements of an array. */
function typeOf(data: FeedData): "float32" | "int32" | "int64" | "uint8" {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Int32Array) return "int32";
  if (data instanceof BigInt64Array) return "int64";
  return "uint8";
}
