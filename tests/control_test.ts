/**
 * Control methods compared with their references: Wan-Move's rule and whole
 * runs, ATI's temperature, topk, and limits in time.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { RgbImage } from "../core/base/image.ts";
import type { Tensor } from "../core/base/tensor.ts";
import {
  checkClock,
  defaultClock,
} from "../core/control/time_to_move/dual_clock.ts";
import {
  latentMask,
  maskPixels,
  signalPlanes,
} from "../core/control/time_to_move/motion_signal.ts";
import { openAtiCheckpoint } from "../core/checkpoint/open_checkpoint.ts";
import { createAtiControl } from "../core/control/ati/ati_control.ts";
import { patchMotion } from "../core/control/ati/motion_patch.ts";
import {
  type ControlSettings,
  createControl,
} from "../core/control/create_control.ts";
import { plainCondition } from "../core/control/motion_control.ts";
import {
  copyFeatures,
  samplesInVideo,
  trackCells,
} from "../core/control/wan_move/copy_features.ts";
import { decodeImage } from "../core/media/image.ts";
import { AtiPipeline } from "../core/pipeline/ati_pipeline.ts";
import { denoise } from "../core/pipeline/denoise.ts";
import { conditionsOfStep } from "../core/pipeline/encode.ts";
import { placeNetwork } from "../core/pipeline/placement.ts";
import { resolveDevice } from "../core/onnx/runtime/devices.ts";
import { MagCache } from "../core/sampling/mag_cache.ts";
import { createSampler } from "../core/sampling/sampler.ts";
import { StepCache } from "../core/sampling/step_cache.ts";
import { createPredictor } from "../core/wan/transformer/predictor.ts";
import type { PipelineEvent } from "../core/pipeline/events.ts";
import type { GenerationSettings } from "../core/pipeline/generation.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";
import { trackFrameAt } from "../core/tracks/resample.ts";
import { TrackSet } from "../core/tracks/track_set.ts";
import { framesOf } from "./fixtures/frames_of.ts";
import {
  assertClose,
  goldenUrl,
  readGolden,
  readGoldenJson,
} from "./fixtures/golden.ts";
import { goldenIds } from "./fixtures/golden_run.ts";

const LATENTS = { relative: 5e-5 };

/** Channels of `[channels, ...]`. */
function channelsOf(x: Tensor, chosen: readonly number[]): Tensor {
  const size = x.data.length / x.dims[0]!;
  const data = new Float32Array(chosen.length * size);
  chosen.forEach((c, i) =>
    data.set(x.data.subarray(c * size, (c + 1) * size), i * size)
  );
  return { dims: [chosen.length, ...x.dims.slice(1)], data };
}

/** The item `i` of a tensor's first axis. */
function itemOf(x: Tensor, i: number): Tensor {
  const one = channelsOf(x, [i]);
  return { dims: one.dims.slice(1), data: one.data };
}

/** Wan-Move's two files as samples `[frames, tracks, 3]`. */
function samplesOf(name: string): Tensor {
  const tracks = readGolden(`wan_move/rule.${name}.tracks.npy`);
  const visible = readGolden(`wan_move/rule.${name}.visible.npy`);
  const data = new Float32Array(visible.data.length * 3);
  visible.data.forEach((seen, i) =>
    data.set([tracks.data[2 * i]!, tracks.data[2 * i + 1]!, seen], 3 * i)
  );
  return { dims: [...tracks.dims.slice(0, 2), 3], data };
}

const RULE_SIZE = { width: 64, height: 88, latentFrames: 21 };

for (
  const name of [
    "one",
    "several",
    "edges",
    "late",
    "meeting",
    "unseen",
    "short",
    "visibility_numbers",
  ]
) {
  Deno.test(`Wan-Move copies features as its reference does: ${name}`, () => {
    const latent = readGolden("wan_move/rule.latent.npy");
    const cells = trackCells(samplesOf(name), RULE_SIZE);
    const expected = readGolden(`wan_move/rule.${name}.cells.npy`);
    const [tracks, frames] = expected.dims as [number, number];
    for (let n = 0; n < tracks; n++) {
      for (let k = 0; k < frames; k++) {
        const [row, column] = expected.data.subarray(2 * (n * frames + k));
        const cell = cells.cells[n * 21 + k];
        assert.equal(cell, row! < 0 ? -1 : row! * 8 + column!);
      }
    }
    const edited = copyFeatures(latent, cells, { compat: "reference" });
    assertClose(name, edited, readGolden(`wan_move/rule.${name}.edited.npy`), {
      max: 0,
    });
    // Without the reference's index of -1, tracks that start late carry nothing.
    const exact = copyFeatures(latent, cells);
    const carriesLast = Array.from(
      { length: cells.count },
      (_, n) => cells.cells.subarray(n * 21, (n + 1) * 21),
    ).some((own) => own[0]! < 0 && own.some((cell) => cell >= 0));
    assert.equal(exact.data.join() !== edited.data.join(), carriesLast);
  });
}

