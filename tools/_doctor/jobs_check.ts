/**
 * Checks a job file as a run does before it starts: the entries, the images and
 * the track files.
 *
 * @module
 */

import { checkItems } from "../../core/jobs/check_items.ts";
import { inputErrors } from "../../core/jobs/item_inputs.ts";
import { planRun } from "../../core/jobs/plan_run.ts";
import { tryReadJobs } from "../../core/jobs/read_jobs.ts";
import { failure, type Finding } from "./finding.ts";

/** Problems that are shown; the others are counted. */
const MAX_SHOWN = 50;

/** Checks a job file; loads nothing but its inputs, and writes nothing. */
export async function checkJobs(
  path: string,
  options: { out: string; needsText: boolean; signal: AbortSignal | undefined },
): Promise<Finding> {
  const { out, needsText, signal } = options;
  const { jobs, problems, warnings, others } = await tryReadJobs(path, {
    text: needsText ? "required" : "optional",
  });
  const found = problems.map(({ line, message }) => ({ line, message }));
  const items = planRun(jobs, { out });
  const add = (line: number | undefined, error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    found.push({ line: line ?? 1, message });
  };
  for (
    const { item, error } of await checkItems(items, {
      engine: undefined,
      ...(signal && { signal }),
    })
  ) add(item.line, error);
  for (const { lines, imageFile, trackFile } of others) {
    const errors = await inputErrors({
      ...(imageFile && { image: imageFile.path }),
      ...(trackFile && { track: trackFile.path }),
    });
    for (const error of errors) add(lines.entry, error);
  }
  const entries = jobs.length + others.length;
  const about = { check: "jobs" } as const;
  if (found.length === 0) {
    return {
      ...about,
      state: warnings.length > 0 ? "note" : "good",
      message: [
        `${path}: ${entries} ${entries === 1 ? "entry" : "entries"}, ready`,
        ...warnings.slice(0, MAX_SHOWN).map(({ line, message }) =>
          `line ${line}: ${failure(new Error(message)).message}`
        ),
      ].join("\n"),
    };
  }
  found.sort((a, b) => a.line - b.line);
  const shown = found.slice(0, MAX_SHOWN)
    .map(({ line, message }) => ({ line, ...failure(new Error(message)) }));
  const more = found.length - MAX_SHOWN;
  const hints = new Set(shown.flatMap(({ hint }) => hint ?? []));
  return {
    ...about,
    state: "bad",
    message: [
      `${path}: ${found.length} ${found.length === 1 ? "problem" : "problems"}`,
      ...shown.map(({ line, message }) => `line ${line}: ${message}`),
      ...(more > 0 ? [`and ${more} more`] : []),
    ].join("\n"),
    todo: [`Mend ${path}.`, ...hints].join("\n"),
  };
}
