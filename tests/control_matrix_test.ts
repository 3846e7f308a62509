/**
 * Every control with every solver and every step cache: a run that goes on from
 * a saved state, with the settings of the recipe on disk, gives the same latent,
 * bit for bit. `use_ret_steps` and normalized attention guidance come in pairs
 * with each of the others, not in every combination: that would take minutes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RgbImage } from "../core/base/image.ts";
import type { Tensor } from "../core/base/tensor.ts";
import { openAtiCheckpoint } from "../core/checkpoint/open_checkpoint.ts";
import type { ControlValues } from "../core/control/control_values.ts";
import { resolveSteering } from "../core/control/resolve_control.ts";
import { createModelEngine } from "../core/jobs/model_engine.ts";
import { readRecipe, writeRecipe } from "../core/jobs/recipe.ts";
import { AtiPipeline } from "../core/pipeline/ati_pipeline.ts";
import type { GenerationSettings } from "../core/pipeline/generation.ts";
import { motionSignal } from "../core/preview/motion_signal.ts";
import { TrackSet } from "../core/tracks/track_set.ts";
import { goldenUrl } from "./fixtures/golden.ts";
import { goldenIds } from "./fixtures/golden_run.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

const SIZE = { width: 32, height: 32 };
const STEPS = 5;
/** The step after which the other run goes on. */
const KEPT = 2;
/** `use_ret_steps` reuses nothing before step 5. */
const RET = { steps: 7, kept: 5 };

const FOLLOWED = { time_to_move: "object", tweak: 1, tstrong: 3 } as const;
// ATI in a part of the steps, so that both conditions are used.
const ATI: ControlValues = { control: "ati", temperature: 5, motion_end: 0.5 };
const WAN_MOVE: ControlValues = {
  control: "wan-move",
  motion_strength: 0.8,
  uncond_motion: "off",
};
const CONTROLS: readonly ControlValues[] = [
  ATI,
  WAN_MOVE,
  { control: "none" },
  { control: "none", ...FOLLOWED },
];
const SOLVERS = ["unipc", "dpm++", "euler"] as const;
type Cache = Pick<
  GenerationSettings,
  "stepCache" | "useRetSteps" | "magCache"
>;
const CACHES: readonly Cache[] = [
  {},
  { stepCache: 0.9 },
  { magCache: { threshold: 5, maxReused: 1, retention: 0.2 } },
];
const COMBINATIONS: readonly {
  values: ControlValues;
  solver: typeof SOLVERS[number];
  cache: Cache;
  guidanceScale?: number;
}[] = [
  ...CONTROLS.flatMap((values) =>
    SOLVERS.flatMap((solver) =>
      CACHES.map((cache) => ({ values, solver, cache }))
    )
  ),
  { values: { ...ATI, ...FOLLOWED }, solver: "dpm++", cache: {} },
  { values: { ...WAN_MOVE, ...FOLLOWED }, solver: "unipc", cache: {} },
  // Each control with both, each solver with both, each cache with guidance.
  ...CONTROLS.map((values, i) => ({
    values,
    solver: SOLVERS[i % 3]!,
    cache: { stepCache: 1e6, useRetSteps: true },
  })),
  ...CONTROLS.map((values, i) => ({
    values: { ...values, nag_scale: 11, ...(i > 0 && { nag_tau: 1.5 }) },
    solver: SOLVERS[(i + 1) % 3]!,
    cache: [...CACHES, { stepCache: 1e6, useRetSteps: true }][i]!,
    // Guidance by the attention alone, and with both passes.
    guidanceScale: i % 2 === 0 ? 1 : 5,
  })),
];

