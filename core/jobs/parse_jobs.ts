/**
 * A job file's text, read: its entries, and everything that is wrong with it.
 * The files it names are looked up in `read_jobs.ts`.
 *
 * @module
 */

import { quote, withHint } from "../base/errors.ts";
import {
  type ControlValues,
  controlValuesIn,
} from "../control/control_values.ts";
import { describeStray, findStray } from "../control/resolve_control.ts";
import { expectation, faultOf, KEYS, REQUIRED, tidy } from "./_entry_values.ts";
import {
  describeNode,
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocuments,
  tidyMessage,
  visit,
} from "./_yaml.ts";
import type { JobEntry, JobProblem, ParsedJob } from "./job_file.ts";

const MAX_ENTRIES = 100_000;

/**
 * The entries of a job file, and everything that is wrong with its text:
 * YAML errors, unknown, missing or repeated keys, values of the wrong kind,
 * names that cannot be file names. An entry with a problem is not among the
 * jobs; the others keep their place in `index`. Never throws.
 *
 * Aliases, tags and several documents are refused: no job file needs them, and
 * a few lines of aliases can stand for gigabytes.
 */
export function parseJobs(
  text: string,
): { jobs: ParsedJob[]; problems: JobProblem[] } {
  const counter = new LineCounter();
  const problems: JobProblem[] = [];
  const lineAt = (offset: number) => Math.max(1, counter.linePos(offset).line);
  const report = (offset: number, message: string) => {
    problems.push({ line: lineAt(offset), message });
  };

  let root: ParsedNode | null;
  try {
    root = parseText(text, counter, report);
  } catch (error) {
    // The parser is recursive: nesting without end exhausts its stack.
    if (!(error instanceof RangeError)) throw error;
    report(0, "the YAML is nested too deeply, expected a list of entries");
    return { jobs: [], problems };
  }
  if (problems.length > 0) return { jobs: [], problems };

  if (!isSeq(root)) {
    report(
      root?.range?.[0] ?? 0,
      withHint(
        `the file holds ${describeNode(root)}, expected a list of entries`,
        "Begin every entry with a dash: - image: image.jpg",
      ),
    );
    return { jobs: [], problems };
  }
  if (root.items.length === 0 || root.items.length > MAX_ENTRIES) {
    report(
      root.range?.[0] ?? 0,
      `the list has ${root.items.length} entries, expected 1 to ${MAX_ENTRIES}`,
    );
    return { jobs: [], problems };
  }

  const jobs: ParsedJob[] = [];
  (root.items as (ParsedNode | null)[]).forEach((item, index) => {
    const before = problems.length;
    const job = parseEntry(item, index, {
      lineAt,
      report,
      start: root.range?.[0] ?? 0,
    });
    if (job && problems.length === before) jobs.push(job);
  });
  reportSameNames(jobs, problems);
  return { jobs, problems };
}

/** What {@linkcode parseEntry} needs of the file around it. */
interface EntryContext {
  readonly lineAt: (offset: number) => number;
  readonly report: (offset: number, message: string) => void;
  /** Where to point for an entry that has no place of its own. */
  readonly start: number;
}

function parseText(
  text: string,
  lineCounter: LineCounter,
  report: EntryContext["report"],
): ParsedNode | null {
  const documents = parseDocuments(text, { lineCounter, strict: true });
  const [document, second] = documents;
  if (!document) return null;
  if (second) {
    report(
      second.range[0],
      `the file holds ${documents.length} YAML documents, expected one`,
    );
  }
  reportSyntax(document, report);
  visit(document, {
    Alias: (_, node) => {
      report(
        node.range?.[0] ?? 0,
        `*${node.source} is an alias, expected the value itself`,
      );
    },
    Value: (_, node) => {
      if (node.tag !== undefined && !isPlainTag(node)) {
        report(
          node.range?.[0] ?? 0,
          `the tag ${quote(node.tag)} is not known here, expected plain values`,
        );
      }
    },
  });
  return document.contents;
}

