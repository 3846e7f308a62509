#!/usr/bin/env -S deno run --allow-read --allow-write --allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE

/**
 * Images, tracks and prompts in; videos that move along the tracks out. The
 * `run_example.sh` and `generate.py` of this toolkit.
 *
 * @module
 */

import type { Engine } from "../core/jobs/engine.ts";
import { writeFileAtomic } from "../core/files/files.ts";
import { protectInputs } from "../core/files/inputs.ts";
import { upsertJob } from "../core/jobs/edit_jobs.ts";
import { type JobsCopy, planJobsCopy } from "../core/jobs/copy_jobs.ts";
import { inputFiles } from "../core/jobs/item_inputs.ts";
import { JobFileError } from "../core/jobs/job_file.ts";
import { readSignalPrompt } from "../core/jobs/signal_folder.ts";
import { planRun, type RunItem } from "../core/jobs/plan_run.ts";
import { readJobsText, tryReadJobs } from "../core/jobs/read_jobs.ts";
import { checkItems, type ItemProblem } from "../core/jobs/check_items.ts";
import { runItems } from "../core/jobs/run_items.ts";
import type { RunSummary } from "../core/jobs/run_options.ts";
import { openEngines } from "./_generate/engines.ts";
import { followRecipe } from "./_generate/from_recipe.ts";
import type { GenerateOptions } from "./_generate/options.ts";
import { parseGenerateOptions } from "./_generate/parse_options.ts";
import { everySeconds, MetricsCounter } from "./_generate/metrics.ts";
import { createReport, type Report } from "./_generate/report.ts";
import { outputOf, watchJobFiles } from "./_generate/watch.ts";
import { runTool, type ToolContext, UsageError } from "./shared/tool.ts";
import { readingInputs, resolveReading } from "./shared/track_reading.ts";

/** The permissions of the first line. */
export const PERMISSIONS =
  "--allow-read --allow-write --allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE";

/** What a command line comes to, when its job file has been read. */
interface Work {
  readonly items: readonly RunItem[];
  readonly copy: JobsCopy | undefined;
}

/** Waits between attempts at an item that failed for a while. */
const RETRY_WAITS = { firstMs: 10_000, mostMs: 600_000 };

async function main({ args, signal }: ToolContext): Promise<number> {
  const given = parseGenerateOptions(args);
  if (given.input.kind === "watch") {
    return await watchFolder(given, given.input.path, signal);
  }
  const { options, recipe } = given.input.kind === "recipe"
    ? await followRecipe(given, given.input.path)
    : { options: given };
  const report = createReport(options);
  const { items, copy } = await readWork(options, report);
  const { control } = options.control;
  using _inputs = await protectInputs(await inputsOf(given, items));
  const { engines, inputs } = await openEngines(options, {
    items: items.length,
    weights: recipe?.checkpoint.weights,
    asksTraining: !recipe && control === undefined,
    signal,
    onNote: report.say,
  });
  await using _closing = closing(engines);
  using _weights = await protectInputs(inputs);

  const metrics = new MetricsCounter();
  try {
    const begin = () => report.begin(engines[0]!, items);
    const summary = await runWork({ items, copy }, options, {
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

/** Checks the items and runs them. */
async function runWork(
  { items, copy }: Work,
  { overwrite, crf, retries, heartbeat }: GenerateOptions,
  { engines, report, metrics, signal, begin }: WorkContext,
): Promise<RunSummary> {
  const engine = engines[0]!;
  const problems = await checkItems(items, { engine, overwrite, signal });
  if (problems.length > 0) throw new UsageError(describeProblems(problems));
  begin?.();
  if (copy) await writeFileAtomic(copy.path, copy.text, { overwrite: true });
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
  const { engines, inputs } = await openEngines(options, {
    items: Infinity,
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
  }: GenerateOptions,
  report: Report,
): Promise<Work> {
  const where = {
    ...(out !== undefined && { out }),
    ...(saveFile !== undefined && { saveFile }),
  };
  const reading = { trackReading: await resolveReading(trackReading) };
  const defaults = {
    ...(negative !== undefined && { negative }),
    ...(seed !== undefined && { seed }),
  };
  if (input.kind === "jobs") {
    const { jobs, problems, warnings } = await tryReadJobs(input.path, {
      text: engine === "preview" ? "optional" : "required",
    });
    report.warn(input.path, warnings);
    if (problems.length > 0) throw new JobFileError(input.path, problems);
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
    const text = await readJobsText(input.path);
    const copy = out === undefined ? undefined : await planJobsCopy({
      text,
      jobFile: input.path,
      items: all,
      folder: out,
    });
    return { items, copy };
  }
  if (input.kind !== "item") throw new TypeError(`unexpected ${input.kind}`);
  const { image, track, steering } = input;
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
  }], where);
  const copy = out === undefined ? undefined : await planJobsCopy({
    text: upsertJob("", { image, text, track, ...defaults, ...own }),
    items,
    folder: out,
  });
  return { items, copy };
}

/** All that is wrong with the items; what several have in common once. */
function describeProblems(problems: readonly ItemProblem[]): string {
  const byMessage = new Map<string, string[]>();
  for (const { item, error } of problems) {
    const message = error instanceof Error ? error.message : String(error);
    const label = item.line === undefined ? "" : `line ${item.line}`;
    byMessage.set(message, [...byMessage.get(message) ?? [], label]);
  }
  const shown = [...byMessage].map(([message, labels]) => {
    const where = labels.filter(Boolean).join(", ");
    return where ? `${where}: ${message}` : message;
  });
  return shown.length === 1
    ? shown[0]!
    : `Cannot start: ${shown.length} problems\n  ${
      shown.map((line) => line.replaceAll("\n", "\n  ")).join("\n  ")
    }`;
}

function closing(engines: readonly Engine[]): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      for (const engine of engines) await engine[Symbol.asyncDispose]();
    },
  };
}

if (import.meta.main) {
  await runTool(
    { script: "tools/generate.ts", permissions: PERMISSIONS },
    main,
  );
}
