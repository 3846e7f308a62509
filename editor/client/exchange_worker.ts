/**
 * What is too heavy, or too seldom needed, for the page itself: reading and
 * writing track files, checking tracks and documents, the frames of the
 * preview where there is no WebGL2. Runs as a worker,
 * `static/worker.js`, so that the page is never frozen by a large file.
 *
 * @module
 */

/// <reference lib="webworker" />

import type { MotionMesh } from "../../core/preview/motion_plan.ts";
import { cutLayers } from "../../core/preview/cut_layers.ts";
import { createLayers, type DrawLayer } from "../../core/preview/draw_layer.ts";
import type { TrackGroups } from "../../core/preview/group_tracks.ts";
import { fillOutline } from "../../core/preview/regions/outline.ts";
import { snapRegion } from "../../core/preview/regions/snap_outline.ts";
import { layeredMotion } from "../../core/preview/layered_motion.ts";
import { createWarp } from "../../core/preview/warp.ts";
import type { RgbImage } from "../../core/base/image.ts";
import type { MotionObject } from "../../core/tracks/motion_objects.ts";
import { TRACK_FRAMES, TrackSet } from "../../core/tracks/track_set.ts";
import { validateTracks } from "../../core/tracks/validate.ts";
import { toRgba } from "../model/rgba.ts";
import { parseDocument } from "../model/parse_document.ts";
import { parseHistory } from "../model/parse_history.ts";
import type { Point } from "../model/document.ts";
import { outlineOf } from "../model/mark_object.ts";
import { exportTracks, importLines, importTracks } from "../model/exchange.ts";
import type { LayerTexture } from "../model/layer_texture.ts";

/** What the worker can do, by name: what it takes and what it gives. */
export interface ExchangeWork {
  /** Checks a document, as the server would. */
  parse: typeof parse;
  /** Checks the documents of a history, in the size of the image. */
  parseAll: typeof parseAll;
  /** Finds what is wrong or risky. */
  validate: typeof validate;
  /** Reads a track file. */
  importTracks: typeof readFile;
  /** Turns lines into tracks. */
  importLines: typeof readLines;
  /** Writes a track file. */
  exportTracks: typeof writeFile;
  /** Takes the image that {@linkcode warp} warps. */
  beginWarp: typeof beginWarp;
  /** Takes a texture of that image's layers. */
  addTexture: typeof addTexture;
  /** Draws one frame of that image, as RGBA. */
  warp: typeof warp;
  /** Takes the image that the following are about. */
  takeImage: typeof takeImage;
  /** Cuts it into layers. */
  cutLayers: typeof cut;
  /** Makes the last frame of a segment of the preview. */
  lastFrame: typeof lastFrame;
  /** Moves a rough outline to the edges near it. */
  snapOutline: typeof snap;
  /** Finds the outline of what tracks move. */
  guessOutline: typeof guess;
}

const parse = (document: unknown) => parseDocument(document);

const parseAll = (
  { documents, ...size }: {
    readonly documents: readonly unknown[];
    readonly width: number;
    readonly height: number;
  },
) => parseHistory(documents, size);

const validate = (
  { tracks, frames, image }: {
    /** (N, frames, 3), px of the image. */
    readonly tracks: Float32Array<ArrayBuffer>;
    readonly frames: number;
    readonly image: { readonly width: number; readonly height: number };
  },
) =>
  validateTracks({
    count: tracks.length / (3 * frames),
    frames,
    toArray: () => tracks,
  }, image);

const readFile = (
  { bytes, ...options }: Parameters<typeof importTracks>[1] & {
    readonly bytes: Uint8Array;
  },
) => importTracks(bytes, options);

const readLines = (
  { lines, document }: Parameters<typeof importLines>[1] & {
    readonly lines: Parameters<typeof importLines>[0];
  },
) => importLines(lines, { document });

const writeFile = (
  { document, format }: {
    readonly document: Parameters<typeof exportTracks>[0];
    readonly format: Parameters<typeof exportTracks>[1];
  },
) => exportTracks(document, format);

/** A frame: the image as one sheet, or in layers. */
export interface WarpRequest {
  /** Where each position of the sheet, or of the background, comes from. */
  readonly mesh: MotionMesh;
  /** The number of the texture that fills in what the layers hide. */
  readonly fill?: number | undefined;
  /** The layers, from back to front, with the numbers of their covers. */
  readonly layers: readonly {
    readonly mesh: MotionMesh;
    readonly cover: number;
    /** 0 to 1. */
    readonly opacity: number;
  }[];
}

/** The image that is warped, and what has been made of it. */
interface WarpedImage {
  readonly image: RgbImage;
  /** By the number of the fill; undefined: the image itself. */
  readonly sheets: Map<number | undefined, (mesh: MotionMesh) => RgbImage>;
  readonly covers: Map<number, DrawLayer>;
  layers?: ReturnType<typeof createLayers>;
}

let warped: WarpedImage | undefined;

const beginWarp = (image: RgbImage): void => {
  warped = {
    image,
    sheets: new Map([[undefined, createWarp(image, image)]]),
    covers: new Map(),
  };
};

