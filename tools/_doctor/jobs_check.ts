/**
 * Checks a job file as a run does before it starts: the entries, the images, the
 * track files, and with a checkpoint how each entry is steered.
 *
 * @module
 */

import { checkItems } from "../../core/jobs/check_items.ts";
import { inputErrors } from "../../core/jobs/item_inputs.ts";
import { planRun } from "../../core/jobs/plan_run.ts";
import { tryReadJobs } from "../../core/jobs/read_jobs.ts";
import type { TrainingFacts } from "../../core/checkpoint/training.ts";
import {
  createControl,
  DEFAULT_CONTROL,
} from "../../core/control/create_control.ts";
import {
  checkSignalFiles,
  findSignalFiles,
} from "../../core/jobs/item_signal.ts";
import type { RunItem } from "../../core/jobs/plan_run.ts";
import { checkTraining } from "../../core/pipeline/training_check.ts";
import { VIDEO_FRAMES } from "../../core/tracks/resample.ts";
import { failure, type Finding, isDenied } from "./finding.ts";

/** Problems that are shown; the others are counted. */
const MAX_SHOWN = 50;

/** Checks a job file; loads nothing but its inputs, and writes nothing. */
export async function checkJobs(
  path: string,
  options: {
    out: string;
    /** The checkpoint that is to be used; motion previews without one. */
    checkpoint: { readonly training: TrainingFacts | undefined } | undefined;
    signal: AbortSignal | undefined;
  },
): Promise<Finding> {
  const { out, checkpoint, signal } = options;
  const needsText = checkpoint !== undefined;
  const { jobs, problems, warnings, others } = await tryReadJobs(path, {
    text: needsText ? "required" : "optional",
  });
  const found = problems.map(({ line, message }) => ({ line, message }));
  const items = planRun(jobs, { out });
  const remarks = new Set<string>();
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
  for (const item of checkpoint ? items : []) {
    try {
      const notes = await steeringRemarks(item, checkpoint!);
      notes.forEach((note) => remarks.add(note));
    } catch (error) {
      if (isDenied(error)) throw error;
      add(item.line, error);
    }
  }
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
      state: warnings.length + remarks.size > 0 ? "note" : "good",
      message: [
        `${path}: ${entries} ${entries === 1 ? "entry" : "entries"}, ready`,
        ...warnings.slice(0, MAX_SHOWN).map(({ line, message }) =>
          `line ${line}: ${failure(new Error(message)).message}`
        ),
        ...remarks,
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

/**
 * Remarks on how an item is steered.
 *
 * @throws {TypeError} When the checkpoint was trained to follow tracks in another
 * way.
 * @throws {Error} When its motion signal cannot be used.
 */
async function steeringRemarks(
  { steering }: RunItem,
  { training }: { readonly training: TrainingFacts | undefined },
): Promise<string[]> {
  const { control = DEFAULT_CONTROL, timeToMove } = steering ?? {};
  if (timeToMove) {
    await checkSignalFiles(await findSignalFiles(timeToMove), VIDEO_FRAMES);
  }
  return checkTraining(createControl(control), training);
}
