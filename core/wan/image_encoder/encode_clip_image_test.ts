import assert from "node:assert/strict";
import {
  assertClose,
  goldenUrl,
  readGolden,
} from "../../../tests/fixtures/golden.ts";
import { openTinyComponent } from "../../../tests/fixtures/tiny_checkpoint.ts";
import type { TensorEntry } from "../../formats/tensor_index.ts";
import { preprocessClipImage } from "./preprocess_image.ts";
import { decodeImage } from "../../media/image.ts";
import { buildClipPieces, buildClipVision } from "./clip_vision.ts";
import { CPU } from "../../onnx/runtime/device.ts";
import { openSession } from "../../onnx/runtime/session.ts";
import type { Tensor } from "../../base/tensor.ts";
import { encodeClipImage } from "./encode_clip_image.ts";

const TOLERANCE = { relative: 2e-5 };
const clip = await openTinyComponent("clip");

async function pixels(file: string): Promise<Tensor> {
  return preprocessClipImage(
    await decodeImage(Deno.readFileSync(goldenUrl(file))),
  );
}

function rows(x: Tensor, which: readonly number[]): Tensor {
  const width = x.dims.at(-1)!;
  const data = which.flatMap((row) => [
    ...x.data.subarray(row * width, (row + 1) * width),
  ]);
  return { dims: [which.length, width], data: new Float32Array(data) };
}

for (const execution of ["monolithic", "blockwise"] as const) {
  Deno.test(`images have the features of the reference (${execution})`, async () => {
    const options = { device: CPU, execution };
    const image = await encodeClipImage(
      clip,
      await pixels("clip/image.png"),
      options,
    );
    const expected = readGolden("clip/features.npy");
    assertClose(
      `clip ${execution}`,
      { ...image, dims: [1, ...image.dims] },
      expected,
      TOLERANCE,
    );
    const image2 = await encodeClipImage(
      clip,
      await pixels("clip/image2.png"),
      options,
    );
    assertClose(
      `clip, larger image ${execution}`,
      rows(image2, Array.from({ length: 17 }, (_, i) => 16 * i)),
      readGolden("clip/features2_rows.npy"),
      TOLERANCE,
    );
  });
}

Deno.test("the first stages of the image encoder are the reference's", async () => {
  const pieces = buildClipPieces(clip);
  await using first = await openSession(pieces.first(), CPU);
  const { y } = await first.run({ pixels: await pixels("clip/image.png") });
  const which = [0, 1, 2, 100, 256];
  assertClose(
    "clip pre_norm",
    rows(y!, which),
    readGolden("clip/act_pre_norm_rows.npy"),
    TOLERANCE,
  );
  await using block = await openSession(pieces.block(0), CPU);
  const after = await block.run({ x: y! });
  assertClose(
    "clip block 0",
    rows(after["y"]!, which),
    readGolden("clip/act_block0_rows.npy"),
    TOLERANCE,
  );
});

Deno.test("query, key and value may be stored apart", async () => {
  const tensors = new Map(clip.tensors);
  for (const [name, entry] of clip.tensors) {
    if (!name.includes(".to_qkv.")) continue;
    tensors.delete(name);
    ["to_q", "to_k", "to_v"].forEach((part, i) => {
      const [rows, ...rest] = entry.shape;
      const length = entry.length / 3;
      const cut: TensorEntry = {
        ...entry,
        name: name.replace("to_qkv", part),
        shape: [rows! / 3, ...rest],
        offset: entry.offset + i * length,
        length,
      };
      tensors.set(cut.name, cut);
    });
  }
  const { config } = clip;
  const feeds = { pixels: await pixels("clip/image.png") };
  await using apart = await openSession(
    buildClipVision({ tensors, config }),
    CPU,
  );
  const { features } = await apart.run(feeds);
  assertClose(
    "clip q k v apart",
    features!,
    readGolden("clip/features.npy"),
    TOLERANCE,
  );
  assert.ok(!tensors.has("visual.transformer.0.attn.to_qkv.weight"));
});

Deno.test("pixels of another size are refused", async () => {
  await assert.rejects(
    encodeClipImage(clip, {
      dims: [1, 3, 10, 10],
      data: new Float32Array(300),
    }, { device: CPU }),
    {
      name: "RangeError",
      message:
        /input "pixels" is \[1, 3, 10, 10\], expected \[1, 3, 224, 224\]/,
    },
  );
});

Deno.test("in float16, as the reference runs it, the features are off by little", async () => {
  // Three blocks of four products each, rounded to 2^-11 = 5e-4 of their
  // numbers; the sums and norms between them are float32.
  const target = {
    compute: "float16",
    attention: "fused",
    float8: "cast",
  } as const;
  const image = await encodeClipImage(clip, await pixels("clip/image.png"), {
    device: CPU,
    target,
  });
  const expected = readGolden("clip/features.npy");
  assertClose("clip in float16", { ...image, dims: expected.dims }, expected, {
    relative: 2e-3,
  });
});
