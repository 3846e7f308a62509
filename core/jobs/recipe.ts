/**
 * The recipe of a video: everything that is needed to make it again, in the
 * video's own metadata and in a JSON file next to it.
 *
 * @module
 */

import { dirname, isAbsolute, relative, resolve } from "node:path";
import type { ComponentPaths } from "../checkpoint/checkpoint.ts";
import { FormatError, quote, withHint } from "../base/errors.ts";
import type { AtiSettings } from "../control/ati/ati_control.ts";
import type { NoControlSettings } from "../control/create_control.ts";
import type { WanMoveSettings } from "../control/wan_move/wan_move_control.ts";
import { restoredSeed, type Seed } from "../base/seed.ts";
import { fileExists, readFileText, writeFileAtomic } from "../files/files.ts";
import type { SignalSource } from "./item_signal.ts";
import type { TrackReading } from "../tracks/read_tracks.ts";
import {
  type CompleteSettings,
  completeSettings,
  type GenerationSettings,
} from "../pipeline/generation.ts";
import {
  type ComputeDtype,
  type NetworkDtypes,
  networkDtypes,
} from "../pipeline/placement.ts";

/** The first member of every recipe file. */
const FORMAT = "ati-recipe-1";

/** What a recipe file says. */
export interface Recipe {
  /** The image's path; resolved against the recipe's folder when read. */
  readonly image: string;
  /** The track file's. */
  readonly track: string;
  /** SHA-256 of the image file. */
  readonly image_sha256: string;
  /** SHA-256 of the track file. */
  readonly track_sha256: string;
  /** What belongs to the track file, where it acted. */
  readonly track_parts?: {
    /** SHA-256 of the file with the visibility. */
    readonly visibility_sha256?: string;
    /** SHA-256 of the marked objects; `none` where there were none. */
    readonly objects_sha256?: string;
  };
  /** How the track file was read; padded where it is missing, as it once was. */
  readonly trackReading?: TrackReading;
  /** The prompt as it was used. */
  readonly text: string;
  /** The negative prompt as it was used. */
  readonly negative: string;
  /** The seed; in the file a string of digits where it exceeds 2^53 - 1. */
  readonly seed: Seed;
  /** Size, length, sampler; in the file under the names of {@linkcode STORED}. */
  readonly settings: GenerationSettings;
  /**
   * The files of Time-to-Move's signal, with their hashes; what is absent was
   * made of the tracks.
   */
  readonly motion_signal?: SignalSource;
  /** How the segments were joined, if the video has several. */
  readonly segments?: {
    /** Frames that two segments share. */
    readonly overlap: number;
    /** The prompts of the segments after the first. */
    readonly next_texts: readonly string[];
    /** As they were given, where they were extended. */
    readonly next_texts_before?: readonly string[];
  };
  /** Which weights. */
  readonly checkpoint: {
    readonly folder: string;
    readonly weights: string;
    /** Files that stood in for those of the folder, if any did. */
    readonly parts?: ComponentPaths;
  };
  /** The precisions, where they were asked for. */
  readonly precision?: ComputeDtype | NetworkDtypes;
  /** The LoRAs that acted, if any. */
  readonly loras?: readonly {
    readonly file: string;
    readonly strength: number;
    readonly weights: string;
    /** A fingerprint of scales that its configuration states. */
    readonly scales?: string;
  }[];
  /** The VAE's tiles in latent cells, if it had any. */
  readonly tiles?: { readonly size: number; readonly overlap: number };
  /** Where it ran and in which arithmetic: `cuda, bf16`. */
  readonly placement: string;
  /**
   * What tells the injected numbers from others; null where there were none.
   * Earlier versions do not say it.
   */
  readonly injected?: string | null;
  /** The video's quality. */
  readonly crf: number;
}

/** All settings: a name in a recipe that is not among them is misspelled. */
const SETTINGS: Readonly<Record<keyof GenerationSettings, true>> = {
  maxArea: true,
  frameCount: true,
  solver: true,
  steps: true,
  flowShift: true,
  sigmas: true,
  guidanceScale: true,
  nag: true,
  skipNegative: true,
  stepCache: true,
  useRetSteps: true,
  magCache: true,
  control: true,
  timeToMove: true,
  decoder: true,
  compat: true,
};

/** What the control methods have besides their name. */
const CONTROLS: {
  readonly ati: OwnNames<AtiSettings>;
  readonly "wan-move": OwnNames<WanMoveSettings>;
  readonly none: OwnNames<NoControlSettings>;
} = {
  ati: { temperature: true, topk: true, motionStart: true, motionEnd: true },
  "wan-move": { strength: true, uncondMotion: true, compat: true },
  none: {},
};

/** All names but the method's: a new one must be listed here. */
type OwnNames<Settings> = Readonly<
  Record<Exclude<keyof Settings, "method">, true>
>;

/** How a track file may be read. */
const READINGS: readonly (keyof TrackReading)[] = [
  ...["length", "fps", "times", "unit", "fromSize"] as const,
  ...["array", "order", "scale"] as const,
];

/** Settings that recipe files call by another name than this program. */
const STORED: Readonly<Partial<Record<keyof GenerationSettings, string>>> = {
  flowShift: "shift",
  guidanceScale: "guidance",
  skipNegative: "skipUnconditional",
};

/** The settings under the names that recipe files have. */
export function storedSettings(
  settings: Readonly<Partial<Record<keyof GenerationSettings, unknown>>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      STORED[name as keyof GenerationSettings] ?? name,
      value,
    ]),
  );
}

/** The opposite of {@linkcode storedSettings}. */
function settingsFrom(stored: object): GenerationSettings {
  const names = new Map(
    Object.entries(STORED).map(([name, storedName]) => [storedName, name]),
  );
  return Object.fromEntries(
    Object.entries(stored).map(([name, value]) => [
      names.get(name) ?? name,
      value,
    ]),
  );
}

