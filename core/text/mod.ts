/**
 * Prompts: cleaned, cut into tokens, and written out by a language model.
 *
 * @example What the text encoder is given of a prompt
 * ```ts
 * import assert from "node:assert/strict";
 * import { cleanPrompt } from "@ati/ati/text";
 *
 * assert.equal(cleanPrompt("  a  boat &amp; a\u00a0moon "), "a boat & a moon");
 * ```
 *
 * @module
 */

export { cleanPrompt } from "./clean_prompt.ts";
export { DEFAULT_NEGATIVE_PROMPT } from "./negative_prompt.ts";
export {
  createTokenizer,
  MAX_PROMPT_TOKENS,
  type PromptTokenizer,
  type PromptTokens,
} from "./tokenizer.ts";
export {
  type ExtendOptions,
  extendPrompt,
  type ExtensionOptions,
  extensionRequest,
  type PromptImage,
  type PromptLanguage,
} from "./prompt_extend.ts";
