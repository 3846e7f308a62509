/**
 * Why a convolution over time is written as one over the channels of three
 * pictures, and what it costs to carry what is remembered from run to run
 * instead of looping in the graph.
 */

import { openTinyComponent } from "../../../tests/fixtures/tiny_checkpoint.ts";
import type { TensorEntry } from "../../formats/tensor_index.ts";
import {
  type BuiltGraph,
  GraphBuilder,
} from "../../onnx/graph/graph_builder.ts";
import { conv } from "../../onnx/graph/layers.ts";
import { concat } from "../../onnx/graph/value.ts";
import { CPU } from "../../onnx/runtime/device.ts";
import { openRuntime } from "../../onnx/runtime/runtime.ts";
import { decodeVideo } from "./run_vae.ts";

const CHANNELS = 96, FRAMES = 4, HEIGHT = 60, WIDTH = 104;
const SHAPE = [1, CHANNELS, FRAMES + 2, HEIGHT, WIDTH] as const;

const length = CHANNELS * CHANNELS * 27 * 4;
const file = await Deno.makeTempFile();
await Deno.writeFile(file, new Uint8Array(length));
addEventListener("unload", () => Deno.removeSync(file));

/** One convolution of the full-size decoder at a sixteenth of 480p. */
function graph(write: (g: GraphBuilder) => void): BuiltGraph {
  const entry: TensorEntry = {
    name: "c.weight",
    dtype: "F32",
    shape: [CHANNELS, CHANNELS, 3, 3, 3],
    file,
    offset: 0,
    length,
  };
  const g = new GraphBuilder("convolution", {
    weights: new Map([[entry.name, entry]]),
  });
  write(g);
  return g.build();
}

const overAxes = graph((g) => {
  const x = g.input("x", "float32", SHAPE);
  g.output("y", conv(x, "c", { pads: [0, 1, 1, 0, 1, 1] }));
});

const overPictures = graph((g) => {
  const x = g.input("x", "float32", SHAPE);
  const frames = Array.from({ length: FRAMES }, (_, i) => {
    const three = x.slice(2, i, i + 3)
      .reshape([1, 3 * CHANNELS, HEIGHT, WIDTH]);
    return conv(three, "c", {
      pads: [1, 1, 1, 1],
      weight: g.weight("c.weight", { shape: [CHANNELS, 3 * CHANNELS, 3, 3] }),
    }).reshape([1, CHANNELS, 1, HEIGHT, WIDTH]);
  });
  g.output("y", concat(frames, 2));
});

const runtime = openRuntime(CPU);
addEventListener("unload", () => runtime.close());
const x = {
  dims: SHAPE,
  data: new Float32Array(SHAPE.reduce((a, b) => a * b)),
};

for (
  const [name, built] of [
    ["over three axes", overAxes],
    ["over the channels of three pictures", overPictures],
  ] as const
) {
  const session = await runtime.open(built);
  Deno.bench({
    name,
    group: "a convolution of 96 channels over four frames (12.4 GFLOP)",
    baseline: built === overPictures,
    fn: async () => {
      await session.run({ x });
    },
  });
}

const vae = await openTinyComponent("vae");
const dims = [16, 21, 8, 8];
const latent = { dims, data: new Float32Array(dims.reduce((a, b) => a * b)) };

for (const latentFramesPerRun of [1, 4, "all"] as const) {
  Deno.bench({
    name: latentFramesPerRun === "all"
      ? "looped in the graph"
      : `${latentFramesPerRun} latent frames at a time`,
    group: "decoding 81 frames of 64x64 px with the tiny network",
    baseline: latentFramesPerRun === 1,
    fn: async () => {
      const film = decodeVideo(vae, latent, {
        device: CPU,
        latentFramesPerRun,
      });
      for await (const _ of film);
    },
  });
}