const image: RgbImage = {
  ...SIZE,
  data: Uint8Array.from({ length: 3 * 32 * 32 }, (_, i) => (i * 37) % 256),
};
const tracks = TrackSet.fromPoints([
  Array.from({ length: 121 }, (_, t) => ({
    x: 4 + t / 5,
    y: 6 + t / 10,
    visible: true,
  })),
]);
const frames = [];
for await (const frame of motionSignal(image, tracks)) {
  frames.push(frame);
  if (frames.length === 5) break;
}
const SIGNAL = {
  frames: frames.map(({ signal }) => signal),
  masks: frames.map(({ mask }) => mask),
};
const JOB = {
  image,
  tracks,
  prompt: "",
  seed: 3,
  overrides: {
    textIds: goldenIds("prompt"),
    negativeIds: goldenIds("negative"),
  },
};
/** What a recipe has besides the engine's own part. */
const FILES = {
  image: "a.png",
  track: "a.pth",
  image_sha256: "",
  track_sha256: "",
  text: "",
  crf: 10,
};

/**
 * The latent of a run that saves its state in `state`, and the step that it
 * resumed at. The state of step `at` is copied to `kept`.
 */
async function run(
  pipeline: AtiPipeline,
  settings: GenerationSettings,
  { state, kept, at }: { state: string; kept?: string; at: number },
): Promise<{ latent: Tensor; resumedAt: number | undefined }> {
  const end = new AbortController();
  let latent: Tensor | undefined;
  let resumedAt: number | undefined;
  const video = pipeline.generate({
    ...JOB,
    ...(settings.timeToMove && { motionSignal: SIGNAL }),
  }, {
    settings,
    signal: end.signal,
    resume: { path: state, every: 1 },
    onEvent: (event) => {
      if (event.type === "resumed") resumedAt = event.step;
      if (event.type !== "step") return;
      latent = event.latent;
      // The state on disk is that of the step before.
      if (kept && event.step === at + 1) Deno.copyFileSync(state, kept);
      // What is left is the decoding, which is not needed.
      if (event.step === event.total) end.abort();
    },
  });
  await assert.rejects(video.next(), { name: "AbortError" });
  return { latent: latent!, resumedAt };
}

Deno.test("every control goes with every solver and step cache, resumed and from its recipe", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const checkpoint = await openAtiCheckpoint(
    fileURLToPath(goldenUrl("ckpt")),
    { tokenizer: false },
  );
  await using pipeline = await AtiPipeline.open({
    checkpoint,
    devices: ["cpu"],
    execution: "monolithic",
    cacheDir: join(folder, "cache"),
    threads: 1,
  });
  const found = new Map<string, string>();
  for (const { values, solver, cache, ...guided } of COMBINATIONS) {
    const what = JSON.stringify({ ...values, solver, ...cache, ...guided });
    const { steps, kept: at } = cache.useRetSteps
      ? RET
      : { steps: STEPS, kept: KEPT };
    const sampling = {
      maxArea: 32 * 32,
      frameCount: 5,
      steps,
      solver,
      ...cache,
      ...guided,
    };
    const { control, timeToMove, nag } = resolveSteering(values);
    const { tweak, tstrong } = FOLLOWED;
    const engine = await createModelEngine({ pipeline, settings: sampling });
    const recipe = join(folder, "recipe.json");
    await writeRecipe(recipe, {
      ...FILES,
      ...engine.recipe({
        ...JOB,
        steering: {
          control,
          ...(nag && { nag }),
          ...(timeToMove &&
            { timeToMove: { signal: SIGNAL, mode: "object", tweak, tstrong } }),
        },
      }),
    });
    const straight = await run(
      pipeline,
      {
        ...sampling,
        control,
        ...(nag && { nag }),
        ...(timeToMove && { timeToMove: { tweak, tstrong } }),
      },
      { state: join(folder, "state"), kept: join(folder, "kept"), at },
    );
    const { settings } = await readRecipe(recipe);
    const resumed = await run(pipeline, settings, {
      state: join(folder, "kept"),
      at,
    });
    assert.equal(resumed.resumedAt, at, what);
    assert.deepEqual(resumed.latent, straight.latent, what);
    // Nothing is without effect: no two combinations give the same.
    const bits = String(new Int32Array(straight.latent.data.buffer));
    assert.equal(found.get(bits), undefined, `${what} as well`);
    found.set(bits, what);
  }
  assert.equal(found.size, 46);
});
