/**
 * Makes one item: loads its inputs, renders its outputs, and gives each its
 * final name only when it is complete.
 *
 * @module
 */

import { inSteps } from "../base/steps.ts";
import type {
  Engine,
  RenderInputs,
  RenderOptions,
  RenderSteering,
  WorkDir,
} from "./engine.ts";
import {
  renderSegments,
  segmentRecipe,
  type SegmentSignals,
} from "./render_segments.ts";
import { planSegments } from "./segments.ts";
import { segmentsFile } from "./_segment_store.ts";
import { writeFileAtomic } from "../files/files.ts";
import { encodeImage } from "../media/image.ts";
import { plotInSteps } from "../media/plot_tracks.ts";
import { createOverlay, overlayTracks } from "../media/overlay_tracks.ts";
import { createVideo } from "../media/video_writer.ts";
import { storedSeed } from "../base/seed.ts";
import { VERSION } from "../pipeline/fingerprint.ts";
import { recipeFile, type Wanted, workDirOf } from "./_item_files.ts";
import { type ItemInputs, loadInputs } from "./item_inputs.ts";
import { loadSignal, type SignalSource } from "./item_signal.ts";
import type { RunItem } from "./plan_run.ts";
import { writeRecipe } from "./recipe.ts";
import type { RunOptions } from "./run_options.ts";
import { trackParts } from "./kept_video.ts";

/** Makes what is wanted of an item. */
export async function makeItem(
  item: RunItem,
  { engine, wanted, options }: {
    engine: Engine;
    wanted: Wanted;
    options: RunOptions;
  },
): Promise<void> {
  const { overwrite = false, signal, onEvent = () => {} } = options;
  const { inputTracks } = item.outputs;
  onEvent({ type: "started", item });
  const inputs = await loadInputs(item, signal && { signal });
  for (const message of inputs.notes) {
    onEvent({ type: "note", item, about: "inputs", message });
  }
  for (const message of inputs.warnings) {
    onEvent({ type: "note", item, about: "tracks", message });
  }
  // A video that is new must not keep the tracks and the overlay of the one
  // before.
  if (inputTracks !== undefined && (wanted.inputTracks || wanted.video)) {
    const plotted = await inSteps(
      plotInSteps(inputs.image, inputs.long ?? inputs.tracks),
      signal,
    );
    const bytes = await encodeImage(plotted, "jpeg");
    signal?.throwIfAborted();
    await writeFileAtomic(inputTracks, bytes, {
      overwrite: overwrite || wanted.video,
    });
  }
  if (wanted.video) await renderVideo(item, { engine, inputs, options });
  else if (wanted.videoTracks) await overlayVideo(item, { inputs, options });
  // A process killed right after it had finished the video left its state.
  await engine.cleanup?.(workDirOf(item));
  for (const part of nextWorkDirs(item)) await engine.cleanup?.(part);
  await Deno.remove(segmentsFile(workDirOf(item))).catch(() => {});
}

/**
 * Where the engine keeps what it prepares for the segments after the first. No
 * item has a name with a tilde.
 */
function nextWorkDirs(item: RunItem): WorkDir[] {
  const { folder, name } = workDirOf(item);
  return (item.nextPrompts ?? []).map((_, i) => ({
    folder,
    name: `${name}~${i + 2}`,
  }));
}

/** What the steps of an item share. */
interface ItemWork {
  readonly inputs: ItemInputs;
  readonly options: RunOptions;
}

/**
 * Renders the video and, where it is part of the item, the overlay in the same
 * pass: every frame is encoded twice, once as it is and once with the tracks.
 */
async function renderVideo(
  item: RunItem,
  { engine, inputs, options }: ItemWork & { engine: Engine },
): Promise<void> {
  const { image, tracks, objects, hashes } = inputs;
  const { crf = 10, overwrite = false, signal, onEvent = () => {} } = options;
  const { prompt, negativePrompt, seed } = item;
  const workDir = workDirOf(item);
  const abort = signal ? { signal } : {};
  const { width, height, fps } = engine.video(image);
  const steering = await loadSteering(item, { engine, inputs, options });
  for (const message of steering?.notes ?? []) {
    onEvent({ type: "note", item, about: "work", message });
  }
  const requested: RenderInputs = {
    image,
    tracks,
    objects,
    prompt,
    ...(negativePrompt !== undefined && { negativePrompt }),
    ...(seed !== undefined && { seed }),
    ...(steering && { steering: steering.render }),
  };
  const onNote = (message: string) =>
    onEvent({ type: "note", item, about: "work", message });
  const job =
    await engine.prepare?.(requested, { workDir, onNote, ...abort }) ??
      requested;
  const unused = unusedPrompts(item, inputs, engine);
  if (unused !== undefined) {
    onEvent({ type: "note", item, about: "work", message: unused });
  }
  const long = inputs.long && {
    tracks: inputs.long,
    overlap: item.overlap ?? 0,
    nextPrompts: await preparePrompts(item, {
      job,
      engine,
      options: { onNote, ...abort },
    }),
    signals: steering?.signals,
  };
  const isExtended = job.prompt !== prompt ||
    long?.nextPrompts.some((text, i) => text !== item.nextPrompts?.[i]);
  const recipe = {
    engine: engine.name,
    text: job.prompt,
    ...(isExtended && { text_before: prompt }),
    negative: job.negativePrompt,
    ...(job.seed !== undefined && { seed: storedSeed(job.seed) }),
    image_sha256: hashes.image,
    track_sha256: hashes.track,
    ...trackParts(hashes, {
      hasObjects: engine.name === "preview" ||
        (steering?.source !== undefined &&
          steering.source.signal === undefined),
    }),
    versions: { ati: VERSION, deno: Deno.version.deno },
    ...engine.recipe(job),
    ...(long && segmentRecipe(long, isExtended ? item.nextPrompts : undefined)),
    ...(steering?.source && { motion_signal: hashesOf(steering.source) }),
  };
  const settings = {
    width,
    height,
    fps,
    crf,
    metadata: {
      title: item.name,
      comment: engine.title,
      description: JSON.stringify(recipe),
    },
    ...abort,
  };
  const { video: output, videoTracks } = item.outputs;
  await using video = await createVideo(output, { ...settings, overwrite });
  await using overlay = videoTracks === undefined
    ? undefined
    : await createOverlay(videoTracks, {
      ...settings,
      tracks: inputs.long ?? tracks,
      image,
      overwrite: true,
    });
  const rendering: RenderOptions = {
    onProgress: (progress) => onEvent({ type: "progress", item, ...progress }),
    onNote,
    workDir,
    ...abort,
  };
  const frames = long
    ? renderSegments(engine, job, { ...rendering, long })
    : engine.render(job, rendering);
  // While one frame is encoded the next one is made.
  let writing: Promise<unknown> = Promise.resolve();
  try {
    for await (const frame of frames) {
      await writing;
      writing = Promise.all([video.write(frame), overlay?.write(frame)]);
      writing.catch(() => {}); // thrown when it is waited for
    }
    await writing;
  } finally {
    // Nothing may continue in an encoder whose file is closed.
    await writing.catch(() => {});
  }
  if (engine.name === "model") {
    const { image, track, trackReading } = item;
    await writeRecipe(recipeFile(item), {
      trackReading: trackReading ?? { length: "auto" },
      image,
      track,
      ...recipe,
      ...(steering?.source && { motion_signal: steering.source }),
      crf,
    });
  }
  await video.finish();
  await overlay?.finish();
}

