/**
 * The C API of ONNX Runtime against its Node.js binding, on the CPU: one run,
 * and opening, running and releasing a session. Other programs disturb a run
 * and the next one alike, so the ratio is that of pairs of runs by turns: it is
 * printed to standard error with its quartiles.
 *
 * The C API's sessions have one arena; the binding's allocate from the heaps of
 * their threads. In processor time the autoencoder's frame took 0.9 of the
 * binding's with that arena and 1.05 to 1.15 without it.
 */

import { buildTransformer } from "../core/wan/transformer/transformer.ts";
import { buildVaeDecoder } from "../core/wan/vae/vae_decoder.ts";
import { CPU } from "../core/onnx/runtime/device.ts";
import { openRuntime } from "../core/onnx/runtime/runtime.ts";
import { sizeOf } from "../core/base/tensor.ts";
import {
  feedsOf,
  latentOf,
  openDit,
  openFp8,
} from "./fixtures/transformers.ts";
import { pairedRuns } from "./fixtures/paired_runs.ts";
import { openTinyComponent } from "./fixtures/tiny_checkpoint.ts";

const dit = await openDit(), fp8 = await openFp8();
const vae = await openTinyComponent("vae");
const latents = {
  dims: [1, 16, 1, 24, 40],
  data: new Float32Array(sizeOf([1, 16, 1, 24, 40])).fill(0.2),
};
const cases = [
  {
    name: "tiny transformer, bfloat16 weights",
    graph: buildTransformer(dit, { latent: latentOf("dit") }),
    feeds: feedsOf("dit", dit, { context: 0, timestep: 437 }),
  },
  {
    name: "tiny transformer, float8 weights",
    graph: buildTransformer(fp8, { latent: latentOf("dit_fp8") }),
    feeds: feedsOf("dit_fp8", fp8, { context: 0, timestep: 500 }),
  },
  {
    name: "tiny autoencoder, a frame of 320x192",
    graph: buildVaeDecoder(vae, { size: [24, 40], chunk: { kind: "first" } }),
    feeds: { latent: latents },
  },
];

const runtimes = (["binding", "c-api"] as const).map((backend) => ({
  backend,
  runtime: openRuntime(CPU, { backend }),
}));

for (const { name, graph, feeds } of cases) {
  for (const { backend, runtime } of runtimes) {
    const session = await runtime.open(graph);
    Deno.bench({
      name: `run: ${name} (${backend})`,
      group: `run: ${name}`,
      baseline: backend === "binding",
      fn: async () => {
        await session.run(feeds);
      },
    });
  }
}

/** How many pairs of runs. */
const PAIRS = 60;

for (const { name, graph, feeds } of cases) {
  const [theirs, ours] = await Promise.all(
    runtimes.map(({ runtime }) => runtime.open(graph)),
  );
  Deno.bench({
    name: `${PAIRS} pairs by turns: ${name}`,
    n: 1,
    warmup: 0,
    fn: async () => {
      const { ratio, quartiles: [low, high] } = await pairedRuns(
        () => ours!.run(feeds),
        () => theirs!.run(feeds),
        { pairs: PAIRS },
      );
      console.error(
        `C API over binding, median of ${PAIRS} pairs: ${ratio.toFixed(3)} ` +
          `(quartiles ${low.toFixed(3)} to ${high.toFixed(3)}), ${name}`,
      );
    },
  });
}

const [, small] = cases;
for (const { backend } of runtimes) {
  Deno.bench({
    name: `open, run, release: ${small!.name} (${backend})`,
    group: "open, run, release",
    baseline: backend === "binding",
    n: 20,
    fn: async () => {
      await using runtime = openRuntime(CPU, { backend });
      const session = await runtime.open(small!.graph);
      await session.run(small!.feeds);
    },
  });
}
