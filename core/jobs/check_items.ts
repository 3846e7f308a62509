/**
 * The last look before a run: whether every item can be done.
 *
 * @module
 */

import type { Engine } from "./engine.ts";
import { quote, withHint } from "../base/errors.ts";
import { checkOutput } from "../files/check_output.ts";
import { planSegments } from "./segments.ts";
import { loadMedia } from "../media/load_media.ts";
import {
  type FileHashes,
  hashFiles,
  type ItemInputs,
  loadInputs,
} from "./item_inputs.ts";
import { checkSignalFiles, findSignalFiles } from "./item_signal.ts";
import { isFinished } from "./_finished.ts";
import { filesOf, recipeFile, workDirOf } from "./_item_files.ts";
import { fileSha256 } from "./_sha256.ts";
import { checkKept, type EarlierRuns } from "./kept_video.ts";
import type { RunItem } from "./plan_run.ts";
import { checkRecipeFile } from "./recipe.ts";
import { engineOfVideo, recipeOfVideo } from "./video_tags.ts";

/** An item that cannot be started, and why. */
export interface ItemProblem {
  /** The item. */
  readonly item: RunItem;
  /** What is wrong. */
  readonly error: unknown;
}

/**
 * Checks all items before the first is started: reads every image and every
 * track file, and looks whether every output can be written and which are
 * already there. An empty list means that the run can begin; an item may have
 * several problems. The inputs of an item that was finished after their last
 * change are not read again.
 */
export async function checkItems(
  items: readonly RunItem[],
  options: {
    /** What will make them; without it only inputs and outputs are checked. */
    readonly engine: Engine | undefined;
    readonly overwrite?: boolean;
    /**
     * What finished videos must agree with to be kept. Without it they are kept
     * whatever they show.
     */
    readonly earlier?: EarlierRuns;
    readonly signal?: AbortSignal;
  },
): Promise<ItemProblem[]> {
  const { signal } = options;
  /** Items of the same inputs are common: other prompts, other seeds. */
  const seen: SeenInputs = new Map();
  const hashed: SeenHashes = new Map();
  const found: unknown[][] = items.map(() => []);
  // Without these no item can be done.
  await loadMedia();
  const queue = items.entries();
  let isOver = false;
  const lane = async () => {
    try {
      for (const [at, item] of queue) {
        signal?.throwIfAborted();
        if (isOver) break;
        found[at] = await errorsOf(item, { ...options, seen, hashed });
      }
    } finally {
      isOver = true;
    }
  };
  // Every lane is waited for: none goes on after the answer.
  const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane));
  for (const lane of lanes) if (lane.status === "rejected") throw lane.reason;
  signal?.throwIfAborted();
  return items.flatMap((item, at) =>
    found[at]!.map((error) => ({ item, error }))
  );
}

/** So many items are looked at together: images are decoded by threads. */
const LANES = 4;

/** The inputs that were looked at, by what makes them different. */
type SeenInputs = Map<string, Promise<ReturnType<typeof sizesOf>>>;

/** The files that were only hashed, by path. */
type SeenHashes = Map<string, Promise<string>>;

/**
 * What is wrong with one item.
 *
 * @throws {Deno.errors.NotCapable} When a permission is missing: it is the same
 * for all items.
 */
