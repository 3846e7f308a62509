/**
 * Motions that are kept under a name, in this browser, for any image of any
 * project.
 *
 * @module
 */

import { signal } from "npm:@preact/signals@2.11.4";
import type { EditorDocument } from "../model/document.ts";
import { formatMotion } from "../model/motion.ts";
import { attempt } from "./attempt.ts";

/** A motion under its name. */
export interface Preset {
  /** What the person calls it; its own. */
  readonly name: string;
  /** When it was saved, in ms since 1970. */
  readonly at: number;
  /** The motion, as `model/motion.ts` writes it. */
  readonly text: string;
}

const KEY = "ati-presets";

/** The presets, by name. */
export const presets = signal<readonly Preset[]>(read());

function read(): Preset[] {
  const value: unknown = attempt(() =>
    JSON.parse(localStorage.getItem(KEY) ?? "[]")
  );
  return Array.isArray(value)
    ? value.filter((item) =>
      typeof item?.name === "string" && typeof item.text === "string"
    )
    : [];
}

/** Writes them all: another window's are kept, too. */
function write(change: (known: readonly Preset[]) => readonly Preset[]): void {
  const next = change(read()).toSorted((a, b) => a.name.localeCompare(b.name));
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch (cause) {
    throw new Error(
      "Cannot keep the preset: this browser has no room for it; export it as a file instead",
      { cause },
    );
  }
  presets.value = next;
}

/**
 * Keeps a motion under a name; one of the same name is replaced.
 *
 * @throws {Error} When the browser has no room for it.
 */
export function savePreset(name: string, motion: EditorDocument): void {
  const preset = { name, at: Date.now(), text: formatMotion(motion) };
  write((known) => [...known.filter((p) => p.name !== name), preset]);
}

/** Removes a preset; the returned function brings it back. */
export function removePreset(preset: Preset): () => void {
  write((known) => known.filter((p) => p.name !== preset.name));
  return () => write((known) => [...known, preset]);
}

// Another window has saved or removed some.
addEventListener("storage", () => presets.value = read());
