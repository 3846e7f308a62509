/**
 * The prompts of a video that is made in segments: one for each, or one that
 * continues.
 *
 * @module
 */

import type { EditorDocument } from "./document.ts";
import { segmentsOf } from "./document_length.ts";

/** The prompts of a document. */
export type Prompts = Pick<EditorDocument, "prompt" | "nextPrompts">;

/** The prompts of a job file's entry. */
export interface JobTexts {
  /** That of the first segment. */
  readonly text: string;
  /** Those of the segments after it; the last one holds to the end. */
  readonly nextTexts: readonly string[];
}

/**
 * What a job file says for these prompts, without the repetitions at the end.
 *
 * @param options.segments how many segments there are; what is meant for later
 * ones is left out
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { jobTexts } from "./segment_prompts.ts";
 * const document = { prompt: "It sails.", nextPrompts: ["", "It lands."] };
 * assert.deepEqual(jobTexts(document), {
 *   text: "It sails.",
 *   nextTexts: ["It sails.", "It lands."],
 * });
 * ```
 */
export function jobTexts(
  { prompt, nextPrompts = [] }: Prompts,
  options: { readonly segments?: number } = {},
): JobTexts {
  const { segments = Infinity } = options;
  const texts = [prompt.trim()];
  for (const next of nextPrompts.slice(0, segments - 1)) {
    texts.push(next === "" ? texts.at(-1)! : next.trim());
  }
  while (texts.length > 1 && texts.at(-1) === texts.at(-2)) texts.pop();
  const [text, ...nextTexts] = texts as [string, ...string[]];
  return { text, nextTexts };
}

/** The prompts that a job file's entry says. */
export function promptsOf(
  { text, nextTexts }: {
    readonly text: string;
    readonly nextTexts?: readonly string[] | undefined;
  },
): Prompts {
  return {
    prompt: text,
    // An empty prompt is one, unlike an empty field.
    ...nextTexts?.length &&
      { nextPrompts: nextTexts.map((next) => next || " ") },
  };
}

/** All prompts in one text, to be shown. */
export function promptText(
  document: Prompts & Pick<EditorDocument, "frames">,
): string {
  const { text, nextTexts } = jobTexts(document, {
    segments: segmentsOf(document),
  });
  return [text, ...nextTexts].join(" / ");
}

/** The prompt that a segment continues where it has none of its own. */
export function promptBefore(
  { prompt, nextPrompts = [] }: Prompts,
  segment: number,
): string {
  return nextPrompts.slice(0, segment - 1).findLast((text) => text !== "") ??
    prompt;
}

/** The document with another prompt of a segment, counted from 0. */
export function withPrompt(
  document: EditorDocument,
  segment: number,
  text: string,
): EditorDocument {
  if (segment === 0) return { ...document, prompt: text };
  const { version, width, height, frames, prompt, nextPrompts, ...rest } =
    document;
  const next = [...nextPrompts ?? []];
  while (next.length < segment) next.push("");
  next[segment - 1] = text;
  while (next.at(-1) === "") next.pop();
  // In the order in which a document is parsed, which its tag names too.
  return {
    ...{ version, width, height },
    ...frames === undefined ? {} : { frames },
    prompt,
    ...next.length > 0 && { nextPrompts: next },
    ...rest,
  };
}
