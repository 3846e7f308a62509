/**
 * One graph on one device, in a worker of its own.
 *
 * @module
 */

import type { BuiltGraph } from "../graph/graph_builder.ts";
import type { Device } from "./device.ts";
import type { GraphSession, OpenOptions } from "./runtime_interface.ts";
import { openRuntime, type RuntimeOptions } from "./runtime.ts";

/**
 * Opens a graph in a worker of its own, which ends when the session is
 * released. For several graphs that hand tensors on, open one
 * {@linkcode openRuntime} for all.
 *
 * @throws {FormatError} When a weight file is shorter than the graph needs.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { CPU, GraphBuilder, openSession } from "@ati/ati";
 *
 * const g = new GraphBuilder("half");
 * g.output("y", g.input("x", "float32", [2]).mul(0.5));
 * await using session = await openSession(g.build(), CPU);
 * const { y } = await session.run({
 *   x: { dims: [2], data: new Float32Array([4, 6]) },
 * });
 * assert.equal(y?.data.join(), "2,3");
 * ```
 */
export async function openSession(
  graph: BuiltGraph,
  device: Device,
  options: OpenOptions & RuntimeOptions = {},
): Promise<GraphSession> {
  const runtime = openRuntime(device, options);
  let session: GraphSession;
  try {
    session = await runtime.open(graph, options);
  } catch (error) {
    await runtime.close();
    throw error;
  }
  const release = () => runtime.close();
  return {
    graph: session.graph,
    run: (feeds, runOptions) => session.run(feeds, runOptions),
    runKeeping: (feeds, keep, runOptions) =>
      session.runKeeping(feeds, keep, runOptions),
    release,
    [Symbol.asyncDispose]: release,
  };
}
