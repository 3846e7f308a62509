/**
 * Normalized attention guidance compared with its reference: single passes, and
 * runs by the API and by generate.ts.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Tensor } from "../core/base/tensor.ts";
import { openAtiCheckpoint } from "../core/checkpoint/open_checkpoint.ts";
import { readRecipe } from "../core/jobs/recipe.ts";
import { decodeImage } from "../core/media/image.ts";
import { runtimeBackend } from "../core/onnx/runtime/backend.ts";
import { resolveDevice } from "../core/onnx/runtime/devices.ts";
import { AtiPipeline } from "../core/pipeline/ati_pipeline.ts";
import { placeNetwork } from "../core/pipeline/placement.ts";
import { loadTensors } from "../core/pipeline/tensor_store.ts";
import type { AttentionGuidance } from "../core/sampling/attention_guidance.ts";
import { followRecipe } from "../tools/_generate/from_recipe.ts";
import { parseGenerateOptions } from "../tools/_generate/parse_options.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";
import type { Execution } from "../core/wan/network_run.ts";
import { createPredictor } from "../core/wan/transformer/predictor.ts";
import {
  assertClose,
  goldenUrl,
  readGolden,
  readGoldenJson,
} from "./fixtures/golden.ts";
import { copyGoldenRun, goldenIds } from "./fixtures/golden_run.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { runTool } from "./fixtures/run_tool.ts";
import { repositoryPath } from "./fixtures/tool_process.ts";
import { latentOf, openDit } from "./fixtures/transformers.ts";

const placement = placeNetwork("transformer", await resolveDevice("cpu"));
const component = await openDit();
const streams = runtimeBackend().kind === "c-api";

/** What the golden's cases were guided with. */
type Case = Record<"nag_scale" | "nag_tau" | "nag_alpha", number>;
const { passes } = readGoldenJson<{ passes: Record<string, Case> }>(
  "nag/manifest.json",
);

/** Both passes of the golden transformer, guided or not. */
async function predict(
  nag: AttentionGuidance | undefined,
  { execution = "monolithic", negative = "context1" }: {
    execution?: Execution;
    negative?: string;
  } = {},
): Promise<{ conditional: Tensor; unconditional: Tensor }> {
  await using predictor = createPredictor({
    component,
    latent: latentOf("dit"),
    placements: [placement],
    execution,
    nag,
  });
  const clip = readGolden("dit/clip_fea.npy");
  const { conditional, unconditional } = await predictor.predict({
    step: 0,
    timestep: 437,
    latent: readGolden("dit/x.npy"),
    conditions: {
      condition: readGolden("dit/y.npy"),
      promptEmbeds: readGolden("dit/context0.npy"),
      negativeEmbeds: readGolden(`dit/${negative}.npy`),
      imageEmbeds: { dims: clip.dims.slice(-2), data: clip.data },
    },
    branches: ["conditional", "unconditional"],
  });
  return { conditional: conditional!, unconditional: unconditional! };
}

function guidanceOf(name: string): AttentionGuidance {
  const { nag_scale: scale, nag_tau: tau, nag_alpha: alpha } = passes[name]!;
  return { scale, tau, alpha };
}

for (
  const [execution, name] of [
    ["monolithic", "usual"],
    ["monolithic", "strong"],
    ["blockwise", "usual"],
    ...(streams ? [[{ resident: 1, passes: 2 }, "strong"] as const] : []),
  ] as const
) {
  const how = typeof execution === "object" ? "streamed" : execution;
  Deno.test(`the guided pass is the reference's, ${name}, ${how}`, async () => {
    const { conditional } = await predict(guidanceOf(name), { execution });
    assertClose(
      `${name}, ${how}`,
      conditional,
      readGolden(`nag/${name}.out.npy`),
      { relative: 2e-5 },
    );
  });
}

