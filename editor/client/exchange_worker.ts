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
import { createWarp } from "../../core/preview/warp.ts";
import type { RgbImage } from "../../core/base/image.ts";
import { TrackSet } from "../../core/tracks/track_set.ts";
import { validateTracks } from "../../core/tracks/validate.ts";
import { toRgba } from "../model/rgba.ts";
import { parseDocument } from "../model/parse_document.ts";
import { parseHistory } from "../model/parse_history.ts";
import { exportTracks, importLines, importTracks } from "../model/exchange.ts";

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
  /** Draws the image through a mesh, as RGBA. */
  warp: typeof warp;
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
  { tracks, image }: {
    /** (N, 121, 3), px of the image. */
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

let warpImage: ((mesh: MotionMesh) => RgbImage) | undefined;

const beginWarp = (image: RgbImage): void => {
  warpImage = createWarp(image, image);
};

const warp = (mesh: MotionMesh) => toRgba(warpImage!(mesh));

const WORK: Record<keyof ExchangeWork, (input: never) => unknown> = {
  parse,
  parseAll,
  validate,
  importTracks: readFile,
  importLines: readLines,
  exportTracks: writeFile,
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