const addTexture = (
  { number, texture }: {
    readonly number: number;
    readonly texture: LayerTexture;
  },
): void => {
  const { image, sheets, covers } = warped!;
  if (texture.channels === 4) {
    sheets.set(number, createWarp(filledIn(image, texture), image));
  } else {
    warped!.layers ??= createLayers(image, image);
    const { width, height, data } = texture;
    covers.set(number, warped!.layers({ width, height, alpha: data }));
  }
};

/** The image with an RGBA texture, stretched to its size, drawn over it. */
function filledIn(image: RgbImage, fill: LayerTexture): RgbImage {
  const { width, height } = image;
  const data = image.data.slice();
  for (let y = 0, i = 0; y < height; y++) {
    const row = Math.floor(y * fill.height / height) * fill.width;
    for (let x = 0; x < width; x++, i++) {
      const from = 4 * (row + Math.floor(x * fill.width / width));
      const share = fill.data[from + 3]! / 255;
      for (let c = 0; share > 0 && c < 3; c++) {
        const color = data[3 * i + c]!;
        data[3 * i + c] = color + share * (fill.data[from + c]! - color) + 0.5;
      }
    }
  }
  return { width, height, data };
}

const warp = ({ mesh, fill, layers }: WarpRequest) => {
  const { sheets, covers } = warped!;
  const frame = sheets.get(fill)!(mesh);
  for (const { mesh, cover, opacity } of layers) {
    covers.get(cover)!(frame, mesh, { opacity });
  }
  return toRgba(frame);
};

/** What is to be cut. */
export interface CutRequest {
  /** The groups of tracks and what is on none of them. */
  readonly groups: Pick<TrackGroups, "groups" | "outside">;
  /** The size of the image that the tracks were drawn on, px. */
  readonly drawnOn: { readonly width: number; readonly height: number };
}

/** The layers of an image, as textures. */
export interface CutAnswer {
  /** Width of all in px. */
  readonly width: number;
  /** Height of all in px. */
  readonly height: number;
  /** The index of each layer's group and its cover, from back to front. */
  readonly layers: readonly {
    readonly group: number;
    readonly alpha: Uint8Array<ArrayBuffer>;
  }[];
  /** RGBA: what is seen where the layers were; clear elsewhere. */
  readonly fill: Uint8Array<ArrayBuffer>;
}

let image: RgbImage | undefined;

const takeImage = (taken: RgbImage): void => {
  image = taken;
};

const cut = ({ groups, drawnOn }: CutRequest): CutAnswer => {
  const { width, height, layers, background, hole } = cutLayers(
    image!,
    groups,
    drawnOn,
  );
  const fill = new Uint8Array(4 * width * height);
  for (let i = 0; i < hole.length; i++) {
    for (let c = 0; c < 3; c++) fill[4 * i + c] = background.data[3 * i + c]!;
    fill[4 * i + 3] = hole[i]!;
  }
  return {
    width,
    height,
    layers: layers.map(({ group, alpha }) => ({
      group,
      alpha: Uint8Array.from(alpha),
    })),
    fill,
  };
};

/** A segment of the preview. */
export interface LastFrameRequest {
  /** What it begins with; the image that was taken unless given. */
  readonly begin?: RgbImage;
  /** (N, 121, 3), px of the document. */
  readonly tracks: Float32Array;
  /** Objects that were marked, the farthest first. */
  readonly objects: readonly MotionObject[];
  /** The size that the tracks were drawn on, px. */
  readonly drawnOn: CutRequest["drawnOn"];
}

const lastFrame = (
  { begin = image!, tracks, objects, drawnOn }: LastFrameRequest,
): RgbImage => {
  const { width, height } = begin;
  return layeredMotion(begin, TrackSet.fromArray(tracks), {
    ...{ ...drawnOn, objects },
    size: { width, height },
  })(TRACK_FRAMES - 1).image;
};

const snap = (
  { outline, drawnOn }: {
    readonly outline: readonly (readonly Point[])[];
    readonly drawnOn: CutRequest["drawnOn"];
  },
): Point[][] => {
  const rough = fillOutline(outline, { ...image!, drawnOn });
  return outlineOf(snapRegion(image!, rough), image!, drawnOn);
};

const guess = (request: CutRequest): Point[][] | undefined => {
  const { layers: [layer], width, height } = cut(request);
  return layer && outlineOf(layer.alpha, { width, height }, request.drawnOn);
};

const WORK: Record<keyof ExchangeWork, (input: never) => unknown> = {
  parse,
  parseAll,
  validate,
  importTracks: readFile,
  importLines: readLines,
  exportTracks: writeFile,
  beginWarp,
  addTexture,
  warp,
  takeImage,
  cutLayers: cut,
  lastFrame,
  snapOutline: snap,
  guessOutline: guess,
};

addEventListener("message", async (event: MessageEvent) => {
  const { id, name, input } = event.data as {
    readonly id: number;
    readonly name: keyof ExchangeWork;
    readonly input: never;
  };
  try {
    postMessage({ id, result: await WORK[name](input) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    postMessage({ id, error: message });
  }
});
