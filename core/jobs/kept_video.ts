/**
 * Whether a finished video may be kept as the result of an item.
 *
 * @module
 */

import { quote, withHint } from "../base/errors.ts";
import { storedSeed } from "../base/seed.ts";
import { CONTROL_KEYS, type ControlKey } from "../control/control_values.ts";
import { DEFAULT_NEGATIVE_PROMPT } from "../text/negative_prompt.ts";
import { isOtherSignal, isSignal, otherControl } from "./_other_control.ts";
import type { ChangedKeys } from "./changed_jobs.ts";
import type { EngineName } from "./engine.ts";
import type { FileHashes } from "./item_inputs.ts";
import type { RunItem } from "./plan_run.ts";
import type { VideoRecipe } from "./video_tags.ts";

/** What is known of the runs that may have left finished videos. */
export interface EarlierRuns {
  /** How the entries differ from the copy of their job file. */
  readonly changed: ChangedKeys;
  /**
   * Since when the copy says that, in ms: a video that was written later was
   * made from the paths in it. Infinity where that is not known.
   */
  readonly since: number;
  /** What an item's entry says itself, not a flag for all. */
  readonly own: (item: RunItem) => OwnValues;
}

/** What an entry says itself. */
export interface OwnValues extends Pick<RunItem, "seed" | "negativePrompt"> {
  /** The keys of motion control that it has. */
  readonly control?: readonly string[];
}

/**
 * Refuses a video that was made from something else than the item says: its
 * entry was edited, or another one had its number. The recipe in the video
 * decides; where it has none, and about motion control, the copy of the job
 * file next to the videos does.
 *
 * @param item the item that would keep its video
 * @param options.recipe what the video says of itself
 * @param options.written when the video was written, in ms
 * @param options.engine who would make it now
 * @param options.isUnchanged whether the files at the item's paths are older
 * than the outputs
 * @param options.hashes called only where the files may be others than then;
 * undefined where they cannot be read
 * @throws {TypeError} When it must not be kept.
 */
export async function checkKept(
  item: RunItem,
  { recipe, written, engine, earlier, isUnchanged, hashes }: {
    readonly recipe: VideoRecipe | undefined;
    readonly written: number;
    readonly engine: EngineName;
    readonly earlier: EarlierRuns;
    readonly isUnchanged: boolean;
    readonly hashes: () => Promise<FileHashes | undefined>;
  },
): Promise<void> {
  const { changed, since } = earlier;
  const copied = changed(item.index);
  const isModel = (recipe?.engine ?? engine) === "model";
  const keys: string[] = [];
  if (recipe?.image_sha256 === undefined) {
    // Prompts mean nothing to a motion preview.
    keys.push(...(copied ?? []).filter((key) => isModel || isFile(key)));
  } else {
    const isSame = isUnchanged && written > since && copied !== undefined &&
      !copied.some(isFile);
    const found = isSame ? undefined : await hashes();
    if (found && found.image !== recipe.image_sha256) keys.push("image");
    if (found && !isSameTrack(found, recipe)) keys.push("track");
    if (isModel) {
      const own = earlier.own(item);
      keys.push(
        ...otherPrompts(item, recipe, { own, copied }),
        ...await changedControl(item, recipe, { own, copied }),
      );
    }
  }
  if (keys.length === 0) return;
  throw new TypeError(withHint(
    `Cannot keep ${quote(item.outputs.video)}: it was made with another ${
      keys.join(", ")
    }, expected that of the entry`,
    HINT,
  ));
}

const HINT =
  "Remove the videos that are out of date, or choose another output folder, or --overwrite. With names of their own, entries keep their videos when others are inserted.";

/**
 * Whether the track file and what belongs to it are those of a video. Recipes of
 * earlier versions say nothing of what belongs to it; the objects are named only
 * where they were used.
 */
export function isSameTrack(
  { track, visibility, objects }: FileHashes,
  { track_sha256, track_parts: parts }: Pick<
    VideoRecipe,
    "track_sha256" | "track_parts"
  >,
): boolean {
  if (track !== track_sha256) return false;
  if (!parts) return true;
  const isSeen = parts.visibility_sha256 === visibility;
  return isSeen &&
    (parts.objects_sha256 === undefined ||
      parts.objects_sha256 === (objects ?? NO_OBJECTS));
}

/** In place of a hash: objects were looked for, and none were marked. */
const NO_OBJECTS = "none";

/**
 * What a recipe says of the files that belong to a track file.
 *
 * @param options.hasObjects whether marked objects act on the video
 */
export function trackParts(
  { visibility, objects }: FileHashes,
  { hasObjects }: { readonly hasObjects: boolean },
): Pick<VideoRecipe, "track_parts"> {
  return {
    track_parts: {
      ...(visibility !== undefined && { visibility_sha256: visibility }),
      ...(hasObjects && { objects_sha256: objects ?? NO_OBJECTS }),
    },
  };
}

function isFile(key: string): boolean {
  return key === "image" || key === "track";
}

/** The prompts and the seed, where they are others than the video's. */
function otherPrompts(
  { prompt, nextPrompts = [], negativePrompt }: RunItem,
  { text, text_before: before, negative, seed, segments }: VideoRecipe,
  { own, copied = [] }: {
    readonly own: OwnValues;
    readonly copied: readonly string[] | undefined;
  },
): string[] {
  const keys: string[] = [];
  // A prompt may have been extended; the recipe's own run has that one.
  const isText = [text, before].includes(prompt);
  const { next_texts: next, next_texts_before: nextBefore } = segments ?? {};
  // Earlier versions did not keep the later prompts as they were given.
  const isUnknown = before !== undefined && nextBefore === undefined;
  const isNext = !segments || isUnknown ||
    [next, nextBefore].some((texts) => isEqual(texts, nextPrompts));
  if (!isText || !isNext) keys.push("text");
  // An empty one is the default, which the recipe spells out. One that the
  // entry no longer has may have become that of all.
  const isOwn = Boolean(own.negativePrompt) || copied.includes("negative");
  if (isOwn && negative !== (negativePrompt || DEFAULT_NEGATIVE_PROMPT)) {
    keys.push("negative");
  }
  const isDrawn = own.seed === undefined || own.seed < 0;
  if (!isDrawn && String(seed) !== String(storedSeed(own.seed))) {
    keys.push("seed");
  }
  return keys;
}

function isEqual(
  texts: readonly string[] | undefined,
  others: readonly string[],
): boolean {
  return texts?.length === others.length &&
    texts.every((text, i) => text === others[i]);
}

/** The keys of motion control that say something else than the video. */
async function changedControl(
  { steering }: RunItem,
  { settings, motion_signal: made }: VideoRecipe,
  { own, copied }: {
    readonly own: OwnValues;
    readonly copied: readonly string[] | undefined;
  },
): Promise<ControlKey[]> {
  const changed = CONTROL_KEYS.filter((key) => copied?.includes(key));
  const keys = CONTROL_KEYS.filter((key) =>
    own.control?.includes(key) || changed.includes(key)
  );
  const others = settings
    ? otherControl(steering, settings, { keys, changed })
    : changed.filter((key) => !isSignal(key));
  // Files are read only where the copy cannot say that they are the same.
  const signals = (copied ? changed : keys).filter(isSignal);
  const isOther = signals.length > 0 && await isOtherSignal(steering, made);
  return isOther ? [...others, ...signals] : others;
}
