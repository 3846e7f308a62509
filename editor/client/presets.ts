/**
 * Motions that are kept under a name, in the project. What a browser kept
 * earlier, outside of any project, is still offered.
 *
 * @module
 */

import { computed, signal } from "npm:@preact/signals@2.11.4";
import type { EditorDocument } from "../model/document.ts";
import { formatMotion } from "../model/motion.ts";
import { type Preset, sortedPresets } from "../model/presets.ts";
import { request, RequestError } from "./api.ts";
import { attempt } from "./attempt.ts";

const KEY = "ati-presets";
const PATH = "api/presets";
/** A list that others change is written again so often. */
const MOST_TRIES = 5;

type Change = (known: readonly Preset[]) => readonly Preset[];

/** The presets of this browser. */
const kept = signal<readonly Preset[]>(readKept());
/** The presets of the project, and the tag that names them. */
const shared = signal<
  { readonly presets: readonly Preset[]; readonly etag: string } | undefined
>(undefined);

/** Requests for the list, counted: an answer to an older one is not news. */
let requests = 0;
/** The newest of them that was answered. */
let answered = 0;

/** The presets, by name; those of the project first. */
export const presets = computed<readonly Preset[]>(() => {
  const ours = shared.value?.presets ?? [];
  const names = new Set(ours.map(({ name }) => name));
  return sortedPresets([
    ...ours,
    ...kept.value.filter(({ name }) => !names.has(name)),
  ]);
});

/** Whether a preset is in this browser alone, not in the project. */
export function isKeptHere({ name }: Preset): boolean {
  return !shared.value?.presets.some((other) => other.name === name);
}

/**
 * Reads the project's presets.
 *
 * @throws {RequestError} When they cannot be read.
 */
export async function loadPresets(): Promise<void> {
  const number = ++requests;
  const response = await request("GET", PATH);
  const presets = await response.json();
  if (number < answered) return;
  answered = number;
  shared.value = { presets, etag: response.headers.get("etag") ?? "" };
}

/**
 * Keeps a motion under a name; one of the same name is replaced.
 *
 * @throws {Error} When it cannot be kept, or another window has changed what
 * would be replaced.
 */
export async function savePreset(
  name: string,
  motion: EditorDocument,
): Promise<void> {
  const preset = { name, at: Date.now(), text: formatMotion(motion) };
  await writeShared(
    (known) => [...known.filter((p) => p.name !== name), preset],
    name,
  );
}

/** Removes a preset; the returned function brings it back. */
export async function removePreset(
  preset: Preset,
): Promise<() => Promise<void>> {
  const remove: Change = (known) => known.filter((p) => p.name !== preset.name);
  const restore: Change = (known) => [...remove(known), preset];
  if (isKeptHere(preset)) {
    writeKept(remove);
    return async () => await writeKept(restore);
  }
  await writeShared(remove, preset.name);
  const here = kept.value.find((p) => p.name === preset.name);
  if (here) writeKept(remove);
  return async () => {
    await writeShared(restore, preset.name);
    if (here) writeKept((known) => [...remove(known), here]);
  };
}

/**
 * Writes the project's list: what others have saved meanwhile is kept. Where
 * the preset already is as it is to be (a save whose answer was lost) all is
 * done.
 */
async function writeShared(change: Change, name: string): Promise<void> {
  if (!shared.value) await loadPresets();
  const seen = find(shared.value!.presets, name);
  for (let tries = 1;; tries++) {
    const { presets, etag } = shared.value!;
    if (find(presets, name) !== seen) {
      throw new Error(
        `The preset ${name} was changed in another window: look at it first`,
      );
    }
    const next = sortedPresets(change(presets));
    try {
      const response = await request("PUT", PATH, {
        body: JSON.stringify(next),
        headers: { "if-match": etag, "content-type": "application/json" },
      });
      const tag = response.headers.get("etag") ?? "";
      answered = ++requests; // lists that were asked for before are older
      shared.value = { presets: next, etag: tag };
      return;
    } catch (error) {
      const isOld = error instanceof RequestError && error.status === 412;
      if (!isOld || tries === MOST_TRIES) throw error;
      await loadPresets();
      if (textOf(shared.value!.presets, name) === textOf(next, name)) return;
    }
  }
}

/** A preset as text, to be compared. */
function find(presets: readonly Preset[], name: string): string | undefined {
  return JSON.stringify(presets.find((preset) => preset.name === name));
}

/** The motion of a preset; undefined where there is none. */
function textOf(presets: readonly Preset[], name: string): string | undefined {
  return presets.find((preset) => preset.name === name)?.text;
}

function readKept(): Preset[] {
  const value: unknown = attempt(() =>
    JSON.parse(localStorage.getItem(KEY) ?? "[]")
  );
  return Array.isArray(value)
    ? value.filter((item) =>
      typeof item?.name === "string" && typeof item.text === "string"
    )
    : [];
}

/** Writes this browser's list: another window's are kept, too. */
function writeKept(change: Change): void {
  const next = sortedPresets(change(readKept()));
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch (cause) {
    throw new Error(
      "Cannot keep the preset: this browser has no room for it; export it as a file instead",
      { cause },
    );
  }
  kept.value = next;
}

// Another window has saved or removed some.
addEventListener("storage", () => kept.value = readKept());
