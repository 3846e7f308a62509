/**
 * Job files on disk: reads the list and finds the images and track files
 * that it names, first from the job file's own folder, then from the working
 * directory, as the reference does.
 *
 * @module
 */

import { basename, dirname, isAbsolute, join } from "node:path";
import { FormatError, quote, withHint } from "../base/errors.ts";
import { fileExists, readFileBytes } from "../files/files.ts";
import { readSignalPrompt } from "./read_signal_prompt.ts";
import { NO_TRACKS } from "./signal_folder.ts";
import { JobFileError, type JobProblem, type ParsedJob } from "./job_file.ts";
import { type FaultyJob, parseJobs, type ParseOptions } from "./parse_jobs.ts";

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

/** The keys that name files, and what a job calls the files found. */
const FILES = [
  ["image", "imageFile"],
  ["track", "trackFile"],
  ["motion_signal", "signalFile"],
  ["motion_mask", "maskFile"],
] as const;

type PathKey = typeof FILES[number][0];
type FileKey = typeof FILES[number][1];

/** What {@linkcode tryReadJobs} finds. */
export interface FoundJobs {
  /** The jobs that can be done. */
  readonly jobs: Job[];
  /** What is wrong with the other entries. */
  readonly problems: JobProblem[];
  /** What YAML has changed; see `parseJobs`. */
  readonly warnings: JobProblem[];
  /** The files of the other entries that are there. */
  readonly others: (
    & Pick<Job, "index" | "lines">
    & Partial<Pick<Job, "imageFile" | "trackFile" | "signalFile" | "maskFile">>
  )[];
}

/**
 * The jobs of a file that can be done, and what is wrong with the others (see
 * `parseJobs`; a missing image or track file is a problem too).
 *
 * @throws {Error} When the file itself cannot be read.
 */
export async function tryReadJobs(
  path: string,
  options: ParseOptions = {},
): Promise<FoundJobs> {
  const parsed = parseJobs(await readJobsText(path), options);
  const problems = parsed.problems.length > 0 && isAppleDouble(path)
    ? [{ ...parsed.problems[0]!, message: appleDouble(path) }]
    : [...parsed.problems];
  const jobs: Job[] = [];
  const others: FoundJobs["others"][number][] = [];
  const complete = new Set<FaultyJob>(parsed.jobs);
  const isComplete = (job: FaultyJob): job is ParsedJob => complete.has(job);
  for (const job of [...parsed.jobs, ...parsed.faulty]) {
    const files: { -readonly [File in FileKey]?: FoundFile } = {};
    for (const [key, file] of FILES) {
      if (job[key] === undefined) continue;
      if (key === "track" && job.track === NO_TRACKS) {
        files[file] = { path: NO_TRACKS, from: "job file's folder" };
        continue;
      }
      const exists = key === "motion_signal" ? fileOrFolder : fileExists;
      const found = await findFile(job[key], path, exists);
      if (found) files[file] = found;
      else problems.push(missing(job, key, path));
    }
    const isReady = FILES.every(([key, file]) =>
      job[key] === undefined || files[file] !== undefined
    );
    if (isReady && isComplete(job)) {
      const text = files.signalFile && job.lines.text === undefined
        ? await readSignalPrompt(files.signalFile.path)
        : undefined;
      jobs.push({
        ...job,
        ...(text !== undefined && { text }),
        ...files as Pick<Job, FileKey>,
      });
    } else others.push({ index: job.index, lines: job.lines, ...files });
  }
  return { jobs, problems, warnings: parsed.warnings, others };
}

/** Whether macOS keeps a file's attributes under this name. */
function isAppleDouble(path: string): boolean {
  return basename(path).startsWith("._");
}

function appleDouble(path: string): string {
  return withHint(
    "the file is no job file: macOS keeps the attributes of another file in it",
    `Use ${join(dirname(path), basename(path).slice(2))}`,
  );
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
  job: FaultyJob,
  key: PathKey,
  jobFile: string,
): JobProblem {
  const given = job[key] ?? "";
  const places = isAbsolute(given)
    ? "no such file"
    : `no such file in ${quote(dirname(jobFile))} or in the working directory`;
  return {
    line: job.lines[key] ?? job.lines.entry,
    message: `${key} is ${quote(given)}: ${places}`,
  };
}
