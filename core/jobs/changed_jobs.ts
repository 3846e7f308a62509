/**
 * Which entries of a job file are no longer those of an earlier text.
 *
 * @module
 */

import { resolve } from "node:path";
import { CONTROL_KEYS } from "../control/control_values.ts";
import { parseJobs } from "./parse_jobs.ts";
import type { ParsedJob } from "./job_file.ts";

/**
 * The keys of an entry with other values than before; undefined for an entry
 * that was not there.
 */
export type ChangedKeys = (index: number) => readonly string[] | undefined;

const PATHS: ReadonlySet<string> = new Set([
  "image",
  "track",
  "motion_signal",
  "motion_mask",
]);

const COMPARED: readonly string[] = [
  ...["image", "track", "text", "nextTexts", "negative", "seed"],
  ...CONTROL_KEYS,
];

/**
 * Compares the entries of two job files that have the same outputs. These are
 * named by `name`, else by the entry's number.
 *
 * @param before the earlier text
 * @param now the text that replaces it
 * @param options.folder the folder from which both have their paths, its real
 * path
 */
export function changedJobs(
  before: string,
  now: string,
  { folder }: { readonly folder: string },
): ChangedKeys {
  const read = (text: string) => parseJobs(text, { text: "optional" }).jobs;
  const jobs = read(now);
  const found = new Map<number, readonly string[]>();
  if (before === now) {
    for (const { index } of jobs) found.set(index, []);
    return (index) => found.get(index);
  }
  const nameOf = ({ name, index }: ParsedJob) => name ?? index;
  const earlier = new Map(read(before).map((job) => [nameOf(job), job]));
  for (const job of jobs) {
    const other = earlier.get(nameOf(job));
    if (!other) continue;
    const changed = COMPARED.filter((key) => {
      const value = valueOf(job, key, folder);
      const old = valueOf(other, key, folder);
      // Copies of earlier versions have the first prompt of several only.
      if (key === "nextTexts" && old === undefined) return false;
      return value !== old;
    });
    // A list of prompts is the file's text, too.
    const named = changed.map((key) => key === "nextTexts" ? "text" : key);
    found.set(job.index, [...new Set(named)]);
  }
  return (index) => found.get(index);
}

/** A value that can be compared; undefined where it says nothing. */
function valueOf(
  job: ParsedJob,
  key: string,
  folder: string,
): string | undefined {
  const value = (job as unknown as Record<string, unknown>)[key];
  if (value === undefined || value === null) return undefined;
  // A list of one prompt is that prompt; a seed below 0 is drawn.
  if (Array.isArray(value) && value.length === 0) return undefined;
  if (key === "seed" && (value as number) < 0) return undefined;
  const isPath = PATHS.has(key) && typeof value === "string" && value !== "";
  // Large seeds are no numbers of JSON.
  return typeof value === "bigint"
    ? `${value}`
    : JSON.stringify(isPath ? resolve(folder, value as string) : value);
}
