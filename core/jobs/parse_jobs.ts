/**
 * A job file's text, read: its entries, and everything that is wrong with it.
 * The files it names are looked up in `read_jobs.ts`.
 *
 * @module
 */

import { quote, withHint } from "../base/errors.ts";
import { isSeed } from "../base/seed.ts";
import {
  type ControlValues,
  controlValuesIn,
} from "../control/control_values.ts";
import {
  describeIdleMotion,
  describeStray,
  findStray,
  withControlDefaults,
} from "../control/resolve_control.ts";
import {
  expectation,
  faultOf,
  KEYS,
  REQUIRED,
  tidy,
  writtenValue,
} from "./_entry_values.ts";
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
  type Scalar,
  tidyMessage,
  visit,
} from "./_yaml.ts";
import { excessOf, MAX_ENTRIES } from "./_yaml_size.ts";
import { FIRST_FRAME, isSignalFolder, NO_TRACKS } from "./signal_folder.ts";
import type { JobEntry, JobProblem, ParsedJob } from "./job_file.ts";

/** After so many problems the other entries are not read. */
const MAX_PROBLEMS = 1000;

/** Keys of an entry that are read; there are far fewer that mean anything. */
const MAX_KEYS = 100;

/** How a job file is parsed. */
export interface ParseOptions {
  /**
   * Whether entries need a prompt; by default they do. An entry without one
   * (or with `text: null`, as ATI's own editor writes) has an empty one then.
   */
  readonly text?: "required" | "optional";
  /**
   * How motion enters the model where an entry does not say it. Without it only
   * what an entry itself contradicts is a problem.
   */
  readonly control?: ControlValues;
}

/** What {@linkcode parseJobs} finds. */
export interface ParsedJobs {
  /** The entries without a problem. */
  readonly jobs: ParsedJob[];
  /** Everything that is wrong. */
  readonly problems: JobProblem[];
  /** What YAML has changed, or would have: each is used as the message says. */
  readonly warnings: JobProblem[];
  /** What could be read of the entries that have a problem. */
  readonly faulty: FaultyJob[];
}

/** An entry that has a problem: its values that are right. */
export type FaultyJob =
  & Partial<JobEntry>
  & Pick<ParsedJob, "index" | "lines">;

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
  options: ParseOptions = {},
): ParsedJobs {
  const counter = new LineCounter();
  const problems: JobProblem[] = [];
  const warnings: JobProblem[] = [];
  const nothing = { jobs: [], problems, warnings, faulty: [] };
  const excess = excessOf(text);
  if (excess !== undefined) {
    problems.push({ line: 1, message: `the file has ${excess}` });
    return nothing;
  }
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
    return nothing;
  }
  if (problems.length > 0) return nothing;

  if (!isSeq(root)) {
    report(
      root?.range?.[0] ?? 0,
      withHint(
        `the file holds ${describeNode(root)}, expected a list of entries`,
        "Begin every entry with a dash: - image: image.jpg",
      ),
    );
    return nothing;
  }
  if (root.items.length === 0 || root.items.length > MAX_ENTRIES) {
    report(
      root.range?.[0] ?? 0,
      `the list has ${root.items.length} entries, expected 1 to ${MAX_ENTRIES}`,
    );
    return nothing;
  }

  const jobs: ParsedJob[] = [];
  const faulty: FaultyJob[] = [];
  for (const [index, item] of root.items.entries()) {
    if (problems.length > MAX_PROBLEMS) {
      report(
        item?.range?.[0] ?? 0,
        `the entries from ${index} on were not read: there are too many problems`,
      );
      break;
    }
    const before = problems.length;
    const job = parseEntry(item as ParsedNode | null, index, {
      text,
      isTextRequired: options.text !== "optional",
      control: options.control,
      lineAt,
      report,
      warn: (line, message) => warnings.push({ line, message }),
      start: root.range?.[0] ?? 0,
    });
    if (job && problems.length === before) jobs.push(job as ParsedJob);
    else if (job) faulty.push(job);
  }
  reportSameNames(jobs, problems);
  return { jobs, problems, warnings, faulty };
}

/** What {@linkcode parseEntry} needs of the file around it. */
interface EntryContext {
  readonly text: string;
  readonly isTextRequired: boolean;
  readonly control: ControlValues | undefined;
  readonly warn: (line: number, message: string) => void;
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
      `the file holds at least ${documents.length} YAML documents, expected one`,
    );
  }
  reportSyntax(document, { text, report });
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
 * What YAML itself is wrong. Only the first error is told: the others are what
 * follows from it.
 */