Deno.test("Wan-Move's strength mixes and exaggerates as ComfyUI's does", () => {
  const latent = readGolden("wan_move/rule.latent.npy");
  const cells = trackCells(samplesOf("meeting"), RULE_SIZE);
  for (const strength of [0.6, 1.7]) {
    assertClose(
      `strength ${strength}`,
      copyFeatures(latent, cells, { strength, compat: "reference" }),
      readGolden(`wan_move/rule.meeting.strength_${strength}.npy`),
      { max: 1e-6 },
    );
  }
  assert.deepEqual(copyFeatures(latent, cells, { strength: 0 }), latent);
});

const checkpoint = await openAtiCheckpoint(
  fileURLToPath(goldenUrl("ckpt")),
  { tokenizer: false },
);

/** Latents after each step, and the condition, of a run on the tiny weights. */
async function run(inputs: {
  image: string;
  tracks: TrackSet;
  noise: Tensor;
  settings: GenerationSettings;
}): Promise<{ latents: Tensor[]; condition: Tensor; events: PipelineEvent[] }> {
  const image = await decodeImage(Deno.readFileSync(goldenUrl(inputs.image)));
  await using pipeline = await AtiPipeline.open({
    checkpoint,
    devices: ["cpu"],
    threads: 1, // of so small networks they only wait for each other
    execution: "monolithic",
  });
  const events: PipelineEvent[] = [];
  const video = pipeline.generate({
    image,
    tracks: inputs.tracks,
    prompt: "",
    seed: 0,
    overrides: {
      textIds: goldenIds("prompt"),
      negativeIds: goldenIds("negative"),
      noise: inputs.noise,
    },
  }, {
    settings: inputs.settings,
    onEvent: (event) => events.push(event),
  });
  for await (const _ of video) break;
  return {
    latents: events.flatMap((event) =>
      event.type === "step" ? [event.latent] : []
    ),
    condition: events.find((event) => event.type === "conditioned")!.condition,
    events,
  };
}

/** 81 samples at 16 per second as 121 samples that give the same when resampled. */
function trackSetOf(tracks: Tensor, visible: Tensor): TrackSet {
  const [, frames, count] = tracks.dims as [number, number, number];
  const points = Array.from({ length: count }, (_, n) => {
    const samples = Array.from({ length: 121 }, () => ({
      x: -1e4,
      y: -1e4,
      visible: false,
    }));
    for (let frame = 0; frame < frames; frame++) {
      const at = frame * count + n;
      samples[trackFrameAt(frame)] = {
        x: tracks.data[2 * at]!,
        y: tracks.data[2 * at + 1]!,
        visible: visible.data[at] !== 0,
      };
    }
    return samples;
  });
  return TrackSet.fromPoints(points);
}

const WAN_MOVE = {
  image: "wan_move/image.png",
  tracks: trackSetOf(
    readGolden("wan_move/tracks.npy"),
    readGolden("wan_move/visible.npy"),
  ),
  noise: readGolden("wan_move/noise.npy"),
};
const WAN_MOVE_SETTINGS = { maxArea: 6144, steps: 3, flowShift: 3 };

Deno.test("a run with Wan-Move is the reference's", async () => {
  const control: ControlSettings = {
    method: "wan-move",
    compat: "reference",
  };
  const { latents, condition } = await run({
    ...WAN_MOVE,
    settings: { ...WAN_MOVE_SETTINGS, control },
  });
  assertClose(
    "condition, channel 13",
    itemOf(condition, 13),
    readGolden("wan_move/y_edited_channel.npy"),
    { max: 7e-5 },
  );
  const expected = readGolden("wan_move/latents.npy");
  latents.forEach((latent, i) =>
    assertClose(`latent ${i + 1}`, latent, itemOf(expected, i), LATENTS)
  );
  assert.equal(latents.length, 3);
});

