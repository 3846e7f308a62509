/**
 * What an output folder tells of the runs before.
 *
 * @module
 */

import { basename, dirname, extname, join } from "node:path";
import { CONTROL_KEYS } from "../../core/control/control_values.ts";
import { changedJobs } from "../../core/jobs/changed_jobs.ts";
import type { JobsCopy } from "../../core/jobs/copy_jobs.ts";
import type { ParsedJob } from "../../core/jobs/job_file.ts";
import type { EarlierRuns } from "../../core/jobs/kept_video.ts";

/**
 * Finished videos are kept, but not as the result of another entry. The copy of
 * the job file next to them tells which of them need no closer look: those that
 * were written after its text, if nothing was run there from other job files.
 *
 * @param options.jobs the entries, where a job file has them
 * @param options.copy what the run is going to copy
 * @param options.out the folder that gets the copy
 * @param options.saveFile videos of that name are not those of the folder
 * @param options.input the job file; it may be in `out` itself
 */
export async function earlierRuns(
  { jobs = [], copy, out, saveFile, input }: {
    readonly jobs?: readonly ParsedJob[];
    readonly copy: JobsCopy | undefined;
    readonly out?: string;
    readonly saveFile?: string;
    readonly input?: { readonly path: string };
  },
): Promise<EarlierRuns> {
  const entries = new Map(jobs.map((job) => [job.index, job]));
  const own: EarlierRuns["own"] = (item) => {
    // Without a job file, its flags are all of it.
    if (!input) return { ...item, control: CONTROL_KEYS };
    const entry = entries.get(item.index);
    const { seed, negative } = entry ?? {};
    return {
      ...(seed !== undefined && { seed }),
      ...(negative !== undefined && { negativePrompt: negative }),
      control: CONTROL_KEYS.filter((key) => entry?.[key] !== undefined),
    };
  };
  const unknown = { changed: () => undefined, since: Infinity, own };
  if (out === undefined || saveFile !== undefined) return unknown;
  if (copy?.before !== undefined) {
    const { before, text } = copy;
    const folder = await realPath(out);
    return {
      changed: changedJobs(before, text, { folder }),
      since: await soleSince(copy.path),
      own,
    };
  }
  if (copy || !input) return unknown;
  // The job file itself is there: it may have been moved or replaced.
  return {
    changed: (index) => entries.has(index) ? [] : undefined,
    since: await soleSince(join(out, basename(input.path)), "moved"),
    own,
  };
}

/**
 * Since when a job file has been what it is, in ms; Infinity where its folder
 * has others, whose runs may have left the videos.
 */
async function soleSince(path: string, kind?: "moved"): Promise<number> {
  try {
    const { mtime, ctime, birthtime } = await Deno.stat(path);
    let since = mtime?.getTime() ?? Infinity;
    if (kind === "moved") {
      // The time of a move comes in whole seconds, rounded down.
      const moved = ctime ? ctime.getTime() + 1000 : 0;
      since = Math.max(since, birthtime?.getTime() ?? 0, moved);
    }
    for await (const { name } of Deno.readDir(dirname(path))) {
      const isOther = name !== basename(path);
      if (isOther && /^\.ya?ml$/i.test(extname(name))) return Infinity;
    }
    return since;
  } catch {
    return Infinity; // everything is looked at, then
  }
}

/** The copy's paths lead from the folder's real path. */
async function realPath(folder: string): Promise<string> {
  try {
    return await Deno.realPath(folder);
  } catch {
    return folder;
  }
}
