/**
 * The C API of ONNX Runtime against its Node.js binding: every network's
 * graphs, bit for bit.
 */

import assert from "node:assert/strict";
import {
  buildClipPieces,
  buildClipVision,
} from "../core/wan/image_encoder/clip_vision.ts";
import type { NetworkBlocks } from "../core/onnx/graph/network_pieces.ts";
import {
  buildUmt5Encoder,
  buildUmt5Pieces,
} from "../core/wan/text_encoder/umt5_encoder.ts";
import {
  buildTransformer,
  buildTransformerBlocks,
} from "../core/wan/transformer/transformer.ts";
import { pastName, type VaeChunk } from "../core/wan/vae/vae_chunks.ts";
import { buildVaeDecoder } from "../core/wan/vae/vae_decoder.ts";
import { buildVaeEncoder } from "../core/wan/vae/vae_encoder.ts";
import type { BuiltGraph } from "../core/onnx/graph/graph_builder.ts";
import { CPU, type Device } from "../core/onnx/runtime/device.ts";
import { probeDevice } from "../core/onnx/runtime/devices.ts";
import {
  type Feeds,
  type KeptTensor,
  openRuntime,
} from "../core/onnx/runtime/runtime.ts";
import { sizeOf, type Tensor } from "../core/base/tensor.ts";
import {
  feedsOf,
  latentOf,
  openDit,
  openFp8,
} from "./fixtures/transformers.ts";
import { openTinyComponent } from "./fixtures/tiny_checkpoint.ts";

const WEBGPU: Device = { kind: "webgpu", index: 0 };

/** A graph, and what it is fed where numbers of any kind will not do. */
interface Case {
  readonly name: string;
  readonly graph: BuiltGraph;
  readonly feeds?: Feeds;
}

/** Numbers in [-1, 1), or small ids and ones for a mask. */
function someFeeds({ inputs }: BuiltGraph): Feeds {
  let state = 7;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
  return Object.fromEntries(inputs.map(({ name, type, shape }) => {
    const length = sizeOf(shape);
    const data = type === "int32"
      ? Int32Array.from({ length }, () => next() >>> 27)
      : type === "int64"
      ? BigInt64Array.from({ length }, () => BigInt(next() >>> 27))
      : Float32Array.from({ length }, () => next() / 2 ** 31 - 1);
    return [name, { dims: shape, data }];
  }));
}

function ofPieces(name: string, pieces: NetworkBlocks): Case[] {
  return [
    { name: `${name}, first part`, graph: pieces.first() },
    { name: `${name}, block 0`, graph: pieces.block(0) },
    ...(pieces.last
      ? [{ name: `${name}, last part`, graph: pieces.last() }]
      : []),
  ];
}

async function transformers(): Promise<Case[]> {
  const cases: Case[] = [];
  for (
    const [folder, open, timestep] of [
      ["dit", openDit, 437],
      ["dit_fp8", openFp8, 500],
    ] as const
  ) {
    const component = await open();
    const latent = latentOf(folder);
    cases.push(
      {
        name: folder,
        graph: buildTransformer(component, { latent }),
        feeds: feedsOf(folder, component, { context: 0, timestep }),
      },
      ...ofPieces(folder, buildTransformerBlocks(component, { latent })),
    );
  }
  return cases;
}

async function encoders(): Promise<Case[]> {
  const t5 = await openTinyComponent("t5");
  const clip = await openTinyComponent("clip");
  const length = 24;
  return [
    { name: "t5", graph: buildUmt5Encoder(t5, { length }) },
    ...ofPieces("t5", buildUmt5Pieces(t5, { length })),
    { name: "clip", graph: buildClipVision(clip) },
    ...ofPieces("clip", buildClipPieces(clip)),
  ];
}

