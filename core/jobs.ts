/**
 * The job file: a YAML list of pictures with their tracks and words, as the
 * reference's `examples/test.yaml` has it. Parsing and editing of the text
 * only; the files it names are looked up in `jobs_read.ts`.
 *
 * ```yaml
 * - image: images/boat.jpg
 *   text: A paper boat drifts across a moonlit lake.
 *   track: tracks/boat.pth
 *   seed: 7            # optional, as are negative and name
 * ```
 *
 * The only file that imports `yaml`.
 *
 * @module
 */

import process from "node:process";
import {
  Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type ParsedNode,
  visit,
  YAMLMap,
  type YAMLSeq,
} from "npm:yaml@2.9.1";
import { quote, withHint } from "./errors.ts";

/** One entry of a job file, as it is written there. */
export interface JobEntry {
  /** The picture: a path from the job file's folder or the working directory. */
  readonly image: string;
  /** The prompt, without white space around it; may be empty. */
  readonly text: string;
  /** The track file: a path from the job file's folder or the working directory. */
  readonly track: string;
  /** What the video shall not show; the model's own default where absent. */
  readonly negative?: string;
  /** The seed of this entry's noise, 0 to 2^53 - 1; the run's seed where absent. */
  readonly seed?: number;
  /** The stem of the outputs' names; the entry's number where absent. */
  readonly name?: string;
}

/** An entry of a job file, and where it stands. */
export interface ParsedJob extends JobEntry {
  /** Its place in the list, from 0. */
  readonly index: number;
  /** The line each key stands on, from 1; `entry` is the first line of all. */
  readonly lines: Readonly<
    Partial<Record<keyof JobEntry, number>> & { entry: number }
  >;
}

/** Something that is wrong with a job file. */
export interface JobProblem {
  /** The line, from 1. */
  readonly line: number;
  /** What is wrong there, and what was expected. */
  readonly message: string;
}

/** A job file that cannot be used; lists all that is wrong with it. */
export class JobFileError extends Error {
  /** The class name, as it stands in a printed error. */
  override readonly name = "JobFileError";
  /** Everything that is wrong, in the order of the lines. */
  readonly problems: readonly JobProblem[];

  /** An error about the job file at `path`. */
  constructor(path: string, problems: readonly JobProblem[]) {
    const sorted = problems.toSorted((a, b) => a.line - b.line);
    const count = sorted.length === 1
      ? "1 problem"
      : `${sorted.length} problems`;
    super([
      `Cannot use the job file ${quote(path)}: it has ${count}`,
      ...sorted.map(({ line, message }) =>
        `  line ${line}: ${message.replaceAll("\n", "\n  ")}`
      ),
    ].join("\n"));
    this.problems = sorted;
  }
}

const KEYS = ["image", "text", "track", "negative", "seed", "name"] as const;
const REQUIRED = ["image", "text", "track"] as const;
const MAX_ENTRIES = 100_000;
/** Prompts stay on one line. */
const FORMAT = { lineWidth: 0 };

/**
 * The entries of a job file, and everything that is wrong with its text:
 * YAML errors, unknown, missing or repeated keys, values of the wrong kind,
 * names that cannot be file names. An entry with a problem is not among the
 * jobs; the others keep their place in `index`. Never throws.
 *
 * Aliases, tags and several documents are refused: no job file needs them, and
 * a few lines of aliases can stand for gigabytes.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseJobs } from "./jobs.ts";
 * const { jobs, problems } = parseJobs(
 *   "- {image: a.jpg, text: A cat walks., track: a.pth}\n- {image: b.jpg}\n",
 * );
 * assert.equal(jobs[0]?.text, "A cat walks.");
 * assert.equal(problems[0]?.line, 2); // no text, no track
 * ```
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
        `the file holds ${describe(root)}, expected a list of entries`,
        "Begin every entry with a dash: - image: picture.jpg",
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
  const documents = withoutEnvironment(() =>
    parseAllDocuments(text, { lineCounter, prettyErrors: false, strict: true })
  );
  if (!Array.isArray(documents) || documents.length === 0) return null;
  const second = documents[1];
  if (second) {
    report(
      second.range[0],
      `the file holds ${documents.length} YAML documents, expected one`,
    );
  }
  const document = documents[0]!;
  for (const { pos, message } of [...document.errors, ...document.warnings]) {
    report(pos[0], tidyMessage(message));
  }
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
  return document.contents as ParsedNode | null;
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
      `entry ${index} is ${describe(item)}, expected image, text and track`,
    );
    return undefined;
  }
  const values: Partial<Record<keyof JobEntry, unknown>> = {};
  const lines: Partial<Record<keyof JobEntry, number>> = {};
  for (const pair of item.items) {
    const key = isScalar(pair.key) ? pair.key.value : pair.key;
    const keyAt = (pair.key as ParsedNode | null)?.range?.[0] ?? at;
    if (!KEYS.includes(key as keyof JobEntry)) {
      report(
        keyAt,
        `unknown key ${
          isScalar(pair.key) ? quote(key) : describe(pair.key)
        }, expected one of ${KEYS.join(", ")}`,
      );
      continue;
    }
    const name = key as keyof JobEntry;
    const node = pair.value as ParsedNode | null;
    lines[name] = lineAt(keyAt);
    const fault = isScalar(node) || node === null
      ? faultOf(name, node?.value ?? null)
      : `${describe(node)}, expected ${expectation(name)}`;
    if (fault) report(keyAt, `${name} is ${fault}`);
    else values[name] = tidy((node as { value?: unknown } | null)?.value);
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

/** White space around a string is no part of it (the reference strips it). */
function tidy(value: unknown): unknown {
  return typeof value === "string" ? value.trim() : value;
}

