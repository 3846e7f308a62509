/**
 * What a job file says: a YAML list of images with their tracks and prompts,
 * as the reference's `examples/test.yaml` has it.
 *
 * ```yaml
 * - image: images/boat.jpg
 *   text: A paper boat drifts across a moonlit lake.
 *   track: tracks/boat.pth
 *   seed: 7            # optional, as are negative and name
 *   control: wan-move  # optional, as is every other setting of motion control
 * ```
 *
 * Where `motion_signal` names the folder that Time-to-Move's own tools write, the
 * entry needs neither image, text, nor track: the folder has `first_frame.png`
 * and `prompt.txt`. A motion signal alone needs no track.
 *
 * The settings of motion control have the names of the command line's flags;
 * what an entry says wins over the flag.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import type { Seed } from "../base/seed.ts";
import type { ControlValues } from "../control/control_values.ts";

/**
 * One entry of a job file, as it is written there. The paths of a motion signal
 * and its mask are found as those of images are.
 */
export interface JobEntry extends ControlValues {
  /** The image: a path from the job file's folder or the working directory. */
  readonly image: string;
  /**
   * The prompt, without white space around it; may be empty. What YAML takes
   * for a number (`007`) or for a comment (`shot #5`) is kept as written. In the
   * file it may be a list, a prompt for each segment of a long video; this is
   * the first one.
   */
  readonly text: string;
  /**
   * The track file: a path from the job file's folder or the working directory.
   * Empty: no tracks, where there is a motion signal.
   */
  readonly track: string;
  /** The negative prompt; the model's own default where absent. */
  readonly negative?: string;
  /**
   * The seed of this entry's noise, 0 to 2^64 - 1, or -1 to draw one; the run's
   * seed where absent.
   */
  readonly seed?: Seed;
  /** The stem of the outputs' names; the entry's number where absent. */
  readonly name?: string;
}

/** An entry of a job file, and where it is. */
export interface ParsedJob extends JobEntry {
  /**
   * Where the entry's text is a list: the prompts of the segments after the
   * first; the last one holds to the end of the video.
   */
  readonly nextTexts?: readonly string[];
  /** Its place in the list, from 0. */
  readonly index: number;
  /** The line of each key, from 1; `entry` is the first line of all. */
  readonly lines: Readonly<
    Partial<Record<keyof JobEntry, number>> & { entry: number }
  >;
}

/** Something that is wrong with a job file. */
export interface JobProblem {
  /** The line, from 1. */
  readonly line: number;
  /** What is wrong there, and what was expected. */
  readonly message: string;
}

/** Problems that an error shows; the others are counted. */
const MAX_SHOWN = 200;

/** A job file that cannot be used; lists all that is wrong with it. */
export class JobFileError extends Error {
  /** The class name, as it is printed in an error. */
  override readonly name = "JobFileError";
  /** Everything that is wrong, in the order of the lines. */
  readonly problems: readonly JobProblem[];

  /** An error about the job file at `path`. */
  constructor(path: string, problems: readonly JobProblem[]) {
    const sorted = problems.toSorted((a, b) => a.line - b.line);
    const count = sorted.length === 1
      ? "1 problem"
      : `${sorted.length} problems`;
    super([
      `Cannot use the job file ${quote(path)}: it has ${count}`,
      ...sorted.slice(0, MAX_SHOWN).map(({ line, message }) =>
        `  line ${line}: ${message.replaceAll("\n", "\n  ")}`
      ),
      ...(sorted.length > MAX_SHOWN
        ? [`  and ${sorted.length - MAX_SHOWN} more`]
        : []),
    ].join("\n"));
    this.problems = sorted;
  }
}