Deno.test("a negative prompt that is the prompt guides nothing, and the pass with it stays as it is", async () => {
  const same = { negative: "context0" };
  const weak = await predict({ scale: 2 }, same);
  const strong = await predict({ scale: 50, tau: 1, alpha: 1 }, same);
  // Bit for bit, however strong.
  assert.deepEqual(strong, weak);
  assert.deepEqual(strong.conditional, strong.unconditional);
  const plain = await predict(undefined);
  assertClose("without effect", weak.conditional, plain.conditional, {
    relative: 1e-6,
  });
  const { conditional, unconditional } = await predict({ scale: 11 });
  assertClose("negative pass", unconditional, plain.unconditional, {
    relative: 1e-6,
  });
  assert.notDeepEqual(conditional, plain.conditional);
});

const RUN = { maxArea: 6144, steps: 3, flowShift: 5, guidanceScale: 1 };
const LATENT = { relative: 5e-5 };

Deno.test("a guided run takes one pass in each step and is the reference's", async () => {
  await using pipeline = await AtiPipeline.open({
    checkpoint: await openAtiCheckpoint(
      fileURLToPath(goldenUrl("ckpt")),
      { tokenizer: false },
    ),
    devices: ["cpu"],
    execution: "monolithic",
  });
  const { tracks } = await readTracks(
    Deno.readFileSync(goldenUrl("pipeline/track.pth")),
    { name: "track.pth" },
  );
  const latents: Tensor[] = [];
  let predictions = 0;
  const end = new AbortController();
  const video = pipeline.generate({
    image: await decodeImage(
      Deno.readFileSync(goldenUrl("pipeline/image.png")),
    ),
    tracks,
    prompt: "",
    seed: 0,
    overrides: {
      textIds: goldenIds("prompt"),
      negativeIds: goldenIds("negative"),
      noise: readGolden("pipeline/noise.npy"),
    },
  }, {
    settings: { ...RUN, nag: { scale: 11 } },
    signal: end.signal,
    onEvent(event) {
      if (event.type === "predicted") {
        assert.equal(event.unconditional, undefined);
        predictions++;
      }
      if (event.type !== "step") return;
      latents.push(event.latent);
      if (event.step === event.total) end.abort(); // without the decoding
    },
  });
  await assert.rejects(video.next(), { name: "AbortError" });
  assert.equal(predictions, 3);
  assertClose(
    "latent of the API",
    latents.at(-1)!,
    readGolden("nag/run.latent.npy"),
    LATENT,
  );
});

Deno.test("generate.ts guides the attention as the reference does, from flags, a job file and a recipe", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await copyGoldenRun(folder);
  const input = repositoryPath("tests/golden/pipeline");
  const common = [
    ...["-c", repositoryPath("tests/golden/ckpt"), "--device", "cpu"],
    ...["--inject", folder, "--keep_latent", "--vae", "tiny"],
    ...["--tiny_vae", repositoryPath("tests/golden/tiny_vae/taew2_1.pth")],
    ...["--threads", "1"],
  ];
  await Deno.writeTextFile(
    join(folder, "jobs.yaml"),
    `- image: ${input}/image.png\n  track: ${input}/track.pth\n` +
      "  text: a small test prompt\n  nag_scale: 11\n",
  );
  const made = await runTool("tools/generate.ts", [
    ...["-p", join(folder, "jobs.yaml"), ...common],
    ...["--size", "96*64", "--sample_steps", "3"],
    ...["--sample_guide_scale", "1", "--nag_scale", "3", "--nag_alpha", "0.25"],
    ...["--save_file", join(folder, "made%d.mp4")],
  ]);
  assert.equal(made.code, 0, made.err);
  const { latent } = (await loadTensors(join(folder, "made0.safetensors")))!
    .tensors;
  assertClose(
    "latent of generate.ts",
    latent!,
    readGolden("nag/run.latent.npy"),
    LATENT,
  );
  const { settings } = await readRecipe(join(folder, "made0.json"));
  assert.deepEqual(settings.nag, { scale: 11, tau: 2.5, alpha: 0.25 });
  const again = await followRecipe(
    parseGenerateOptions(["--from", join(folder, "made0.json")]),
    join(folder, "made0.json"),
  );
  const { input: item, model } = again.options;
  assert.deepEqual(item.kind === "item" && item.steering, {
    control: settings.control,
    nag: settings.nag,
  });
  assert.equal(model.settings.guidanceScale, 1);
});