function expectation(key: keyof JobEntry): string {
  switch (key) {
    case "seed":
      return `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`;
    case "name":
      return "a file name without folder or ending, at most 100 characters";
    case "image":
      return "the path of a picture";
    case "track":
      return "the path of a track file";
    default:
      return "text";
  }
}

/** What is wrong with a value, or undefined. */
function faultOf(key: keyof JobEntry, value: unknown): string | undefined {
  const expected = expectation(key);
  if (value === null) {
    return withHint(
      `empty (null), expected ${expected}`,
      `Write ${key}: "" if there shall be none, or leave an optional key out.`,
    );
  }
  if (key === "seed") {
    const whole = Number.isSafeInteger(value) && (value as number) >= 0;
    return whole ? undefined : `${quote(value)}, expected ${expected}`;
  }
  if (typeof value !== "string") {
    return withHint(
      `the ${typeof value} ${quote(value)}, expected ${expected}`,
      `Put it in quotes: ${key}: "${value}"`,
    );
  }
  const text = value.trim();
  if (key === "name") {
    return isOutputName(text)
      ? undefined
      : `${quote(value)}, expected ${expected}`;
  }
  if (key === "image" || key === "track") {
    // deno-lint-ignore no-control-regex
    if (text === "" || /[\x00-\x1f\x7f]/.test(text)) {
      return `${quote(value)}, expected ${expected}`;
    }
  }
  return undefined;
}

/**
 * Whether a string can be the stem of an output file on every system: letters,
 * digits, space and `. _ - ( ) +`, beginning and ending with a letter, a digit
 * or one of `_ ) +`, at most 100 characters, none of Windows' device names.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { isOutputName } from "./jobs.ts";
 * assert.ok(isOutputName("boat at night"));
 * assert.ok(!isOutputName("../boat"));
 * ```
 */
export function isOutputName(name: string): boolean {
  return name.length <= 100 &&
    /^[\p{L}\p{N}_(][\p{L}\p{M}\p{N} ._()+-]*$/u.test(name) &&
    /[\p{L}\p{M}\p{N}_)+]$/u.test(name) &&
    !/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name);
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

/**
 * The text of a job file with `entry` in it: the values of the entry with the
 * same `track` (or whatever `match` names) are replaced, or the entry is put
 * at the end. Every other entry stays as it is, letter for letter, and so does
 * the whole text when the entry already says the same (only a list in
 * brackets may be laid out anew, with the same values and comments). Keys that
 * `entry` does not have keep their values. An empty text begins a new list.
 *
 * @throws {JobFileError} When `text` is no job file whose list can be kept;
 * values of other entries may be wrong, so that a half-filled list can still
 * be added to.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseJobs, upsertJob } from "./jobs.ts";
 * const one = upsertJob("", { image: "a.jpg", text: "", track: "a.pth" });
 * const two = upsertJob(one, { image: "a.jpg", text: "A cat.", track: "a.pth" });
 * assert.equal(parseJobs(two).jobs.length, 1);
 * ```
 */
