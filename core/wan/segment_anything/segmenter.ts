/**
 * Selects an object in an image by points on it and off it, with a Segment
 * Anything model (SAM, SlimSAM) in two ONNX files.
 *
 * @module
 */

import { FormatError, quote, withHint } from "../../base/errors.ts";
import type { RgbImage } from "../../base/image.ts";
import type { Tensor } from "../../base/tensor.ts";
import { fileExists, readFileBytes } from "../../files/files.ts";
import { CPU } from "../../onnx/runtime/device.ts";
import {
  type GraphSession,
  openRuntime,
  type Runtime,
} from "../../onnx/runtime/runtime.ts";
import {
  SAM_FILES,
  type SamFiles,
  type SamGraphs,
  samGraphs,
} from "./layout.ts";
import { samPixels, samSize } from "./sam_pixels.ts";

/** A point on the object, or one that is not on it. */
export interface ObjectPoint {
  /** Px of the image, from the left. */
  readonly x: number;
  /** Px of the image, from the top. */
  readonly y: number;
  /** Whether it is on the object. */
  readonly inside: boolean;
}

/** Where an object is. */
export interface ObjectMask {
  /** The image's width, px. */
  readonly width: number;
  /** The image's height, px. */
  readonly height: number;
  /** The mask, its longer side as long as the model's. */
  readonly mask: {
    /** Px of the mask. */
    readonly width: number;
    /** Px of the mask. */
    readonly height: number;
    /** `(height, width)`: what the model says; above 0 is the object. */
    readonly logits: Float32Array<ArrayBuffer>;
    /** `(height, width)`: 255 is the object, 0 is not. */
    readonly data: Uint8Array<ArrayBuffer>;
  };
  /** How well the model thinks that it fits, about 0 to 1. */
  readonly score: number;
}

/** The most points of one object. */
export const MOST_POINTS = 64;
/** Images whose embeddings are kept. */
const KEPT_IMAGES = 4;
/** Sessions of the decoder that are kept: one for each number of points. */
const KEPT_SESSIONS = 3;

interface Embeddings {
  readonly image_embeddings: Tensor;
  readonly image_positional_embeddings: Tensor;
  readonly image: { readonly width: number; readonly height: number };
}

/** A model that is ready. */
export class Segmenter implements AsyncDisposable {
  readonly #runtime: Runtime;
  readonly #graphs: SamGraphs;
  #encoder: Promise<GraphSession> | undefined;
  readonly #decoders = new Map<number, Promise<GraphSession>>();
  readonly #images = new Map<string, Promise<Embeddings>>();

  private constructor(runtime: Runtime, graphs: SamGraphs) {
    this.#runtime = runtime;
    this.#graphs = graphs;
  }

  /**
   * Opens a model on the CPU; its files are checked, and loaded with the first
   * image.
   *
   * @throws {FormatError} As {@linkcode samGraphs}.
   */
  static open(files: SamFiles): Segmenter {
    const graphs = samGraphs(files);
    return new Segmenter(openRuntime(CPU), graphs);
  }

