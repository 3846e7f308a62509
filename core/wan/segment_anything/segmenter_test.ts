/** Compared with transformers' SamModel of the same random weights. */

import assert from "node:assert/strict";
import { FormatError } from "../../base/errors.ts";
import type { TensorIndex } from "../../formats/tensor_index.ts";
import { decodeImage } from "../../media/image.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import { type DataType, encodeModel } from "../../onnx/graph/onnx_proto.ts";
import { runtimeBackend } from "../../onnx/runtime/backend.ts";
import { OrtSession } from "../../onnx/runtime/ort/ort_session.ts";
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
  const many = Array.from({ length: 65 }, () => on);
  for (
    const points of [[], many, [{ ...on, x: 91 }], [{ ...on, y: -1 }]]
  ) {
    await assert.rejects(segmenter.select(source, points), {
      name: "RangeError",
      message: /^Cannot select an object: (there are|point 0 is at) /,
    });
  }
});

Deno.test("an object is found in an image that is a line", async () => {
  const line = { width: 200, height: 1, data: new Uint8Array(600).fill(90) };
  assert.deepEqual(samSize(line, 64), { width: 64, height: 1 });
  assert.deepEqual(samSize({ width: 1, height: 200 }, 64).width, 1);
  await using segmenter = await openSegmenter(FOLDER);
  const { mask } = await segmenter.select({
    key: "line",
    read: () => Promise.resolve(line),
  }, [{ x: 9, y: 0, inside: true }]);
  assert.equal(mask.logits.length, 64);
});

Deno.test("the last four images are known, and what failed is tried again", async () => {
  await using segmenter = await openSegmenter(FOLDER);
  const decoded = await image();
  const read: string[] = [];
  const select = (key: string, fails = false) =>
    segmenter.select({
      key,
      read: () => {
        read.push(key);
        return fails
          ? Promise.reject(new Error("gone"))
          : Promise.resolve(decoded);
      },
    }, [{ x: 30, y: 25, inside: true }]);
  await assert.rejects(select("a", true), /gone/);
  for (const key of [..."abcdaead", "b"]) await select(key);
  assert.equal(read.join(""), "aabcdeb");
});

Deno.test(
  "sessions for three numbers of points are kept, and a failed one is opened again",
  {
    ignore: runtimeBackend().kind !== "c-api",
  },
  async () => {
    const { open } = OrtSession, { release } = OrtSession.prototype;
    let opened = 0, released = 0, fails = 2;
    OrtSession.open = (...given) => {
      if (fails-- > 0) throw new Error("no memory");
      opened++;
      return open.apply(OrtSession, given);
    };
    OrtSession.prototype.release = function () {
      released++;
      return release.call(this);
    };
    try {
      await using segmenter = await openSegmenter(FOLDER);
      const select = (points: number) =>
        segmenter.select(
          { key: "1", read: image },
          Array.from(
            { length: points },
            (_, k) => ({ x: k, y: k, inside: true }),
          ),
        );
      // The encoder, and the decoder for one point.
      await assert.rejects(select(1), /no memory/);
      fails = 0;
      await select(2);
      fails = 1;
      await assert.rejects(select(1), /no memory/);
      for (const points of [1, 3, 2, 4, 2, 3]) await select(points);
      assert.deepEqual({ opened, released }, { opened: 5, released: 1 });
    } finally {
      OrtSession.open = open;
      OrtSession.prototype.release = release;
    }
  },
);

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
  // Each is what it should be but for one thing.
  const like = (
    name: string,
    shapes: Record<string, [type: DataType, shape: number[]]>,
    outputs: Record<string, [type: DataType, shape: number[]]>,
  ) => {
    const g = new GraphBuilder("like");
    for (const [name, [type, shape]] of Object.entries(shapes)) {
      g.input(name, type, shape);
    }
    for (const [name, [type, shape]] of Object.entries(outputs)) {
      g.output(name, g.node("Made", [], { type, shape })); // never run
    }
    return { name, bytes: g.build().model };
  };
  const pixels: [DataType, number[]] = ["float32", [1, 3, 64, 64]];
  const made: Record<string, [DataType, number[]]> = {
    image_embeddings: ["float32", [1, 16, 4, 4]],
    image_positional_embeddings: ["float32", [1, 16, 4, 4]],
  };
  assert.equal(
    samGraphs({ encoder: like("e", { pixel_values: pixels }, made), decoder })
      .side,
    64,
  );
  for (
    const [inputs, outputs, why] of [
      [{ size: ["int64", [2]] }, {}, /it needs an input "size" too/],
      [
        { pixel_values: ["float32", [1, 3, 64, 32]] },
        {},
        /"pixel_values" is 32 x 64, expected a square/,
      ],
      [
        { pixel_values: ["float32", [1, 4, 64, 64]] },
        {},
        /its input "pixel_values" is float32 \[1, 4, 64, 64\], expected float32 \[1, 3, any, any\]/,
      ],
      [{ pixel_values: ["float16", pixels[1]] }, {}, /is float16 \[1, 3/],
      [
        {},
        { image_embeddings: ["float32", [1, 16, 4]] },
        /its output "image_embeddings" is float32 \[1, 16, 4\]/,
      ],
    ] satisfies [typeof made, typeof made, RegExp][]
  ) {
    const encoder = like(
      "wrong.onnx",
      { pixel_values: pixels, ...inputs },
      { ...made, ...outputs },
    );
    refused({ encoder, decoder }, new RegExp(`wrong.onnx.*${why.source}`));
  }
  await using folder = await temporaryFolder();
  await Deno.writeFile(folder.file("w.bin"), new Uint8Array(4));
  const weights: TensorIndex = new Map([["w", {
    ...{ name: "w", dtype: "F32", shape: [1], offset: 0, length: 4 },
    file: folder.file("w.bin"),
  }]]);
  const apart = new GraphBuilder("apart", { weights });
  const x = apart.input("pixel_values", "float32", [1, 3, 64, 64]);
  apart.output("y", x.add(apart.weight("w")));
  refused(
    { encoder: { name: "apart.onnx", bytes: apart.build().model }, decoder },
    /apart\.onnx.*its weights are in another file, expected a model in one file/,
  );
  await assert.rejects(openSegmenter(folder.path), /has no vision_encoder/);
  // As it is downloaded.
  await Deno.mkdir(folder.file("onnx"));
  for (const { name, bytes } of [encoder, decoder]) {
    await Deno.writeFile(folder.file(`onnx/${name}`), bytes);
  }
  await using _segmenter = await openSegmenter(folder.path);
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
  // Older models have their weights among the inputs.
  const value = (name: string) => ({
    ...{ name, type: "float32" as const, shape: [1] },
  });
  const old = encodeModel({
    ...{ irVersion: 3, opsets: { "": 17 }, producer: "" },
    graph: {
      name: "old",
      nodes: [],
      initializers: [{
        ...{ name: "w", type: "float32", dims: [1] },
        data: { raw: new Uint8Array(4) },
      }],
      inputs: [value("x"), value("w")],
      outputs: [value("x")],
    },
  });
  assert.deepEqual(readSignature(old).inputs.map(({ name }) => name), ["x"]);
});