Deno.test("Wan-Move without motion in the negative pass agrees with the clean variant", async () => {
  const { latents } = await run({
    ...WAN_MOVE,
    settings: {
      ...WAN_MOVE_SETTINGS,
      control: {
        method: "wan-move",
        uncondMotion: "off",
        compat: "reference",
      },
    },
  });
  assertClose(
    "last latent",
    latents.at(-1)!,
    readGolden("wan_move/latent_final.plain_uncond.npy"),
    LATENTS,
  );
});

for (const i of [0, 1, 2, 3, 4, 5]) {
  Deno.test(`ATI's temperature and topk are the reference's, case ${i}`, () => {
    const { patch_cases: cases } = readGoldenJson<{
      patch_cases: Record<string, { temperature: number; topk: number }>;
    }>("ati_knobs/manifest.json");
    const { temperature, topk } = cases[`patch${i}`]!;
    const pair = readGolden("ati_knobs/vid.npy");
    const [, frames, height, width] = pair.dims as number[];
    const plane = frames! * height! * width!;
    const latent = {
      dims: [16, frames!, height!, width!],
      data: new Float32Array(16 * plane),
    };
    latent.data.set(pair.data.subarray(0, plane), plane);
    latent.data.set(pair.data.subarray(plane), 8 * plane);
    const tracks = readGolden(`ati_knobs/patch${i}.tracks.npy`);
    const patched = patchMotion(
      { dims: tracks.dims.slice(1), data: tracks.data },
      latent,
      { temperature, topk },
    );
    assertClose(
      "mask",
      itemOf(patched, 0),
      readGolden(`ati_knobs/patch${i}.mask.npy`),
      { max: 3e-5 },
    );
    assertClose(
      "features",
      channelsOf(patched, [4 + 1, 4 + 8]),
      readGolden(`ati_knobs/patch${i}.feat.npy`),
      { max: 3e-5 },
    );
  });
}

Deno.test("motion acts in the steps between its two fractions, including both", () => {
  const { percent_table: table } = readGoldenJson<{
    percent_table: {
      steps: number;
      start_percent: number;
      end_percent: number;
      steps_with_motion: number[];
    }[];
  }>("ati_knobs/manifest.json");
  for (const row of table) {
    const control = createAtiControl({
      method: "ati",
      motionStart: row.start_percent,
      motionEnd: row.end_percent,
    });
    const { steps } = row;
    const found = Array.from({ length: steps }, (_, step) => step).filter(
      (step) => control.hasMotion({ step, steps, branch: "unconditional" }),
    );
    assert.deepEqual(found, row.steps_with_motion);
  }
  assert.throws(
    () => createControl({ method: "ati", motionEnd: 1.5 }),
    /motionEnd 1.5: expected a fraction/,
  );
  assert.throws(
    () => createControl({ method: "vace" } as unknown as ControlSettings),
    /"vace", expected one of ati, wan-move, none/,
  );
});

Deno.test("without control the condition is plain image-to-video", async () => {
  const { tracks } = await readTracks(
    Deno.readFileSync(goldenUrl("pipeline/track.pth")),
    { name: "track.pth" },
  );
  const { condition, latents } = await run({
    image: "pipeline/image.png",
    tracks,
    noise: readGolden("pipeline/noise.npy"),
    settings: {
      maxArea: 6144,
      steps: 1,
      guidanceScale: 1,
      control: { method: "none" },
    },
  });
  const before = readGolden("pipeline/y_latent_before_patch.npy");
  assertClose("condition", condition, plainCondition(before), { max: 3e-5 });
  assert.equal(latents.length, 1);
  const samples = samplesInVideo(tracks, {
    image: { width: 10, height: 10 },
    video: { width: 20, height: 10, frameCount: 5 },
  });
  assert.equal(samples.data[0], Math.fround(2 * tracks.x(0, 0)));
});

