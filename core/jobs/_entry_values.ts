/**
 * The values of an entry: which keys there are, and what each may say.
 *
 * @module
 */

import { quote, withHint } from "../base/errors.ts";
import { isSeed, MAX_SEED, parseWhole } from "../base/seed.ts";
import { acceptsValue, describeValues, type Setting } from "../base/setting.ts";
import { CONTROL_KEYS, CONTROL_SETTINGS } from "../control/control_values.ts";
import type { JobEntry } from "./job_file.ts";
import { isOutputName } from "./output_name.ts";

/** All keys, in the order in which they are written. */
export const KEYS = [
  "image",
  "text",
  "track",
  "negative",
  "seed",
  "name",
  ...CONTROL_KEYS,
] as const satisfies readonly (keyof JobEntry)[];

/** The setting of motion control that a key is, if it is one. */
function settingOf(key: keyof JobEntry): Setting | undefined {
  const settings: Partial<Record<keyof JobEntry, Setting>> = CONTROL_SETTINGS;
  return settings[key];
}

/** The keys that no entry may lack. */
export const REQUIRED = [
  "image",
  "text",
  "track",
] as const satisfies readonly (keyof JobEntry)[];

/** What is known of a scalar of the file. */
interface Scalar {
  readonly value: unknown;
  /** Its text in the file, without quotes. */
  readonly source?: string;
  /** How it is written. */
  readonly type?: unknown;
}

/**
 * A value as it was written: text that YAML takes for a number or a truth value
 * stays text, and a seed keeps all its digits.
 */
export function writtenValue(
  key: keyof JobEntry,
  { value, source, type }: Scalar,
): unknown {
  if (type !== "PLAIN" || source === undefined) return value;
  if (key === "seed") return parseWhole(source) ?? value;
  if (settingOf(key)) return value;
  return typeof value === "number" || typeof value === "boolean"
    ? source
    : value;
}

/** White space around a string is no part of it (the reference strips it). */
export function tidy(value: unknown): unknown {
  return typeof value === "string" ? value.trim() : value;
}

/** What a key is for, as text. */
export function expectation(key: keyof JobEntry): string {
  switch (key) {
    case "seed":
      return `a whole number from 0 to ${MAX_SEED}, or -1 to draw one`;
    case "name":
      return "a file name without folder or ending, at most 100 characters";
    case "image":
      return "the path of an image";
    case "track":
      return "the path of a track file";
    case "text":
    case "negative":
      return "text";
    default:
      return describeValues(settingOf(key)!);
  }
}

/** What is wrong with a value, or undefined. */
export function faultOf(
  key: keyof JobEntry,
  value: unknown,
): string | undefined {
  const expected = expectation(key);
  const setting = settingOf(key);
  if (value === null && setting) return `empty (null), expected ${expected}`;
  if (value === null) {
    return withHint(
      `empty (null), expected ${expected}`,
      `Write ${key}: "" if there should be none, or leave an optional key out.`,
    );
  }
  if (setting) {
    return acceptsValue(setting, tidy(value))
      ? undefined
      : `${quote(value)}, expected ${expected}`;
  }
  if (key === "seed") {
    return value === -1 || isSeed(value)
      ? undefined
      : `${quote(value)}, expected ${expected}`;
  }
  if (typeof value !== "string") {
    return withHint(
      `the ${typeof value} ${quote(value)}, expected ${expected}`,
      `Put it in quotes: ${key}: "${value}"`,
    );
  }
  const text = value.trim();
  if (key === "name") {
    return isOutputName(text)
      ? undefined
      : `${quote(value)}, expected ${expected}`;
  }
  if (key === "image" || key === "track") {
    // deno-lint-ignore no-control-regex
    if (text === "" || /[\x00-\x1f\x7f]/.test(text)) {
      return `${quote(value)}, expected ${expected}`;
    }
  }
  return undefined;
}
