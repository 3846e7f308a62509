/**
 * Prompts before they are cut into tokens, as tokenizers.py:12-22 cleans them.
 *
 * @module
 */

import { fixText } from "./fix_text.ts";
import { unescapeHtml } from "./html_entities.ts";

/**
 * A prompt with its accidents undone ({@linkcode fixText}), HTML references
 * replaced twice (`&amp;lt;` is `<`), and every run of white space made one
 * space.
 */
export function cleanPrompt(text: string): string {
  return unescapeHtml(unescapeHtml(fixText(text)))
    .replace(/\p{White_Space}+/gu, " ")
    .trim();
}