/** What is known of prompts that no segment has. */
function unusedPrompts(
  { nextPrompts = [], overlap }: RunItem,
  { image, long }: ItemInputs,
  engine: Engine,
): string | undefined {
  const segments = long
    ? planSegments(long.frames, {
      length: engine.video(image).frameCount,
      ...(overlap !== undefined && { overlap }),
    }).segments.length
    : 1;
  const texts = nextPrompts.length + 1;
  return texts > segments
    ? `the video has ${segments} segment${
      segments === 1 ? "" : "s"
    } and the entry ${texts} prompts: the last ${
      texts - segments === 1 ? "one is" : `${texts - segments} are`
    } not used`
    : undefined;
}

/** The prompts of the segments after the first, as the engine prepares them. */
async function preparePrompts(
  item: RunItem,
  { job, engine, options }: {
    job: RenderInputs;
    engine: Engine;
    options: RenderOptions;
  },
): Promise<string[]> {
  const prompts: string[] = [];
  for (const [i, workDir] of nextWorkDirs(item).entries()) {
    const prompt = item.nextPrompts![i]!;
    const prepared = await engine.prepare?.({ ...job, prompt }, {
      ...options,
      workDir,
    });
    prompts.push(prepared?.prompt ?? prompt);
  }
  return prompts;
}

/** What a video says of its signal: no paths. */
function hashesOf(
  { signal_sha256, mask_sha256 }: SignalSource,
): Omit<SignalSource, "signal" | "mask"> {
  return {
    ...(signal_sha256 !== undefined && { signal_sha256 }),
    ...(mask_sha256 !== undefined && { mask_sha256 }),
  };
}

/** How an item is steered, its motion signal loaded. */
async function loadSteering(
  { steering, overlap }: RunItem,
  { engine, inputs, options }: ItemWork & { engine: Engine },
): Promise<
  {
    readonly render: RenderSteering;
    readonly source?: SignalSource;
    readonly signals?: SegmentSignals;
    readonly notes: readonly string[];
  } | undefined
> {
  if (!steering || !engine.checkSteering) return undefined;
  const { timeToMove, ...others } = steering;
  if (!timeToMove) return { render: others, notes: [] };
  const { image, tracks, long } = inputs;
  const video = engine.video(image);
  const total = long && planSegments(long.frames, {
    length: video.frameCount,
    ...(overlap !== undefined && { overlap }),
  }).frameCount;
  const common = { video, signal: options.signal };
  const { signal, mode, source, notes } = await loadSignal(timeToMove, {
    objects: inputs.objects,
    image,
    tracks,
    ...common,
    ...(total !== undefined && { part: { start: 0, total } }),
  });
  const { tweak, tstrong } = timeToMove;
  return {
    render: {
      ...others,
      timeToMove: {
        signal,
        mode,
        ...(tweak !== undefined && { tweak }),
        ...(tstrong !== undefined && { tstrong }),
      },
    },
    source,
    ...(total !== undefined && {
      signals: {
        key: JSON.stringify(source),
        load: async ({ image, tracks }, start) => {
          const loaded = await loadSignal({ ...timeToMove, mode }, {
            image,
            tracks,
            ...common,
            part: { start, total },
          });
          return loaded.signal;
        },
      },
    }),
    notes,
  };
}

/** Draws the tracks over a video that was finished before. */
async function overlayVideo(
  item: RunItem,
  { inputs, options }: ItemWork,
): Promise<void> {
  const { image, tracks, long } = inputs;
  const { crf = 10, signal, onEvent = () => {} } = options;
  await overlayTracks(item.outputs.video, item.outputs.videoTracks!, {
    tracks: long ?? tracks,
    image,
    crf,
    overwrite: true,
    onFrame: (done, total = done) =>
      onEvent({ type: "progress", item, stage: "overlay", done, total }),
    ...(signal && { signal }),
  });
}