Deno.test("a run with ATI's motion in some of the steps is the wrapper's", async () => {
  const latent = readGolden("ati_knobs/run.plain_y.npy");
  const tracks = readGolden("ati_knobs/run.tracks.npy");
  const settings = {
    method: "ati",
    temperature: 150,
    topk: 1,
    motionStart: 0.1,
    motionEnd: 0.5,
  } as const;
  const condition = patchMotion(
    { dims: tracks.dims.slice(1), data: tracks.data },
    latent,
    settings,
  );
  const clip = readGolden("pipeline/clip_context.npy");
  const encoded = {
    conditions: {
      condition,
      promptEmbeds: readGolden("pipeline/prompt.context.npy"),
      negativeEmbeds: readGolden("pipeline/negative.context.npy"),
      imageEmbeds: { dims: clip.dims.slice(-2), data: clip.data },
    },
    plainCondition: plainCondition(latent),
    signal: undefined,
  };
  await using predictor = createPredictor({
    component: checkpoint.transformer,
    latent: latent.dims.slice(1) as [number, number, number],
    placements: [placeNetwork("transformer", await resolveDevice("cpu"))],
    execution: "monolithic",
  });
  const latents: Tensor[] = [];
  await denoise({
    predictor,
    sampler: createSampler("unipc", { steps: 6 }),
    guidance: { scale: 5 },
    conditionsAt: (step) =>
      conditionsOfStep(encoded, createControl(settings), { step, steps: 6 }),
    latent: readGolden("ati_knobs/run.noise.npy"),
    remember: false,
    lastAsked: new Map(),
    passes: { done: 0, skipped: 0 },
  }, {
    emit: (event) => event.type === "step" && latents.push(event.latent),
    previewEvery: 0,
    save: () => Promise.resolve(),
  });
  const expected = readGolden("ati_knobs/run.latents.npy");
  latents.forEach((found, i) =>
    assertClose(`latent ${i + 1}`, found, itemOf(expected, i), LATENTS)
  );
  assert.equal(latents.length, 6);
});

/** Frames `[frames, height, width, 3]` of bytes as images. */
function imagesOf(name: string): RgbImage[] {
  const { dims, data } = readGolden(`time_to_move/${name}.u8.npy`);
  const [frames, height, width] = dims as [number, number, number, number];
  const size = 3 * height * width;
  return Array.from({ length: frames }, (_, i) => ({
    width,
    height,
    data: Uint8Array.from(data.subarray(i * size, (i + 1) * size)),
  }));
}

const SIGNAL = { frames: imagesOf("motion"), masks: imagesOf("mask") };
const SIGNAL_SIZE = { width: 96, height: 64 };

Deno.test("Time-to-Move reads its signal and mask as its reference does", () => {
  assertClose(
    "frame 18",
    signalPlanes(SIGNAL.frames[18]!, SIGNAL_SIZE),
    readGolden("time_to_move/motion_resized.npy"),
    { relative: 3e-6 },
  );
  const pixels = readGolden("time_to_move/mask_pixels.npy");
  [0, 1, 5].forEach((frame, i) =>
    assert.deepEqual(
      [...maskPixels(SIGNAL.masks[frame]!, SIGNAL_SIZE)],
      [...itemOf(pixels, i).data],
    )
  );
  assertClose(
    "latent mask",
    latentMask((frame) => maskPixels(SIGNAL.masks[frame]!, SIGNAL_SIZE), {
      ...SIGNAL_SIZE,
      latentFrames: 9,
    }),
    readGolden("time_to_move/mask_latent.npy"),
    { max: 0 },
  );
});

const KEPT_FRAMES = [0, 1, 4, 8];

