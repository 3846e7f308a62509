/**
 * A job file's text, changed: one entry written, or the paths of many. What is
 * not touched stays as it was, comments included.
 *
 * @module
 */

import { KEYS, tidy } from "./_entry_values.ts";
import {
  describeNode,
  Document,
  isMap,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocuments,
  printDocument,
  tidyMessage,
  YAMLMap,
  type YAMLSeq,
} from "./_yaml.ts";
import { type JobEntry, JobFileError } from "./job_file.ts";

/**
 * The text of a job file with `entry` in it: the values of the entry with the
 * same `track` (or whatever `match` names) are replaced, or the entry is put
 * at the end. Every other entry stays as it is, letter for letter, and so does
 * the whole text when the entry already says the same (only a list in
 * brackets may be laid out again, with the same values and comments). Keys that
 * `entry` does not have keep their values. An empty text begins a new list.
 *
 * @throws {JobFileError} When `text` is no job file whose list can be kept;
 * values of other entries may be wrong, so that a half-filled list can still
 * be added to.
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
  const spliced = list.flow ? undefined : splice(text, { item, found, list });
  if (spliced !== undefined && sameValues(spliced, document)) return spliced;
  return printDocument(document);
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
  const { document, list } = parseList(text, "job file");
  for (const [index, found] of paths) {
    const item: unknown = list.items[index];
    if (!isMap<string, string>(item)) continue;
    for (const [key, path] of Object.entries(found)) item.set(key, path);
  }
  return printDocument(document);
}

/** The one document of a text, and the list it must hold. */
function parseList(
  text: string,
  file: string,
): { document: Document.Parsed; list: YAMLSeq.Parsed } {
  const counter = new LineCounter();
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
  return tidy(item.get(key));
}

function newList(entry: JobEntry): string {
  const item: Record<string, unknown> = {};
  for (const key of KEYS) {
    if (entry[key] !== undefined) item[key] = entry[key];
  }
  return printDocument(new Document([item]));
}
