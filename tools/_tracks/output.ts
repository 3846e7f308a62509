/**
 * The track files that the commands of `tools/tracks.ts` write.
 *
 * @module
 */

import { basename, extname } from "node:path";
import { quote, withHint } from "../../core/base/errors.ts";
import { checkOutput } from "../../core/files/check_output.ts";
import {
  fileExists,
  removeStaleTemp,
  writeFileAtomic,
} from "../../core/files/files.ts";
import { protectInputs } from "../../core/files/inputs.ts";
import { LongTracks } from "../../core/tracks/long_tracks.ts";
import type { TrackSet } from "../../core/tracks/track_set.ts";
import {
  WRITABLE_FORMATS,
  type WritableTracksFormat,
  writeTracks,
} from "../../core/tracks/write_tracks.ts";
import { endedAtOnce, printLine, UsageError } from "../shared/tool.ts";
import { secondsOf } from "./track_options.ts";

/** What {@linkcode prepareOutput} looks at. */
interface OutputFlags {
  overwrite?: true | undefined;
  image?: string | undefined;
  visibility?: string | undefined;
}

/**
 * Refuses a track file that cannot be written, or is an input, before any work
 * is done.
 */
export async function prepareOutput(
  output: string,
  inputs: readonly string[],
  flags: OutputFlags,
): Promise<void> {
  outputFormat(output);
  await prepareFile(output, inputs, flags);
}

/** The same for a file of any kind. */
export async function prepareFile(
  output: string,
  inputs: readonly string[],
  { image, visibility, overwrite }: OutputFlags,
): Promise<void> {
  // Protected until the process ends.
  await protectInputs(
    [...inputs, image, visibility].filter((path) => path !== undefined),
  );
  await checkOutput(output);
  await removeStaleTemp(output);
  if (overwrite || !await fileExists(output)) return;
  throw new UsageError(
    withHint(
      `Cannot write ${quote(output)}: it already exists`,
      "Choose another name, or add --overwrite.",
    ),
  );
}

/** Writes a track file, prints the notes and what was written. */
export async function writeOutput(
  tracks: TrackSet | LongTracks,
  output: string,
  context: {
    flags: { overwrite?: true | undefined };
    signal: AbortSignal;
    notes: readonly string[];
  },
): Promise<void> {
  const format = outputFormat(output);
  const folder = basename(output, extname(output));
  const bytes = await endedAtOnce(() =>
    writeTracks(tracks, format, { folder })
  );
  context.signal.throwIfAborted();
  await writeFileAtomic(output, bytes, {
    overwrite: context.flags.overwrite ?? false,
  });
  for (const note of context.notes) printLine(note);
  printLine(`${output}: ${describeTracks(tracks)} written`);
}

/** `2 tracks`, with their length where it is more than five seconds. */
export function describeTracks(tracks: TrackSet | LongTracks): string {
  const count = countTracks(tracks.count);
  return tracks instanceof LongTracks
    ? `${count} of ${tracks.frames} frames, ${secondsOf(tracks)} s,`
    : count;
}

function outputFormat(path: string): WritableTracksFormat {
  const ending = extname(path).slice(1).toLowerCase();
  const format = WRITABLE_FORMATS.find((known) => known === ending);
  if (format) return format;
  throw new UsageError(
    `Cannot write ${quote(path)}: unknown file extension, expected ${
      WRITABLE_FORMATS.map((known) => `.${known}`).join(", ")
    }`,
  );
}

/** `1 track`, `2 tracks`. */
export function countTracks(count: number): string {
  return count === 1 ? "1 track" : `${count} tracks`;
}
