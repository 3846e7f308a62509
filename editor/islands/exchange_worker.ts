/**
 * What is too heavy, or too seldom needed, for the page itself: reading and
 * writing track files, checking tracks and documents, the frames of a film and
 * of the preview where there is no WebGL2. Runs as a worker,
 * `static/worker.js`, so that the page is never frozen by a large file.
 *
 * @module
 */

/// <reference lib="webworker" />

import { type MotionMesh, planMotion } from "../../core/preview/motion_plan.ts";
import { createWarp } from "../../core/preview/warp.ts";
import type { RgbImage } from "../../core/rgb_image.ts";
import { TrackSet } from "../../core/tracks/track_set.ts";
import { validateTracks } from "../../core/tracks/validate.ts";
import { parseDocument } from "../model/parse_document.ts";
import { exportTracks, importLines, importTracks } from "../model/exchange.ts";

/** What the worker can do, by name: what it takes and what it gives. */
export interface ExchangeWork {
  /** Checks a document, as the server would. */
  parse: typeof parse;
  /** Finds what is wrong or risky. */
  validate: typeof validate;
  /** Reads a track file. */
  importTracks: typeof readFile;
  /** Turns lines into tracks. */
  importLines: typeof readLines;
  /** Writes a track file. */
  exportTracks: typeof writeFile;
  /** Begins a film; its frames are asked for one by one. */
  beginFilm: typeof beginFilm;
  /** One frame of the film, as RGBA. */
  filmFrame: typeof filmFrame;
  /** Takes the picture that {@linkcode warp} warps. */
  beginWarp: typeof beginWarp;
  /** Draws the picture through a mesh, as RGBA. */
  warp: typeof warp;
}

const parse = (document: unknown) => parseDocument(document);

const validate = (
  { tracks, image }: {
    /** (N, 121, 3), px of the picture. */
    readonly tracks: Float32Array;
    readonly image: { readonly width: number; readonly height: number };
  },
) => validateTracks(TrackSet.fromArray(tracks), image);

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

let frameOf: ((frame: number) => RgbImage) | undefined;

const beginFilm = (
  { image, tracks, picture }: {
    /** The picture in the size of the film. */
    readonly image: RgbImage;
    /** (N, 121, 3), px of the picture. */
    readonly tracks: Float32Array;
    /** The size that the tracks were drawn on, px. */
    readonly picture: { readonly width: number; readonly height: number };
  },
): void => {
  const warp = createWarp(image, image);
  const plan = planMotion(TrackSet.fromArray(tracks), picture);
  frameOf = (frame) => warp(plan.mesh(frame));
};

/** `frame` is 0 to 120. */
const filmFrame = (frame: number) => toRgba(frameOf!(frame)).data;

let warpPicture: ((mesh: MotionMesh) => RgbImage) | undefined;

const beginWarp = (image: RgbImage): void => {
  warpPicture = createWarp(image, image);
};

const warp = (mesh: MotionMesh) => toRgba(warpPicture!(mesh));

function toRgba({ data, width, height }: RgbImage): {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
} {
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0, k = 0; k < data.length; i += 4) {
    rgba[i] = data[k++]!;
    rgba[i + 1] = data[k++]!;
    rgba[i + 2] = data[k++]!;
  }
  return { data: rgba, width, height };
}

const WORK: Record<keyof ExchangeWork, (input: never) => unknown> = {
  parse,
  validate,
  importTracks: readFile,
  importLines: readLines,
  exportTracks: writeFile,
  beginFilm,
  filmFrame,
  beginWarp,
  warp,
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
