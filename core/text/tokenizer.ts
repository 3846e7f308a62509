/**
 * Prompts as the text encoder wants them: the ids of umt5's pieces, ended by
 * `</s>`, cut or padded to 512 (tokenizers.py:36-60).
 *
 * The door to `@huggingface/tokenizers`. Three things that umt5 needs it does
 * otherwise than the original in Rust, and they are done here: the "Nmt"
 * normalizer (it throws), SentencePiece's character table (it takes NFKC
 * instead), and the bytes that stand in for a character without a piece
 * (it takes "unknown").
 *
 * @module
 */

import { Tokenizer as PieceTokenizer } from "npm:@huggingface/tokenizers@0.2.0";
import { FormatError, quote, withHint } from "../base/errors.ts";
import { readTextNormalizer } from "./text_normalizer.ts";

/** How many ids the text encoder is given. */
export const MAX_PROMPT_TOKENS = 512;
const PADDING = 0;
/** U+2581, which stands for a space in a piece. */
const SPACE_MARK = "\u2581";

/** A prompt in ids. */
export interface PromptTokens {
  /** `(512)`: the ids, `</s>` (1) at the end, then padding (0). */
  readonly ids: Int32Array;
  /** `(512)`: 1 where an id counts, 0 on padding. */
  readonly mask: Int32Array;
  /** The number of ids that count, `</s>` included. */
  readonly length: number;
  /** How many pieces did not fit and were left out. */
  readonly truncated: number;
}

/** Turns prompts into ids. */
export interface PromptTokenizer {
  /** How many pieces it knows: all ids are below. */
  readonly vocabularySize: number;
  /**
   * The ids of a prompt. It is taken as it is; see `cleanPrompt` for what the
   * reference does to it first.
   */
  encode(text: string): PromptTokens;
}

/** The parts of a `tokenizer.json` that are looked at here. */
interface TokenizerFile {
  readonly normalizer?: unknown;
  readonly added_tokens?: unknown;
  readonly model: {
    readonly type: string;
    readonly unk_id: number;
    readonly byte_fallback?: boolean;
    readonly vocab: readonly (readonly [string, number])[];
  };
  readonly [part: string]: unknown;
}

/**
 * The tokenizer of a checkpoint, from the text of its `tokenizer.json`
 * (in the official folder: `google/umt5-xxl/tokenizer.json`).
 *
 * @throws {FormatError} When it is not the JSON of a Unigram tokenizer that
 * ends its texts with `</s>`, or is of a kind that cannot be followed exactly.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createTokenizer } from "@ati/ati";
 * const tokenizer = createTokenizer(JSON.stringify({
 *   added_tokens: [],
 *   normalizer: null,
 *   pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always" },
 *   post_processor: {
 *     type: "TemplateProcessing",
 *     single: [{ Sequence: { id: "A", type_id: 0 } }, { SpecialToken: { id: "</s>", type_id: 0 } }],
 *     pair: [],
 *     special_tokens: { "</s>": { id: "</s>", ids: [1], tokens: ["</s>"] } },
 *   },
 *   model: {
 *     type: "Unigram",
 *     unk_id: 2,
 *     vocab: [["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["▁a", -1], ["b", -2]],
 *   },
 * }));
 * const { ids, length } = tokenizer.encode("ab");
 * assert.deepEqual([...ids.subarray(0, length)], [3, 4, 1]);
 * ```
 */
export function createTokenizer(json: string): PromptTokenizer {
  const file = parse(json);
  try {
    return openTokenizer(file);
  } catch (error) {
    if (error instanceof FormatError) throw error;
    // The library trusts the file and fails in the middle of it.
    throw new FormatError(
      withHint(
        "Cannot read the tokenizer: its content is damaged, expected umt5's",
        "Fetch google/umt5-xxl/tokenizer.json again.",
      ),
      { cause: error },
    );
  }
}

