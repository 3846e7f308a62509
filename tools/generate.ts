#!/usr/bin/env -S deno run --allow-read --allow-write --allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE

/**
 * Images, tracks and prompts in; videos that move along the tracks out. The
 * `run_example.sh` and `generate.py` of this toolkit.
 *
 * @module
 */

import type { Engine } from "../core/jobs/engine.ts";
import { DEFAULT_CONTROL } from "../core/control/create_control.ts";
import type { ControlMethod } from "../core/control/motion_control.ts";
import {
  describeSteering,
  type Steering,
} from "../core/control/resolve_control.ts";
import { writeFileAtomic } from "../core/files/files.ts";
import { protectInputs } from "../core/files/inputs.ts";
import { upsertJob } from "../core/jobs/edit_jobs.ts";
import { type JobsCopy, planJobsCopy } from "../core/jobs/copy_jobs.ts";
import { inputErrors, inputFiles } from "../core/jobs/item_inputs.ts";
import { JobFileError, type JobProblem } from "../core/jobs/job_file.ts";
import { readSignalPrompt } from "../core/jobs/read_signal_prompt.ts";
import { planRun, type RunItem } from "../core/jobs/plan_run.ts";
import {
  type FoundJobs,
  readJobsText,
  tryReadJobs,
} from "../core/jobs/read_jobs.ts";
import type { TrackReading } from "../core/tracks/read_tracks.ts";
import { checkItems, type ItemProblem } from "../core/jobs/check_items.ts";
import type { EarlierRuns } from "../core/jobs/kept_video.ts";
import { runItems } from "../core/jobs/run_items.ts";
import type { RunSummary } from "../core/jobs/run_options.ts";
import { openEngines, planEngines } from "./_generate/engines.ts";
import { followRecipe } from "./_generate/from_recipe.ts";
import type { GenerateOptions } from "./_generate/options.ts";
import { parseGenerateOptions } from "./_generate/parse_options.ts";
import { everySeconds, MetricsCounter } from "./_generate/metrics.ts";
import { createReport, type Report } from "./_generate/report.ts";
import { earlierRuns } from "./_generate/earlier_runs.ts";
import { outputOf, watchJobFiles } from "./_generate/watch.ts";
import {
  runTool,
  type ToolContext,
  type ToolOptions,
  UsageError,
} from "./shared/tool.ts";
import { readingInputs, resolveReading } from "./shared/track_reading.ts";

/** This tool. */
export const TOOL: ToolOptions = {
  script: "tools/generate.ts",
  permissions:
    "--allow-read --allow-write --allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE",
};

/** What a command line comes to, when its job file has been read. */
interface Work {
  readonly items: readonly RunItem[];
  readonly copy: JobsCopy | undefined;
  /** What was run there before. */
  readonly earlier?: EarlierRuns;
  /** What is wrong with the job file's entries that are not among the items. */
  readonly problems: readonly JobProblem[];
}

/** Something that is wrong; it may not be about an entry. */
type Problem = Partial<JobProblem> & Pick<JobProblem, "message">;

/** Waits between attempts at an item that failed for a while. */
const RETRY_WAITS = { firstMs: 10_000, mostMs: 600_000 };

/** What it does; returns its exit code. */
export async function main({ args, signal }: ToolContext): Promise<number> {
  const given = parseGenerateOptions(args);
  if (given.input.kind === "watch") {
    return await watchFolder(given, given.input.path, signal);
  }
  const { options, recipe } = given.input.kind === "recipe"
    ? await followRecipe(given, given.input.path)
    : { options: given };
  const report = createReport(options);
  const work = await readWork(options, report);
  const { items } = work;
  const { control } = options.control;
  using _inputs = await protectInputs(await inputsOf(given, items));
  const { checkpoint, errors } = await planEngines(options);
  if (work.problems.length + errors.length > 0) {
    throw await refusal(work, { options, errors, signal });
  }
  const { engines, inputs } = await openEngines(options, {
    items: items.length,
    checkpoint,
    made: recipe,
    // An item that needs no tracks, or says it itself, is not in doubt.
    asksTraining: !recipe && control === undefined &&
      items.some(({ steering }) => methodOf(steering) === "ati"),
    signal,
    onNote: report.say,
  });
  await using _closing = closing(engines);
  using _weights = await protectInputs(inputs);

  const metrics = new MetricsCounter();
  try {
    const begin = () => report.begin(engines[0]!, items);
    const summary = await runWork(work, options, {
      engines,
      report,
      metrics,
      signal,
      begin,
    });
    report.end(summary);
    return summary.failed > 0 ? 1 : 0;
  } finally {
    report.stop();
  }
}

/** What {@linkcode runWork} works with. */
interface WorkContext {
  readonly engines: readonly Engine[];
  readonly report: Report;
  readonly metrics: MetricsCounter;
  readonly signal: AbortSignal;
  /** Called when everything was checked. */
  readonly begin?: () => void;
}

