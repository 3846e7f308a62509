/** Compared with transformers' SamModel of the same random weights. */

import assert from "node:assert/strict";
import { FormatError } from "../../base/errors.ts";
import { decodeImage } from "../../media/image.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import { readSignature } from "../../onnx/graph/read_signature.ts";
import {
  assertClose,
  goldenUrl,
  readGolden,
} from "../../../tests/fixtures/golden.ts";
import { temporaryFolder } from "../../../tests/fixtures/temporary.ts";
import { samGraphs } from "./layout.ts";
import { resizeBilinear, samPixels, samSize } from "./sam_pixels.ts";
import { openSegmenter } from "./segmenter.ts";

const FOLDER = goldenUrl("segment_anything/").pathname;
const read = (name: string) => Deno.readFileSync(`${FOLDER}${name}`);
const image = () => decodeImage(read("image.png"));
const bytes = (name: string) => ({ name, bytes: read(name) });

Deno.test("an image is resized as Pillow does, normalized, and padded", async () => {
  const small = samSize(await image(), 64);
  assert.deepEqual(small, { width: 64, height: 43 });
  const { data } = await decodeImage(read("resized.png"));
  assert.deepEqual(resizeBilinear(await image(), small).data, data);
  assertClose(
    "pixel_values",
    samPixels(await image(), 64),
    readGolden("segment_anything/pixel_values.npy"),
    { max: 3e-7 },
  );
});

Deno.test("the mask at points is transformers'", async () => {
  await using segmenter = await openSegmenter(FOLDER);
  let reads = 0;
  const source = { key: "1", read: () => (reads++, image()) };
  const on = { x: 30, y: 25, inside: true };
  const off = { x: 70.5, y: 50, inside: false };
  for (const [name, points] of [["one", [on]], ["two", [on, off]]] as const) {
    const { width, height, mask, score } = await segmenter.select(
      source,
      points,
    );
    assert.deepEqual([width, height], [90, 60]);
    const golden = readGolden(`segment_anything/mask_${name}.npy`);
    assertClose(
      `mask of ${points.length} points`,
      { dims: [mask.height, mask.width], data: mask.logits },
      golden,
      { relative: 2e-5 },
    );
    assert.deepEqual(
      mask.data,
      Uint8Array.from(golden.data, (value) => value > 0 ? 255 : 0),
    );
    const scores = readGolden(`segment_anything/iou_${name}.npy`).data;
    assert.ok(Math.abs(score - Math.max(...scores)) < 1e-4, `${score}`);
  }
  assert.equal(reads, 1, "the image is looked at once");
  for (const points of [[], [{ x: 91, y: 3, inside: true }]]) {
    await assert.rejects(segmenter.select(source, points), RangeError);
  }
});

Deno.test("what is no such model is refused before it is run", async () => {
  const encoder = bytes("vision_encoder.onnx");
  const decoder = bytes("prompt_encoder_mask_decoder.onnx");
  const g = new GraphBuilder("other");
  g.output("y", g.input("pixel_values", "float32", [1, 3, 8, 8]).mul(2));
  const other = { name: "other.onnx", bytes: g.build().model };
  const refused = (files: Parameters<typeof samGraphs>[0], why: RegExp) =>
    assert.throws(
      () => samGraphs(files),
      (error) => error instanceof FormatError && why.test(error.message),
    );
  refused({ encoder: other, decoder }, /other\.onnx.*no output/);
  refused({ encoder: decoder, decoder: encoder }, /no input "pixel_values"/);
  const cut = { name: "cut.onnx", bytes: encoder.bytes.slice(0, 1000) };
  refused({ encoder: cut, decoder }, /cut\.onnx.*no ONNX model/);
  await using folder = await temporaryFolder();
  await assert.rejects(openSegmenter(folder.path), /has no vision_encoder/);
});

Deno.test("a model's inputs and outputs are read with their shapes", () => {
  const { inputs, outputs, hasExternalData } = readSignature(
    read("prompt_encoder_mask_decoder.onnx"),
  );
  assert.deepEqual(inputs.map(({ name, type }) => `${name} ${type}`), [
    "input_points float32",
    "input_labels int64",
    "image_embeddings float32",
    "image_positional_embeddings float32",
  ]);
  assert.deepEqual(inputs[0]!.shape, [
    "batch_size",
    "point_batch_size",
    "nb_points_per_image",
    2,
  ]);
  assert.deepEqual(outputs.map(({ name }) => name), [
    "iou_scores",
    "pred_masks",
  ]);
  assert.equal(hasExternalData, false);
});
