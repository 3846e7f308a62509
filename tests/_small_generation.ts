/**
 * A generation of five small frames on the tiny checkpoint, for tests of how a
 * run goes rather than of its numbers.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { openAtiCheckpoint } from "../core/checkpoint_files.ts";
import { AtiPipeline } from "../core/pipeline/ati_pipeline.ts";
import type { PipelineEvent } from "../core/pipeline/events.ts";
import type {
  GenerationJob,
  GenerationSettings,
} from "../core/pipeline/generation.ts";
import type {
  GenerateOptions,
  PipelineOptions,
} from "../core/pipeline/pipeline_options.ts";
import type { Tensor } from "../core/tensor.ts";
import { TrackSet } from "../core/tracks/track_set.ts";
import { goldenUrl } from "./_golden.ts";

/** Five frames of 64 x 48 px in six steps. */
export const SMALL: GenerationSettings = {
  maxArea: 3072,
  frameCount: 5,
  steps: 6,
};

const WIDTH = 64, HEIGHT = 48;

/** A picture of colours that change, and one track. */
export const SMALL_JOB: GenerationJob = {
  image: {
    width: WIDTH,
    height: HEIGHT,
    data: Uint8Array.from(
      { length: 3 * WIDTH * HEIGHT },
      (_, i) => (i * 7) % 256,
    ),
  },
  tracks: TrackSet.fromPoints([
    Array.from(
      { length: 121 },
      (_, i) => ({ x: 10 + i / 4, y: 20, visible: true }),
    ),
  ]),
  text: "",
  seed: 3,
  inject: { textIds: [5, 9, 1], negativeIds: [7, 8, 6, 1] },
};

/** A pipeline on the tiny checkpoint. */
export async function openSmall(
  options: Partial<PipelineOptions> = {},
): Promise<AtiPipeline> {
  const checkpoint = await openAtiCheckpoint(
    fileURLToPath(goldenUrl("ckpt")),
    { tokenizer: false },
  );
  // In one piece: opening graphs takes most of the time of so small a model.
  return await AtiPipeline.open({
    checkpoint,
    devices: ["cpu"],
    form: "whole",
    ...options,
  });
}

/** Generates on it; everything it told, and its film. */
export async function generateSmall(
  options: GenerateOptions = {},
  where: Partial<PipelineOptions> & { job?: Partial<GenerationJob> } = {},
): Promise<{ events: PipelineEvent[]; film: Tensor[]; latent: Tensor }> {
  const { job, ...opened } = where;
  await using pipeline = await openSmall(opened);
  const events: PipelineEvent[] = [];
  const film: Tensor[] = [];
  const generated = pipeline.generate({ ...SMALL_JOB, ...job }, {
    ...options,
    settings: { ...SMALL, ...options.settings },
    onEvent(event) {
      events.push(event);
      options.onEvent?.(event);
    },
  });
  for await (const part of generated) film.push(part);
  const steps = events.filter((event) => event.type === "step");
  return { events, film, latent: steps.at(-1)?.latent ?? film[0]! };
}
