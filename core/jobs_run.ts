/**
 * Runs the items of a job list through one or more engines: what is finished
 * is skipped, what fails does not stop the others, and nothing half-written is
 * left behind.
 *
 * @module
 */

import { dirname, join } from "node:path";
import type {
  Engine,
  EngineName,
  EngineProgress,
  Scratch,
} from "./engines/engine.ts";
import { quote, withHint } from "./errors.ts";
import { fileExists, removeUnfinished, writeFileWhole } from "./files.ts";
import { type LockOptions, takeLock } from "./item_lock.ts";
import { type ItemInputs, loadInputs } from "./jobs_inputs.ts";
import type { RunItem } from "./jobs_plan.ts";
import { VERSION, writeRecipe } from "./recipe.ts";
import { loadMedia } from "./media/native.ts";
import { encodeImage } from "./media/image.ts";
import { plotTracks } from "./media/plot_tracks.ts";
import { paintFilm } from "./media/track_film.ts";
import { createVideo, openVideo } from "./media/video.ts";

/** What happens during a run. */
export type RunEvent =
  /** Everything there already; nothing is done. */
  | { readonly type: "skipped"; readonly item: RunItem }
  /** Another process works on it. */
  | { readonly type: "elsewhere"; readonly item: RunItem }
  /** Work on the item begins. */
  | { readonly type: "started"; readonly item: RunItem }
  /** Something that a person should know; the work goes on. */
  | {
    readonly type: "note";
    readonly item: RunItem;
    /** How the inputs were read, or how the engine goes about it. */
    readonly about: "inputs" | "work";
    readonly message: string;
  }
  /** A step of the item is done. */
  | ({ readonly type: "progress"; readonly item: RunItem } & EngineProgress)
  /** All outputs of the item are there. */
  | {
    readonly type: "done";
    readonly item: RunItem;
    readonly engine: EngineName;
    readonly seconds: number;
  }
  /** The item could not be done; the others go on. */
  | {
    readonly type: "failed";
    readonly item: RunItem;
    readonly error: unknown;
  };

/** How a run is done. */
export interface RunOptions {
  /** One or more; each takes the next item as soon as it is free. */
  readonly engines: readonly Engine[];
  /** Whether outputs that are there are made anew. */
  readonly overwrite?: boolean;
  /** The quality of the videos, 0 (lossless) to 51; 10 as in the reference. */
  readonly crf?: number;
  /** How items are locked against other processes on the same folder. */
  readonly lock?: Pick<LockOptions, "beat" | "patience">;
  /**
   * Ends the run; the item in work leaves no output behind, but what its
   * engine needs to go on with it.
   */
  readonly signal?: AbortSignal;
  /** Hears everything that happens. */
  readonly onEvent?: (event: RunEvent) => void;
}

/** How a run ended. */
export interface RunSummary {
  /** Items whose outputs were made. */
  readonly done: number;
  /** Items that were finished already. */
  readonly skipped: number;
  /** Items that another process works on. */
  readonly elsewhere: number;
  /** Items that failed. */
  readonly failed: number;
}

/** An item that cannot be started, and why. */
export interface ItemProblem {
  /** The item. */
  readonly item: RunItem;
  /** What is wrong. */
  readonly error: unknown;
}

/**
 * Looks through all items before the first is started: reads every picture and
 * every track file, and what outputs are there. An empty list means that the
 * run can begin.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createPreviewEngine } from "./engines/preview_engine.ts";
 * import { planRun } from "./jobs_plan.ts";
 * import { checkItems } from "./jobs_run.ts";
 * const items = planRun([{
 *   index: 0,
 *   text: "",
 *   imageFile: { path: "no.jpg" },
 *   trackFile: { path: "no.pth" },
 * }], { out: await Deno.makeTempDir() });
 * const engine = createPreviewEngine();
 * const problems = await checkItems(items, { engine });
 * assert.equal(problems.length, 1); // there is no no.jpg
 * ```
 */
export async function checkItems(
  items: readonly RunItem[],
  options: {
    readonly engine: Engine;
    readonly overwrite?: boolean;
    readonly signal?: AbortSignal;
  },
): Promise<ItemProblem[]> {
  const { engine, overwrite = false, signal } = options;
  const problems: ItemProblem[] = [];
  // Without these no item can be done.
  await loadMedia();
  for (const item of items) {
    signal?.throwIfAborted();
    try {
      const { image } = await loadInputs(item);
      engine.video(image);
      if (!overwrite) await checkFinished(item, engine);
    } catch (error) {
      // A missing permission is the same for all items.
      if (error instanceof Deno.errors.NotCapable) throw error;
      problems.push({ item, error });
    }
  }
  return problems;
}

