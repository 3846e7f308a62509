/**
 * Which tools' hints were read, as this browser remembers it.
 *
 * @module
 */

import { attempt } from "../attempt.ts";
import { computed, signal } from "npm:@preact/signals@2.11.4";
import { imageId, tool } from "../state.ts";

const KEY = "ati-hints-read";

/** The tools whose hints were read. */
export const hintsRead = signal<ReadonlySet<string>>(
  new Set(attempt(() => localStorage.getItem(KEY)?.split(",")) ?? []),
);

/** Whether the active tool has a hint that was not read yet. */
export const hintDue = computed(() =>
  imageId.value !== undefined && !hintsRead.value.has(tool.value)
);

/** Remembers that just these tools' hints were read. */
export function rememberHints(tools: Iterable<string>): void {
  hintsRead.value = new Set(tools);
  attempt(() => localStorage.setItem(KEY, [...hintsRead.value].join()));
}
