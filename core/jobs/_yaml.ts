/**
 * The door to YAML: the only file that imports `yaml`.
 *
 * @module
 */

import {
  Composer,
  Document,
  type ErrorCode,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  Parser,
  type Scalar,
  visit,
  YAMLMap,
  YAMLParseError,
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
  type Scalar,
  visit,
  YAMLMap,
  type YAMLSeq,
};

/** After so many errors a text is not parsed further. */
const MAX_ERRORS = 100;

/** Ends the parsing. */
class TooManyErrors extends Error {}

/**
 * The first two documents of a text, with their errors; none where the text has
 * none. Keys may be repeated: whoever reads them checks it, since the parser
 * compares each with all others. After many errors the document that has them
 * comes without its end.
 */
export function parseDocuments(
  text: string,
  options: { lineCounter?: LineCounter; strict?: boolean } = {},
): Document.Parsed[] {
  const settings = { prettyErrors: false, uniqueKeys: false, ...options };
  return withoutEnvironment(() => {
    const parser = new Parser(options.lineCounter?.addNewLine);
    const composer = new Composer(settings);
    const errors = limitErrors(composer);
    const documents: Document.Parsed[] = [];
    try {
      for (const document of composer.compose(parser.parse(text))) {
        documents.push(document as Document.Parsed);
        if (documents.length === 2) break;
      }
    } catch (error) {
      if (!(error instanceof TooManyErrors)) throw error;
      const document = new Document(null) as Document.Parsed;
      document.errors.push(...errors);
      documents.push(document);
    }
    return documents;
  });
}

/** Makes a composer throw after many errors; what it has told until then. */
function limitErrors(composer: Composer): YAMLParseError[] {
  const errors: YAMLParseError[] = [];
  const inner = composer as unknown as {
    onError(
      source: { offset: number; source: string } | number | [number, number],
      code: ErrorCode,
      message: string,
      isWarning?: boolean,
    ): void;
  };
  const report = inner.onError;
  inner.onError = (source, code, message, isWarning) => {
    const offset = typeof source === "number"
      ? source
      : Array.isArray(source)
      ? source[0]
      : source.offset;
    errors.push(new YAMLParseError([offset, offset + 1], code, message));
    if (errors.length > MAX_ERRORS) throw new TooManyErrors();
    report(source, code, message, isWarning);
  };
  return errors;
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
  const { process } = globalThis as { process?: { env: unknown } };
  if (!process) return work(); // in a browser
  const environment = process.env;
  process.env = {};
  try {
    return work();
  } finally {
    process.env = environment;
  }
}