/** A preview must not pass for a generation because its name is taken. */
async function checkFinished(item: RunItem, engine: Engine): Promise<void> {
  const { video } = item.outputs;
  if (engine.name === "preview" || !await fileExists(video)) return;
  const { metadata } = await openVideo(video);
  if (engineOf(metadata) !== "preview") return;
  throw new TypeError(
    withHint(
      `Cannot generate ${quote(video)}: there is a motion preview of that name`,
      "Use another output folder, or --overwrite.",
    ),
  );
}

/**
 * Which engine made a video, read from its tags; undefined for a video of
 * somebody else.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { engineOf } from "./jobs_run.ts";
 * assert.equal(engineOf({ description: '{"engine":"preview"}' }), "preview");
 * assert.equal(engineOf({}), undefined);
 * ```
 */
export function engineOf(
  metadata: Readonly<Record<string, string>>,
): EngineName | undefined {
  try {
    const { engine } = JSON.parse(metadata["description"] ?? "{}");
    return engine === "preview" || engine === "model" ? engine : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Does the items of a run.
 *
 * An item leaves the picture with its tracks, the video, and the video with its
 * tracks. What is there already is kept unless `overwrite` is set; a missing
 * overlay is made from the finished video.
 *
 * @throws {DOMException} `AbortError`, when `signal` was aborted; everything
 * that was finished by then stays.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createPreviewEngine } from "./engines/preview_engine.ts";
 * import { runItems } from "./jobs_run.ts";
 * const engines = [createPreviewEngine()];
 * const summary = await runItems([], { engines });
 * assert.equal(summary.done, 0);
 * ```
 */
export async function runItems(
  items: readonly RunItem[],
  options: RunOptions,
): Promise<RunSummary> {
  const { engines, signal, onEvent = () => {} } = options;
  if (engines.length === 0) {
    throw new TypeError("Cannot run items: expected one engine or more");
  }
  const count = { done: 0, skipped: 0, elsewhere: 0, failed: 0 };
  const queue = items.values();
  const lane = async (engine: Engine) => {
    for (const item of queue) {
      signal?.throwIfAborted();
      const started = performance.now();
      let came: "done" | "skipped" | "elsewhere";
      try {
        came = await runItem(item, engine, options);
      } catch (error) {
        // What no item is allowed to do need not be tried again.
        if (signal?.aborted || error instanceof Deno.errors.NotCapable) {
          throw error;
        }
        count.failed++;
        onEvent({ type: "failed", item, error });
        continue;
      }
      const seconds = (performance.now() - started) / 1000;
      count[came]++;
      onEvent(
        came === "done"
          ? { type: came, item, engine: engine.name, seconds }
          : { type: came, item },
      );
    }
  };
  // Every lane is waited for, so that none is cut off while it cleans up.
  const lanes = await Promise.allSettled(engines.map(lane));
  signal?.throwIfAborted();
  for (const result of lanes) {
    if (result.status === "rejected") throw result.reason;
  }
  return count;
}

/** Makes what is missing of an item, unless another process does. */
async function runItem(
  item: RunItem,
  engine: Engine,
  options: RunOptions,
): Promise<"done" | "skipped" | "elsewhere"> {
  const { signal } = options;
  if (!someWanted(await wantedOf(item, options))) return "skipped";
  const { folder, name } = scratchOf(item);
  await using lock = await takeLock(join(folder, `.${name}.lock`), {
    ...options.lock,
    signal,
  });
  if (!lock) return "elsewhere";
  // Another process may have finished it while this one waited.
  const wanted = await wantedOf(item, options);
  if (!someWanted(wanted)) return "skipped";
  await removeLeftovers(item);
  await makeItem(item, {
    engine,
    wanted,
    options: {
      ...options,
      signal: signal ? AbortSignal.any([signal, lock.signal]) : lock.signal,
    },
  });
  return "done";
}

/**
 * Removes what a process that was killed had begun to write; whoever holds the
 * lock knows that nobody is writing it.
 */
async function removeLeftovers(item: RunItem): Promise<void> {
  for (const path of [...Object.values(item.outputs), recipeFile(item)]) {
    await removeUnfinished(path);
  }
}

/** Where the recipe of an item lies. */
function recipeFile(item: RunItem): string {
  const { folder, name } = scratchOf(item);
  return join(folder, `${name}.json`);
}

/** Which outputs are to be made. */
type Wanted = Readonly<Record<keyof RunItem["outputs"], boolean>>;

async function wantedOf(
  { outputs }: RunItem,
  { overwrite = false }: RunOptions,
): Promise<Wanted> {
  const wanted = async (path: string | undefined) =>
    path !== undefined && (overwrite || !await fileExists(path));
  return {
    video: await wanted(outputs.video),
    inputTracks: await wanted(outputs.inputTracks),
    videoTracks: await wanted(outputs.videoTracks),
  };
}

function someWanted(wanted: Wanted): boolean {
  return Object.values(wanted).includes(true);
}

/** Where files of an item may lie that are no outputs. */
function scratchOf({ outputs, name }: RunItem): Scratch {
  return { folder: dirname(outputs.video), name };
}

async function makeItem(
  item: RunItem,
  { engine, wanted, options }: {
    engine: Engine;
    wanted: Wanted;
    options: RunOptions;
  },
): Promise<void> {
  const { overwrite = false, signal, onEvent = () => {} } = options;
  const { inputTracks, videoTracks } = item.outputs;
  onEvent({ type: "started", item });
  const inputs = await loadInputs(item);
  for (const message of inputs.notes) {
    onEvent({ type: "note", item, about: "inputs", message });
  }
  if (wanted.inputTracks) {
    const plotted = plotTracks(inputs.image, inputs.tracks);
    const bytes = await encodeImage(plotted, "jpeg");
    signal?.throwIfAborted();
    await writeFileWhole(inputTracks!, bytes, { overwrite });
  }
  if (wanted.video) await renderVideo(item, { engine, inputs, options });
  // A video that is new must not keep the overlay of the one before.
  if (wanted.videoTracks || (wanted.video && videoTracks !== undefined)) {
    await paintTracks(item, { inputs, options });
  }
}

/** What the steps of an item share. */
interface ItemWork {
  readonly inputs: ItemInputs;
  readonly options: RunOptions;
}

async function renderVideo(
  item: RunItem,
  { engine, inputs, options }: ItemWork & { engine: Engine },
): Promise<void> {
  const { image, tracks, hashes } = inputs;
  const { crf = 10, overwrite = false, signal, onEvent = () => {} } = options;
  const { text, negative, seed } = item;
  const scratch = scratchOf(item);
  const asked = {
    image,
    tracks,
    text,
    ...(negative !== undefined && { negative }),
    ...(seed !== undefined && { seed }),
  };
  const job = await engine.prepare?.(asked, {
    scratch,
    ...(signal && { signal }),
  }) ?? asked;
  const recipe = {
    engine: engine.name,
    text: job.text,
    ...(job.text !== text && { text_before: text }),
    negative: job.negative,
    seed: job.seed,
    image_sha256: hashes.image,
    track_sha256: hashes.track,
    versions: { ati: VERSION, deno: Deno.version.deno },
    ...engine.recipe(job),
  };
  const { width, height, fps } = engine.video(image);
  await using video = await createVideo(item.outputs.video, {
    width,
    height,
    fps,
    crf,
    overwrite,
    metadata: {
      title: item.name,
      comment: engine.title,
      description: JSON.stringify(recipe),
    },
    ...(signal && { signal }),
  });
  const frames = engine.render(job, {
    onProgress: (progress) => onEvent({ type: "progress", item, ...progress }),
    onNote: (message) =>
      onEvent({ type: "note", item, about: "work", message }),
    scratch,
    ...(signal && { signal }),
  });
  for await (const frame of frames) await video.write(frame);
  if (engine.name === "model") {
    await writeRecipe(recipeFile(item), { ...item, ...recipe, crf });
  }
  await video.finish();
  await engine.clean?.(scratch);
}

/** The finished video with the tracks over it. */
async function paintTracks(
  item: RunItem,
  { inputs, options }: ItemWork,
): Promise<void> {
  const { image, tracks } = inputs;
  const { crf = 10, signal, onEvent = () => {} } = options;
  await paintFilm(item.outputs.video, item.outputs.videoTracks!, {
    tracks,
    image,
    crf,
    overwrite: true,
    onFrame: (done, total = done) =>
      onEvent({ type: "progress", item, stage: "tracks", done, total }),
    ...(signal && { signal }),
  });
}
