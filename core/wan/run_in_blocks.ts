/**
 * Runs a network once, block by block.
 *
 * @module
 */

import type { NetworkBlocks } from "../onnx/graph/network_blocks.ts";
import {
  runBlocks,
  type RunPiecesOptions,
} from "../onnx/runtime/run_pieces.ts";
import type { Feeds, Runtime } from "../onnx/runtime/runtime_interface.ts";
import {
  type NetworkOutputs,
  openStreamedNetwork,
} from "../onnx/runtime/streamed_network.ts";
import type { Execution } from "./network_run.ts";

/**
 * What a network makes of each of `feeds`, its blocks opened one after the other
 * or streamed; `build` writes them for either.
 */
export async function runInBlocks(
  runtime: Runtime,
  build: (streamed: boolean) => NetworkBlocks,
  options: RunPiecesOptions & {
    readonly execution: Exclude<Execution, "monolithic">;
    readonly feeds: readonly Feeds[];
  },
): Promise<NetworkOutputs[]> {
  const { execution, feeds, name, signal, onProgress } = options;
  if (execution === "blockwise") {
    return await runBlocks(runtime, build(false), options);
  }
  const { resident, passes = 1 } = execution;
  await using network = await openStreamedNetwork(runtime, build(true), {
    name,
    resident,
    branches: passes,
    signal,
  });
  return await network.run(feeds, { signal, onProgress });
}
