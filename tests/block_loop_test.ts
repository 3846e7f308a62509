/**
 * The transformer's blocks with streamed weights compared with the same blocks
 * with mapped ones, bit for bit, on the CPU.
 */

import assert from "node:assert/strict";
import type { TensorEntry } from "../core/formats/tensor_index.ts";
import { openFileSource } from "../core/files/files.ts";
import { writeSafetensors } from "../core/formats/safetensors_writer.ts";
import { measureBlocks } from "../core/wan/block_weights.ts";
import { loraAdapters, readLora } from "../core/wan/lora/lora.ts";
import { buildClipBlocks } from "../core/wan/image_encoder/clip_vision.ts";
import { buildUmt5Blocks } from "../core/wan/text_encoder/umt5_encoder.ts";
import {
  buildTransformerBlocks,
  type TransformerComponent,
} from "../core/wan/transformer/transformer.ts";
import { runtimeBackend } from "../core/onnx/runtime/backend.ts";
import { CPU } from "../core/onnx/runtime/device.ts";
import { onnxRuntimeLibrary } from "../core/onnx/runtime/onnx_runtime.ts";
import { HostBlockDevice } from "../core/onnx/runtime/ort/block_device.ts";
import { BlockLoop } from "../core/onnx/runtime/ort/block_loop.ts";
import { ortEnvironment } from "../core/onnx/runtime/ort/environment.ts";
import type { OrtEnvironment } from "../core/onnx/runtime/ort/ort_library.ts";
import { openRuntime } from "../core/onnx/runtime/runtime.ts";
import { runBlocks } from "../core/onnx/runtime/run_pieces.ts";
import { openStreamedNetwork } from "../core/onnx/runtime/streamed_network.ts";
import { assertClose, readGolden } from "./fixtures/golden.ts";
import { sizeOf, type Tensor } from "../core/base/tensor.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { openTinyComponent } from "./fixtures/tiny_checkpoint.ts";
import {
  feedsOf,
  latentOf,
  openDit,
  openFp8,
  quantized,
} from "./fixtures/transformers.ts";

const ignore = runtimeBackend().kind !== "c-api";

const environment = (): OrtEnvironment => ortEnvironment(onnxRuntimeLibrary()!);

/** The golden transformer with `count` blocks: its own two, alternating. */
function stretched(
  { tensors, config }: TransformerComponent,
  count: number,
): TransformerComponent {
  const many = new Map<string, TensorEntry>();
  for (const [name, entry] of tensors) {
    const [, block, rest] = /^blocks\.(\d+)\.(.*)$/.exec(name) ?? [];
    if (block === undefined) many.set(name, entry);
    else {
      for (let i = Number(block); i < count; i += 2) {
        const key = `blocks.${i}.${rest}`;
        many.set(key, { ...entry, name: key });
      }
    }
  }
  return {
    tensors: many,
    config: { ...config, numLayers: count },
  };
}

const GOLDEN = [
  { folder: "dit", open: openDit },
  { folder: "dit_fp8", open: openFp8 },
] as const;

/** The blocks' inputs for two prompts, and the outputs of mapped blocks. */
async function reference(folder: "dit" | "dit_fp8", count: number) {
  const golden = await GOLDEN.find((x) => x.folder === folder)!.open();
  const component = stretched(golden, count);
  const latent = latentOf(folder);
  const blocks = buildTransformerBlocks(component, { latent });
  const streamed = buildTransformerBlocks(component, {
    latent,
    streamed: true,
  });
  await using runtime = openRuntime(CPU);
  const feeds: Record<string, Tensor>[] = [];
  const expected: Tensor[] = [];
  for (const timestep of [437, 999]) {
    await using first = await runtime.open(blocks.first());
    const { y, e0, context } = await first.run(
      feedsOf(folder, golden, { context: 0, timestep }),
    ) as Record<"y" | "e0" | "context", Tensor>;
    feeds.push({ x: y, e0, context });
    let x = y;
    for (let i = 0; i < count; i++) {
      await using block = await runtime.open(blocks.block(i));
      x = (await block.run({ x, e0, context }))["y"]!;
    }
    expected.push(x);
  }
  return { feeds, expected, streamed, count };
}

