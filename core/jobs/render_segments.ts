/**
 * Renders a video of more than five seconds: segment after segment, each from
 * the last frames of the one before.
 *
 * @module
 */

import type { Seed } from "../base/seed.ts";
import type { RgbImage } from "../base/image.ts";
import type { LongTracks } from "../tracks/long_tracks.ts";
import type { MotionSignal } from "../control/time_to_move/motion_signal.ts";
import { fingerprint } from "../pipeline/fingerprint.ts";
import type {
  Engine,
  EngineProgress,
  RenderInputs,
  RenderOptions,
} from "./engine.ts";
import { fadeAt, planSegments, type Segment } from "./segments.ts";
import { SegmentStore } from "./_segment_store.ts";

/** What a long video has besides the inputs of its first segment. */
export interface LongInputs {
  /** The tracks, in px of the source image. */
  readonly tracks: LongTracks;
  /** Frames at the end of a segment that the next one shows too; even. */
  readonly overlap: number;
  /**
   * The prompts of the segments after the first; the last one holds to the end,
   * the first segment's where there is none.
   */
  readonly nextPrompts: readonly string[];
  /** Time-to-Move: where the signals of the segments after the first are from. */
  readonly signals?: SegmentSignals | undefined;
}

/** The motion signals of a long video. */
export interface SegmentSignals {
  /** What tells them from those of other files. */
  readonly key: string;
  /**
   * The signal of a segment.
   *
   * @param start the video's frame that is the segment's first one
   */
  load(
    inputs: Pick<RenderInputs, "image" | "tracks">,
    start: number,
  ): Promise<MotionSignal>;
}

/** The frames of a segment, in the engine's own number. */
function lengthOf(engine: Engine, job: RenderInputs): number {
  return engine.video(job.image).frameCount;
}

/**
 * The frames of a long video. Finished segments are kept in the scratch where
 * the engine keeps files of its own, so that a run that was killed goes on with
 * the segment, and the step, that it was at.
 *
 * @param job the first segment, prepared; its tracks are not used
 * @throws {RangeError} When the overlap does not go with the segments' length.
 */
export async function* renderSegments(
  engine: Engine,
  job: RenderInputs,
  { long, ...options }: RenderOptions & { readonly long: LongInputs },
): AsyncGenerator<RgbImage, void, void> {
  const { workDir, signal, onProgress, onNote } = options;
  const { segments, overlap } = planSegments(long.tracks.frames, {
    length: lengthOf(engine, job),
    overlap: long.overlap,
  });
  const { width, height } = engine.video(job.image);
  const scale = [width / job.image.width, height / job.image.height] as const;
  const store = workDir && engine.files ? new SegmentStore(workDir) : undefined;
  /** Frames of the segment before that are still to be shown, from its start. */
  let before: RgbImage[] = [];
  for (const segment of segments) {
    const { index, shown } = segment;
    const { inputs, hidden } = inputsOf(segment, {
      job,
      long,
      scale,
      image: before[0],
    });
    if (hidden > 0) {
      onNote?.(
        `segment ${
          index + 1
        }: ${hidden} tracks are left out, they are not visible at its start`,
      );
    }
    const key = store && await keyOf(engine, inputs, long.signals?.key);
    let frames = key === undefined ? undefined : await store!.next(key);
    if (!frames) {
      frames = [];
      const steered = index === 0
        ? inputs
        : await withSignal(inputs, segment, long.signals);
      const progress = overAll(segment, { count: segments.length, onProgress });
      for await (
        const frame of engine.render(steered, {
          ...options,
          ...(progress && { onProgress: progress }),
        })
      ) {
        if (frames.length < shown) {
          frames.push({ ...frame, data: frame.data.slice() });
        }
      }
      if (key !== undefined) await store!.add(key, frames);
    }
    signal?.throwIfAborted();
    // What both segments show fades from the one into the other.
    const isLast = index === segments.length - 1;
    const step = isLast ? shown : lengthOf(engine, job) - 1 - overlap;
    for (let i = 0; i < step; i++) {
      yield i < before.length
        ? blend(before[i]!, frames[i]!, fadeAt(i, overlap))
        : frames[i]!;
    }
    before = frames.slice(step);
  }
}