function reportSyntax(
  { errors, warnings }: Document.Parsed,
  { text, report }: Pick<EntryContext, "text" | "report">,
): void {
  for (const { pos, message } of errors.slice(0, 1)) {
    // An error is told where the parser noticed it, a line late at most.
    const from = text.lastIndexOf("\n", text.lastIndexOf("\n", pos[0] - 1) - 1);
    const near = text.slice(Math.max(0, from), text.indexOf("\n", pos[0]) + 1);
    report(
      pos[0],
      withHint(
        tidyMessage(message),
        /\btabs?\b/i.test(message) || /^ *\t/m.test(near)
          ? "YAML takes no tab at the start of a line: indent with spaces."
          : 'An entry begins with a dash, its keys are below each other, and a text with ": " or " #" in it needs quotes.',
      ),
    );
  }
  for (const { pos, message } of warnings) {
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
  context: EntryContext,
): FaultyJob | undefined {
  const { lineAt, report, start, isTextRequired } = context;
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
  let nextTexts: readonly string[] | undefined;
  for (const pair of item.items.slice(0, MAX_KEYS)) {
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
    if (lines[name] !== undefined) {
      report(keyAt, "map keys must be unique");
      continue;
    }
    lines[name] = lineAt(keyAt);
    places[name] = keyAt;
    if (name === "text" && isSeq(node) && node.items.length > 0) {
      const texts = node.items.map((text) =>
        isScalar(text) ? readValue(name, text, context) : text
      );
      const fault = texts.map((text) => faultOf(name, text)).find(Boolean);
      if (fault) report(keyAt, `a text of the list is ${fault}`);
      else {
        const [first, ...next] = texts.map(tidy) as [string, ...string[]];
        values.text = first;
        nextTexts = next;
      }
      continue;
    }
    if (node !== null && !isScalar(node)) {
      report(
        keyAt,
        `${name} is ${describeNode(node)}, expected ${expectation(name)}`,
      );
      continue;
    }
    const value = readValue(name, node, context);
    if (value === null && name === "text" && !isTextRequired) continue;
    const fault = faultOf(name, value);
    if (fault) report(keyAt, `${name} is ${fault}`);
    else values[name] = tidy(value);
  }
  if (!isTextRequired) values.text ??= "";
  takeFromSignal(values, lines);
  const own = controlValuesIn(values as ControlValues);
  const control = withControlDefaults(own, context.control ?? {});
  const write = (key: string, value?: string) =>
    value === undefined ? key : `${key}: ${value}`;
  const idle = describeIdleMotion(control, write);
  if (idle !== undefined) {
    report(places.motion_start ?? places.motion_end ?? at, idle);
  }
  for (const stray of findStray(control)) {
    const chooser = stray.owner === "time_to_move" ? stray.owner : "control";
    const isOpen = context.control === undefined && own[chooser] === undefined;
    if (isOpen) continue;
    report(places[stray.key] ?? at, describeStray(stray, control, write));
  }
  for (const name of REQUIRED) {
    if (lines[name] === undefined && values[name] === undefined) {
      report(
        at,
        `entry ${index} has no ${name}, expected ${expectation(name)}`,
      );
    }
  }
  return {
    ...(values as Partial<JobEntry>),
    ...(nextTexts && { nextTexts }),
    index,
    lines: { ...lines, entry: lineAt(at) },
  };
}

/**
 * A value as it was written, with a warning where YAML has another idea of it:
 * a `#` after a space begins a comment, which cuts a prompt without an error.
 */
function readValue(
  key: keyof JobEntry,
  node: Scalar.Parsed | null,
  { text, lineAt, warn }: EntryContext,
): unknown {
  if (node === null) return null;
  let value = writtenValue(key, node);
  const [from, end] = node.range;
  const line = lineAt(from);
  if (key === "seed") {
    const { source, type } = node;
    if (type === "PLAIN" && isSeed(value) && String(value) !== source) {
      warn(line, `seed is written ${source} and read as ${value}`);
    }
    return value;
  }
  if (node.type !== "PLAIN") return value;
  if (value !== node.value) {
    warn(
      line,
      withHint(
        `${key} is read as ${quote(value)}: to YAML it is the ${typeof node
          .value} ${quote(node.value)}`,
        `Put the ${key} in quotes.`,
      ),
    );
  }
  const comment = /^[ \t]*(#.*)/.exec(text.slice(end, end + 10_000))?.[1]
    ?.trimEnd();
  if (comment === undefined) return value;
  const isPrompt = key === "text" || key === "negative";
  const isGlued = /^#[\p{L}\p{N}]/u.test(comment);
  if (isPrompt && isGlued) {
    const kept = comment.replace(/\s+#(?:\s.*)?$/, "");
    value = value === null ? kept : `${value} ${kept}`;
    warn(
      line,
      withHint(
        `${key} is read as ${quote(value)}: YAML takes ${
          quote(kept)
        } for a comment`,
        `Put the ${key} in quotes, or write "# " before a comment.`,
      ),
    );
  } else if (isGlued || isPrompt && value !== null) {
    warn(
      line,
      withHint(
        `${key} is read as ${quote(value)}: ${quote(comment)} is a comment`,
        `If it is part of the ${key}, put it in quotes.`,
      ),
    );
  }
  return value;
}

/**
 * What a motion signal makes unnecessary: tracks, and image and prompt where it
 * is the folder of Time-to-Move's own tools, which has both.
 */
function takeFromSignal(
  values: Partial<Record<keyof JobEntry, unknown>>,
  lines: Partial<Record<keyof JobEntry, number>>,
): void {
  const { motion_signal: signal } = values;
  if (typeof signal !== "string") return;
  if (lines.track === undefined) values.track = NO_TRACKS;
  if (!isSignalFolder(signal)) return;
  if (lines.image === undefined) values.image = `${signal}/${FIRST_FRAME}`;
  if (lines.text === undefined) values.text ??= "";
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
