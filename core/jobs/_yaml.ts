/**
 * The door to YAML: the only file that imports `yaml`.
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
import { quote } from "../base/errors.ts";

export {
  Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  visit,
  YAMLMap,
  type YAMLSeq,
};

/** All documents of a text, with their errors; empty where there is none. */
export function parseDocuments(
  text: string,
  options: { lineCounter?: LineCounter; strict?: boolean } = {},
): Document.Parsed[] {
  const documents = withoutEnvironment(() =>
    parseAllDocuments(text, { prettyErrors: false, ...options })
  );
  return Array.isArray(documents) ? documents as Document.Parsed[] : [];
}

/** A document as text; prompts stay on one line. */
export function printDocument(document: Document): string {
  return withoutEnvironment(() => document.toString({ lineWidth: 0 }));
}

/** What a node is, for an error. */
export function describeNode(node: unknown): string {
  if (isNothing(node)) return "nothing";
  if (isMap(node)) return "a set of keys";
  if (isSeq(node)) return "a list";
  if (isScalar(node)) return `the ${typeof node.value} ${quote(node.value)}`;
  return "something else";
}

function isNothing(node: unknown): boolean {
  return node === null || node === undefined ||
    (isScalar(node) && node.value === null);
}

/** A message of the parser, made to read like ours. */
export function tidyMessage(message: string): string {
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