/**
 * Writes a recipe, over what was there; its paths become relative to it, so
 * that a folder can be moved as a whole.
 */
export async function writeRecipe(
  path: string,
  recipe: Readonly<Record<string, unknown>> & {
    readonly image: string;
    readonly track: string;
    readonly motion_signal?: SignalSource;
  },
): Promise<void> {
  // deno-lint-ignore no-unused-vars -- where it was written means nothing later
  const { image, track, outputs, index, line, name, motion_signal, ...rest } =
    recipe;
  const near = (file: string) =>
    relative(resolve(dirname(path)), resolve(file)).replaceAll("\\", "/");
  const content = {
    format: FORMAT,
    image: near(image),
    track: track && near(track),
    ...(motion_signal && { motion_signal: mapPaths(motion_signal, near) }),
    ...rest,
  };
  await writeFileAtomic(path, JSON.stringify(content, undefined, 2) + "\n", {
    overwrite: true,
  });
}

/** A signal's files with other paths. */
function mapPaths(
  source: SignalSource,
  change: (path: string) => string,
): SignalSource {
  const { signal, mask } = source;
  return {
    ...source,
    ...(signal !== undefined && { signal: change(signal) }),
    ...(mask !== undefined && { mask: change(mask) }),
  };
}

/**
 * Reads a recipe; its settings are checked.
 *
 * @throws {FormatError} When it is none, naming what is missing.
 * @throws {RangeError} When its settings make no sense.
 * @throws {TypeError} When its precisions do not.
 */
export async function readRecipe(
  path: string,
): Promise<Omit<Recipe, "settings"> & { settings: CompleteSettings }> {
  const text = await readFileText(path, { limit: 1024 * 1024 });
  const fail = (state: string, cause?: unknown) =>
    new FormatError(`Cannot read the recipe ${quote(path)}: ${state}`, {
      cause,
    });
  let found: Recipe & { format: string };
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw fail("it is not JSON", cause);
  }
  if (found?.format !== FORMAT) {
    throw fail(`its format is ${quote(found?.format)}, expected "${FORMAT}"`);
  }
  const kinds = {
    image: "string",
    track: "string",
    image_sha256: "string",
    track_sha256: "string",
    text: "string",
    negative: "string",
    settings: "object",
    checkpoint: "object",
    placement: "string",
    crf: "number",
  } as const;
  for (const [name, kind] of Object.entries(kinds)) {
    const value = found[name as keyof Recipe];
    if (typeof value !== kind || value === null) {
      throw fail(`${name} is ${quote(value)}, expected a ${kind}`);
    }
  }
  const seed = restoredSeed(found.seed);
  if (seed === undefined) {
    throw fail(`seed is ${quote(found.seed)}, expected a number`);
  }
  const signal: unknown = found.motion_signal ?? {};
  if (
    typeof signal !== "object" ||
    Object.values(signal as object).some((value) => typeof value !== "string")
  ) {
    throw fail("motion_signal is invalid, expected paths and hashes");
  }
  if (found.precision !== undefined) networkDtypes(found.precision);
  const settings = settingsFrom(found.settings);
  const { control } = settings;
  const stored = Object.keys(storedSettings(SETTINGS));
  checkNames(found.settings, { of: "settings", known: stored, fail });
  if (control) {
    const known = ["method", ...Object.keys(CONTROLS[control.method] ?? {})];
    checkNames(control, { of: "settings.control", known, fail });
  }
  checkNames(found.trackReading ?? {}, {
    of: "trackReading",
    known: READINGS,
    fail,
  });
  const { crf } = found;
  if (!(Number.isInteger(crf) && crf >= 0 && crf <= 51)) {
    throw fail(`crf is ${crf}, expected a whole number from 0 to 51`);
  }
  for (const { file, strength } of found.loras ?? []) {
    if (typeof file === "string" && Number.isFinite(strength)) continue;
    throw fail(
      `the LoRA ${quote(file)} has the strength ${
        quote(strength)
      }, expected a number`,
    );
  }
  const far = (file: string) =>
    isAbsolute(file) ? file : resolve(dirname(path), file);
  return {
    ...found,
    seed,
    image: far(found.image),
    track: found.track && far(found.track),
    ...(found.motion_signal &&
      { motion_signal: mapPaths(found.motion_signal, far) }),
    settings: completeSettings(settings),
  };
}

/** Refuses misspelled names: what they say would be dropped. */
function checkNames(
  values: object,
  { of, known, fail }: {
    readonly of: string;
    readonly known: readonly string[];
    readonly fail: (state: string) => FormatError;
  },
): void {
  const other = Object.keys(values).find((name) => !known.includes(name));
  if (other !== undefined) {
    throw fail(
      `${of} has ${quote(other)}, expected one of ${known.join(", ")}`,
    );
  }
}

/**
 * Looks whether a file that a recipe would replace is one.
 *
 * @throws {TypeError} When it is something else.
 */
export async function checkRecipeFile(path: string): Promise<void> {
  if (!await fileExists(path)) return;
  const isRecipe = await readFileText(path, { limit: 1024 * 1024 }).then(
    (text) => JSON.parse(text)?.format === FORMAT,
  ).catch((error) => {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  });
  if (!isRecipe) throw foreignFile(path, "a recipe");
}

/** The error about a file that is not this program's to replace. */
export function foreignFile(path: string, expected: string): TypeError {
  return new TypeError(withHint(
    `Cannot write ${
      quote(path)
    }: there is another file of that name, expected ${expected}`,
    "Give the video another name, or --overwrite.",
  ));
}
