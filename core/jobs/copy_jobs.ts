/**
 * The copy of the job file next to a run's outputs, so that they
 * can be understood (and visualized) later.
 *
 * @module
 */

import {
  basename,
  dirname,
  isAbsolute,
  join,
  relative,
  resolve,
} from "node:path";
import { quote, withHint } from "../base/errors.ts";
import { fileError } from "../files/file_error.ts";
import { fileExists, readFileText } from "../files/files.ts";
import { rewriteJobPaths } from "./edit_jobs.ts";
import { NO_TRACKS } from "./signal_folder.ts";
import type { RunItem } from "./plan_run.ts";

/** The first line of a copy. It tells a copy from a file of the user's. */
const MARK =
  "# A copy that belongs to the videos next to it; every run rewrites it.";

/** The first lines of copies, those of earlier versions included. */
const MARKS = [
  MARK,
  "# A copy that belongs to the videos next to it; every run writes it again.",
];

/** A copy that is to be written. */
export interface JobsCopy {
  /** Where it goes. */
  readonly path: string;
  /** What it says. */
  readonly text: string;
  /** What the copy of an earlier run says, where there is one. */
  readonly before?: string;
}

/** What is copied, and where to. */
export interface JobsCopyOptions {
  /** The text of the job file. */
  readonly text: string;
  /** Its path; without one the copy is called `test.yaml`. */
  readonly jobFile?: string;
  /** Where the files of its entries were found. */
  readonly items: readonly Pick<
    RunItem,
    "index" | "image" | "track" | "ownSignal"
  >[];
  /** The folder that gets the copy. */
  readonly folder: string;
}

/**
 * The copy of a job file for a folder: the same entries, their paths written
 * so that they are found from there. Undefined when the job file stands in
 * that folder itself. Writes nothing.
 *
 * @throws {TypeError} When the folder holds a file of that name which is no
 * copy of an earlier run.
 */
export async function planJobsCopy(
  options: JobsCopyOptions,
): Promise<JobsCopy | undefined> {
  const { text, jobFile, items, folder } = options;
  const path = join(
    folder,
    jobFile === undefined ? "test.yaml" : basename(jobFile),
  );
  let before: string | undefined;
  if (await fileExists(path)) {
    if (jobFile !== undefined && await sameFile(path, jobFile)) {
      return undefined;
    }
    before = await readFileText(path);
    if (!isCopy(before)) {
      throw new TypeError(
        withHint(
          `Cannot write ${
            quote(path)
          }: it already exists and is not a copy of an earlier run`,
          "Choose another output folder.",
        ),
      );
    }
  }
  // Steps up from a linked folder lead up from its real path.
  const base = await realFolder(folder);
  const paths = new Map(items.map(({ index, image, track, ownSignal }) => [
    index,
    Object.fromEntries(
      Object.entries({ image, track, ...ownSignal })
        .filter(([, path]) => path !== NO_TRACKS)
        .map(([key, path]) => [key, pathFrom(base, path)]),
    ) as { image: string; track: string },
  ]));
  const copy = rewriteJobPaths(text, paths);
  return {
    path,
    text: isCopy(copy) ? copy : `${MARK}\n${copy}`,
    ...before !== undefined && { before },
  };
}

function isCopy(text: string): boolean {
  return MARKS.some((mark) => text.startsWith(mark));
}

async function sameFile(one: string, other: string): Promise<boolean> {
  return await Deno.realPath(one) === await Deno.realPath(other);
}

async function realFolder(folder: string): Promise<string> {
  try {
    return await Deno.realPath(folder);
  } catch (error) {
    const full = resolve(folder);
    // Above the folders that may be read, links cannot be seen through.
    if (error instanceof Deno.errors.NotCapable) return full;
    if (!(error instanceof Deno.errors.NotFound)) {
      throw fileError("write to", folder, error);
    }
    return join(await realFolder(dirname(full)), basename(full));
  }
}

function pathFrom(folder: string, path: string): string {
  if (isAbsolute(path)) return path;
  return relative(folder, resolve(path)).replaceAll("\\", "/");
}
