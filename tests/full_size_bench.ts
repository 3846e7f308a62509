/**
 * The time of the 14B transformer from its file to a session on the CPU, at
 * 832 x 480 pixels and 81 frames. The values in the file are a hole: everything
 * but reading them is measured. The baselines: the header parsed, the graph
 * copied, and sessions of the binding.
 */

import { join } from "node:path";
import { WAN_14B_I2V } from "../core/wan/transformer/layout.ts";
import type { TensorDtype } from "../core/formats/tensor_index.ts";
import { openComponent } from "../core/checkpoint/open_checkpoint.ts";
import {
  buildTransformer,
  buildTransformerBlocks,
} from "../core/wan/transformer/transformer.ts";
import { CPU } from "../core/onnx/runtime/device.ts";
import { openRuntime } from "../core/onnx/runtime/runtime.ts";
import { writeSparseNetwork } from "./fixtures/sparse_weights.ts";

const folder = await Deno.makeTempDir();
globalThis.addEventListener(
  "unload",
  () => Deno.removeSync(folder, { recursive: true }),
);
const latent = [21, 60, 104] as const;

for (const dtype of ["F32", "BF16"] satisfies TensorDtype[]) {
  const path = join(folder, `${dtype}.safetensors`);
  writeSparseNetwork(path, {
    kind: "transformer",
    parameters: WAN_14B_I2V,
    dtype,
  });
  const runtimes = [
    { by: ", binding", runtime: openRuntime(CPU, { backend: "binding" }) },
    { by: "", runtime: openRuntime(CPU) },
  ];
  const transformer = await openComponent("transformer", path);
  const graph = buildTransformer(transformer, { latent });
  const block = buildTransformerBlocks(transformer, { latent }).block(0);

  const opening = { group: `${dtype}: open` };
  Deno.bench(
    `${dtype}: parse the header`,
    { ...opening, baseline: true },
    async () => {
      using file = await Deno.open(path);
      const size = new Uint8Array(8);
      await file.read(size);
      const length = new DataView(size.buffer).getBigUint64(0, true);
      const header = new Uint8Array(Number(length));
      for (let read = 0; read < header.length;) {
        read += (await file.read(header.subarray(read)))!;
      }
      JSON.parse(new TextDecoder().decode(header));
    },
  );
  Deno.bench(`${dtype}: open the file`, opening, async () => {
    await openComponent("transformer", path);
  });
  const writing = { group: `${dtype}: write` };
  Deno.bench(
    `${dtype}: copy the graph`,
    { ...writing, baseline: true },
    () => {
      graph.model.slice();
    },
  );
  Deno.bench(`${dtype}: write the graph`, writing, () => {
    buildTransformer(transformer, { latent });
  });
  for (
    const [what, built, n] of [
      ["the whole graph (limit 5 s)", graph, 3],
      ["one block", block, 20],
    ] as const
  ) {
    for (const { by, runtime } of runtimes) {
      Deno.bench(
        `${dtype}: session of ${what}${by}`,
        {
          group: `${dtype}: ${what}`,
          baseline: by !== "",
          n,
          warmup: 1,
        },
        async () => {
          await (await runtime.open(built)).release();
        },
      );
    }
  }
}
