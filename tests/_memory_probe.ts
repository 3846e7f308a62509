/**
 * Measures its own memory while it does one thing, and prints the figures as
 * JSON: memory is a matter of the whole process, so each measurement has a
 * process of its own. Linux only.
 *
 * @module
 */

import type { TensorIndex } from "../core/checkpoint/tensor_index.ts";
import { GraphBuilder } from "../core/graph/graph_builder.ts";
import { gemm } from "../core/graph/layers.ts";
import { CPU } from "../core/runtime/device.ts";
import { openRuntime } from "../core/runtime/runtime.ts";
import { decodeFilm, encodeFilm } from "../core/stages/vae_stage.ts";
import { buildWanTransformer } from "../core/models/wan_transformer.ts";
import { feedsOf, latentOf, openFp8 } from "./_transformers.ts";
import { openTinyComponent } from "./_tiny_checkpoint.ts";

const MB = 2 ** 20;

/** Resident memory now, in MB. */
function resident(): number {
  return Deno.memoryUsage().rss / MB;
}

/** The most that was ever resident, in MB. */
function peak(): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) / 1024;
}

/** What is left of a session over 256 MB of weights when it is released. */
async function release(): Promise<Record<string, number>> {
  const size = 4096, layers = 4;
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, new Uint8Array(size * size * layers * 4));
  const weights: TensorIndex = new Map(
    Array.from({ length: layers }, (_, i) => [`w${i}`, {
      name: `w${i}`,
      dtype: "F32",
      shape: [size, size],
      file: path,
      offset: i * size * size * 4,
      length: size * size * 4,
    }]),
  );
  const g = new GraphBuilder("layers", { weights });
  let x = g.input("x", "float32", [256, size]);
  for (const key of weights.keys()) x = gemm(x, g.weight(key));
  g.output("y", x);

  const runtime = openRuntime(CPU);
  const feeds = {
    x: { dims: [256, size], data: new Float32Array(256 * size) },
  };
  // Once before, so that the library itself is not counted.
  const warm = await runtime.open(smallGraph());
  await warm.run({ x: { dims: [1], data: new Float32Array(1) } });
  await warm.release();
  const before = resident();
  const session = await runtime.open(g.build());
  const opened = resident();
  await session.run(feeds);
  const ran = resident();
  await session.release();
  const released = resident();
  await runtime.close();
  await Deno.remove(path);
  return { before, opened, ran, released };
}

/** Open files, threads and memory after `few` and after `many` sessions. */
async function sessions(few: number, many: number) {
  const component = await openFp8();
  const graph = buildWanTransformer(component, { latent: latentOf("dit_fp8") });
  const feeds = feedsOf("dit_fp8", component, { context: 0, timestep: 500 });
  const count = (path: string) => [...Deno.readDirSync(path)].length;
  const figures: Record<string, number> = {};
  let first: number[] | undefined;
  for (let i = 1; i <= many; i++) {
    await using runtime = openRuntime(CPU);
    await using session = await runtime.open(graph);
    if (i % 10 === 0) { // one that is not waited for
      const signal = AbortSignal.timeout(0);
      await session.run(feeds, { signal }).catch(() => {});
    }
    const { kept } = await session.runKeeping(feeds, ["prediction"]);
    if (i % 2 === 0) kept["prediction"]!.drop();
    const { prediction } = await session.run(feeds);
    first ??= [...prediction!.data];
    if (!prediction!.data.every((x, j) => x === first![j])) {
      throw new Error(`session ${i} computes other numbers`);
    }
    if (i === few || i === many) {
      figures[`files${i}`] = count("/proc/self/fd");
      figures[`threads${i}`] = count("/proc/self/task");
      figures[`resident${i}`] = resident();
    }
  }
  return figures;
}

function smallGraph() {
  const g = new GraphBuilder("small");
  g.output("y", g.input("x", "float32", [1]).add(1));
  return g.build();
}

/** The peak of encoding or decoding a film of so many frames. */
async function film(what: "encode" | "decode", frames: number) {
  const [height, width] = [192, 320];
  const vae = await openTinyComponent("vae");
  if (what === "encode") {
    await encodeFilm(vae, {
      dims: [frames, height, width],
      read: (from, to) => ({
        dims: [3, to - from, height, width],
        data: new Float32Array(3 * (to - from) * height * width).fill(0.3),
      }),
    }, { device: CPU });
  } else {
    const dims = [16, 1 + (frames - 1) / 4, height / 8, width / 8];
    const data = new Float32Array(dims.reduce((a, b) => a * b)).fill(0.2);
    for await (const _ of decodeFilm(vae, { dims, data }, { device: CPU }));
  }
  return { peak: peak() };
}

const [what, frames] = Deno.args;
const figures = what === "release"
  ? await release()
  : what === "sessions"
  ? await sessions(40, Number(frames))
  : await film(what as "encode" | "decode", Number(frames));
console.log(JSON.stringify(figures));