  /**
   * The object at some points. What is found out of an image is kept under its
   * `key`, so that the next points take a moment only.
   *
   * @throws {RangeError} When there are no points or too many, or one is not in
   * the image.
   * @throws {Error} When the model cannot be run.
   */
  async select(
    source: { readonly key: string; read(): Promise<RgbImage> },
    points: readonly ObjectPoint[],
  ): Promise<ObjectMask> {
    const { image, ...embeddings } = await this.#embed(source);
    checkPoints(points, image);
    const size = samSize(image, this.#graphs.side);
    const session = await this.#decoder(points.length);
    const positions = new Float32Array(2 * points.length);
    for (const [k, { x, y }] of points.entries()) {
      positions[2 * k] = x * size.width / image.width;
      positions[2 * k + 1] = y * size.height / image.height;
    }
    const { iou_scores, pred_masks } = await session.run({
      ...embeddings,
      input_points: { dims: [1, 1, points.length, 2], data: positions },
      input_labels: {
        dims: [1, 1, points.length],
        data: BigInt64Array.from(points, ({ inside }) => inside ? 1n : 0n),
      },
    });
    const scores = iou_scores!.data;
    let best = 0;
    for (let k = 1; k < scores.length; k++) {
      if (scores[k]! > scores[best]!) best = k;
    }
    const [high, wide] = pred_masks!.dims.slice(-2) as [number, number];
    const logits = enlarge(
      {
        dims: [high, wide],
        data: pred_masks!.data.subarray(
          best * high * wide,
          (best + 1) * high * wide,
        ),
      },
      { side: this.#graphs.side, ...size },
    );
    const data = Uint8Array.from(logits, (value) => value > 0 ? 255 : 0);
    return { ...image, mask: { ...size, logits, data }, score: scores[best]! };
  }

  #embed(
    image: { readonly key: string; read(): Promise<RgbImage> },
  ): Promise<Embeddings> {
    let known = this.#images.get(image.key);
    if (!known) {
      known = this.#encode(image);
      known.catch(() => this.#images.delete(image.key));
    } else this.#images.delete(image.key);
    this.#images.set(image.key, known);
    for (const key of this.#images.keys()) {
      if (this.#images.size <= KEPT_IMAGES) break;
      this.#images.delete(key);
    }
    return known;
  }

  async #encode(image: { read(): Promise<RgbImage> }): Promise<Embeddings> {
    const { side, encoder } = this.#graphs;
    this.#encoder ??= this.#runtime.open(encoder, { name: SAM_FILES.encoder })
      .catch((error) => {
        this.#encoder = undefined;
        throw error;
      });
    const session = await this.#encoder;
    const pixels = await image.read();
    const made = await session.run({ pixel_values: samPixels(pixels, side) });
    return {
      image_embeddings: made["image_embeddings"]!,
      image_positional_embeddings: made["image_positional_embeddings"]!,
      image: { width: pixels.width, height: pixels.height },
    };
  }

  #decoder(points: number): Promise<GraphSession> {
    const session = this.#decoders.get(points) ??
      this.#runtime.open(this.#graphs.decoder(points), {
        name: SAM_FILES.decoder,
      });
    session.catch(() => this.#decoders.delete(points));
    this.#decoders.delete(points);
    this.#decoders.set(points, session);
    for (const [key, old] of this.#decoders) {
      if (this.#decoders.size <= KEPT_SESSIONS) break;
      this.#decoders.delete(key);
      void old.then((one) => one.release()).catch(() => {});
    }
    return session;
  }

  /** Gives the memory back. Idempotent. */
  close(): Promise<void> {
    return this.#runtime.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Opens a model from a folder with {@linkcode SAM_FILES}.
 *
 * @throws {FormatError} When a file is missing, or as {@linkcode samGraphs}.
 */
export async function openSegmenter(folder: string): Promise<Segmenter> {
  const read = async (file: string) => {
    for (const name of [`${folder}/${file}`, `${folder}/onnx/${file}`]) {
      if (await fileExists(name)) {
        return { name, bytes: await readFileBytes(name) };
      }
    }
    throw new FormatError(
      withHint(
        `Cannot use ${quote(folder)} to select objects: it has no ${file}`,
        `Download the two files ${SAM_FILES.encoder} and ${SAM_FILES.decoder} of a model that transformers.js can run, for example SlimSAM.`,
      ),
    );
  };
  return Segmenter.open({
    encoder: await read(SAM_FILES.encoder),
    decoder: await read(SAM_FILES.decoder),
  });
}

function checkPoints(
  points: readonly ObjectPoint[],
  { width, height }: { readonly width: number; readonly height: number },
): void {
  if (points.length === 0 || points.length > MOST_POINTS) {
    throw new RangeError(
      `Cannot select an object: there are ${points.length} points, expected 1 to ${MOST_POINTS}`,
    );
  }
  for (const [k, { x, y }] of points.entries()) {
    if (!(x >= 0 && x <= width && y >= 0 && y <= height)) {
      throw new RangeError(
        `Cannot select an object: point ${k} is at ${x}, ${y}, expected a position in the image of ${width} x ${height} px`,
      );
    }
  }
}

/**
 * A mask in the size that the image had in the network: enlarged bilinearly
 * between the centers of its cells, and without the padding.
 */
function enlarge(
  { dims: [rows, columns], data }: {
    readonly dims: readonly [number, number];
    readonly data: Float32Array;
  },
  { side, width, height }: {
    readonly side: number;
    readonly width: number;
    readonly height: number;
  },
): Float32Array<ArrayBuffer> {
  const axis = (count: number, cells: number) =>
    Array.from({ length: count }, (_, k) => {
      const at = Math.max(0, (k + 0.5) * cells / side - 0.5);
      const low = Math.min(cells - 1, Math.floor(at));
      return { low, high: Math.min(cells - 1, low + 1), part: at - low };
    });
  const xs = axis(width, columns), ys = axis(height, rows);
  const result = new Float32Array(width * height);
  let to = 0;
  for (const y of ys) {
    const upper = y.low * columns, lower = y.high * columns;
    for (const x of xs) {
      const a = data[upper + x.low]!, b = data[upper + x.high]!;
      const c = data[lower + x.low]!, d = data[lower + x.high]!;
      const top = a + x.part * (b - a), bottom = c + x.part * (d - c);
      result[to++] = top + y.part * (bottom - top);
    }
  }
  return result;
}