function openTokenizer(file: TokenizerFile): PromptTokenizer {
  const tokenizer = new PieceTokenizer({
    ...file,
    normalizer: null,
    decoder: null,
  }, {});
  tokenizer.normalizer = readTextNormalizer(
    file.normalizer,
  ) as unknown as typeof tokenizer.normalizer;
  tokenizer.model = createModel(
    file,
    tokenizer.model!,
  ) as unknown as typeof tokenizer.model;
  const end = tokenizer.token_to_id("</s>");
  if (end === undefined || tokenizer.encode("").ids.at(-1) !== end) {
    throw new FormatError(
      "Cannot read the tokenizer: it does not end a text with </s>, expected umt5's",
    );
  }
  const added = Array.isArray(file.added_tokens) ? file.added_tokens : [];
  const ids = added.map((token) => Number(token?.id)).filter(Number.isInteger);
  return {
    vocabularySize: ids.reduce(
      (most, id) => Math.max(most, id + 1),
      file.model.vocab.length,
    ),
    encode(text) {
      const pieces = tokenizer.encode(text).ids.slice(0, -1);
      const kept = pieces.slice(0, MAX_PROMPT_TOKENS - 1);
      const ids = new Int32Array(MAX_PROMPT_TOKENS).fill(PADDING);
      ids.set([...kept, end]);
      const length = kept.length + 1;
      return {
        ids,
        mask: new Int32Array(MAX_PROMPT_TOKENS).fill(1, 0, length),
        length,
        truncated: pieces.length - kept.length,
      };
    },
  };
}

function parse(json: string): TokenizerFile {
  let file: TokenizerFile;
  try {
    file = JSON.parse(json);
  } catch (cause) {
    throw new FormatError("Cannot read the tokenizer: it is not JSON", {
      cause,
    });
  }
  const model = file?.model;
  if (model?.type !== "Unigram" || !Array.isArray(model.vocab)) {
    throw new FormatError(withHint(
      `Cannot read the tokenizer: its model is ${
        quote(model?.type)
      }, expected Unigram`,
      "The text encoder needs google/umt5-xxl/tokenizer.json of the checkpoint.",
    ));
  }
  return file;
}

/** What the library asks of a model: a function on pieces, and three tables. */
interface Model {
  (texts: string[]): string[];
  tokens_to_ids: Map<string, number>;
  unk_token_id: number;
  vocab: string[];
}

/**
 * The library's model, with unknown characters as the original has them: as
 * their UTF-8 bytes where the file says so, else neighbors as one unknown.
 */
function createModel(
  file: TokenizerFile,
  original: NonNullable<PieceTokenizer["model"]>,
): Model {
  const { tokens_to_ids, unk_token_id } = original as unknown as Model;
  const { tokenize } = original as unknown as {
    tokenize(text: string): string[];
  };
  const encoder = new TextEncoder();
  const bytesOf = (text: string): string[] | undefined => {
    if (file.model.byte_fallback !== true) return undefined;
    const bytes = Array.from(
      encoder.encode(text),
      (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
    );
    return bytes.every((byte) => tokens_to_ids.has(byte)) ? bytes : undefined;
  };
  const encodeWord = (word: string): string[] => {
    const tokens: string[] = [];
    let unknown = "";
    const flush = () => {
      if (unknown !== "") tokens.push(...bytesOf(unknown) ?? [unknown]);
      unknown = "";
    };
    for (const piece of tokenize.call(original, word)) {
      if ((tokens_to_ids.get(piece) ?? unk_token_id) === unk_token_id) {
        unknown += piece;
        continue;
      }
      flush();
      tokens.push(piece);
    }
    flush();
    return tokens;
  };
  const model = (texts: string[]) => texts.flatMap(words).flatMap(encodeWord);
  return Object.assign(model, {
    tokens_to_ids,
    unk_token_id,
    vocab: original.vocab,
  });
}

/** A text cut before every space mark. */
function words(text: string): string[] {
  return text.split(new RegExp(`(?=${SPACE_MARK})`));
}
