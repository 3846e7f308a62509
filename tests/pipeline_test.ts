/**
 * The whole pipeline compared with the PyTorch reference: tracks, condition,
 * embeddings, predictions, latents after every step and the video, on the tiny
 * checkpoint.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openAtiCheckpoint } from "../core/checkpoint/open_checkpoint.ts";
import { decodeImage } from "../core/media/image.ts";
import { AtiPipeline } from "../core/pipeline/ati_pipeline.ts";
import type { PipelineEvent } from "../core/pipeline/events.ts";
import { tensorToFrames } from "../core/wan/frames/tensor_to_frames.ts";
import type { GenerationInputs } from "../core/pipeline/generation.ts";
import type {
  GenerateOptions,
  PipelineOptions,
} from "../core/pipeline/pipeline_options.ts";
import type { Tensor } from "../core/base/tensor.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";
import { processTracks } from "../core/tracks/resample.ts";
import { framesOf } from "./fixtures/frames_of.ts";
import {
  assertClose,
  difference,
  goldenUrl,
  readGolden,
} from "./fixtures/golden.ts";
import { goldenIds } from "./fixtures/golden_run.ts";

const SETTINGS = { maxArea: 6144, steps: 4, flowShift: 5, guidanceScale: 5 };
const RELATIVE = { relative: 3e-5 };
const LATENTS = { relative: 5e-5 };

const checkpoint = await openAtiCheckpoint(
  fileURLToPath(goldenUrl("ckpt")),
  { tokenizer: false },
);
const golden = (name: string) => readGolden(`pipeline/${name}.npy`);
const image = await decodeImage(
  Deno.readFileSync(goldenUrl("pipeline/image.png")),
);
const { tracks } = await readTracks(
  Deno.readFileSync(goldenUrl("pipeline/track.pth")),
  { name: "track.pth" },
);

const JOB: GenerationInputs = {
  image,
  tracks,
  prompt: "a small test prompt",
  seed: 0,
  overrides: {
    textIds: goldenIds("prompt"),
    negativeIds: goldenIds("negative"),
    noise: golden("noise"),
  },
};

/** All events and results of a generation; tensors copied. */
async function generate(
  options: GenerateOptions = {},
  where: Partial<PipelineOptions> = {},
): Promise<{ events: PipelineEvent[]; video: Tensor }> {
  await using pipeline = await AtiPipeline.open({
    checkpoint,
    devices: ["cpu"],
    threads: 1, // of so small networks they only wait for each other
    ...where,
  });
  const events: PipelineEvent[] = [];
  const parts: Tensor[] = [];
  const generated = pipeline.generate(JOB, {
    settings: SETTINGS,
    ...options,
    onEvent(event) {
      events.push(event);
      options.onEvent?.(event);
    },
  });
  for await (const part of generated) parts.push(part);
  return { events, video: join(parts) };
}

function join(parts: readonly Tensor[]): Tensor {
  const [, , height, width] = parts[0]!.dims as number[];
  const plane = height! * width!;
  const frames = parts.reduce((sum, part) => sum + part.dims[1]!, 0);
  const data = new Float32Array(3 * frames * plane);
  let at = 0;
  for (const part of parts) {
    const length = part.dims[1]! * plane;
    for (let channel = 0; channel < 3; channel++) {
      data.set(
        part.data.subarray(channel * length, (channel + 1) * length),
        channel * frames * plane + at,
      );
    }
    at += length;
  }
  return { dims: [3, frames, height!, width!], data };
}

/** Mean of every frame and channel, `[frames, 3]`. */
function means(video: Tensor): Tensor {
  const [, count, height, width] = video.dims as number[];
  const plane = height! * width!;
  const data = new Float32Array(count! * 3);
  for (let frame = 0; frame < count!; frame++) {
    for (let channel = 0; channel < 3; channel++) {
      const start = (channel * count! + frame) * plane;
      data[3 * frame + channel] = video.data.subarray(start, start + plane)
        .reduce((sum, x) => sum + x, 0) / plane;
    }
  }
  return { dims: [count!, 3], data };
}

function one<T extends PipelineEvent["type"]>(
  events: readonly PipelineEvent[],
  type: T,
): Extract<PipelineEvent, { type: T }> {
  return events.find((event) => event.type === type) as Extract<
    PipelineEvent,
    { type: T }
  >;
}

