/**
 * Whether a finished video may be kept as the result of an item.
 *
 * @module
 */

import { quote, withHint } from "../base/errors.ts";
import { storedSeed } from "../base/seed.ts";
import { CONTROL_KEYS } from "../control/control_values.ts";
import type { ChangedKeys } from "./changed_jobs.ts";
import type { EngineName } from "./engine.ts";
import { findSignalFiles, sourceOf } from "./item_signal.ts";
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
  readonly own: (item: RunItem) => Pick<RunItem, "seed" | "negativePrompt">;
}

/** SHA-256 of an item's files. */
export interface FileHashes {
  /** Of the image file. */
  readonly image: string;
  /** Of the track file. */
  readonly track: string;
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
    if (found && found.track !== recipe.track_sha256) keys.push("track");
    if (isModel) {
      keys.push(
        ...otherPrompts(item, recipe, earlier.own(item)),
        ...await otherControl(item, recipe, copied),
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

function isFile(key: string): boolean {
  return key === "image" || key === "track";
}

/** The prompts and the seed, where they are others than the video's. */
function otherPrompts(
  { prompt, nextPrompts = [] }: RunItem,
  { text, text_before: before, negative, seed, segments }: VideoRecipe,
  own: Pick<RunItem, "seed" | "negativePrompt">,
): string[] {
  const keys: string[] = [];
  // A prompt may have been extended; the recipe's own run has that one.
  const isText = [text, before].includes(prompt);
  const isNext = before !== undefined || !segments ||
    JSON.stringify(segments.next_texts) === JSON.stringify(nextPrompts);
  if (!isText || !isNext) keys.push("text");
  const { negativePrompt, seed: ownSeed } = own;
  // An empty one is the default, which the recipe spells out.
  if (negativePrompt && negative !== negativePrompt) keys.push("negative");
  const isDrawn = ownSeed === undefined || ownSeed < 0;
  if (!isDrawn && String(seed) !== String(storedSeed(ownSeed))) {
    keys.push("seed");
  }
  return keys;
}

/** The keys of motion control that the copy has in another way. */
async function otherControl(
  { steering }: RunItem,
  { motion_signal: made }: VideoRecipe,
  copied: readonly string[] = [],
): Promise<string[]> {
  const keys = copied.filter((key) =>
    (CONTROL_KEYS as readonly string[]).includes(key)
  );
  const isSignal = (key: string) => /^motion_(signal|mask)$/.test(key);
  if (!made || !steering?.timeToMove || !keys.some(isSignal)) return keys;
  // Another path may be the same file.
  const now = await sourceOf(await findSignalFiles(steering.timeToMove));
  const isSame = now.signal_sha256 === made.signal_sha256 &&
    now.mask_sha256 === made.mask_sha256;
  return isSame ? keys.filter((key) => !isSignal(key)) : keys;
}
