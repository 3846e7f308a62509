/**
 * Ends while a graph is running, in the way that its argument names. It is
 * also the worker that it starts itself.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { GraphBuilder } from "../core/graph/graph_builder.ts";
import { CPU } from "../core/runtime/device.ts";
import { openRuntime } from "../core/runtime/runtime.ts";

const SIZE = 600;

/** A graph that takes a second or so. */
function slowGraph() {
  const g = new GraphBuilder("slow");
  const x = g.input("x", "float32", [SIZE, SIZE]);
  let y = x;
  for (let i = 0; i < 100; i++) y = y.matmul(x);
  g.output("y", y);
  return g.build();
}

/** Starts a run and returns when it is under way; `done` is when it ends. */
async function startRun(): Promise<{ done: Promise<unknown> }> {
  const runtime = openRuntime(CPU, { threads: 1 });
  if (runtime.backend.kind !== "c-api") throw new Error("not the C API");
  const session = await runtime.open(slowGraph());
  const x = {
    dims: [SIZE, SIZE],
    data: new Float32Array(SIZE * SIZE).fill(1 / SIZE),
  };
  let ended = false;
  const done = session.run({ x }).then(({ y }) => {
    ended = true;
    return y!.data[0]!.toFixed(6);
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  if (ended) throw new Error("the run is over already");
  return { done };
}

const ENDS: Readonly<Record<string, () => void | Promise<void>>> = {
  async error() {
    await startRun();
    setTimeout(() => {
      throw new Error("thrown on purpose");
    });
  },
  async rejection() {
    await startRun();
    Promise.reject(new Error("rejected on purpose"));
  },
  async interrupt() {
    await startRun();
    Deno.kill(Deno.pid, "SIGINT");
  },
  async exit() {
    await startRun();
    Deno.exit(7);
  },
  /** Nobody waits for the run, and nothing else is left to do. */
  async nothing() {
    await startRun();
  },
  async worker() {
    const worker = new Worker(`${import.meta.url}?worker`, { type: "module" });
    await new Promise((resolve) => {
      worker.onmessage = resolve;
    });
    worker.terminate();
    // The run goes on; meanwhile and afterwards the library can be used here.
    console.log("beside it:", await (await startRun()).done);
    console.log("after it:", await (await startRun()).done);
  },
};

// A worker has the arguments of its process.
if (!import.meta.url.endsWith("?worker")) {
  await ENDS[Deno.args[0]!]!();
} else {
  await startRun();
  self.postMessage("under way");
}
