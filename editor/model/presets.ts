/**
 * Motions that are kept under a name, and the check of a list of them that
 * comes from a file or over the wire.
 *
 * @module
 */

import { findMotion } from "./motion.ts";

/** A motion under its name. */
export interface Preset {
  /** What the person calls it; its own. */
  readonly name: string;
  /** When it was saved, in ms since 1970. */
  readonly at: number;
  /** The motion, as `motion.ts` writes it; its document is not checked. */
  readonly text: string;
}

/** The most presets of a project. */
export const MAX_PRESETS = 500;
/** The longest name, in characters. */
export const MAX_NAME = 100;
/** The longest list, in characters of all motions. */
export const MAX_TEXT = 16 * 1024 * 1024;
/** The last time that a `Date` knows, ms. */
const LAST_TIME = 8.64e15;

/**
 * Checks a list of presets.
 *
 * @throws {TypeError} Naming the first preset that is wrong.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parsePresets } from "./presets.ts";
 * assert.deepEqual(parsePresets([]), []);
 * assert.throws(() => parsePresets([{ name: "a" }]), /preset 0/);
 * ```
 */
export function parsePresets(value: unknown): Preset[] {
  if (!Array.isArray(value) || value.length > MAX_PRESETS) {
    throw new TypeError(
      `Cannot read the presets: expected a list of at most ${MAX_PRESETS}`,
    );
  }
  const names = new Set<string>();
  let length = 0;
  return value.map((item: unknown, index) => {
    const { name, at, text } = (item ?? {}) as Readonly<
      Record<string, unknown>
    >;
    const wrong = (state: string) =>
      new TypeError(`Cannot read preset ${index}: ${state}`);
    if (typeof name !== "string" || !isName(name)) {
      throw wrong(`expected a name of 1 to ${MAX_NAME} characters`);
    }
    if (names.has(name)) throw wrong("its name is there twice");
    names.add(name);
    if (
      typeof at !== "number" || !Number.isInteger(at) || at < 0 ||
      at > LAST_TIME
    ) throw wrong("expected the time at which it was saved, in ms");
    if (typeof text !== "string" || findMotion(text) === undefined) {
      throw wrong("expected the text of a motion");
    }
    length += text.length;
    if (length > MAX_TEXT) {
      throw wrong(`the motions have more than ${MAX_TEXT} characters`);
    }
    return { name, at, text };
  });
}

function isName(name: string): boolean {
  return name.length <= MAX_NAME && name.trim() === name && name !== "" &&
    // deno-lint-ignore no-control-regex
    !/[\x00-\x1f\x7f]/.test(name);
}

/** The list in the order of the names. */
export function sortedPresets(presets: readonly Preset[]): Preset[] {
  return presets.toSorted((a, b) => a.name.localeCompare(b.name));
}

/**
 * The presets with those of another project. One whose name has another motion
 * here gets a number after it, `pan (2)`; what is here stays.
 *
 * @throws {TypeError} When there are too many then.
 */
export function joinPresets(
  presets: readonly Preset[],
  more: readonly Preset[],
): Preset[] {
  const byName = new Map(presets.map((preset) => [preset.name, preset]));
  for (const preset of more) {
    let { name } = preset;
    for (let n = 2; byName.has(name); n++) {
      if (byName.get(name)!.text === preset.text) break;
      const end = ` (${n})`;
      name = preset.name.slice(0, MAX_NAME - end.length).trimEnd() + end;
    }
    if (!byName.has(name)) byName.set(name, { ...preset, name });
  }
  return parsePresets(sortedPresets([...byName.values()]));
}
