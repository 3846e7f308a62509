/**
 * What is printed of tracks that were taken out of a video.
 *
 * @module
 */

import { type Device, deviceName } from "../../core/onnx/runtime/device.ts";
import type { PlacedTracks } from "../../core/tracking/place_tracks.ts";
import { TRACK_FRAMES } from "../../core/tracks/track_set.ts";
import { printLine } from "../shared/tool.ts";
import type { FollowedFile } from "./track_file.ts";

/** Prints what was found and written. */
export function report(
  { width, height, frames, tracks, chosen }: FollowedFile,
  placed: PlacedTracks,
  options: {
    readonly input: string;
    /** What was written, the track file first. */
    readonly files: readonly string[];
    readonly seconds: number;
    readonly json: boolean;
    readonly device?: Device;
  },
): void {
  const { input, files, seconds, json, device } = options;
  const { count } = placed.tracks;
  if (json) {
    printLine(JSON.stringify({
      video: input,
      width,
      height,
      frames,
      samples: tracks.frames,
      tracks: count,
      segments: chosen?.segments.map(({ kind, points }) => ({
        kind,
        candidates: points.length,
      })),
      dropped: chosen?.dropped,
      ...(device ? { device: deviceName(device) } : {}),
      outside: placed.outside,
      seconds: Math.round(seconds * 100) / 100,
      outputs: files,
    }));
    return;
  }
  if (tracks.frames < TRACK_FRAMES) {
    printLine(
      `${input}: only ${tracks.frames} of ${TRACK_FRAMES} samples, the last position is held out of sight`,
    );
  }
  for (const { reason, count } of countReasons(chosen?.dropped ?? [])) {
    printLine(`${count} of the candidates left out: ${reason}`);
  }
  if (placed.outside.length > 0) {
    printLine(
      `${placed.outside.length} of ${tracks.count} tracks left out: they begin outside of the image`,
    );
  }
  const motions = chosen
    ? `, ${chosen.segments.map(({ kind }) => kind).join(" + ") || "no"} motion`
    : "";
  printLine(
    `${files[0]}: ${
      count === 1 ? "1 track" : `${count} tracks`
    } over ${tracks.frames} samples${motions}, ${seconds.toFixed(1)} s`,
  );
}

function countReasons(
  dropped: readonly { reason: string }[],
): { reason: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { reason } of dropped) {
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => ({ reason, count }));
}
