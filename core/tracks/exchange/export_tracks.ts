/**
 * Tracks as the files of other programs.
 *
 * | format | files | for |
 * |---|---|---|
 * | `ati` | .pth or .npz, 121 samples, coordinates times 8 | ATI |
 * | `comfyui` | .json, 121 points for each track | WanVideoATITracks, KJNodes, LTXVDrawTracks |
 * | `comfyui-81` | .json, 81 points for each track, at 16 per second | Wan-Move's nodes |
 * | `wan-move` | a pair of .npy, 81 samples | Wan-Move |
 * | `cotracker` | .npz, `pred_tracks`, `pred_visibility` | what reads CoTracker's results |
 * | `tapir` | .npz, `tracks`, `visibles` | what reads TAPIR's results |
 * | `after-effects` | .txt, keyframe data | After Effects |
 * | `nuke` | .nk, a Tracker4 node | Nuke |
 * | `blender` | .csv, a table | Blender, spreadsheets |
 *
 * @module
 */

import { quote, withHint } from "../../base/errors.ts";
import type { ImageSize } from "../coordinates.ts";
import { formatJsonTracks } from "../json_tracks.ts";
import { trackFrameAt, VIDEO_FRAMES } from "../resample.ts";
import { checkWritableCount } from "../raw_tracks.ts";
import type { TrackSet } from "../track_set.ts";
import { writeTracks } from "../write_tracks.ts";
import { formatAfterEffects } from "./after_effects.ts";
import { formatNuke } from "./nuke.ts";
import { formatPointTable } from "./point_csv.ts";
import { cotrackerNpz, tapirNpz, wanMovePair } from "./tracker_arrays.ts";

/** A format of track files. */
export type ExchangeFormat =
  | "ati"
  | "comfyui"
  | "comfyui-81"
  | "wan-move"
  | "cotracker"
  | "tapir"
  | "after-effects"
  | "nuke"
  | "blender";

/** The endings of each format's files. */
const ENDINGS: Readonly<Record<ExchangeFormat, readonly string[]>> = {
  "ati": ["pth", "npz"],
  "comfyui": ["json"],
  "comfyui-81": ["json"],
  "wan-move": ["npy"],
  "cotracker": ["npz"],
  "tapir": ["npz"],
  "after-effects": ["txt"],
  "nuke": ["nk"],
  "blender": ["csv"],
};

/** The values of {@linkcode ExchangeFormat}. */
export const EXCHANGE_FORMATS = Object.keys(ENDINGS) as ExchangeFormat[];

/** The format of a file by its ending: the first that has it. */
export function formatOfEnding(ending: string): ExchangeFormat | undefined {
  return EXCHANGE_FORMATS.find((format) => ENDINGS[format].includes(ending));
}

/** The endings that a format's file may have, without the dot. */
export function endingsOf(format: ExchangeFormat): readonly string[] {
  return ENDINGS[format];
}

/**
 * Where the visibility of a Wan-Move pair is: `a_visibility.npy` for
 * `a_tracks.npy` and for `a.npy`.
 */
export function visibilityPath(tracksPath: string): string {
  const stem = tracksPath.replace(/\.npy$/i, "");
  return /tracks$/.test(stem)
    ? `${stem.slice(0, -"tracks".length)}visibility.npy`
    : `${stem}_visibility.npy`;
}

/** One file to be written. */
export interface ExportedFile {
  /** Its path. */
  readonly path: string;
  /** What is in it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * The files of tracks in a format, at a path with one of the format's endings.
 *
 * @throws {RangeError} When the ending is not the format's, or the image's
 * size is needed and not given.
 */
export async function exportTracks(
  tracks: TrackSet,
  path: string,
  options: {
    readonly format: ExchangeFormat;
    /** The image that the tracks belong to; for After Effects and Nuke. */
    readonly image?: ImageSize;
    /** The top folder inside a `.pth`. */
    readonly folder?: string;
  },
): Promise<ExportedFile[]> {
  const { format, image, folder } = options;
  checkWritableCount(tracks.count);
  const ending = /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  if (!ENDINGS[format].includes(ending)) {
    throw new RangeError(
      `Cannot write ${quote(path)} as ${format}, expected a path that ends in ${
        ENDINGS[format].map((known) => `.${known}`).join(" or ")
      }`,
    );
  }
  const text = (value: string): ExportedFile[] => [
    { path, bytes: new TextEncoder().encode(value) },
  ];
  switch (format) {
    case "ati":
      return [{
        path,
        bytes: await writeTracks(tracks, ending === "npz" ? "npz" : "pth", {
          ...folder !== undefined && { folder },
        }),
      }];
    case "comfyui":
      return text(formatJsonTracks(tracks));
    case "comfyui-81":
      return text(formatJsonTracks(tracks, {
        frames: Array.from({ length: VIDEO_FRAMES }, (_, k) => trackFrameAt(k)),
      }));
    case "wan-move": {
      const { tracks: bytes, visibility } = wanMovePair(tracks);
      return [
        { path, bytes },
        { path: visibilityPath(path), bytes: visibility },
      ];
    }
    case "cotracker":
      return [{ path, bytes: await cotrackerNpz(tracks) }];
    case "tapir":
      return [{ path, bytes: await tapirNpz(tracks) }];
    case "after-effects":
      return text(formatAfterEffects(tracks, needed(image, format)));
    case "nuke":
      return text(formatNuke(tracks, needed(image, format)));
    case "blender":
      return text(formatPointTable(tracks));
  }
}

function needed(image: ImageSize | undefined, format: string): ImageSize {
  if (image) return image;
  throw new RangeError(
    withHint(
      `Cannot write tracks as ${format}: the image's size is not known`,
      "Give the image, or its size.",
    ),
  );
}
