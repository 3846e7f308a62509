/**
 * Prompts as the ids of their tokens.
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

/** The ids of a prompt and, where guidance needs it, of the negative one. */
export type TextIds = readonly [ArrayLike<number>, ArrayLike<number>?];

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

/** Reads prompts; the tokenizer's file is opened at the first. */
export class PromptReader {
  readonly #file: string | undefined;
  #tokenizer: PromptTokenizer | undefined;

  /** A reader with the tokenizer of a file, if there is one. */
  constructor(file: string | undefined) {
    this.#file = file;
  }

  /**
   * A prompt in token ids, cleaned as the reference cleans it.
   *
   * @throws {TypeError} When there is no tokenizer.
   */
  async tokenize(text: string): Promise<PromptTokens> {
    if (this.#file === undefined) {
      throw new TypeError(withHint(
        `Cannot read the prompt ${quote(text)}: there is no tokenizer`,
        "Open the checkpoint with google/umt5-xxl/tokenizer.json.",
      ));
    }
    this.#tokenizer ??= await openTokenizer(this.#file);
    return this.#tokenizer.encode(cleanPrompt(text));
  }

  /** The ids that a generation needs; tells what of a prompt is not seen. */
  async idsOf(
    { prompt: text, negativePrompt: negative, overrides: inject = {} }:
      GenerationInputs,
    { settings, emit }: { settings: CompleteSettings; emit: PipelineListener },
  ): Promise<TextIds> {
    const ids = async (name: string, words: string) => {
      const { ids, length, truncated: dropped } = await this.tokenize(words);
      if (dropped > 0) {
        const message = `the ${name} is too long: its last ${dropped} of ${
          length + dropped
        } tokens are not seen`;
        emit({ type: "note", message });
      }
      return ids.subarray(0, length);
    };
    const textIds = inject.textIds ?? await ids("prompt", text);
    if (settings.guidanceScale === 1) return [textIds];
    return [
      textIds,
      inject.negativeIds ??
        await ids("negative prompt", negative || DEFAULT_NEGATIVE_PROMPT),
    ];
  }
}
