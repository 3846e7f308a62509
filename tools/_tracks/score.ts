/**
 * `tracks.ts score`: tracks against tracks, or against what a video shows.
 *
 * @module
 */

import { quote, withHint } from "../../core/base/errors.ts";
import { readFileBytes } from "../../core/files/files.ts";
import type { PointTracks } from "../../core/tracking/point_tracker.ts";
import type { TrackSet } from "../../core/tracks/track_set.ts";
import type { LongTracks } from "../../core/tracks/long_tracks.ts";
import { readOverlayTracks } from "../shared/video_tracks.ts";
import { printLine, UsageError } from "../shared/tool.ts";
import {
  type ReadFlags,
  readImageOrSize,
  reading,
  readOptions,
  readWhole,
  requireImageOrSize,
} from "./track_options.ts";

type Flags = ReadFlags & {
  readonly video?: string | undefined;
  readonly json?: true | undefined;
};

/** The `score` command; `done` takes the exit code of its work. */
export function scoreCommand(
  done: (work: Promise<number>) => Promise<void>,
  signal: AbortSignal,
) {
  return reading("score")
    .description(
      "Score tracks against true ones (TAP-Vid), or how well a video follows its tracks (end-point error, share within 1 and 5 % of the diagonal).",
    )
    .argument("<tracks>", "the tracks to score, or those a video was made from")
    .argument("[truth]", "the true tracks")
    .option("--video <file>", "the video that was made from the tracks")
    .option("--json", "print JSON")
    .action((tracks, truth, flags) =>
      done(
        truth !== undefined && flags.video === undefined
          ? scoreAgainst(tracks, truth, flags)
          : truth === undefined && flags.video !== undefined
          ? scoreVideo(tracks, flags.video, { ...flags, signal })
          : Promise.reject(
            new UsageError(
              `Cannot score ${
                quote(tracks)
              }: expected either a file with the true tracks or --video FILE`,
            ),
          ),
      )
    );
}

async function scoreAgainst(
  path: string,
  truthPath: string,
  flags: Flags,
): Promise<number> {
  const { scoreTracks } = await import("../../core/tracking/score.ts");
  const { width, height } = await requireImageOrSize(flags, "score the tracks");
  const read = async (file: string) =>
    requireTracks(
      (await readWhole(file, { ...flags, length: "auto" })).tracks,
      file,
    );
  const predicted = await read(path);
  const truth = await read(truthPath);
  for (const what of ["count", "frames"] as const) {
    if (predicted[what] === truth[what]) continue;
    const unit = what === "count" ? "tracks" : "frames";
    throw new UsageError(
      `Cannot score ${quote(path)} with ${predicted[what]} ${unit} against ${
        quote(truthPath)
      } with ${truth[what]}, expected as many`,
    );
  }
  const score = scoreTracks(toPointTracks(predicted), toPointTracks(truth), {
    width,
    height,
  });
  if (flags.json) printLine(JSON.stringify(score));
  else {
    printLine(`average Jaccard     ${percent(score.averageJaccard)}`);
    printLine(`position accuracy   ${percent(score.positionAccuracy)}`);
    printLine(`occlusion accuracy  ${percent(score.occlusionAccuracy)}`);
  }
  return 0;
}

/** Follows the tracks' points through a video and compares. */
async function scoreVideo(
  path: string,
  video: string,
  flags: Flags & { signal: AbortSignal },
): Promise<number> {
  const { openVideo } = await import("../../core/media/video_reader.ts");
  const { tracksForVideo } = await import("../../core/media/track_painter.ts");
  const { unevenTimes } = await import("../../core/media/frame_times.ts");
  const { trackPoints } = await import("../../core/tracking/point_tracker.ts");
  const { scoreFollowing, scoreTracks } = await import(
    "../../core/tracking/score.ts"
  );
  const image = await readImageOrSize(flags);
  const reader = await openVideo(video);
  const { tracks } = await readOverlayTracks(
    await readFileBytes(path),
    reader,
    await readOptions(path, flags),
  );
  const set = requireTracks(tracks, path);
  const { width, height } = reader;
  const times = await reader.times({ signal: flags.signal });
  const drawn = tracksForVideo(set, {
    image: image ?? { width, height },
    video: reader,
    times: unevenTimes(times, reader.fps),
  });
  const frames = Math.min(drawn.frames, times.length);
  const wanted = firstFrames(drawn, frames);
  const queries = Array.from({ length: wanted.count }, (_, n) => {
    const row = n * frames;
    const first = wanted.visible.subarray(row, row + frames).indexOf(1);
    const frame = Math.max(0, first);
    return {
      frame,
      x: wanted.positions[2 * (row + frame)]!,
      y: wanted.positions[2 * (row + frame) + 1]!,
    };
  });
  const shown = await trackPoints(
    take(reader.frames({ signal: flags.signal }), frames),
    queries,
    { signal: flags.signal },
  );
  const size = { width, height };
  const following = scoreFollowing(shown, wanted, size);
  const score = scoreTracks(shown, wanted, size);
  if (flags.json) {
    printLine(JSON.stringify({ ...following, ...score }));
    return 0;
  }
  printLine(`end-point error     ${following.endPointError.toFixed(2)} px`);
  printLine(`within 1 %          ${percent(following.within1Percent)}`);
  printLine(`within 5 %          ${percent(following.within5Percent)}`);
  printLine(`average Jaccard     ${percent(score.averageJaccard)}`);
  printLine(`position accuracy   ${percent(score.positionAccuracy)}`);
  printLine(`occlusion accuracy  ${percent(score.occlusionAccuracy)}`);
  return 0;
}

/** The tracks of a file, which has some. */
function requireTracks<Tracks extends { readonly count: number }>(
  tracks: Tracks,
  path: string,
): Tracks {
  if (tracks.count > 0) return tracks;
  throw new UsageError(
    withHint(
      `Cannot score ${quote(path)}: it has no tracks`,
      "inspect shows what a file holds.",
    ),
  );
}

function toPointTracks(set: TrackSet | LongTracks): PointTracks {
  const numbers = set.toArray();
  return {
    count: set.count,
    frames: set.frames,
    positions: numbers.filter((_, i) => i % 3 !== 2),
    visible: Uint8Array.from(
      numbers.filter((_, i) => i % 3 === 2),
      (visibility) => visibility > 0.5 ? 1 : 0,
    ),
  };
}

/** The tracks of the first frames. */
function firstFrames(
  drawn: {
    readonly count: number;
    readonly frames: number;
    readonly points: ArrayLike<number>;
    readonly visible: ArrayLike<number>;
  },
  frames: number,
): PointTracks {
  const positions = new Float32Array(2 * drawn.count * frames);
  const visible = new Uint8Array(drawn.count * frames);
  for (let n = 0; n < drawn.count; n++) {
    for (let t = 0; t < frames; t++) {
      const from = n * drawn.frames + t, to = n * frames + t;
      positions[2 * to] = drawn.points[2 * from]!;
      positions[2 * to + 1] = drawn.points[2 * from + 1]!;
      visible[to] = drawn.visible[from] ? 1 : 0;
    }
  }
  return { count: drawn.count, frames, positions, visible };
}

async function* take<T>(
  items: AsyncIterable<T>,
  count: number,
): AsyncGenerator<T, void> {
  let left = count;
  for await (const item of items) {
    yield item;
    if (--left === 0) return;
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