/**
 * The error that tells everything that is wrong, once: with the job file, with
 * the files of its items, and with the model.
 */
async function refusal(
  { items, problems }: Work,
  { options: { input, overwrite }, errors, signal }: {
    options: GenerateOptions;
    errors: readonly unknown[];
    signal: AbortSignal;
  },
): Promise<Error> {
  const found = await checkItems(items, {
    engine: undefined,
    overwrite,
    signal,
  });
  if ("path" in input && errors.length + found.length === 0) {
    return new JobFileError(input.path, problems);
  }
  return new UsageError(describeProblems([
    ...problems,
    ...found.map(ofItem),
    ...errors.map((error) => ({ message: messageOf(error) })),
  ]));
}

function ofItem({ item: { line }, error }: ItemProblem): Problem {
  return { ...(line !== undefined && { line }), message: messageOf(error) };
}

/** Checks the items and runs them. */
async function runWork(
  { items, copy, earlier }: Omit<Work, "problems">,
  { overwrite, crf, retries, heartbeat }: GenerateOptions,
  { engines, report, metrics, signal, begin }: WorkContext,
): Promise<RunSummary> {
  const engine = engines[0]!;
  const problems = await checkItems(items, {
    ...{ engine, overwrite, signal },
    ...(earlier && { earlier }),
  });
  if (problems.length > 0) {
    throw new UsageError(describeProblems(problems.map(ofItem)));
  }
  begin?.();
  // Its time tells which videos were made from it: it is kept with the text.
  if (copy && copy.text !== copy.before) {
    await writeFileAtomic(copy.path, copy.text, { overwrite: true });
  }
  using _heartbeat = everySeconds(
    heartbeat,
    () => report.heartbeat(metrics.now()),
  );
  return await runItems(items, {
    engines,
    overwrite,
    crf,
    retries: { count: retries, ...RETRY_WAITS },
    signal,
    onEvent: (event) => {
      metrics.event(event);
      report.event(event);
    },
  });
}

/**
 * Runs the job files of a folder until it is stopped. What is wrong with one
 * is reported and does not stop the others; it is run again when it changes.
 */
async function watchFolder(
  options: GenerateOptions,
  folder: string,
  signal: AbortSignal,
): Promise<number> {
  const report = createReport(options);
  const metrics = new MetricsCounter();
  const { control } = options.control;
  const { checkpoint, errors } = await planEngines(options);
  if (errors.length > 0) {
    throw new UsageError(
      describeProblems(errors.map((error) => ({ message: messageOf(error) }))),
    );
  }
  const { engines, inputs } = await openEngines(options, {
    items: Infinity,
    checkpoint,
    asksTraining: control === undefined,
    signal,
    onNote: report.say,
  });
  await using _closing = closing(engines);
  using _weights = await protectInputs(inputs);
  using _heartbeat = everySeconds(
    options.heartbeat,
    () => report.heartbeat(metrics.now()),
  );
  report.begin(engines[0]!, []);
  try {
    for await (const { path, revisit } of watchJobFiles(folder, { signal })) {
      const one: GenerateOptions = {
        ...options,
        heartbeat: 0, // there is one already
        input: { kind: "jobs", path },
        out: outputOf(path, options.out ?? "samples"),
      };
      try {
        const work = await readWork(one, report);
        if (work.problems.length > 0) {
          throw await refusal(work, { options: one, errors: [], signal });
        }
        using _inputs = await protectInputs(await inputsOf(one, work.items));
        const context = { engines, report, metrics, signal };
        const summary = await runWork(work, one, context);
        if (summary.locked > 0) revisit();
        report.jobFile(path, summary);
      } catch (error) {
        if (signal.aborted || error instanceof Deno.errors.NotCapable) {
          throw error;
        }
        report.jobFile(path, { error });
      }
    }
  } finally {
    report.stop();
  }
  return 0;
}

/** The files that a run reads, except those of the engines. */
async function inputsOf(
  { input, trackReading }: GenerateOptions,
  items: readonly RunItem[],
): Promise<string[]> {
  const files = readingInputs(trackReading);
  if ("path" in input) files.push(input.path);
  for (const item of items) files.push(...await inputFiles(item));
  return files;
}

