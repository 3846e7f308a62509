/**
 * The text and the image encoder in 16 bits, as a GPU runs them: every
 * operation in float32 and its result rounded.
 *
 * The tolerance is what rounding explains. The relative error of one rounding
 * is 2^-9 in bfloat16 and 2^-12 in float16. A value passes about ten of them
 * per block (query, key, value, scores, weights, sum, projection, and those of
 * the feed-forward layer), for two or three blocks; independent errors add up
 * as the root of their number, to five times one of them. A factor of four on
 * top is for the largest of 16,000 numbers against the average one.
 *
 * @module
 */

import assert from "node:assert/strict";
import { preprocessClipImage } from "../core/wan/image_encoder/preprocess_image.ts";
import type { GraphBuilderOptions } from "../core/onnx/graph/graph_builder.ts";
import type { GraphTarget } from "../core/onnx/graph/graph_target.ts";
import { decodeImage } from "../core/media/image.ts";
import { writeClipVision } from "../core/wan/image_encoder/clip_vision.ts";
import {
  buildUmt5Encoder,
  writeUmt5Encoder,
} from "../core/wan/text_encoder/umt5_encoder.ts";
import { CPU } from "../core/onnx/runtime/device.ts";
import { openSession } from "../core/onnx/runtime/session.ts";
import {
  assertClose,
  difference,
  goldenUrl,
  readGolden,
} from "./fixtures/golden.ts";
import { RoundingBuilder } from "./fixtures/rounding_builder.ts";
import { openTinyComponent } from "./fixtures/tiny_checkpoint.ts";

const TOLERANCES = { float16: 20 * 2 ** -12, bfloat16: 20 * 2 ** -9 };

const t5 = await openTinyComponent("t5");
const clip = await openTinyComponent("clip");

function target(compute: GraphTarget["compute"]): GraphTarget {
  return { compute, attention: "fused", float8: "cast" };
}

function rounding(
  weights: GraphBuilderOptions["weights"] & object,
  compute: GraphTarget["compute"],
): RoundingBuilder {
  return new RoundingBuilder("rounded", { weights, target: target(compute) });
}

Deno.test("the text encoder in bfloat16 is off by what rounding explains", async () => {
  const expected = readGolden("t5/a.out.npy");
  const length = expected.dims[0]!;
  const g = rounding(t5.tensors, "bfloat16");
  writeUmt5Encoder(g, t5, { length });
  await using session = await openSession(g.build(), CPU);
  const ids = Int32Array.from(
    readGolden("t5/a.ids.npy").data.subarray(0, length),
  );
  const { context } = await session.run({
    ids: { dims: [1, length], data: ids },
    mask: { dims: [1, length], data: new Float32Array(length).fill(1) },
  });
  const actual = { dims: expected.dims, data: context!.data };
  assertClose("t5 in bfloat16", actual, expected, {
    relative: TOLERANCES.bfloat16,
  });
  assert.ok(difference(actual, expected).relative > 1e-4, "it was rounded");
});

for (const compute of ["float16", "bfloat16"] as const) {
  Deno.test(`the image encoder in ${compute} is off by what rounding explains`, async () => {
    const expected = readGolden("clip/features.npy");
    const g = rounding(clip.tensors, compute);
    writeClipVision(g, clip);
    await using session = await openSession(g.build(), CPU);
    const image = await decodeImage(
      Deno.readFileSync(goldenUrl("clip/image.png")),
    );
    const { features } = await session.run({
      pixels: preprocessClipImage(image),
    });
    assertClose(`clip in ${compute}`, features!, expected, {
      relative: TOLERANCES[compute],
    });
    assert.ok(
      difference(features!, expected).relative > 1e-5,
      "it was rounded",
    );
  });
}

Deno.test("the text encoder in bfloat16 is a valid graph: only the kernels are missing on the processor", async () => {
  const graph = buildUmt5Encoder(t5, { length: 5, target: target("bfloat16") });
  await assert.rejects(
    openSession(graph, CPU),
    /Could not find an implementation/,
  );
});