async function autoencoders(): Promise<Case[]> {
  const vae = await openTinyComponent("vae");
  const chunks = [
    { kind: "first" },
    { kind: "next", latents: 2 },
    { kind: "all", latents: 3 },
  ] as const;
  return chunks.flatMap((chunk) => [
    {
      name: `vae encoder, ${chunk.kind}`,
      graph: buildVaeEncoder(vae, { size: [4, 6], chunk }),
    },
    {
      name: `vae decoder, ${chunk.kind}`,
      graph: buildVaeDecoder(vae, { size: [4, 6], chunk }),
    },
  ]);
}

async function compare(device: Device, cases: readonly Case[]): Promise<void> {
  await using ours = openRuntime(device, { backend: "c-api" });
  await using theirs = openRuntime(device, { backend: "binding" });
  for (const { name, graph, feeds = someFeeds(graph) } of cases) {
    await using a = await ours.open(graph, { name });
    await using b = await theirs.open(graph, { name });
    const actual = await a.run(feeds), expected = await b.run(feeds);
    let count = 0, zeros = 0;
    for (const [output, { dims, data }] of Object.entries(expected)) {
      assert.deepEqual(actual[output]!.dims, dims);
      const bits = (x: Float32Array) =>
        new Uint32Array(x.buffer, x.byteOffset, x.length);
      const mine = bits(actual[output]!.data), other = bits(data);
      assert.equal(mine.length, other.length);
      const different = mine.findIndex((word, i) => word !== other[i]);
      assert.equal(different, -1, `${name}: ${output} differs at ${different}`);
      assert.ok(
        data.every(Number.isFinite),
        `${name}: ${output} is not finite`,
      );
      zeros += data.reduce((sum, x) => sum + Number(x === 0), 0);
      count += data.length;
    }
    assert.ok(zeros < count / 2, `${name}: ${zeros} of ${count} are zero`);
    console.log(`${name}: ${count} numbers are equal bit for bit`);
  }
}

/** A chunk of a video behind another one: what is kept in between stays where it is. */
async function decodeTwoChunks(
  device: Device,
  backend: "c-api" | "binding",
): Promise<Float32Array> {
  const vae = await openTinyComponent("vae");
  const build = (chunk: VaeChunk) =>
    buildVaeDecoder(vae, { size: [4, 6], chunk });
  await using runtime = openRuntime(device, { backend });
  const firstGraph = build({ kind: "first" });
  const nextGraph = build({ kind: "next", latents: 1 });
  const { latent } = someFeeds(firstGraph) as { latent: Tensor };
  const names = firstGraph.outputs.flatMap(({ name }) =>
    name === "frames" ? [] : [name]
  );
  let past: Record<string, KeptTensor>;
  {
    await using first = await runtime.open(firstGraph);
    past = (await first.runKeeping({ latent }, names)).kept;
  }
  // The session that made them is released; they are fed to another one.
  await using next = await runtime.open(nextGraph);
  const feeds = Object.fromEntries(
    names.map((name, k) => [pastName(k), past[name]!]),
  );
  const { frames } = await next.run({ latent, ...feeds });
  for (const value of Object.values(past)) value.drop();
  return frames!.data;
}

for (const device of [CPU, WEBGPU]) {
  Deno.test(`what is kept between graphs is the same by the C API and the binding (${device.kind})`, async () => {
    const { state } = await probeDevice(device);
    if (state !== "works") {
      return console.log(`skipped: no ${device.kind} here`);
    }
    const ours = await decodeTwoChunks(device, "c-api");
    const theirs = await decodeTwoChunks(device, "binding");
    assert.ok(ours.length > 0 && ours.some((x) => x !== ours[0]));
    assert.deepEqual(ours, theirs);
    console.log(`${ours.length} numbers are equal bit for bit`);
  });
}

for (
  const [what, cases] of [
    ["the transformers", transformers],
    ["the encoders", encoders],
    ["the autoencoder", autoencoders],
  ] as const
) {
  for (const device of [CPU, WEBGPU]) {
    Deno.test(`${what} compute the same numbers by the C API and the binding (${device.kind})`, async () => {
      const { state } = await probeDevice(device);
      if (state === "works") return await compare(device, await cases());
      console.log(`skipped: no ${device.kind} here`);
    });
  }
}
