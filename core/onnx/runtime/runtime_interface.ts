/**
 * What a runtime offers, whichever interface of ONNX Runtime it uses.
 *
 * @module
 */

import type { Tensor } from "../../base/tensor.ts";
import type { BuiltGraph } from "../graph/graph_builder.ts";
import type { FeedData } from "./_messages.ts";
import type { Device } from "./device.ts";

/** By which interface of ONNX Runtime graphs run, and why not by the other one. */
export type RuntimeBackend =
  | { readonly kind: "c-api" }
  | { readonly kind: "binding"; readonly reason: string };

/** A tensor that stays in the runtime, for example a cache between two runs. */
export interface KeptTensor {
  /** The length of each axis, outermost first. */
  readonly dims: readonly number[];
  /** Gives its memory back. Idempotent. */
  drop(): void;
}

/** What a graph is fed, by the names of its inputs. */
export type Feeds = Readonly<Record<string, Tensor<FeedData> | KeptTensor>>;

/** How a graph is run. */
export interface RunOptions {
  /**
   * Abort makes the call fail at once. The native run ends after the node that
   * it is in, and its memory is given back then; the runtime can be used
   * further. The binding cannot end a run: with it, abort ends the whole
   * runtime, and the native run goes on to its end in the background.
   */
  readonly signal?: AbortSignal | undefined;
  /** Hands the feeds' arrays over instead of copying them; they are empty then. */
  readonly transfer?: boolean;
}

/** A graph that is ready to run. */
export interface GraphSession extends AsyncDisposable {
  /** What the graph is fed and what it makes. */
  readonly graph: Pick<BuiltGraph, "inputs" | "outputs">;
  /**
   * Runs the graph and hands all outputs back.
   *
   * @throws {TypeError} When a feed is missing, unknown or of another type.
   * @throws {RangeError} When a feed has another shape.
   */
  run(
    feeds: Feeds,
    options?: RunOptions,
  ): Promise<Record<string, Tensor<Float32Array<ArrayBuffer>>>>;
  /**
   * Runs the graph, keeps the outputs named by `keep` in the runtime and hands
   * the others back.
   */
  runKeeping(
    feeds: Feeds,
    keep: readonly string[],
    options?: RunOptions,
  ): Promise<{
    outputs: Record<string, Tensor<Float32Array<ArrayBuffer>>>;
    kept: Record<string, KeptTensor>;
  }>;
  /**
   * Gives the session's memory back, after the runs that were asked for. Does
   * not wait for a run that was aborted. Idempotent.
   */
  release(): Promise<void>;
}

/** How a session is opened. */
export interface OpenOptions {
  /** What error messages call the graph. */
  readonly name?: string;
  /** As in {@linkcode RunOptions.signal}. */
  readonly signal?: AbortSignal | undefined;
}

/** Sessions on one device. */
export interface Runtime extends AsyncDisposable {
  /** Where its graphs run. */
  readonly device: Device;
  /** By which interface of ONNX Runtime. */
  readonly backend: RuntimeBackend;
  /**
   * Makes a graph ready to run.
   *
   * @throws {FormatError} When a weight file is shorter than the graph needs.
   * @throws {Deno.errors.NotCapable} Without permission to read one.
   * @throws {TypeError} When an output is not float32.
   */
  open(graph: BuiltGraph, options?: OpenOptions): Promise<GraphSession>;
  /** Copies a tensor into the runtime, for graphs that are fed it many times. */
  keep(tensor: Tensor): KeptTensor;
  /**
   * Gives all memory back, after the runs that were asked for. Does not wait
   * for a run that was aborted. Idempotent.
   */
  close(): Promise<void>;
}
