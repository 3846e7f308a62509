/**
 * Job files on disk: reads the list and finds the images and track files
 * that it names, first from the job file's own folder, then from the working
 * directory, as the reference does.
 *
 * @module
 */

import { dirname, isAbsolute, join } from "node:path";
import { FormatError, quote } from "../base/errors.ts";
import { fileExists, readFileBytes } from "../files/files.ts";
import { JobFileError, type JobProblem, type ParsedJob } from "./job_file.ts";
import { parseJobs } from "./parse_jobs.ts";

/** The keys whose values are paths. */
type PathKey = "image" | "track" | "motion_signal" | "motion_mask";

/** A job file of more bytes than this is something else. */
const LIMIT = 16 * 1024 * 1024;

/** Where a path of a job file was found. */
export interface FoundFile {
  /** The path to open. */
  readonly path: string;
  /** How it was found. */
  readonly from: "absolute path" | "job file's folder" | "working directory";
}

/** An entry of a job file whose files are there. */
export interface Job extends ParsedJob {
  /** Where `image` was found. */
  readonly imageFile: FoundFile;
  /** Where `track` was found. */
  readonly trackFile: FoundFile;
  /** Where `motion_signal` was found, a video or a folder. */
  readonly signalFile?: FoundFile;
  /** Where `motion_mask` was found. */
  readonly maskFile?: FoundFile;
}

/**
 * The jobs of a file that can be done, and what is wrong with the others (see
 * `parseJobs`; a missing image or track file is a problem too).
 *
 * @throws {Error} When the file itself cannot be read.
 */
export async function tryReadJobs(
  path: string,
): Promise<{ jobs: Job[]; problems: JobProblem[] }> {
  const parsed = parseJobs(await readJobsText(path));
  const problems = [...parsed.problems];
  const jobs: Job[] = [];
  for (const job of parsed.jobs) {
    const find = async (key: PathKey, exists = fileExists) => {
      if (job[key] === undefined) return undefined;
      const found = await findFile(job[key], path, exists);
      if (!found) problems.push(missing(job, key, path));
      return found;
    };
    const imageFile = await find("image");
    const trackFile = await find("track");
    const signalFile = await find("motion_signal", fileOrFolder);
    const maskFile = await find("motion_mask");
    if (!imageFile || !trackFile) continue;
    if (job.motion_signal !== undefined && !signalFile) continue;
    if (job.motion_mask !== undefined && !maskFile) continue;
    jobs.push({
      ...job,
      imageFile,
      trackFile,
      ...(signalFile && { signalFile }),
      ...(maskFile && { maskFile }),
    });
  }
  return { jobs, problems };
}

/**
 * The jobs of a file, all of them.
 *
 * @throws {JobFileError} With everything that is wrong, line by line.
 * @throws {Error} When the file itself cannot be read.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readJobs } from "@ati/ati";
 * const folder = await Deno.makeTempDir();
 * for (const name of ["a.jpg", "a.pth"]) {
 *   await Deno.writeTextFile(`${folder}/${name}`, "");
 * }
 * await Deno.writeTextFile(
 *   `${folder}/test.yaml`,
 *   "- {image: a.jpg, text: A cat walks., track: a.pth}",
 * );
 * const [job] = await readJobs(`${folder}/test.yaml`);
 * assert.equal(job?.imageFile.from, "job file's folder");
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function readJobs(path: string): Promise<Job[]> {
  const { jobs, problems } = await tryReadJobs(path);
  if (problems.length > 0) throw new JobFileError(path, problems);
  return jobs;
}

/**
 * The text of a job file.
 *
 * @throws {FormatError} When it is no UTF-8 text. @throws {Error} When it
 * cannot be read.
 */
export async function readJobsText(path: string): Promise<string> {
  const bytes = await readFileBytes(path, { limit: LIMIT });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(
      `Cannot read the job file ${
        quote(path)
      }: it is no UTF-8 text, expected a YAML list`,
      { cause },
    );
  }
}

async function fileOrFolder(path: string): Promise<boolean> {
  if (await fileExists(path)) return true;
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}

async function findFile(
  path: string,
  jobFile: string,
  exists: (path: string) => Promise<boolean>,
): Promise<FoundFile | undefined> {
  if (isAbsolute(path)) {
    return await exists(path) ? { path, from: "absolute path" } : undefined;
  }
  const beside = resolveFrom(dirname(jobFile), path);
  if (await exists(beside)) {
    return { path: beside, from: "job file's folder" };
  }
  return await exists(path) ? { path, from: "working directory" } : undefined;
}

/**
 * A path as it is meant from a folder. Steps up are left to the system: they
 * lead up from where a linked folder really lies, which `join` cannot know.
 */
export function resolveFrom(folder: string, path: string): string {
  if (isAbsolute(path)) return path;
  return path.split(/[\\/]/).includes("..")
    ? `${folder}/${path}`
    : join(folder, path);
}

function missing(
  job: ParsedJob,
  key: PathKey,
  jobFile: string,
): JobProblem {
  const places = isAbsolute(job[key]!)
    ? "no such file"
    : `no such file in ${quote(dirname(jobFile))} or in the working directory`;
  return {
    line: job.lines[key] ?? job.lines.entry,
    message: `${key} is ${quote(job[key])}: ${places}`,
  };
}
