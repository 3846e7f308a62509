/**
 * The transformer's graphs against the PyTorch reference, on the processor:
 * the whole graph and the pieces, bfloat16 and float8 weights. All arithmetic
 * is float32, as it was in the reference run.
 */

import assert from "node:assert/strict";
import type { Component } from "../core/wan/networks.ts";
import { GraphBuilder } from "../core/onnx/graph/graph_builder.ts";
import { layerNorm } from "../core/onnx/graph/layers.ts";
import { rotaryTables } from "../core/wan/transformer/_rotary.ts";
import {
  crossAttention,
  feedForward,
  modulation,
  selfAttention,
} from "../core/wan/transformer/_transformer_modules.ts";
import {
  buildTransformer,
  buildTransformerBlocks,
} from "../core/wan/transformer/transformer.ts";
import { CPU } from "../core/onnx/runtime/device.ts";
import { runBlocks } from "../core/onnx/runtime/run_pieces.ts";
import { openRuntime } from "../core/onnx/runtime/runtime.ts";
import { openSession } from "../core/onnx/runtime/session.ts";
import type { Tensor } from "../core/base/tensor.ts";
import { assertClose, readGolden } from "./fixtures/golden.ts";
import {
  feedsOf,
  latentOf,
  openDit,
  openFp8,
} from "./fixtures/transformers.ts";

/** Of the largest value; the float32 noise of the reference itself is 6e-7. */
const TOLERANCE = { relative: 2e-5 };

for (
  const { folder, openIt, calls } of [
    {
      folder: "dit",
      openIt: openDit,
      calls: [[0, 999], [0, 437], [1, 999], [1, 437]],
    },
    { folder: "dit_fp8", openIt: openFp8, calls: [[0, 999], [0, 500]] },
  ] as const
) {
  Deno.test(`${folder}: the whole graph agrees with the reference`, async () => {
    const component = await openIt();
    const graph = buildTransformer(component, { latent: latentOf(folder) });
    await using session = await openSession(graph, CPU);
    for (const [context, timestep] of calls) {
      const { prediction } = await session.run(
        feedsOf(folder, component, { context, timestep }),
      );
      const name = `out_ctx${context}_t${timestep}`;
      assertClose(
        `${folder}/${name}`,
        prediction!,
        readGolden(`${folder}/${name}.npy`),
        TOLERANCE,
      );
    }
  });

  Deno.test(`${folder}: the pieces agree with the reference`, async () => {
    const component = await openIt();
    const latent = latentOf(folder);
    await using runtime = openRuntime(CPU);
    const [context, timestep] = calls[1];
    const feeds = feedsOf(folder, component, { context, timestep });
    const expected = readGolden(`${folder}/out_ctx${context}_t${timestep}.npy`);
    for (const blocksPerPiece of [1, 2]) {
      const pieces = buildTransformerBlocks(component, {
        latent,
        blocksPerPiece,
      });
      assert.equal(pieces.count, 2 / blocksPerPiece);
      const [made] = await runBlocks(runtime, pieces, {
        feeds: [feeds],
        name: "the transformer",
      });
      assertClose(
        `${folder}, pieces of ${blocksPerPiece}`,
        made!["prediction"]!,
        expected,
        TOLERANCE,
      );
    }
  });
}