/**
 * The recipe of the segments: what reproduces them besides the first one's.
 *
 * @param given their prompts, where they were extended since
 */
export function segmentRecipe(
  { overlap, nextPrompts }: LongInputs,
  given?: readonly string[],
): Readonly<Record<string, unknown>> {
  return {
    segments: {
      overlap,
      next_texts: nextPrompts,
      ...(given && { next_texts_before: given }),
    },
  };
}

/** What a segment is rendered from. */
function inputsOf(
  { index, trackStart }: Segment,
  { job, long, scale, image }: {
    readonly job: RenderInputs;
    readonly long: LongInputs;
    readonly scale: readonly [number, number];
    readonly image: RgbImage | undefined;
  },
): { inputs: RenderInputs; hidden: number } {
  if (index === 0 || image === undefined) {
    const { tracks } = long.tracks.piece(0, { keepHidden: true });
    return { inputs: { ...job, tracks }, hidden: 0 };
  }
  const { nextPrompts } = long;
  const { tracks, hidden } = long.tracks.piece(trackStart, { scale });
  const prompt = nextPrompts[index - 1] ?? nextPrompts.at(-1) ?? job.prompt;
  return {
    inputs: {
      ...job,
      image,
      isFrame: true,
      tracks,
      // They were marked on the first image.
      objects: [],
      prompt,
      ...(job.seed !== undefined && { seed: seedOf(job.seed, index) }),
    },
    hidden,
  };
}

/** The inputs of a segment with the motion signal that is its own. */
async function withSignal(
  inputs: RenderInputs,
  { index, start }: Segment,
  signals: SegmentSignals | undefined,
): Promise<RenderInputs> {
  const { steering } = inputs;
  if (!steering?.timeToMove) return inputs;
  if (!signals) {
    throw new TypeError(
      `Cannot render segment ${
        index + 1
      } with Time-to-Move: it has no motion signal, expected signals`,
    );
  }
  const signal = await signals.load(inputs, start);
  return {
    ...inputs,
    steering: { ...steering, timeToMove: { ...steering.timeToMove, signal } },
  };
}

/** The seed of a segment: the job's, counted on within its range. */
function seedOf(seed: Seed, index: number): Seed {
  if (typeof seed === "bigint") return BigInt.asUintN(64, seed + BigInt(index));
  const next = seed + index;
  return Number.isSafeInteger(next) ? next : BigInt(seed) + BigInt(index);
}

/** What the frames of a segment depend on. */
function keyOf(
  engine: Engine,
  job: RenderInputs,
  signals: string | undefined,
): Promise<string> {
  return fingerprint(
    JSON.stringify([job.prompt, engine.recipe(job), signals]),
    `${job.image.width}x${job.image.height}`,
    job.image.data,
    job.tracks.toArray(),
  );
}

/** The progress of a segment as progress of the whole. */
function overAll(
  { index }: Segment,
  { count, onProgress }: {
    readonly count: number;
    readonly onProgress: RenderOptions["onProgress"];
  },
): RenderOptions["onProgress"] {
  return onProgress && ((progress: EngineProgress) => {
    const { seconds, secondsLeft, total } = progress;
    onProgress({
      ...progress,
      stage: `segment ${index + 1} of ${count}, ${progress.stage}`,
      ...(seconds !== undefined && secondsLeft !== undefined && {
        secondsLeft: secondsLeft + (count - 1 - index) * seconds * total,
      }),
    });
  });
}

/** Between two frames; `share` is that of the second, from 0 to 1. */
function blend(a: RgbImage, b: RgbImage, share: number): RgbImage {
  if (share === 0) return a;
  if (share === 1) return b;
  return {
    ...a,
    data: a.data.map((value, i) =>
      Math.round(value + (b.data[i]! - value) * share)
    ),
  };
}
