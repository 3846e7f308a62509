/**
 * Where a run puts what it makes: the three folders of the reference's run
 * script.
 *
 * @module
 */

import { basename, join, resolve } from "node:path";
import { quote, withHint } from "../base/errors.ts";
import type { Seed } from "../base/seed.ts";
import type { TrackReading } from "../tracks/read_tracks.ts";
import {
  type ControlValues,
  controlValuesIn,
} from "../control/control_values.ts";
import {
  describeIdleMotion,
  describeStray,
  findStray,
  resolveSteering,
  type Steering,
  withControlDefaults,
} from "../control/resolve_control.ts";
import { NO_TRACKS } from "./signal_folder.ts";
import type { ParsedJob } from "./job_file.ts";
import type { Job } from "./read_jobs.ts";

/** The files that one item leaves. */
export interface ItemOutputs {
  /** The video, `outputs/000.mp4`. */
  readonly video: string;
  /** The image with its tracks, `images_tracks/00.jpg`. */
  readonly inputTracks?: string;
  /** The video with its tracks, `outputs_vis/000_viz.mp4`. */
  readonly videoTracks?: string;
}

/** One item of a run: what goes in, what comes out. */
export interface RunItem extends Pick<ParsedJob, "index"> {
  /** The seed of the noise; drawn where absent. */
  readonly seed?: Seed;
  /** The prompt; may be empty. */
  readonly prompt: string;
  /** The prompts of the segments after the first, if the video has several. */
  readonly nextPrompts?: readonly string[];
  /** Frames that two segments share; none unless given. */
  readonly overlap?: number;
  /** Whether tracks of more than five seconds are spread over five. */
  readonly inOneSegment?: true;
  /** What the video should not show; the run's or the model's default where absent. */
  readonly negativePrompt?: string;
  /** The stem of the video's name, for people. */
  readonly name: string;
  /** The image's path. */
  readonly image: string;
  /** The track file's path; empty for no tracks. */
  readonly track: string;
  /** How the track file is to be read, where it was said. */
  readonly trackReading?: TrackReading;
  /** How motion enters the model, where it was said. */
  readonly steering?: Steering;
  /** The motion signal and mask that the job file itself names. */
  readonly ownSignal?: Pick<ControlValues, "motion_signal" | "motion_mask">;
  /** The line of the job file where the item begins, if there is one. */
  readonly line?: number;
  /** What it leaves. */
  readonly outputs: ItemOutputs;
}

/** How the outputs are named. */
export interface PlanOptions {
  /**
   * The folder that gets the three folders. Without it (and with `saveFile`)
   * only the videos are written.
   */
  readonly out?: string;
  /**
   * The videos' names instead of `<out>/outputs/%03d.mp4`: `%d`, `%03d` and
   * the like stand for the item's number, as in generate.py.
   */
  readonly saveFile?: string;
  /** How motion enters the model where a job does not say it. */
  readonly control?: ControlValues;
  /** Frames that two segments of a long video share; none unless given. */
  readonly overlap?: number;
}

/** What is needed of a job to plan it; a `Job` has it all. */
export type PlannedJob =
  & Pick<Job, "index" | "text" | "negative" | "seed" | "name">
  & { imageFile: { path: string }; trackFile: { path: string } }
  & {
    signalFile?: { path: string };
    maskFile?: { path: string };
    /** Instead of the job's keys of motion control. */
    steering?: Steering;
  }
  & { lines?: ParsedJob["lines"]; trackReading?: TrackReading }
  & Pick<Job, "nextTexts">
  & Pick<RunItem, "inOneSegment">
  & ControlValues;

/**
 * The items of a run. An entry's outputs bear its `name`, or its number: three
 * digits for videos, two for images, as in the reference.
 *
 * @throws {TypeError} When a setting of motion control belongs to another
 * method than the item's, `saveFile` is no pattern for an `.mp4`, or two
 * items would write the same file, or an item would write over an input.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { planRun } from "@ati/ati";
 * const [item] = planRun([{
 *   index: 0,
 *   text: "A cat walks.",
 *   imageFile: { path: "a.jpg" },
 *   trackFile: { path: "a.pth" },
 * }], { out: "samples" });
 * assert.equal(item?.outputs.video, "samples/outputs/000.mp4");
 * assert.equal(item?.outputs.inputTracks, "samples/images_tracks/00.jpg");
 * ```
 */
