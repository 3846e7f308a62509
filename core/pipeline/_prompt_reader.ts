/**
 * Tokenizes prompts.
 *
 * @module
 */

import { FormatError, quote, withHint } from "../base/errors.ts";
import { readFileText } from "../files/files.ts";
import { cleanPrompt } from "../text/clean_prompt.ts";
import { DEFAULT_NEGATIVE_PROMPT } from "../text/negative_prompt.ts";
import {
  createTokenizer,
  type PromptTokenizer,
  type PromptTokens,
} from "../text/tokenizer.ts";
import type { PipelineListener } from "./events.ts";
import type { CompleteSettings, GenerationInputs } from "./generation.ts";

/** The token ids of the prompt and, if guidance needs it, of the negative prompt. */
export type PromptIds = readonly [ArrayLike<number>, ArrayLike<number>?];

async function openTokenizer(path: string): Promise<PromptTokenizer> {
  const json = await readFileText(path);
  try {
    return createTokenizer(json);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError(
      error.message.replace("the tokenizer", `the tokenizer ${quote(path)}`),
      { cause: error },
    );
  }
}

/** Rows of an embedding that may be padding, at the size of umt5's. */
const MAX_PADDING = 1024;
/** From this size on a table of tokens is a real one. */
const LARGE = 10_000;

/**
 * Whether a `tokenizer.json` can be read, and belongs to a text encoder: ids of
 * another vocabulary would give other words without an error.
 *
 * @throws {FormatError} When it cannot, or does not.
 */
export async function checkTokenizer(
  path: string,
  textEncoder: { readonly vocabSize: number } | undefined,
): Promise<void> {
  const { vocabularySize: size } = await openTokenizer(path);
  const { vocabSize: rows = size } = textEncoder ?? {};
  if (size <= rows && (rows < LARGE || rows - size <= MAX_PADDING)) return;
  throw new FormatError(withHint(
    `Cannot use the tokenizer ${
      quote(path)
    }: it has ${size} pieces, the text encoder has ${rows}`,
    "The text encoder needs umt5's tokenizer: google/umt5-xxl/tokenizer.json of the checkpoint.",
  ));
}

/** Tokenizes prompts; the tokenizer's file is read on first use. */
export class PromptReader {
  readonly #file: string | undefined;
  #tokenizer: PromptTokenizer | undefined;

  /** Uses the tokenizer of `file`, if there is one. */
  constructor(file: string | undefined) {
    this.#file = file;
  }

  /**
   * The token ids of a prompt, cleaned as in the reference.
   *
   * @throws {TypeError} When there is no tokenizer.
   */
  async tokenize(text: string): Promise<PromptTokens> {
    if (this.#file === undefined) {
      throw new TypeError(withHint(
        `Cannot read the prompt ${quote(text)}: no tokenizer was found`,
        "Open the checkpoint with google/umt5-xxl/tokenizer.json.",
      ));
    }
    this.#tokenizer ??= await openTokenizer(this.#file);
    return this.#tokenizer.encode(cleanPrompt(text));
  }

  /** The token ids for a generation; emits a note if a prompt is truncated. */
  async idsOf(
    { prompt, negativePrompt, overrides = {} }: GenerationInputs,
    { settings, emit }: { settings: CompleteSettings; emit: PipelineListener },
  ): Promise<PromptIds> {
    const ids = async (name: string, text: string) => {
      const { ids, length, truncated: dropped } = await this.tokenize(text);
      if (dropped > 0) {
        const message = `the ${name} is too long: its last ${dropped} of ${
          length + dropped
        } tokens are ignored`;
        emit({ type: "note", message });
      }
      return ids.subarray(0, length);
    };
    const promptIds = overrides.textIds ?? await ids("prompt", prompt);
    if (settings.guidanceScale === 1 && !settings.nag) return [promptIds];
    return [
      promptIds,
      overrides.negativeIds ??
        await ids("negative prompt", negativePrompt || DEFAULT_NEGATIVE_PROMPT),
    ];
  }
}