Deno.test("dit: what happens inside agrees with the reference", async () => {
  const component = await openDit();
  await using runtime = openRuntime(CPU);
  const pieces = buildTransformerBlocks(component, {
    latent: latentOf("dit"),
  });
  const options = {
    feeds: [feedsOf("dit", component, { context: 0, timestep: 999 })],
    name: "the first pieces",
  };
  const { first: begin, block } = pieces;
  const [first] = await runBlocks(
    runtime,
    { count: 0, first: begin, block },
    options,
  );
  const [block0] = await runBlocks(
    runtime,
    { count: 1, first: begin, block },
    options,
  );
  const dim = component.config.dim;
  const rows = (tensor: Tensor, from: number, count: number): Tensor => ({
    dims: [1, count, dim],
    data: tensor.data.slice(from * dim, (from + count) * dim),
  });
  const { y, e0, context } = first!;
  // The reference's convolution has its channels in front.
  const patches = readGolden("dit/act_patch_embedding.npy");
  const tokens = y!.dims[1]!;
  assertClose("patch_embedding", y!, {
    dims: y!.dims,
    data: Float32Array.from(
      { length: tokens * dim },
      (_, i) => patches.data[(i % dim) * tokens + Math.floor(i / dim)]!,
    ),
  }, TOLERANCE);
  assertClose(
    "e0",
    { ...e0!, dims: [1, 6 * dim] },
    readGolden("dit/act_e0.npy"),
    TOLERANCE,
  );
  assertClose(
    "img_emb",
    rows(context!, 0, 16),
    readGolden("dit/act_img_emb.npy"),
    TOLERANCE,
  );
  assertClose(
    "text_embedding",
    rows(context!, 257, 30),
    readGolden("dit/act_text_embedding.npy"),
    TOLERANCE,
  );
  assertClose(
    "block 0",
    block0!["y"]!,
    readGolden("dit/act_block0.npy"),
    TOLERANCE,
  );

  const session = await runtime.open(attentionGraph(component));
  const { self, cross } = await session.run({
    x: y!,
    e0: e0!,
    context: context!,
  });
  assertClose(
    "block 0, self attention",
    self!,
    readGolden("dit/act_block0_self_attn.npy"),
    TOLERANCE,
  );
  assertClose(
    "block 0, cross attention",
    cross!,
    readGolden("dit/act_block0_cross_attn.npy"),
    TOLERANCE,
  );
});

Deno.test("dit: the feed-forward layer is the same for some tokens at a time", async () => {
  const { tensors, config: { dim, ffnDim } } = await openDit();
  const g = new GraphBuilder("feed forward", { weights: tensors });
  const x = g.input("x", "float32", [1, 45, dim]);
  const run = (most: number) =>
    feedForward(x, "blocks.0.ffn", { ffnDim, most });
  g.output("whole", run(45 * ffnDim));
  g.output("parts", run(12 * ffnDim)); // of 12, 12, 12 and 9
  await using session = await openSession(g.build(), CPU);
  const data = Float32Array.from({ length: 45 * dim }, (_, i) => Math.sin(i));
  const { whole, parts } = await session.run({ x: { dims: x.shape, data } });
  assertClose("in parts", parts!, whole!, { relative: 1e-6 });
});

/** The two attentions of block 0, taken out of it. */
function attentionGraph(component: Component<"transformer">) {
  const { tensors, config: { dim, numHeads: heads, eps, textLen } } = component;
  const [frames, height, width] = latentOf("dit");
  const grid = [frames, height / 2, width / 2] as const;
  const g = new GraphBuilder("attentions", { weights: tensors });
  const x = g.input("x", "float32", [1, grid[0] * grid[1] * grid[2], dim]);
  const e0 = g.input("e0", "float32", [1, 6, dim]);
  const context = g.input("context", "float32", [1, 257 + textLen, dim]);
  const rotary = rotaryTables(g, { grid, headLength: dim / heads });
  const block = { e0, context, rotary, heads, eps };
  const [shift, scale, gate] = modulation(g, "blocks.0", e0);
  const self = selfAttention(
    layerNorm(x, { eps }).mul(scale!.add(1)).add(shift!),
    "blocks.0.self_attn",
    block,
  );
  g.output("self", self);
  g.output(
    "cross",
    crossAttention(
      layerNorm(x.add(self.mul(gate!)), { eps, name: "blocks.0.norm3" }),
      "blocks.0.cross_attn",
      block,
    ),
  );
  return g.build();
}