for (
  const { name, solver, tweak, tstrong, frames } of [
    { name: "run0", solver: "unipc", tweak: 2, tstrong: 5, frames: "all" },
    { name: "run1", solver: "unipc", tweak: -1, tstrong: 4, frames: "some" },
    { name: "run4", solver: "euler", tweak: 2, tstrong: 5, frames: "some" },
  ] as const
) {
  Deno.test(`Time-to-Move is its reference's: ${solver}, ${tweak} to ${tstrong}`, async () => {
    const image = await decodeImage(
      Deno.readFileSync(goldenUrl("time_to_move/image.png")),
    );
    await using pipeline = await AtiPipeline.open({
      checkpoint,
      devices: ["cpu"],
      threads: 1, // of so small networks they only wait for each other
      execution: "monolithic",
    });
    const latents: Tensor[] = [];
    const video = pipeline.generate({
      image,
      tracks: TrackSet.fromPoints([]),
      motionSignal: SIGNAL,
      prompt: "",
      seed: 23,
      // Runs that start from signal and noise use the generator's second draw.
      overrides: {
        textIds: goldenIds("prompt"),
        negativeIds: goldenIds("negative"),
      },
    }, {
      settings: {
        maxArea: 96 * 64,
        frameCount: 33,
        steps: 8,
        solver,
        guidanceScale: 3.5,
        control: { method: "none" },
        timeToMove: { tweak, tstrong },
      },
      onEvent: (event) => event.type === "step" && latents.push(event.latent),
    });
    for await (const _ of video) break;
    const expected = readGolden(`time_to_move/${name}.latents.npy`);
    assert.equal(latents.length, expected.dims[0]);
    latents.forEach((latent, i) =>
      assertClose(
        `latent ${i + 1}`,
        frames === "all" ? latent : framesOf(latent, KEPT_FRAMES),
        itemOf(expected, i),
        LATENTS,
      )
    );
  });
}

Deno.test("Time-to-Move's clocks scale with the steps and are checked", async () => {
  assert.deepEqual(defaultClock("object", 50), { tweak: 3, tstrong: 7 });
  assert.deepEqual(defaultClock("camera", 50), { tweak: 2, tstrong: 5 });
  assert.deepEqual(defaultClock("object", 40), { tweak: 2, tstrong: 6 });
  assert.deepEqual(defaultClock("object", 4), { tweak: 0, tstrong: 1 });
  assert.throws(() => checkClock({ tweak: 3, tstrong: 2 }, 8), RangeError);
  assert.throws(() => checkClock({ tweak: 0, tstrong: 8 }, 8), RangeError);
  await assert.rejects(
    run({
      image: "time_to_move/image.png",
      tracks: TrackSet.fromPoints([]),
      noise: readGolden("time_to_move/noise.npy"),
      settings: {
        maxArea: 6144,
        frameCount: 33,
        steps: 8,
        timeToMove: { tweak: 2, tstrong: 5 },
      },
    }),
    /no motion signal was given/,
  );
});

for (
  const [name, cache, ran] of [
    [
      "mag",
      new MagCache({
        steps: 12,
        threshold: 0.24,
        maxReused: 6,
        retention: 0.2,
      }),
      8, // CCrrrrrrCrrC, twice
    ],
    [
      "tea_ret",
      new StepCache({
        steps: 12,
        threshold: 1.2,
        coefficients: [0, 0, 0, 1, 0],
        useRetSteps: true,
      }),
      18, // CCCCCrCCrCrC, twice
    ],
  ] as const
) {
  Deno.test(`a run with a step cache is its reference's, ${name}`, async () => {
    const y = readGolden("step_cache/run.y.npy");
    const clip = readGolden("pipeline/clip_context.npy");
    await using predictor = createPredictor({
      component: checkpoint.transformer,
      latent: y.dims.slice(1) as [number, number, number],
      placements: [placeNetwork("transformer", await resolveDevice("cpu"))],
      execution: "monolithic",
      cache,
    });
    const latents: Tensor[] = [];
    const { passes, passTimes } = await denoise({
      predictor,
      sampler: createSampler("unipc", { steps: 12 }),
      guidance: { scale: 5 },
      conditionsAt: () => ({
        condition: y,
        promptEmbeds: readGolden("pipeline/prompt.context.npy"),
        negativeEmbeds: readGolden("pipeline/negative.context.npy"),
        imageEmbeds: { dims: clip.dims.slice(-2), data: clip.data },
      }),
      latent: readGolden("step_cache/run.noise.npy"),
      remember: true,
      lastAsked: new Map(),
      passes: { done: 0, skipped: 0 },
    }, {
      emit: (event) => event.type === "step" && latents.push(event.latent),
      previewEvery: 0,
      save: () => Promise.resolve(),
    });
    const expected = readGolden(`step_cache/run.${name}.latents.npy`);
    latents.forEach((found, i) =>
      assertClose(`latent ${i + 1}`, found, itemOf(expected, i), LATENTS)
    );
    assert.equal(passes, ran);
    assert.equal(passTimes.length, 24);
    assert.equal(passTimes.filter(({ isReused }) => !isReused).length, ran);
    assert.ok(passTimes.every(({ seconds }) => seconds > 0));
  });
}