export function upsertJob(
  text: string,
  entry: JobEntry,
  options: { match?: "image" | "track" | "name"; file?: string } = {},
): string {
  const { match = "track", file = "job file" } = options;
  if (text.split("\n").every((line) => /^\s*(#.*)?$/.test(line))) {
    // Nothing but comments and empty lines, which stay.
    return text.trim()
      ? `${text.trimEnd()}\n${newList(entry)}`
      : newList(entry);
  }
  const { document, list } = parseList(text, file);

  const wanted = entry[match]?.trim();
  const found = list.items.find((node): node is YAMLMap.Parsed =>
    isMap(node) && wanted !== undefined && valueOf(node, match) === wanted
  );
  const item: YAMLMap = found ?? new YAMLMap();
  let changed = !found;
  for (const key of KEYS) {
    const value = entry[key];
    if (value === undefined || valueOf(item, key) === tidy(value)) continue;
    item.set(key, value);
    changed = true;
  }
  if (!changed) return text;
  if (!found) list.items.push(item as ParsedNode & YAMLMap);
  if (list.items.length === 1) list.flow = false; // "[]" becomes lines
  return withoutEnvironment(() => {
    const spliced = list.flow ? undefined : splice(text, { item, found, list });
    if (spliced !== undefined && sameValues(spliced, document)) return spliced;
    return document.toString(FORMAT);
  });
}

/** The text with one entry written anew, every other letter as it was. */
function splice(
  text: string,
  { item, found, list }: {
    item: YAMLMap;
    found: YAMLMap.Parsed | undefined;
    list: YAMLSeq.Parsed;
  },
): string {
  const written = new Document(item).toString(FORMAT).trimEnd();
  const lineStart = (offset: number) => text.lastIndexOf("\n", offset - 1) + 1;
  if (!found) {
    const column = list.range[0] - lineStart(list.range[0]);
    const lines = `- ${written.replaceAll(/\n(?!\n)/g, "\n  ")}\n`;
    return (text.endsWith("\n") ? text : `${text}\n`) +
      lines.replaceAll(/^(?=.)/gm, " ".repeat(column));
  }
  const [from, , to] = found.range;
  const indent = " ".repeat(from - lineStart(from));
  const space = /\s*$/.exec(text.slice(from, to))?.[0] ?? "";
  return text.slice(0, from) +
    written.replaceAll(/\n(?!\n)/g, `\n${indent}`) + space + text.slice(to);
}

function sameValues(text: string, document: Document): boolean {
  const again = parseAllDocuments(text, { prettyErrors: false });
  return again.length === 1 && again[0]?.errors.length === 0 &&
    JSON.stringify(again[0].toJS()) === JSON.stringify(document.toJS());
}

/**
 * The text of a job file with other paths in the entries that `paths` names by
 * their place. Everything else keeps its value.
 *
 * @throws {JobFileError} When the text is no list of entries.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseJobs, rewriteJobPaths } from "./jobs.ts";
 * const text = "- {image: a.jpg, text: Hi., track: a.pth}";
 * const moved = new Map([[0, { image: "b/a.jpg", track: "b/a.pth" }]]);
 * const { jobs } = parseJobs(rewriteJobPaths(text, moved));
 * assert.equal(jobs[0]?.track, "b/a.pth");
 * ```
 */
export function rewriteJobPaths(
  text: string,
  paths: ReadonlyMap<number, Pick<JobEntry, "image" | "track">>,
): string {
  const { document, list } = parseList(text, "job file");
  for (const [index, { image, track }] of paths) {
    const item: unknown = list.items[index];
    if (!isMap<string, string>(item)) continue;
    item.set("image", image);
    item.set("track", track);
  }
  return withoutEnvironment(() => document.toString(FORMAT));
}

/** The one document of a text, and the list it must hold. */
function parseList(
  text: string,
  file: string,
): { document: Document.Parsed; list: YAMLSeq.Parsed } {
  const counter = new LineCounter();
  const documents = withoutEnvironment(() =>
    parseAllDocuments(text, { lineCounter: counter, prettyErrors: false })
  ) as Document.Parsed[];
  const document = documents[0];
  const list = document?.contents;
  const problems = documents.length > 1
    ? [{ line: 1, message: "the file holds several YAML documents" }]
    : (document?.errors ?? []).map(({ pos, message }) => ({
      line: counter.linePos(pos[0]).line,
      message: tidyMessage(message),
    }));
  if (problems.length === 0 && document && isSeq(list)) {
    return { document, list: list as YAMLSeq.Parsed };
  }
  if (problems.length === 0) {
    problems.push({ line: 1, message: `the file holds ${describe(list)}` });
  }
  throw new JobFileError(file, problems);
}

function valueOf(item: YAMLMap, key: keyof JobEntry): unknown {
  return tidy(item.get(key));
}

function isNothing(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

function newList(entry: JobEntry): string {
  const item: Record<string, unknown> = {};
  for (const key of KEYS) {
    if (entry[key] !== undefined) item[key] = entry[key];
  }
  return withoutEnvironment(() => new Document([item]).toString(FORMAT));
}

function describe(node: unknown): string {
  if (isNothing(node)) return "nothing";
  if (isMap(node)) return "a set of keys";
  if (isSeq(node)) return "a list";
  if (isScalar(node)) return `the ${typeof node.value} ${quote(node.value)}`;
  return "something else";
}

/** A message of the parser, made to read like ours. */
function tidyMessage(message: string): string {
  if (message.length > 200) message = message.slice(0, 200) + "…";
  return message.charAt(0).toLowerCase() + message.slice(1);
}

/**
 * Runs `work`, which must not wait for anything, with an empty environment.
 * The parser asks for two debug variables at every token; this way nobody has
 * to grant a permission for them.
 */
function withoutEnvironment<T>(work: () => T): T {
  const environment = process.env;
  process.env = {};
  try {
    return work();
  } finally {
    process.env = environment;
  }
}
