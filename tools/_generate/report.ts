/**
 * What `generate.ts` prints: bars or lines for people, or one line of JSON for
 * each item.
 *
 * @module
 */

import type { Engine } from "../../core/jobs/engine.ts";
import type { JobProblem } from "../../core/jobs/job_file.ts";
import type { RunItem } from "../../core/jobs/plan_run.ts";
import type { RunEvent, RunSummary } from "../../core/jobs/run_options.ts";
import type { GenerateOptions } from "./options.ts";
import type { Metrics } from "./metrics.ts";
import { createProgress } from "../shared/progress.ts";
import { printError, printLine } from "../shared/tool.ts";

/** Warnings about a job file that are shown to people. */
const MAX_WARNINGS = 5;

/** Tells how a run goes. */
export interface Report {
  /** Something that only `--verbose` shows. */
  detail(line: string): void;
  /** Something that people are always told. */
  say(line: string): void;
  /** What a job file does not say as it was meant, perhaps. */
  warn(jobFile: string, warnings: readonly JobProblem[]): void;
  /** Everything was checked; the work begins. */
  begin(engine: Engine, items: readonly RunItem[]): void;
  /** Something happened. */
  event(event: RunEvent): void;
  /** A heartbeat is due. */
  heartbeat(metrics: Metrics): void;
  /** A job file of a watched folder is over, or could not be begun. */
  jobFile(path: string, result: RunSummary | { readonly error: unknown }): void;
  /** The work is done. */
  end(summary: RunSummary): void;
  /** Nothing more will be told, even if the work is not done. */
  stop(): void;
}

/** The report that the options ask for. */
export function createReport(
  options: Pick<GenerateOptions, "print" | "verbose" | "notes">,
): Report {
  if (options.print === "json") return jsonReport({ steps: false });
  if (options.print === "json-progress") return jsonReport({ steps: true });
  if (options.print === "nothing") return quietReport();
  return peopleReport(options);
}

function peopleReport(
  { verbose, notes }: Pick<GenerateOptions, "verbose" | "notes">,
): Report {
  const progress = createProgress({
    terminal: Deno.stdout.isTerminal() && Deno.stderr.isTerminal(),
    print: printLine,
  });
  let total = 0;
  let place = "";
  return {
    detail(line) {
      if (verbose) progress.line(line);
    },
    say: (line) => progress.line(line),
    warn(jobFile, warnings) {
      for (const { line, message } of warnings.slice(0, MAX_WARNINGS)) {
        progress.line(`${jobFile}, line ${line}: ${message}`);
      }
      const more = warnings.length - MAX_WARNINGS;
      if (more > 0) progress.line(`${jobFile}: ${more} more lines like these`);
    },
    begin(engine, items) {
      total = items.length;
      place = commonFolder(items);
      for (const note of notes) progress.line(note);
      if (engine.name === "preview") {
        progress.line(
          "Motion preview: no model is used, nothing is generated. The images are moved along their tracks.",
        );
      }
      if (total === 0) return; // a folder is watched
      progress.line(
        `${total} ${total === 1 ? "item" : "items"}${place && ` to ${place}`}`,
      );
    },
    event(event) {
      const { item } = event;
      const label = `[${item.index + 1}] ${item.name}`;
      if (event.type === "progress") progress.step(label, event);
      else if (event.type === "note") {
        if (verbose || event.about !== "inputs") {
          progress.line(`${label}: ${event.message}`);
        }
      } else if (event.type === "retry") {
        progress.end(label);
        const seconds = Math.round(event.waitMs / 1000);
        progress.line(
          `${label}: trying again in ${seconds} s: ${messageOf(event.error)}`,
        );
      } else if (event.type === "started") {
        progress.line(`${label}: ${item.image}`);
      } else {
        progress.end(label);
        if (event.type === "done") {
          progress.line(
            `${label}: ${item.outputs.video} in ${event.seconds.toFixed(1)} s`,
          );
        } else if (event.type === "skipped") {
          progress.line(`${label}: already exists, skipped`);
        } else if (event.type === "locked") {
          progress.line(`${label}: skipped: locked by another process`);
        } else {
          progress.line(`${label}: failed`);
          printError(messageOf(event.error));
        }
      }
    },
    heartbeat({ done, failed, running, rss_bytes }) {
      const items = running.map(({ name, stage, done, total }) =>
        stage === undefined ? name : `${name}: ${stage} ${done}/${total}`
      );
      progress.line(
        `alive: ${done} done, ${failed} failed; ${
          items.join(", ") || "waiting"
        }; ${(rss_bytes / 1e9).toFixed(1)} GB`,
      );
    },
    jobFile(path, result) {
      if ("error" in result) {
        printError(`${path}: ${messageOf(result.error)}`);
      } else {
        progress.line(`${path}: ${result.done} done, ${result.failed} failed`);
      }
    },
    end({ done, skipped, locked, failed }) {
      progress.stop();
      const parts = [`${done} done`];
      if (skipped) {
        parts.push(`${skipped} skipped (--overwrite to replace them)`);
      }
      if (locked) parts.push(`${locked} locked`);
      if (failed) parts.push(`${failed} failed`);
      printLine(parts.join(", "));
    },
    stop: () => progress.stop(),
  };
}

