/**
 * Which entries of a job file are no longer those that videos were made from.
 *
 * @module
 */

import { resolve } from "node:path";
import { CONTROL_KEYS } from "../control/control_values.ts";
import { parseJobs } from "./parse_jobs.ts";
import type { ParsedJob } from "./job_file.ts";

/** An entry that says something else than the one of the same name before. */
export interface ChangedJob {
  /** Its place in the list, from 0. */
  readonly index: number;
  /** The keys with other values. */
  readonly keys: readonly string[];
}

/** The keys of which a motion preview is made. */
const PREVIEW_KEYS = ["image", "track"] as const;

const PATHS: ReadonlySet<string> = new Set([
  ...PREVIEW_KEYS,
  "motion_signal",
  "motion_mask",
]);

/**
 * The entries of a job file whose outputs' name belonged to another entry
 * before, for example because one was inserted. Outputs are named by `name`,
 * else by the entry's number.
 *
 * @param before the earlier text
 * @param now the text that replaces it; both have their paths from `folder`
 * @param options.engine motion previews do not depend on prompts and seeds
 */
export function changedJobs(
  before: string,
  now: string,
  options: { readonly folder: string; readonly engine: "model" | "preview" },
): ChangedJob[] {
  const { folder, engine } = options;
  const keys: readonly string[] = engine === "preview" ? PREVIEW_KEYS : [
    ...PREVIEW_KEYS,
    ...["text", "nextTexts", "negative", "seed"],
    ...CONTROL_KEYS,
  ];
  const read = (text: string) => parseJobs(text, { text: "optional" }).jobs;
  const valueOf = (job: ParsedJob, key: string) => {
    const value = (job as unknown as Record<string, unknown>)[key];
    const full = PATHS.has(key) && typeof value === "string" && value !== ""
      ? resolve(folder, value)
      : value;
    // Large seeds are no numbers of JSON.
    return JSON.stringify(typeof full === "bigint" ? `${full}` : full);
  };
  const nameOf = ({ name, index }: ParsedJob) => name ?? index;
  const earlier = new Map(read(before).map((job) => [nameOf(job), job]));
  return read(now).flatMap((job) => {
    const other = earlier.get(nameOf(job));
    if (!other) return [];
    const changed = keys.filter((key) =>
      valueOf(job, key) !== valueOf(other, key)
    );
    // A list of prompts is the file's text, too.
    const named = changed.map((key) => key === "nextTexts" ? "text" : key);
    return changed.length === 0
      ? []
      : [{ index: job.index, keys: [...new Set(named)] }];
  });
}