function assertSame(label: string, actual: Tensor, expected: Tensor): void {
  assert.deepEqual(actual.dims, expected.dims);
  const different = expected.data.reduce(
    (sum, x, i) => sum + Number(!Object.is(x, actual.data[i])),
    0,
  );
  assert.equal(different, 0, `${label}: ${different} numbers differ`);
  console.log(`${label}: ${expected.data.length} values are equal`);
}

for (const { folder } of GOLDEN) {
  Deno.test({
    name: `${folder}: streamed blocks compute the same as mapped ones`,
    ignore,
    fn: async () => {
      const { feeds, expected, streamed, count } = await reference(folder, 5);
      await using device = new HostBlockDevice(environment().library);
      for (const resident of [0, 1, 2, 3, 5]) {
        await using loop = await BlockLoop.open(environment(), {
          name: "blocks",
          device,
          count,
          block: (i) => streamed.block(i),
          resident,
          branches: 2,
        });
        const done: number[] = [];
        for (const again of [true, false]) {
          const outputs = await loop.run(feeds, {
            again,
            onProgress: (blocks) => done.push(blocks),
          });
          for (const [i, output] of outputs.entries()) {
            const label = `${folder}, ${resident} resident, branch ${i}`;
            assertSame(label, output, expected[i]!);
          }
        }
        assert.deepEqual(done, [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
        const [alone] = await loop.run([feeds[1]!]);
        assertSame(`${folder}, one branch`, alone!, expected[1]!);
        // Resident weights are read once, the others in each of three sweeps;
        // what is still in a slot is not read again.
        const block = streamed.block(0).streamedWeights
          .reduce((sum, { length }) => sum + length, 0);
        const most = Math.min(resident, 5) + 3 * (5 - resident);
        const blocks = loop.bytesRead / block;
        assert.ok(Number.isInteger(blocks) && blocks <= most, `${blocks}`);
        if (resident >= 3) assert.equal(blocks, 5);
        else assert.ok(blocks >= resident + 2 * (5 - resident), `${blocks}`);
      }
    },
  });
}

for (const { folder, open } of GOLDEN) {
  Deno.test({
    name:
      `${folder}: the streamed network agrees with the blockwise one and the reference`,
    ignore,
    fn: async () => {
      const golden = await open();
      const latent = latentOf(folder);
      const other = folder === "dit" ? 437 : 500;
      const feeds = [999, other].map((timestep) =>
        feedsOf(folder, golden, { context: 0, timestep })
      );
      await using runtime = openRuntime(CPU);
      for (const count of [2, 5]) {
        const component = stretched(golden, count);
        const blocks = buildTransformerBlocks(component, { latent });
        const mapped = await runBlocks(runtime, blocks, {
          feeds,
          name: folder,
        });
        await using network = await openStreamedNetwork(
          runtime,
          buildTransformerBlocks(component, { latent, streamed: true }),
          { name: folder, branches: 2, resident: count === 2 ? 0 : 1 },
        );
        const done: number[] = [];
        const made = await network.run(feeds, {
          onProgress: (part) => done.push(part),
        });
        assert.deepEqual(
          done,
          Array.from({ length: count + 2 }, (_, i) => i + 1),
        );
        for (const [i, { prediction }] of made.entries()) {
          assertSame(
            `${folder}, ${count} blocks, branch ${i}`,
            prediction!,
            mapped[i]!["prediction"]!,
          );
        }
        if (count > 2) continue;
        await using chunks = await openStreamedNetwork(
          runtime,
          buildTransformerBlocks(component, {
            latent,
            streamed: true,
            rows: 5,
          }),
          { name: folder },
        );
        const [part] = await chunks.run([feeds[0]!]);
        assertSame(
          `${folder}, 5 tokens at a time`,
          part!["prediction"]!,
          mapped[0]!["prediction"]!,
        );
        assertClose(
          `${folder}, streamed`,
          made[0]!["prediction"]!,
          readGolden(`${folder}/out_ctx0_t999.npy`),
          { relative: 2e-5 },
        );
      }
    },
  });
}

for (const bits of [8, 4] as const) {
  Deno.test({
    name: `${bits}-bit weights are streamed`,
    ignore,
    fn: async () => {
      await using folder = await temporaryFolder();
      const golden = await openDit();
      const component = stretched(
        await quantized(golden, {
          path: `${folder.path}/q.safetensors`,
          bits,
          blockSize: 32,
        }),
        4,
      );
      const latent = latentOf("dit");
      const feeds = feedsOf("dit", golden, { context: 0, timestep: 437 });
      await using runtime = openRuntime(CPU);
      const name = `${bits} bits`;
      const [mapped] = await runBlocks(
        runtime,
        buildTransformerBlocks(component, { latent }),
        { feeds: [feeds], name },
      );
      await using network = await openStreamedNetwork(
        runtime,
        buildTransformerBlocks(component, { latent, streamed: true }),
        { name },
      );
      const [made] = await network.run([feeds]);
      assertSame(name, made!["prediction"]!, mapped!["prediction"]!);
      console.log(`${name}: ${network.slotBytes} bytes of slots`);
    },
  });
}

Deno.test({
  name: "a LoRA is streamed with the weights, if all blocks have it",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const golden = await openDit();
    const { dim } = golden.config;
    const adaptersOf = async (blocks: readonly number[]) => {
      const path = folder.file(`${blocks.join()}.safetensors`);
      const tensors = blocks.flatMap((i) =>
        (["A", "B"] as const).map((name) => ({
          name: `diffusion_model.blocks.${i}.ffn.0.lora_${name}.weight`,
          dtype: "F32" as const,
          shape: name === "A" ? [2, dim] : [golden.config.ffnDim, 2],
          data: Float32Array.from(
            { length: 2 * (name === "A" ? dim : golden.config.ffnDim) },
            (_, at) => Math.sin(at + i) / 10,
          ),
        }))
      );
      await Deno.writeFile(path, writeSafetensors(tensors));
      using source = openFileSource(path);
      return loraAdapters([
        { lora: readLora(source, golden.tensors), strength: 1 },
      ]);
    };
    const latent = latentOf("dit"), name = "LoRA";
    const feeds = feedsOf("dit", golden, { context: 0, timestep: 437 });
    await using runtime = openRuntime(CPU);
    const made: Tensor[] = [];
    for (const adapters of [await adaptersOf([0, 1]), new Map()]) {
      const options = { latent, adapters };
      const [mapped] = await runBlocks(
        runtime,
        buildTransformerBlocks(golden, options),
        { feeds: [feeds], name },
      );
      const streamed = buildTransformerBlocks(golden, {
        ...options,
        streamed: true,
      });
      assert.ok(measureBlocks(streamed).alike);
      await using network = await openStreamedNetwork(runtime, streamed, {
        name,
      });
      const [found] = await network.run([feeds]);
      assertSame(name, found!["prediction"]!, mapped!["prediction"]!);
      made.push(found!["prediction"]!);
    }
    assert.notDeepEqual(made[0], made[1]);
    const uneven = buildTransformerBlocks(golden, {
      latent,
      adapters: await adaptersOf([1]),
      streamed: true,
    });
    assert.equal(measureBlocks(uneven).alike, false);
  },
});

Deno.test({
  name: "the streamed text and image encoders agree with the blockwise ones",
  ignore,
  fn: async () => {
    await using runtime = openRuntime(CPU);
    const t5 = await openTinyComponent("t5");
    const clip = await openTinyComponent("clip");
    const { imageSize } = clip.config;
    const length = 12;
    const pixels = [1, 3, imageSize, imageSize];
    for (
      const [name, build, feeds] of [
        [
          "the text encoder",
          (streamed: boolean) => buildUmt5Blocks(t5, { length, streamed }),
          {
            ids: {
              dims: [1, length],
              data: Int32Array.from({ length }, (_, i) => 3 + 7 * i),
            },
            mask: {
              dims: [1, length],
              data: Float32Array.from({ length }, (_, i) => Number(i < 9)),
            },
          },
        ],
        [
          "the image encoder",
          (streamed: boolean) => buildClipBlocks(clip, { streamed }),
          {
            pixels: {
              dims: pixels,
              data: Float32Array.from(
                { length: sizeOf(pixels) },
                (_, i) => Math.sin(i),
              ),
            },
          },
        ],
      ] as const
    ) {
      const [mapped] = await runBlocks(runtime, build(false), {
        feeds: [feeds],
        name,
      });
      await using network = await openStreamedNetwork(runtime, build(true), {
        name,
      });
      const [made] = await network.run([feeds]);
      assert.deepEqual(Object.keys(made!), Object.keys(mapped!));
      for (const [output, tensor] of Object.entries(mapped!)) {
        assertSame(`${name}, ${output}`, made![output]!, tensor);
      }
    }
  },
});

Deno.test({
  name: "a network cannot be streamed by the binding",
  ignore,
  fn: async () => {
    const golden = await openFp8();
    const blocks = buildTransformerBlocks(golden, {
      latent: latentOf("dit_fp8"),
      streamed: true,
    });
    await using runtime = openRuntime(CPU, { backend: "binding" });
    await assert.rejects(
      openStreamedNetwork(runtime, blocks, { name: "the transformer" }),
      {
        name: "TypeError",
        message:
          "Cannot stream the transformer: it needs ONNX Runtime's C API, not ONNX Runtime by its Node.js binding: it was asked for",
      },
    );
  },
});

Deno.test({
  name: "an abort ends a sweep between blocks, and the loop can be run again",
  ignore,
  fn: async () => {
    const { feeds, expected, streamed, count } = await reference("dit", 5);
    await using device = new HostBlockDevice(environment().library);
    await using loop = await BlockLoop.open(environment(), {
      name: "blocks",
      device,
      count,
      block: (i) => streamed.block(i),
    });
    const abort = new AbortController();
    let done = 0;
    await assert.rejects(
      loop.run([feeds[0]!], {
        signal: abort.signal,
        onProgress: (blocks) => {
          done = blocks;
          if (blocks === 2) abort.abort(new Error("enough"));
        },
      }),
      { message: "enough" },
    );
    const [output] = await loop.run([feeds[0]!]);
    assert.equal(done, 2);
    assertSame("after an abort", output!, expected[0]!);
  },
});

Deno.test({
  name: "different blocks and wrong feeds are refused",
  ignore,
  fn: async () => {
    const { feeds, streamed, count } = await reference("dit_fp8", 2);
    const other = await reference("dit", 2);
    await using device = new HostBlockDevice(environment().library);
    await assert.rejects(
      BlockLoop.open(environment(), {
        name: "blocks",
        device,
        count,
        block: (i) => (i === 0 ? streamed : other.streamed).block(i),
      }),
      { name: "TypeError", message: /the graph of block 1 is not that of/ },
    );
    await using loop = await BlockLoop.open(environment(), {
      name: "blocks",
      device,
      count,
      block: (i) => streamed.block(i),
    });
    await assert.rejects(loop.run(feeds), {
      name: "RangeError",
      message: "Cannot run blocks: 2 branches are given, expected 1 to 1",
    });
    const { context: _, ...rest } = feeds[0]!;
    await assert.rejects(loop.run([rest]), {
      name: "TypeError",
      message: 'Cannot run blocks: input "context" is missing',
    });
    await assert.rejects(loop.run([other.feeds[0]!]), { name: "RangeError" });
  },
});
