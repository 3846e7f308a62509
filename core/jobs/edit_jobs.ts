/**
 * A job file's text, changed: one entry written, or the paths of many. What is
 * not touched stays as it was, comments included.
 *
 * @module
 */

import { KEYS, tidy, writtenValue } from "./_entry_values.ts";
import {
  describeNode,
  Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocuments,
  printDocument,
  tidyMessage,
  YAMLMap,
  type YAMLSeq,
} from "./_yaml.ts";
import { excessOf } from "./_yaml_size.ts";
import { NO_TRACKS } from "./signal_folder.ts";
import { type JobEntry, JobFileError, type ParsedJob } from "./job_file.ts";

/**
 * The text of a job file with `entry` in it: the values of the entry with the
 * same `track` (or whatever `match` names) are replaced, or the entry is put
 * at the end. Every other entry stays as it is, letter for letter, and so does
 * the whole text when the entry already says the same (only a list in
 * brackets may be laid out again, with the same values and comments). Keys that
 * `entry` does not have keep their values. An empty text begins a new list.
 *
 * With `nextTexts` the prompts of all segments are written, a list only where
 * there are several; without them the first prompt, and a list keeps the rest.
 *
 * @throws {JobFileError} When `text` is no job file whose list can be kept;
 * values of other entries may be wrong, so that a half-filled list can still
 * be added to.
 */