async function errorsOf(
  item: RunItem,
  options: Parameters<typeof checkItems>[1] & {
    readonly seen: SeenInputs;
    readonly hashed: SeenHashes;
  },
): Promise<unknown[]> {
  const { engine, overwrite = false, signal, seen, hashed, earlier } = options;
  const errors: unknown[] = [];
  const attempt = async (check: () => unknown) => {
    try {
      await check();
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      errors.push(...error instanceof AggregateError ? error.errors : [error]);
    }
  };
  const isDone = engine !== undefined && !overwrite && await isFinished(item);
  let frameCount: number | undefined;
  let loaded: FileHashes | undefined;
  if (!isDone) {
    await attempt(async () => {
      const { image, track, trackReading, inOneSegment } = item;
      const key = JSON.stringify([image, track, trackReading, inOneSegment]);
      const loading = seen.get(key) ??
        loadInputs(item, signal && { signal }).then(sizesOf);
      seen.set(key, loading);
      const inputs = await loading;
      loaded = inputs.hashes;
      const video = engine?.video(inputs.image);
      if (video && inputs.long) {
        ({ frameCount } = planSegments(inputs.long.frames, {
          length: video.frameCount,
          ...(item.overlap !== undefined && { overlap: item.overlap }),
        }));
      }
    });
    const paths = engine ? filesOf(item, engine) : Object.values(item.outputs);
    for (const path of paths) await attempt(() => checkOutput(path));
  }
  if (!engine) return errors;
  if (!isDone && !overwrite && engine.name === "model") {
    await attempt(() => checkRecipeFile(recipeFile(item)));
    await attempt(() => engine.checkFiles?.(workDirOf(item)));
  }
  await attempt(() => checkSteering(item, { engine, frameCount }));
  if (!overwrite) {
    await attempt(() =>
      checkFinished(item, {
        ...{ engine, earlier, isUnchanged: isDone },
        hashes: () => isDone ? hashesOf(item, hashed) : Promise.resolve(loaded),
      })
    );
  }
  return errors;
}

/** What is asked of an item's inputs, without their bytes. */
function sizesOf({ image: { width, height }, long, hashes }: ItemInputs) {
  return {
    image: { width, height },
    hashes,
    ...(long && { long: { frames: long.frames } }),
  };
}

/**
 * Whether the engine can steer an item, and its motion signal is usable.
 * `frameCount` is that of a video in segments.
 */
async function checkSteering(
  { steering }: RunItem,
  { engine, frameCount }: { engine: Engine; frameCount: number | undefined },
): Promise<void> {
  if (!engine.checkSteering) return;
  const { frameCount: ofOne } = engine.checkSteering(steering);
  const { timeToMove } = steering ?? {};
  if (!timeToMove) return;
  await checkSignalFiles(
    await findSignalFiles(timeToMove),
    frameCount ?? ofOne,
  );
}

/** The hashes of an item's files; those of several items are read once. */
function hashesOf(item: RunItem, hashed: SeenHashes): Promise<FileHashes> {
  return hashFiles(item, (path) => {
    const hashing = hashed.get(path) ?? fileSha256(path);
    hashed.set(path, hashing);
    return hashing;
  });
}

/**
 * Whether a finished video can be kept. A preview must not pass for a
 * generation because its name is taken, nor a video for that of another entry.
 */
async function checkFinished(
  item: RunItem,
  { engine, earlier, ...about }: {
    readonly engine: Engine;
    readonly earlier: EarlierRuns | undefined;
    readonly isUnchanged: boolean;
    readonly hashes: () => Promise<FileHashes | undefined>;
  },
): Promise<void> {
  const { video } = item.outputs;
  if (engine.name === "preview" && !earlier) return;
  const info = await Deno.stat(video).catch((error) => {
    // What else is wrong with it, checkOutput() says.
    if (error instanceof Deno.errors.NotCapable) throw error;
  });
  if (!info?.isFile) return;
  const recipe = await recipeOfVideo(video);
  if (engine.name === "model") {
    const made = recipe?.engine ?? await engineOfVideo(video);
    if (made === "preview") {
      throw new TypeError(
        withHint(
          `Cannot generate ${
            quote(video)
          }: there is a motion preview of that name`,
          "Use another output folder, or --overwrite.",
        ),
      );
    }
  }
  if (!earlier) return;
  await checkKept(item, {
    ...{ recipe, engine: engine.name, earlier, ...about },
    written: info.mtime?.getTime() ?? 0,
  });
}