export function planRun(
  jobs: readonly PlannedJob[],
  options: PlanOptions,
): RunItem[] {
  const { out, saveFile } = options;
  if (out === undefined && saveFile === undefined) {
    throw new TypeError("Cannot plan a run: expected out or saveFile");
  }
  if (saveFile !== undefined) checkPattern(saveFile);
  const items = jobs.map((job): RunItem => {
    const { index, text, negative, seed, name, lines, trackReading } = job;
    const { nextTexts, inOneSegment } = job;
    const video = saveFile === undefined
      ? join(out!, "outputs", `${name ?? pad(index, 3)}.mp4`)
      : saveFile.replace(
        PLACE,
        (_, zero: string, digits: string) =>
          zero === "0"
            ? pad(index, Number(digits))
            : String(index).padStart(Number(digits || 0)),
      );
    const stem = basename(video, ".mp4");
    const steering = job.steering ?? steeringOf(job, options);
    const ownSignal = {
      ...(job.signalFile && { motion_signal: job.signalFile.path }),
      ...(job.maskFile && { motion_mask: job.maskFile.path }),
    };
    return {
      index,
      name: stem,
      image: job.imageFile.path,
      track: job.trackFile.path,
      ...(trackReading && { trackReading }),
      prompt: text,
      ...(nextTexts && { nextPrompts: nextTexts }),
      ...(options.overlap !== undefined && { overlap: options.overlap }),
      ...(inOneSegment && { inOneSegment }),
      ...(negative !== undefined && { negativePrompt: negative }),
      ...(seed !== undefined && seed >= 0 && { seed }),
      ...(steering && { steering }),
      ...(Object.keys(ownSignal).length > 0 && { ownSignal }),
      ...(lines && { line: lines.entry }),
      outputs: {
        video,
        ...(out !== undefined && {
          inputTracks: join(
            out,
            "images_tracks",
            `${name ?? pad(index, 2)}.jpg`,
          ),
          videoTracks: join(out, "outputs_vis", `${stem}_viz.mp4`),
        }),
      },
    };
  });
  refuseClashes(items);
  return items;
}

/** How a job is steered; undefined where nothing was said. */
function steeringOf(
  job: PlannedJob,
  { control: defaults = {} }: PlanOptions,
): Steering | undefined {
  const own = {
    ...controlValuesIn(job),
    ...(job.signalFile && { motion_signal: job.signalFile.path }),
    ...(job.maskFile && { motion_mask: job.maskFile.path }),
  };
  const values = withControlDefaults(own, defaults);
  if (Object.keys(values).length === 0) return undefined;
  const write = (key: string, value?: string) =>
    value === undefined ? key : `${key}: ${value}`;
  const refuse = (line: number | undefined, fault: string) =>
    new TypeError(
      `Cannot plan ${
        line === undefined ? `item ${job.index}` : `the entry, line ${line}`
      }: ${fault}`,
    );
  const [stray] = findStray(values);
  if (stray) {
    const fault = describeStray(stray, values, write);
    throw refuse(job.lines?.[stray.key], fault);
  }
  const idle = describeIdleMotion(values, write);
  if (idle !== undefined) {
    const { motion_start, motion_end } = job.lines ?? {};
    throw refuse(motion_start ?? motion_end, idle);
  }
  return resolveSteering(values);
}

const PLACE = /%(0?)(\d?)d/;

function pad(index: number, digits: number): string {
  return String(index).padStart(digits, "0");
}

function checkPattern(pattern: string): void {
  const hint = 'One place for the number is understood: "videos/%03d.mp4".';
  if (!/\.mp4$/i.test(pattern)) {
    throw new TypeError(withHint(
      `Cannot save as ${quote(pattern)}: expected a path that ends in .mp4`,
      hint,
    ));
  }
  const [stray] = /%.?/.exec(pattern.replace(PLACE, "")) ?? [];
  if (stray !== undefined) {
    throw new TypeError(withHint(
      `Cannot save as ${quote(pattern)}: nothing is known to put in for ${
        quote(stray)
      }`,
      hint,
    ));
  }
}

/** What an item names as its inputs; of a motion signal it may be a folder. */
function inputsOf({ image, track, steering }: RunItem): string[] {
  const { signal, mask } = steering?.timeToMove ?? {};
  return [image, track, signal, mask].filter((path) =>
    path !== undefined && path !== NO_TRACKS
  ) as string[];
}

function refuseClashes(items: readonly RunItem[]): void {
  // Names that differ in case are one file on Windows and macOS.
  const key = (path: string) => resolve(path).normalize("NFC").toLowerCase();
  const inputs = new Map<string, string>();
  for (const item of items) {
    for (const path of inputsOf(item)) inputs.set(key(path), path);
  }
  const seen = new Map<string, RunItem>();
  for (const item of items) {
    for (const path of Object.values(item.outputs)) {
      const first = seen.get(key(path));
      if (first) {
        throw new TypeError(
          withHint(
            `Cannot write ${
              quote(path)
            } twice: it is the output of item ${first.index} and of item ${item.index}`,
            "Give the entries names of their own, or put %03d into --save_file.",
          ),
        );
      }
      if (inputs.has(key(path))) {
        throw new TypeError(
          `Cannot write ${
            quote(path)
          }: it is an input, expected another output folder`,
        );
      }
      seen.set(key(path), item);
    }
  }
}
