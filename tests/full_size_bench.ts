/**
 * How long the 14B transformer takes from its file to a session on the
 * processor, at 832 x 480 pixels and 81 frames. The numbers in the file are a
 * hole: what is measured is all but reading them.
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
  const runtime = openRuntime(CPU);
  const transformer = await openComponent("transformer", path);
  const graph = buildTransformer(transformer, { latent });
  const block = buildTransformerBlocks(transformer, { latent }).block(0);

  Deno.bench(`${dtype}: open the file`, { group: dtype }, async () => {
    await openComponent("transformer", path);
  });
  Deno.bench(`${dtype}: write the graph`, { group: dtype }, () => {
    buildTransformer(transformer, { latent });
  });
  Deno.bench(
    `${dtype}: session of the whole graph (5 s are allowed)`,
    { group: dtype, n: 3, warmup: 1 },
    async () => {
      await (await runtime.open(graph)).release();
    },
  );
  Deno.bench(
    `${dtype}: session of one block`,
    { group: dtype, n: 20 },
    async () => {
      await (await runtime.open(block)).release();
    },
  );
}