/** The items that a command line asks for, every path looked up. */
async function readWork(
  {
    input,
    engine,
    trackReading,
    out,
    saveFile,
    negativePrompt: negative,
    seed,
    shard,
    control,
    overlap,
  }: GenerateOptions,
  report: Report,
): Promise<Work> {
  const where = {
    ...(out !== undefined && { out }),
    ...(saveFile !== undefined && { saveFile }),
    ...(overlap !== undefined && { overlap }),
  };
  const reading = { trackReading: await resolveReading(trackReading) };
  const defaults = {
    ...(negative !== undefined && { negative }),
    ...(seed !== undefined && { seed }),
  };
  if (input.kind === "jobs") {
    const { jobs, problems, warnings, others } = await tryReadJobs(
      input.path,
      { text: engine === "preview" ? "optional" : "required", control },
    );
    report.warn(input.path, warnings);
    for (const { index, imageFile, trackFile, signalFile, maskFile } of jobs) {
      for (const file of [imageFile, trackFile, signalFile, maskFile]) {
        if (file) report.detail(`${index}: ${file.path} (${file.from})`);
      }
    }
    const all = planRun(
      jobs.map((job) => ({ ...defaults, ...reading, ...job })),
      { ...where, control },
    );
    const [part, of] = shard;
    const items = all.filter(({ index }) => index % of === part - 1);
    for (const { index, steering } of items) {
      if (steering) report.detail(`${index}: ${describeSteering(steering)}`);
    }
    if (problems.length > 0) {
      const found = await problemsOf(others, trackReading);
      return { items, copy: undefined, problems: [...problems, ...found] };
    }
    const text = await readJobsText(input.path);
    const copy = out === undefined ? undefined : await planJobsCopy({
      text,
      jobFile: input.path,
      items: all,
      folder: out,
    });
    const earlier = await earlierRuns({ jobs, copy, ...where, input });
    return { items, copy, earlier, problems: [] };
  }
  if (input.kind !== "item") throw new TypeError(`unexpected ${input.kind}`);
  const { image, track, steering, nextTexts, inOneSegment } = input;
  // The copy of a single item has its flags, too.
  const own = steering ? {} : control;
  const { motion_signal: signal } = own;
  const text = input.text ??
    (signal === undefined ? undefined : await readSignalPrompt(signal)) ?? "";
  const items = planRun([{
    index: 0,
    text,
    imageFile: { path: image },
    trackFile: { path: track },
    ...defaults,
    ...reading,
    ...own,
    ...(own.motion_signal !== undefined &&
      { signalFile: { path: own.motion_signal } }),
    ...(own.motion_mask !== undefined &&
      { maskFile: { path: own.motion_mask } }),
    ...(steering && { steering }),
    ...(nextTexts && { nextTexts }),
    ...(inOneSegment && { inOneSegment }),
  }], where);
  const copy = out === undefined ? undefined : await planJobsCopy({
    text: upsertJob("", {
      ...{ image, text, track, ...defaults, ...own },
      ...(nextTexts && { nextTexts }),
    }),
    items,
    folder: out,
  });
  const earlier = await earlierRuns({ copy, ...where });
  return { items, copy, earlier, problems: [] };
}

/** The control method of an item. */
function methodOf(steering: Steering | undefined): ControlMethod {
  return (steering?.control ?? DEFAULT_CONTROL).method;
}

/** What is wrong with the files of entries that have other problems, too. */
async function problemsOf(
  others: FoundJobs["others"],
  trackReading: TrackReading,
): Promise<JobProblem[]> {
  const problems: JobProblem[] = [];
  for (const { lines, imageFile, trackFile } of others) {
    const errors = await inputErrors({
      ...(imageFile && { image: imageFile.path }),
      ...(trackFile && { track: trackFile.path }),
      trackReading,
    });
    for (const error of errors) {
      problems.push({ line: lines.entry, message: messageOf(error) });
    }
  }
  return problems;
}

/** Problems that are shown; the others are counted. */
const MAX_SHOWN = 200;

/**
 * All that is wrong, line by line; what several have in common once: a message,
 * or what to do about them, which comes with the last.
 */
function describeProblems(problems: readonly Problem[]): string {
  const byMessage = new Map<string, number[]>();
  for (const { line, message } of problems) {
    const lines = byMessage.get(message) ?? [];
    if (line !== undefined) lines.push(line);
    byMessage.set(message, lines);
  }
  const shown = [...byMessage]
    .toSorted(([, a], [, b]) => (a[0] ?? Infinity) - (b[0] ?? Infinity) || 0)
    .map(([message, lines]) =>
      lines.length === 0 ? message : `line ${lines.join(", ")}: ${message}`
    );
  if (shown.length === 1) return shown[0]!;
  const more = shown.length - MAX_SHOWN;
  const texts = shown.slice(0, MAX_SHOWN);
  const told = texts.map((text) => /\nHINT: .*$/.exec(text)?.[0] ?? "");
  return [
    `Cannot start: ${shown.length} problems`,
    ...texts.map((text, i) => {
      const hint = told[i]!;
      const isLast = told.lastIndexOf(hint) === i;
      return (isLast ? text : text.replace(hint, "")).replaceAll("\n", "\n  ");
    }),
    ...(more > 0 ? [`and ${more} more`] : []),
  ].join("\n  ");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function closing(engines: readonly Engine[]): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      for (const engine of engines) await engine[Symbol.asyncDispose]();
    },
  };
}

if (import.meta.main) await runTool(TOOL, main);