function latents(events: readonly PipelineEvent[]): Tensor[] {
  return events.flatMap((event) => event.type === "step" ? [event.latent] : []);
}

Deno.test("the pipeline is the reference's, UniPC", async () => {
  const { events, video } = await generate();
  const { text, negative, image: features } = one(events, "encoded");
  assertClose("prompt", text, golden("prompt.context"), RELATIVE);
  assertClose("negative", negative!, golden("negative.context"), RELATIVE);
  const clip = golden("clip_context");
  assertClose(
    "clip",
    features,
    { ...clip, dims: clip.dims.slice(1) },
    RELATIVE,
  );

  const conditioned = one(events, "conditioned");
  assertClose("tracks", processTracks(tracks, image), golden("tracks"), {
    max: 5e-7,
  });
  assertClose("y, VAE", conditioned.latent, golden("y_latent_before_patch"), {
    max: 5e-5,
  });
  const y = golden("y_after_patch");
  const seventeen = conditioned.condition.data.subarray(
    3 * y.data.length / 17,
  );
  assertClose("y", { dims: y.dims, data: seventeen }, y, { max: 5e-5 });

  const predicted = one(events, "predicted");
  assertClose("step 0", predicted.conditional, golden("step0_cond"), RELATIVE);
  assertClose(
    "step 0, negative",
    predicted.unconditional!,
    golden("step0_uncond"),
    RELATIVE,
  );
  const expected = golden("unipc.latents");
  const length = expected.data.length / 4;
  latents(events).forEach((latent, i) =>
    assertClose(`latent ${i + 1}`, latent, {
      dims: expected.dims.slice(1),
      data: expected.data.subarray(i * length, (i + 1) * length),
    }, LATENTS)
  );
  assertClose(
    "video",
    framesOf(video, [0, 4, 5, 80]),
    golden("unipc.video_frames"),
    { max: 3e-4 },
  );
  assertClose("video means", means(video), golden("unipc.video_mean"), {
    max: 2e-5,
  });
  for (const frame of [0, 40, 80]) {
    const name = `unipc.frame${String(frame).padStart(2, "0")}.png`;
    const stored = await decodeImage(
      Deno.readFileSync(goldenUrl(`pipeline/${name}`)),
    );
    const [made] = tensorToFrames(framesOf(video, [frame]));
    const off = made!.data.map((x, i) => Math.abs(x - stored.data[i]!));
    const count = off.filter((x) => x > 0).length;
    console.log(`${name}: ${count} of ${off.length} samples off by one level`);
    assert.ok(off.every((x) => x <= 1) && count < 0.005 * off.length);
  }

  const report = one(events, "report");
  assert.equal(report.passes, 8);
  assert.ok(report.peakHostBytes > 0);
  assert.deepEqual(Object.keys(report.seconds), [
    "text-encoder",
    "image-encoder",
    "vae-encode",
    "sampling",
    "vae-decode",
  ]);
});

Deno.test("the pipeline is the reference's, DPM++", async () => {
  const { events, video } = await generate({
    settings: { ...SETTINGS, solver: "dpm++" },
  });
  const expected = golden("dpmpp.latents_frames");
  const length = expected.data.length / 4;
  latents(events).forEach((latent, i) =>
    assertClose(`latent ${i + 1}`, framesOf(latent, [0, 1, 10, 20]), {
      dims: expected.dims.slice(1),
      data: expected.data.subarray(i * length, (i + 1) * length),
    }, LATENTS)
  );
  assertClose(
    "last latent",
    latents(events).at(-1)!,
    golden("dpmpp.latent_final"),
    LATENTS,
  );
  assertClose("video", framesOf(video, [80]), golden("dpmpp.video_frames"), {
    max: 3e-4,
  });
  assertClose("video means", means(video), golden("dpmpp.video_mean"), {
    max: 2e-5,
  });
});

Deno.test("the pipeline gives the same result monolithic and on two devices", async () => {
  const settings = { ...SETTINGS, steps: 2 };
  const plain = await generate({ settings });
  for (
    const where of [
      { execution: "monolithic" },
      { devices: ["cpu", "cpu"] },
      { offloadModel: false, execution: "monolithic" },
    ] as const
  ) {
    const { events } = await generate({ settings }, where);
    const { relative } = difference(
      latents(events).at(-1)!,
      latents(plain.events).at(-1)!,
    );
    console.log(JSON.stringify(where), relative);
    assert.ok(relative < 5e-6);
  }
});
