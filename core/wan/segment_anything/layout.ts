/**
 * The files of a Segment Anything model as transformers.js publishes them, and
 * what their graphs are fed and make.
 *
 * @module
 */

import { FormatError, quote } from "../../base/errors.ts";
import type { BuiltGraph } from "../../onnx/graph/graph_builder.ts";
import type { ValueInfo } from "../../onnx/graph/onnx_proto.ts";
import { readSignature } from "../../onnx/graph/read_signature.ts";

/** The two files, in the folder or in its `onnx/`. */
export const SAM_FILES = {
  encoder: "vision_encoder.onnx",
  decoder: "prompt_encoder_mask_decoder.onnx",
} as const;

/** The side of the image that a model is fed whose file names none, px. */
const USUAL_SIDE = 1024;
/** A mask has a quarter of the side. */
const MASK_SHARE = 4;
/** How many masks are made for one prompt. */
const MASKS = 3;

type Axis = number | undefined;
type Expected = Readonly<
  Record<
    string,
    { readonly type: "float32" | "int64"; readonly shape: readonly Axis[] }
  >
>;

const ENCODER_IN: Expected = {
  pixel_values: { type: "float32", shape: [1, 3, undefined, undefined] },
};
const EMBEDDING = {
  type: "float32",
  shape: [1, undefined, undefined, undefined],
} as const;
const EMBEDDINGS: Expected = {
  image_embeddings: EMBEDDING,
  image_positional_embeddings: EMBEDDING,
};
const DECODER_IN: Expected = {
  input_points: { type: "float32", shape: [1, 1, undefined, 2] },
  input_labels: { type: "int64", shape: [1, 1, undefined] },
  ...EMBEDDINGS,
};
const DECODER_OUT: Expected = {
  iou_scores: { type: "float32", shape: [1, 1, undefined] },
  pred_masks: {
    type: "float32",
    shape: [1, 1, undefined, undefined, undefined],
  },
};

/** The bytes of the two files, and what they are called in errors. */
export interface SamFiles {
  /** Makes embeddings of an image. */
  readonly encoder: { readonly name: string; readonly bytes: Bytes };
  /** Makes masks of them and points. */
  readonly decoder: { readonly name: string; readonly bytes: Bytes };
}
type Bytes = Uint8Array<ArrayBuffer>;

/** The graphs of a model. */
export interface SamGraphs {
  /** The side of the image that it is fed, px. */
  readonly side: number;
  /** Makes embeddings of an image. */
  readonly encoder: BuiltGraph;
  /** Makes masks of them and of so many points. */
  decoder(points: number): BuiltGraph;
}

/**
 * Checks the two files, and makes graphs of them.
 *
 * @throws {FormatError} When one is no ONNX model, has its weights in another
 * file, or is another model: it names the file and the input or output.
 */
export function samGraphs(files: SamFiles): SamGraphs {
  const encoder = checked(files.encoder, ENCODER_IN, EMBEDDINGS);
  const decoder = checked(files.decoder, DECODER_IN, DECODER_OUT);
  const [, , high, wide] = find(encoder.inputs, "pixel_values").shape;
  const side = [high, wide].find((axis) => typeof axis === "number") ??
    USUAL_SIDE;
  if (typeof side !== "number" || (high !== wide && isFixed(high, wide))) {
    throw refused(files.encoder.name, `"pixel_values" is ${wide} x ${high}`, {
      expected: "a square",
    });
  }
  const embedding = (name: string) => {
    const own = find(encoder.outputs, name).shape;
    const taken = find(decoder.inputs, name).shape;
    const [, channels, ...cells] = own.map((axis, k) =>
      [axis, taken[k]].find((value) => typeof value === "number")
    );
    const usual = side / 16;
    return {
      ...{ name, type: "float32" as const },
      shape: [1, number(channels, 256), ...cells.map((c) => number(c, usual))],
    };
  };
  const embeddings = Object.keys(EMBEDDINGS).map(embedding);
  const graph = (
    model: Bytes,
    inputs: BuiltGraph["inputs"],
    outputs: BuiltGraph["outputs"],
  ): BuiltGraph => ({
    ...{ model, inputs, outputs },
    weightsFolder: "",
    weightFiles: new Map(),
    streamedWeights: [],
  });
  const mask = Math.floor(side / MASK_SHARE);
  const [, , , maskHigh, maskWide] = find(decoder.outputs, "pred_masks").shape;
  return {
    side,
    encoder: graph(
      files.encoder.bytes,
      [{ name: "pixel_values", type: "float32", shape: [1, 3, side, side] }],
      embeddings,
    ),
    decoder: (points) =>
      graph(files.decoder.bytes, [
        { name: "input_points", type: "float32", shape: [1, 1, points, 2] },
        { name: "input_labels", type: "int64", shape: [1, 1, points] },
        ...embeddings,
      ], [
        { name: "iou_scores", type: "float32", shape: [1, 1, MASKS] },
        {
          name: "pred_masks",
          type: "float32",
          shape: [1, 1, MASKS, number(maskHigh, mask), number(maskWide, mask)],
        },
      ]),
  };
}

function isFixed(...axes: readonly unknown[]): boolean {
  return axes.every((axis) => typeof axis === "number");
}

function number(axis: unknown, usual: number): number {
  return typeof axis === "number" ? axis : usual;
}

function find(values: readonly ValueInfo[], name: string): ValueInfo {
  return values.find((value) => value.name === name)!;
}

function refused(
  name: string,
  state: string,
  { expected, cause }: { readonly expected: string; readonly cause?: unknown },
): FormatError {
  return new FormatError(
    `Cannot use ${
      quote(name)
    } to select objects: ${state}, expected ${expected}`,
    { cause },
  );
}

function checked(
  { name, bytes }: SamFiles["encoder"],
  inputs: Expected,
  outputs: Expected,
): ReturnType<typeof readSignature> {
  let signature: ReturnType<typeof readSignature>;
  try {
    signature = readSignature(bytes);
  } catch (cause) {
    throw refused(name, "it is no ONNX model that can be read", {
      expected: "a Segment Anything model as transformers.js publishes it",
      cause,
    });
  }
  if (signature.hasExternalData) {
    throw refused(name, "its weights are in another file", {
      expected: "a model in one file",
    });
  }
  for (
    const [what, expected, found] of [
      ["input", inputs, signature.inputs],
      ["output", outputs, signature.outputs],
    ] as const
  ) {
    const names = Object.keys(expected).join(", ");
    for (const [key, { type, shape }] of Object.entries(expected)) {
      const value = found.find((one) => one.name === key);
      if (!value) {
        throw refused(
          name,
          `it has no ${what} ${quote(key)} (but ${
            found.map((one) => one.name).join(", ") || "none"
          })`,
          { expected: `the ${what}s ${names}` },
        );
      }
      const fits = value.type === type &&
        value.shape.length === shape.length &&
        value.shape.every((axis, k) =>
          typeof axis !== "number" || (shape[k] ?? axis) === axis
        );
      if (!fits) {
        throw refused(
          name,
          `its ${what} ${quote(key)} is ${value.type} [${
            value.shape.join(", ")
          }]`,
          {
            expected: `${type} [${
              shape.map((axis) => axis ?? "any").join(", ")
            }]`,
          },
        );
      }
    }
    if (what === "input") {
      const more = found.find((one) => !Object.hasOwn(expected, one.name));
      if (more) {
        throw refused(name, `it needs an input ${quote(more.name)} too`, {
          expected: `only ${names}`,
        });
      }
    }
  }
  return signature;
}
