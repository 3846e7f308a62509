/**
 * ATI's knobs and a step cache in one run, from the image on: the references'
 * latent by the API, by generate.ts, and from the recipe.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Tensor } from "../core/base/tensor.ts";
import { openAtiCheckpoint } from "../core/checkpoint/open_checkpoint.ts";
import { decodeImage } from "../core/media/image.ts";
import { AtiPipeline } from "../core/pipeline/ati_pipeline.ts";
import type { GenerationSettings } from "../core/pipeline/generation.ts";
import { loadTensors } from "../core/pipeline/tensor_store.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";
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

const { passes } = readGoldenJson<{ passes: Record<"mag" | "tea", string> }>(
  "steered_run/manifest.json",
);
const LATENT = { relative: 5e-5 };

const image = await decodeImage(
  Deno.readFileSync(goldenUrl("pipeline/image.png")),
);
const { tracks } = await readTracks(
  Deno.readFileSync(goldenUrl("pipeline/track.pth")),
  { name: "track.pth" },
);

for (
  const [name, cache] of [
    ["mag", { magCache: { threshold: 0.24, maxReused: 2, retention: 0.25 } }],
    ["tea", { stepCache: 0.26 }],
  ] as readonly ["mag" | "tea", GenerationSettings][]
) {
  Deno.test(`a run with ATI's knobs and a step cache is the references', ${name}`, async () => {
    await using pipeline = await AtiPipeline.open({
      checkpoint: await openAtiCheckpoint(fileURLToPath(goldenUrl("ckpt")), {
        tokenizer: false,
        tinyVae: fileURLToPath(goldenUrl("tiny_vae/taew2_1.pth")),
      }),
      devices: ["cpu"],
      execution: "monolithic",
    });
    let latent: Tensor | undefined;
    let reused = 0;
    const video = pipeline.generate({
      image,
      tracks,
      prompt: "",
      seed: 0,
      overrides: {
        textIds: goldenIds("prompt"),
        negativeIds: goldenIds("negative"),
        noise: readGolden("pipeline/noise.npy"),
      },
    }, {
      settings: {
        maxArea: 6144,
        steps: 8,
        control: {
          method: "ati",
          temperature: 150,
          topk: 1,
          motionStart: 0.1,
          motionEnd: 0.5,
        },
        decoder: "tiny",
        ...cache,
      },
      onEvent(event) {
        if (event.type === "step") latent = event.latent;
        if (event.type === "report") reused = event.reusedPasses;
      },
    });
    for await (const _ of video); // to the report
    assert.equal(reused, passes[name].replaceAll("C", "").length);
    assertClose(
      `latent of the API, ${name}`,
      latent!,
      readGolden(`steered_run/${name}.latent.npy`),
      LATENT,
    );
  });
}

Deno.test("generate.ts with ATI's knobs and each cache is the references', and a recipe repeats it bit for bit", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await copyGoldenRun(folder);
  const input = repositoryPath("tests/golden/pipeline");
  const common = [
    ...["-c", repositoryPath("tests/golden/ckpt"), "--device", "cpu"],
    ...["--tiny_vae", repositoryPath("tests/golden/tiny_vae/taew2_1.pth")],
    ...["--inject", folder, "--keep_latent"],
  ];
  const steered = [
    ...["--image", `${input}/image.png`, "--track", `${input}/track.pth`],
    ...["--prompt", "x", "--size", "96*64", "--sample_steps", "8"],
    ...["--temperature", "150", "--topk", "1", "--vae", "tiny"],
    ...["--motion_start", "0.1", "--motion_end", "0.5", "--verbose"],
    ...common,
  ];
  const MAG = ["--mag_cache", "0.24", "--mag_cache_k", "2"];
  for (
    const [name, cache] of [
      ["mag", [...MAG, "--mag_cache_retention", "0.25"]],
      ["tea", ["--step_cache", "0.26"]],
    ] as const
  ) {
    const file = join(folder, name);
    const made = await runTool("tools/generate.ts", [
      ...[...steered, ...cache, "--save_file", `${file}.mp4`],
    ]);
    assert.equal(made.code, 0, made.err);
    const saved = passes[name].replaceAll("C", "").length;
    assert.ok(
      made.out.includes(
        `${16 - saved} passes, ${saved} saved by the step cache`,
      ),
      made.out,
    );
    assertClose(
      `latent of generate.ts, ${name}`,
      (await loadTensors(`${file}.safetensors`))!.tensors["latent"]!,
      readGolden(`steered_run/${name}.latent.npy`),
      LATENT,
    );
  }
  const again = await runTool("tools/generate.ts", [
    ...["--from", join(folder, "mag.json"), ...common],
    ...["--save_file", join(folder, "again.mp4")],
  ]);
  assert.equal(again.code, 0, again.err);
  assert.deepEqual(
    await Deno.readFile(join(folder, "again.safetensors")),
    await Deno.readFile(join(folder, "mag.safetensors")),
  );
});
