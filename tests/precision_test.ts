/**
 * The transformer in float16 and bfloat16, and with attention written out.
 *
 * The tolerances: rounding to float16 is an error of at most 2^-11 (4.9e-4) of
 * a value, to bfloat16 of 2^-8 (3.9e-3). Sums of many rounded numbers are more
 * exact than each of them, and the residual stream is float32, so the result
 * is off by about one such bound; two are allowed. An error of the bfloat16
 * graph that is about eight times (2^3) that of the float16 graph shows that it
 * is rounding and nothing else.
 */

import assert from "node:assert/strict";
import type { Component } from "../core/wan/networks.ts";
import type { BuiltGraph } from "../core/onnx/graph/graph_builder.ts";
import type { GraphTarget } from "../core/onnx/graph/graph_target.ts";
import {
  buildTransformer,
  writeWanTransformer,
} from "../core/wan/transformer/transformer.ts";
import { CPU } from "../core/onnx/runtime/device.ts";
import { openSession } from "../core/onnx/runtime/session.ts";
import type { Tensor } from "../core/base/tensor.ts";
import { assertClose, difference, readGolden } from "./fixtures/golden.ts";
import { RoundingBuilder } from "./fixtures/rounding_builder.ts";
import {
  feedsOf,
  latentOf,
  openDit,
  openFp8,
} from "./fixtures/transformers.ts";

const TOLERANCES = { float16: 2 * 2 ** -11, bfloat16: 2 * 2 ** -8 };

const CASES = [
  { folder: "dit", open: openDit, timestep: 437 },
  { folder: "dit_fp8", open: openFp8, timestep: 500 },
] as const;

function target(
  compute: GraphTarget["compute"],
  attentionCompute = compute,
): GraphTarget {
  return { compute, attention: "fused", attentionCompute, float8: "cast" };
}

async function run(
  graph: BuiltGraph,
  feeds: Record<string, Tensor>,
): Promise<Tensor> {
  await using session = await openSession(graph, CPU);
  return (await session.run(feeds))["prediction"]!;
}

/** The prediction with every 16-bit result rounded. */
async function rounded(
  component: Component<"transformer">,
  options: {
    compute: "float16" | "bfloat16";
    attentionCompute?: "float16";
    folder: string;
    feeds: Record<string, Tensor>;
  },
): Promise<Tensor> {
  const { compute, attentionCompute, folder, feeds } = options;
  const g = new RoundingBuilder("rounded", {
    weights: component.tensors,
    target: target(compute, attentionCompute),
  });
  writeWanTransformer(g, {
    parameters: component.config,
    latent: latentOf(folder),
  });
  return await run(g.build(), feeds);
}

for (const { folder, open, timestep } of CASES) {
  Deno.test(`${folder} in 16 bits is off by what rounding explains`, async () => {
    const component = await open();
    const feeds = feedsOf(folder, component, { context: 0, timestep });
    const expected = readGolden(`${folder}/out_ctx0_t${timestep}.npy`);
    const found: number[] = [];
    for (const compute of ["float16", "bfloat16"] as const) {
      const actual = await rounded(component, { compute, folder, feeds });
      assertClose(`${folder} in ${compute}`, actual, expected, {
        relative: TOLERANCES[compute],
      });
      found.push(difference(actual, expected).relative);
    }
    const ratio = found[1]! / found[0]!;
    console.log(`bfloat16 over float16: ${ratio.toFixed(1)}`);
    assert.ok(ratio > 4 && ratio < 16, `${ratio}`);
  });

  Deno.test(`${folder} in bfloat16 with attention in float16 is off by what rounding explains`, async () => {
    const component = await open();
    const feeds = feedsOf(folder, component, { context: 0, timestep });
    const expected = readGolden(`${folder}/out_ctx0_t${timestep}.npy`);
    const common = { compute: "bfloat16", folder, feeds } as const;
    const mixed = await rounded(component, {
      ...common,
      attentionCompute: "float16",
    });
    assertClose(`${folder}, attention in float16`, mixed, expected, {
      relative: TOLERANCES.bfloat16,
    });
    const pure = await rounded(component, common);
    assert.ok(difference(mixed, pure).relative > 0, "it made a difference");
  });

  Deno.test(`${folder} as a float16 graph runs on the processor`, async () => {
    const component = await open();
    const graph = buildTransformer(component, {
      latent: latentOf(folder),
      target: target("float16"),
    });
    const actual = await run(
      graph,
      feedsOf(folder, component, { context: 0, timestep }),
    );
    assertClose(
      `${folder}, float16 kernels`,
      actual,
      readGolden(`${folder}/out_ctx0_t${timestep}.npy`),
      { relative: TOLERANCES.float16 },
    );
  });

  Deno.test(`${folder} with attention written out and float8 by casts agrees with the reference`, async () => {
    const component = await open();
    const graph = buildTransformer(component, {
      latent: latentOf(folder),
      target: { compute: "float32", attention: "manual", float8: "cast" },
    });
    const actual = await run(
      graph,
      feedsOf(folder, component, { context: 0, timestep }),
    );
    assertClose(
      `${folder}, written out`,
      actual,
      readGolden(`${folder}/out_ctx0_t${timestep}.npy`),
      { relative: 2e-5 },
    );
  });
}

Deno.test("the bfloat16 graph is valid: only the kernels are missing on the processor", async () => {
  const component = await openDit();
  const graph = buildTransformer(component, {
    latent: latentOf("dit"),
    target: target("bfloat16"),
  });
  // Types and shapes are inferred and checked before kernels are looked for.
  await assert.rejects(
    openSession(graph, CPU),
    /Could not find an implementation for \w+\(\d+\)/,
  );
});
