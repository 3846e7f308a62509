/**
 * One item, made: its inputs loaded, its outputs rendered and painted, each
 * under its final name only when it is whole.
 *
 * @module
 */

import type { Engine } from "../engines/engine.ts";
import { writeFileWhole } from "../files.ts";
import { encodeImage } from "../media/image.ts";
import { plotTracks } from "../media/plot_tracks.ts";
import { paintFilm } from "../media/track_film.ts";
import { createVideo } from "../media/video.ts";
import { VERSION } from "../version.ts";
import { recipeFile, scratchOf, type Wanted } from "./_item_files.ts";
import { type ItemInputs, loadInputs } from "./item_inputs.ts";
import type { RunItem } from "./plan_run.ts";
import { writeRecipe } from "./recipe.ts";
import type { RunOptions } from "./run_options.ts";

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
  const { inputTracks, videoTracks } = item.outputs;
  onEvent({ type: "started", item });
  const inputs = await loadInputs(item);
  for (const message of inputs.notes) {
    onEvent({ type: "note", item, about: "inputs", message });
  }
  for (const message of inputs.warnings) {
    onEvent({ type: "note", item, about: "tracks", message });
  }
  if (wanted.inputTracks) {
    const plotted = plotTracks(inputs.image, inputs.tracks);
    const bytes = await encodeImage(plotted, "jpeg");
    signal?.throwIfAborted();
    await writeFileWhole(inputTracks!, bytes, { overwrite });
  }
  if (wanted.video) await renderVideo(item, { engine, inputs, options });
  // A process killed right after it had finished the video left its state.
  await engine.clean?.(scratchOf(item));
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
    await writeRecipe(recipeFile(item), {
      trackReading: { length: "auto" },
      ...item,
      ...recipe,
      crf,
    });
  }
  await video.finish();
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
