/**
 * Measures itself and prints the figures as JSON. Memory is a matter of the
 * whole process, so each measurement has a process of its own. Linux only.
 *
 * - `open <dtype>`: opens the 14B transformer from a file of its exact layout
 *   whose numbers are a hole, builds its graph for 832 x 480 pixels and 81
 *   frames, and creates the session.
 * - `casts`: runs a transformer of twelve narrower blocks in bfloat16.
 *
 * @module
 */

import { join } from "node:path";
import { WAN_14B_I2V } from "../core/checkpoint/network_layout.ts";
import type { Dtype } from "../core/checkpoint/tensor_index.ts";
import { openComponent } from "../core/checkpoint_files.ts";
import { buildWanTransformer } from "../core/models/wan_transformer.ts";
import { CPU } from "../core/runtime/device.ts";
import { openSession } from "../core/runtime/session.ts";
import { sizeOf } from "../core/tensor.ts";
import { writeSparseNetwork } from "./_sparse_weights.ts";
import { temporaryFolder } from "./_temporary.ts";

/** What is measured, in seconds and MB. */
export interface FullSizeFigures {
  /** The length of the weights file. */
  readonly file: number;
  /** To open the file: read and check its header. */
  readonly open: number;
  /** To write the graph down. */
  readonly build: number;
  /** The length of the model. */
  readonly model: number;
  /** To create the session. */
  readonly session: number;
  /** Private memory of the process before. */
  readonly privateBefore: number;
  /** Private memory of the process with the session. */
  readonly privateAfter: number;
}

/** Memory that no file stands behind, in MB. */
function privateMemory(): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)![1]) / 1024;
}

async function measure(dtype: Dtype): Promise<FullSizeFigures> {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const path = join(folder, "transformer.safetensors");
  const file = writeSparseNetwork(path, {
    kind: "transformer",
    parameters: WAN_14B_I2V,
    dtype,
  });
  const privateBefore = privateMemory();
  const times = [performance.now()];
  const transformer = await openComponent("transformer", path);
  times.push(performance.now());
  const graph = buildWanTransformer(transformer, { latent: [21, 60, 104] });
  times.push(performance.now());
  await using _session = await openSession(graph, CPU);
  times.push(performance.now());
  const seconds = (i: number) => (times[i + 1]! - times[i]!) / 1000;
  return {
    file: file / 1e6,
    open: seconds(0),
    build: seconds(1),
    model: graph.model.length / 1e6,
    session: seconds(2),
    privateBefore,
    privateAfter: privateMemory(),
  };
}

/** What running a bfloat16 transformer took, in MB. */
export interface CastFigures {
  /** The weights in the float32 that they are converted to. */
  readonly converted: number;
  /** How much the private memory grew at most while it ran. */
  readonly growth: number;
}

async function measureCasts(): Promise<CastFigures> {
  const parameters = {
    ...WAN_14B_I2V,
    dim: 1024,
    ffnDim: 2816,
    numHeads: 8,
    numLayers: 12,
    textDim: 256,
  };
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const path = join(folder, "transformer.safetensors");
  const file = writeSparseNetwork(path, {
    kind: "transformer",
    parameters,
    dtype: "BF16",
  });
  const transformer = await openComponent("transformer", path);
  const graph = buildWanTransformer(transformer, { latent: [1, 16, 16] });
  await using session = await openSession(graph, CPU);
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name, shape }) => [name, {
      dims: shape,
      data: new Float32Array(sizeOf(shape)),
    }]),
  );
  const before = privateMemory();
  let most = before;
  const timer = setInterval(
    () => most = Math.max(most, privateMemory()),
    1,
  );
  await session.run(feeds);
  clearInterval(timer);
  return { converted: 2 * file / 1e6, growth: most - before };
}

if (import.meta.main) {
  const [what, dtype] = Deno.args;
  const figures = what === "casts"
    ? await measureCasts()
    : await measure(dtype as Dtype);
  console.log(JSON.stringify(figures));
}