function quietReport(): Report {
  return {
    detail() {},
    say() {},
    warn() {},
    begin() {},
    event(event) {
      if (event.type !== "failed") return;
      printError(`${event.item.image}: ${messageOf(event.error)}`);
    },
    heartbeat() {},
    jobFile(path, result) {
      if ("error" in result) {
        printError(`${path}: ${messageOf(result.error)}`);
      }
    },
    end() {},
    stop() {},
  };
}

/** One line for each item when it is over, and for its steps if asked for. */
function jsonReport({ steps }: { readonly steps: boolean }): Report {
  let engine: string | undefined;
  const notes = new Map<RunItem, string[]>();
  return {
    detail() {},
    say() {},
    warn(jobFile, warnings) {
      for (const { line, message } of warnings) {
        printLine(JSON.stringify({
          status: "warning",
          job_file: jobFile,
          line,
          message,
        }));
      }
    },
    begin({ name }) {
      engine = name;
    },
    event(event) {
      const { item, type } = event;
      if (type === "started" || type === "progress") {
        if (!steps) return;
        printLine(JSON.stringify({
          status: type,
          index: item.index,
          name: item.name,
          ...(type === "progress" && {
            stage: event.stage,
            done: event.done,
            total: event.total,
          }),
        }));
        return;
      }
      if (type === "note") {
        const known = notes.get(item);
        if (known) known.push(event.message);
        else notes.set(item, [event.message]);
        return;
      }
      printLine(JSON.stringify({
        status: type,
        index: item.index,
        name: item.name,
        engine,
        image: item.image,
        track: item.track,
        ...item.outputs,
        ...(type === "done" && {
          seconds: Number(event.seconds.toFixed(3)),
          notes: notes.get(item) ?? [],
        }),
        ...(type === "retry" && {
          attempt: event.attempt,
          wait_seconds: event.waitMs / 1000,
        }),
        ...((type === "failed" || type === "retry") && {
          error: messageOf(event.error),
        }),
      }));
    },
    heartbeat(metrics) {
      printLine(JSON.stringify({ status: "heartbeat", ...metrics }));
    },
    jobFile(path, result) {
      printLine(JSON.stringify(
        "error" in result
          ? {
            status: "job_file_failed",
            job_file: path,
            error: messageOf(result.error),
          }
          : { status: "job_file", job_file: path, ...result },
      ));
    },
    end() {},
    stop() {},
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The folder of all outputs, as it was written. */
function commonFolder(items: readonly RunItem[]): string {
  const first = items[0]?.outputs;
  return first?.videoTracks?.replace(/[\\/]outputs_vis[\\/][^\\/]*$/, "") ?? "";
}