/**
 * What YAML itself is wrong. Of errors in the layout only the first is told:
 * the others are what follows from it.
 */
function reportSyntax(
  { errors, warnings }: Document.Parsed,
  report: EntryContext["report"],
): void {
  const ofLayout = errors.filter(({ code }) => code !== "DUPLICATE_KEY");
  const others = errors.filter(({ code }) => code === "DUPLICATE_KEY");
  for (const { pos, message } of ofLayout.slice(0, 1)) {
    report(
      pos[0],
      withHint(
        tidyMessage(message),
        'An entry begins with a dash, its keys are below each other, and a text with ": " or " #" in it needs quotes.',
      ),
    );
  }
  for (const { pos, message } of [...others, ...warnings]) {
    report(pos[0], tidyMessage(message));
  }
}

function isPlainTag(node: Node & { tag?: string }): boolean {
  return /^tag:yaml\.org,2002:(map|seq|str|int|float|bool|null)$/
    .test(node.tag ?? "");
}

function parseEntry(
  item: ParsedNode | null,
  index: number,
  { lineAt, report, start }: EntryContext,
): ParsedJob | undefined {
  const at = item?.range?.[0] ?? start;
  if (!isMap(item)) {
    report(
      at,
      `entry ${index} is ${describeNode(item)}, expected image, text and track`,
    );
    return undefined;
  }
  const values: Partial<Record<keyof JobEntry, unknown>> = {};
  const lines: Partial<Record<keyof JobEntry, number>> = {};
  const places: Partial<Record<keyof JobEntry, number>> = {};
  for (const pair of item.items) {
    const key = isScalar(pair.key) ? pair.key.value : pair.key;
    const keyAt = (pair.key as ParsedNode | null)?.range?.[0] ?? at;
    if (!KEYS.includes(key as keyof JobEntry)) {
      report(
        keyAt,
        `unknown key ${
          isScalar(pair.key) ? quote(key) : describeNode(pair.key)
        }, expected one of ${KEYS.join(", ")}`,
      );
      continue;
    }
    const name = key as keyof JobEntry;
    const node = pair.value as ParsedNode | null;
    lines[name] = lineAt(keyAt);
    places[name] = keyAt;
    const fault = isScalar(node) || node === null
      ? faultOf(name, node?.value ?? null)
      : `${describeNode(node)}, expected ${expectation(name)}`;
    if (fault) report(keyAt, `${name} is ${fault}`);
    else values[name] = tidy((node as { value?: unknown } | null)?.value);
  }
  const control = controlValuesIn(values as ControlValues);
  for (const stray of findStray(control)) {
    // What the entry does not choose itself the command line may choose.
    const chooser = stray.owner === "time_to_move" ? stray.owner : "control";
    if (control[chooser] === undefined) continue;
    report(
      places[stray.key] ?? at,
      describeStray(
        stray,
        control,
        (key, value) => value === undefined ? key : `${key}: ${value}`,
      ),
    );
  }
  for (const name of REQUIRED) {
    if (lines[name] === undefined) {
      report(
        at,
        `entry ${index} has no ${name}, expected ${expectation(name)}`,
      );
    }
  }
  return {
    ...(values as unknown as JobEntry),
    index,
    lines: { ...lines, entry: lineAt(at) },
  };
}

function reportSameNames(jobs: ParsedJob[], problems: JobProblem[]): void {
  const seen = new Map<string, ParsedJob>();
  for (const job of jobs) {
    if (job.name === undefined) continue;
    // Two names that differ in case are one file on Windows and macOS.
    const key = job.name.normalize("NFC").toLowerCase();
    const first = seen.get(key);
    if (first) {
      problems.push({
        line: job.lines.name ?? job.lines.entry,
        message: `name is ${quote(job.name)}, as in line ${
          first.lines.name ?? first.lines.entry
        }, expected a name of its own`,
      });
    } else seen.set(key, job);
  }
}
