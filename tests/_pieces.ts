/**
 * Runs a network that is cut into pieces: every piece is fed, by name, what
 * the caller gives and what earlier pieces made.
 *
 * @module
 */

import type { NetworkPieces } from "../core/models/network_pieces.ts";
import { type Feeds, type Runtime } from "../core/runtime/runtime.ts";
import type { Tensor } from "../core/tensor.ts";

/** The outputs of the last piece, and what each piece before it made. */
export async function runPieces(
  runtime: Runtime,
  pieces: NetworkPieces,
  feeds: Feeds,
): Promise<{ last: Record<string, Tensor>; trace: Record<string, Tensor>[] }> {
  const graphs = [
    pieces.first(),
    ...Array.from({ length: pieces.count }, (_, i) => pieces.block(i)),
    ...(pieces.last ? [pieces.last()] : []),
  ];
  let pool: Feeds = feeds;
  const trace: Record<string, Tensor>[] = [];
  for (const graph of graphs) {
    const session = await runtime.open(graph);
    const made = await session.run(
      Object.fromEntries(graph.inputs.map(({ name }) => [name, pool[name]!])),
    );
    await session.release();
    pool = { ...pool, ...made, ...(made["y"] ? { x: made["y"] } : {}) };
    trace.push(made);
  }
  return { last: trace.at(-1)!, trace };
}