export function upsertJob(
  text: string,
  entry: JobEntry & Pick<ParsedJob, "nextTexts">,
  options: { match?: "image" | "track" | "name"; file?: string } = {},
): string {
  const { match = "track", file = "job file" } = options;
  if (text.split("\n").every((line) => /^\s*(#.*)?$/.test(line))) {
    // Nothing but comments and empty lines, which stay.
    return text.trim()
      ? `${text.trimEnd()}\n${printJobs([entry])}`
      : printJobs([entry]);
  }
  const { document, list } = parseList(text, file);

  const wanted = entry[match]?.trim();
  const found = list.items.find((node): node is YAMLMap.Parsed =>
    isMap(node) && wanted !== undefined && valueOf(node, match) === wanted
  );
  const item: YAMLMap = found ?? new YAMLMap();
  let changed = !found;
  for (const key of KEYS) {
    const value = toWrite(entry, key);
    if (value === undefined) continue;
    const isWhole = key === "text" && entry.nextTexts !== undefined;
    const before: unknown = item.get(key, true);
    if (
      isWhole ? sameTexts(before, value) : valueOf(item, key) === tidy(value)
    ) continue;
    // The rest of a prompt that YAML takes for a comment is part of the value.
    const isFirst = key === "text" && isSeq(before) && !isWhole;
    const written = isFirst ? before.get(0, true) : before;
    if (isScalar(written) && written.type === "PLAIN") delete written.comment;
    if (isFirst) before.set(0, value);
    else item.set(key, value);
    changed = true;
  }
  if (!changed) return text;
  if (!found) list.items.push(item as ParsedNode & YAMLMap);
  if (list.items.length === 1) list.flow = false; // "[]" becomes lines
  const spliced = list.flow ? undefined : splice(text, { item, found, list });
  if (spliced !== undefined && sameValues(spliced, document)) return spliced;
  keepWritten(list);
  return printDocument(document);
}

/** Printed again, values that are numbers to YAML keep their digits. */
function keepWritten(list: YAMLSeq.Parsed): void {
  for (const item of list.items) {
    if (!isMap(item)) continue;
    for (const { key, value } of item.items) {
      if (!isScalar(key)) continue;
      const name = KEYS.find((name) => name === key.value);
      if (name === undefined) continue;
      for (const node of isSeq(value) ? value.items : [value]) {
        if (isScalar(node)) node.value = writtenValue(name, node);
      }
    }
  }
}

/** The text with one entry rewritten, every other letter as it was. */
function splice(
  text: string,
  { item, found, list }: {
    item: YAMLMap;
    found: YAMLMap.Parsed | undefined;
    list: YAMLSeq.Parsed;
  },
): string {
  const written = printDocument(new Document(item)).trimEnd();
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
  const again = parseDocuments(text);
  return again.length === 1 && again[0]?.errors.length === 0 &&
    JSON.stringify(again[0].toJS()) === JSON.stringify(document.toJS());
}

/**
 * The text of a job file with other paths in the entries that `paths` names by
 * their place. Everything else keeps its value.
 *
 * @throws {JobFileError} When the text is no list of entries.
 */
export function rewriteJobPaths(
  text: string,
  paths: ReadonlyMap<
    number,
    Pick<JobEntry, "image" | "track" | "motion_signal" | "motion_mask">
  >,
): string {
  const { list } = parseList(text, "job file");
  const parts: string[] = [];
  let end = 0;
  for (const [index, item] of list.items.entries()) {
    const found = paths.get(index);
    if (!found || !isMap(item)) continue;
    const nodes = Object.entries(found).flatMap(([key, path]) => {
      const node = item.get(key, true);
      return isScalar(node) && node.range ? [{ path, range: node.range }] : [];
    }).sort((a, b) => a.range[0] - b.range[0]);
    for (const { path, range: [from, to] } of nodes) {
      const line = text.slice(from, to).endsWith("\n") ? "\n" : "";
      parts.push(text.slice(end, from), printPath(path), line);
      end = to;
    }
  }
  return parts.join("") + text.slice(end);
}

/** A path as a scalar that is safe everywhere, in quotes where it must be. */
function printPath(path: string): string {
  return /^[A-Za-z./_][\w./-]*\/[\w./-]*$|^[A-Za-z_][\w-]*\.[A-Za-z]\w*$/.test(
      path,
    )
    ? path
    : JSON.stringify(path);
}

/** The one document of a text, and the list it must hold. */
function parseList(
  text: string,
  file: string,
): { document: Document.Parsed; list: YAMLSeq.Parsed } {
  const counter = new LineCounter();
  const excess = excessOf(text);
  if (excess !== undefined) {
    const message = `the file has ${excess}`;
    throw new JobFileError(file, [{ line: 1, message }]);
  }
  const documents = parseDocuments(text, { lineCounter: counter });
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
    problems.push({ line: 1, message: `the file holds ${describeNode(list)}` });
  }
  throw new JobFileError(file, problems);
}

function valueOf(item: YAMLMap, key: keyof JobEntry): unknown {
  const found: unknown = item.get(key, true);
  const node = key === "text" && isSeq(found) ? found.get(0, true) : found;
  return tidy(isScalar(node) ? writtenValue(key, node) : node);
}

/** Whether a node holds these prompts, as a list where they are several. */
function sameTexts(node: unknown, wanted: unknown): boolean {
  const read = (text: unknown) =>
    tidy(isScalar(text) ? writtenValue("text", text) : text);
  const held = isSeq(node) ? node.items.map(read) : read(node);
  const texts = Array.isArray(wanted) ? wanted.map(tidy) : tidy(wanted);
  return JSON.stringify(held) === JSON.stringify(texts);
}

/**
 * A value as it is written: no tracks is no key, the prompts of several
 * segments are a list.
 */
function toWrite(
  entry: JobEntry & Pick<ParsedJob, "nextTexts">,
  key: keyof JobEntry,
): unknown {
  if (key === "track" && entry.track === NO_TRACKS) return undefined;
  if (key !== "text" || !entry.nextTexts?.length) return entry[key];
  return [entry.text, ...entry.nextTexts];
}

/** A job file with these entries. */
export function printJobs(
  entries: readonly (JobEntry & Pick<ParsedJob, "nextTexts">)[],
): string {
  const items = entries.map((entry) =>
    Object.fromEntries(
      KEYS.flatMap((key) => {
        const value = toWrite(entry, key);
        return value === undefined ? [] : [[key, value]];
      }),
    )
  );
  return printDocument(new Document(items));
}
