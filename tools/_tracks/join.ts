/**
 * `tracks join`: track files one after the other in time, for a longer video.
 *
 * @module
 */

import { extname } from "node:path";
import { quote } from "../../core/base/errors.ts";
import { writeFileAtomic } from "../../core/files/files.ts";
import { formatJsonTracks } from "../../core/tracks/json_tracks.ts";
import { LongTracks } from "../../core/tracks/long_tracks.ts";
import { OVERWRITE } from "../shared/common_flags.ts";
import { printLine, UsageError } from "../shared/tool.ts";
import { describeTracks, prepareFile } from "./output.ts";
import { type FitFlags, fitting, readWhole } from "./track_options.ts";

/** The options of the command. */
interface JoinFlags extends FitFlags {
  readonly out: string;
  readonly shift?: true | undefined;
  readonly overwrite?: true | undefined;
}

/** The command; `done` is given the work. */
export function joinCommand(
  signal: AbortSignal,
  done: (work: Promise<number>) => Promise<void>,
) {
  return fitting("join")
    .description(
      "Write the tracks of several files into one, one after the other in time, for a longer video: five seconds each, longer files as long as they are. Their first frame is the last one of the file before.",
    )
    .argument("<files...>", "the track files to read, with as many tracks each")
    .requiredOption("--out <file>", "the track file to write (.json)")
    .option(
      "--shift",
      "move each track to where it ended, so that nothing jumps",
    )
    .option(...OVERWRITE)
    .action((files, flags) => done(join(files, { flags, signal })));
}

async function join(
  files: readonly string[],
  { flags, signal }: { flags: JoinFlags; signal: AbortSignal },
): Promise<number> {
  const { out, shift = false } = flags;
  if (extname(out).toLowerCase() !== ".json") {
    throw new UsageError(
      `Cannot write ${quote(out)}: expected .json, which holds any length`,
    );
  }
  if (files.length < 2) {
    throw new UsageError("Cannot join one file, expected two or more");
  }
  await prepareFile(out, files, flags);
  const parts = [];
  for (const file of files) {
    const { tracks, notes, warnings } = await readWhole(file, flags);
    for (const note of [...notes, ...warnings]) printLine(`${file}: ${note}`);
    parts.push(tracks);
  }
  const { tracks, jump } = LongTracks.join(parts, { shift, name: out });
  signal.throwIfAborted();
  await writeFileAtomic(out, formatJsonTracks(tracks!), {
    overwrite: flags.overwrite ?? false,
  });
  if (jump > 0.5) {
    printLine(
      shift
        ? `Moved by up to ${jump.toFixed(1)} px where files meet.`
        : `Tracks jump by up to ${
          jump.toFixed(1)
        } px where files meet; --shift moves them.`,
    );
  }
  printLine(
    `${out}: ${describeTracks(tracks!)} written`,
  );
  return 0;
}
