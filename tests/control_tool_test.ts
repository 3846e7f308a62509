/**
 * Time-to-Move and Wan-Move on the command line: a job file's own motion signal,
 * and the track files of Wan-Move's tools, compared with the references.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { parseJobs } from "../core/jobs/parse_jobs.ts";
import { readRecipe } from "../core/jobs/recipe.ts";
import { loadTensors } from "../core/pipeline/tensor_store.ts";
import type { Tensor } from "../core/base/tensor.ts";
import { assertClose, readGolden } from "./fixtures/golden.ts";
import { runTool } from "./fixtures/run_tool.ts";
import { repositoryPath, runToolProcess } from "./fixtures/tool_process.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

const GOLDEN = repositoryPath("tests/golden/time_to_move");
const WAN_MOVE = repositoryPath("tests/golden/wan_move");
const PIPELINE = repositoryPath("tests/golden/pipeline");

/** The last of `[steps, ...]`, and some latent frames of `[16, T, h, w]`. */
function lastOf(x: Tensor): Tensor {
  const size = x.data.length / x.dims[0]!;
  return { dims: x.dims.slice(1), data: x.data.subarray(-size) };
}

function framesOf(x: Tensor, kept: readonly number[]): Tensor {
  const [channels, frames, height, width] = x.dims as number[];
  const plane = height! * width!;
  const data = Array.from(
    { length: channels! },
    (_, c) =>
      kept.map((frame) => [...x.data.subarray(
        (c * frames! + frame) * plane,
        (c * frames! + frame + 1) * plane,
      )]),
  ).flat(2);
  return {
    dims: [channels!, kept.length, height!, width!],
    data: Float32Array.from(data),
  };
}

Deno.test("generate.ts follows the motion signals of a job file as the reference does", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  // Only ids: with a signal the noise is the generator's second draw.
  for (const name of ["prompt.ids.npy", "negative.ids.npy"]) {
    await Deno.copyFile(`${PIPELINE}/${name}`, join(folder, name));
  }
  // The bundle of Time-to-Move's own tools, found next to the job file.
  for (const name of ["motion_signal.mp4", "mask.mp4"]) {
    await Deno.copyFile(`${GOLDEN}/${name}`, join(folder, name));
  }
  await Deno.copyFile(`${GOLDEN}/image.png`, join(folder, "first_frame.png"));
  await Deno.writeTextFile(join(folder, "prompt.txt"), "a prompt\n");
  const text = "- motion_signal: .\n  control: none\n" +
    "  tweak: 2\n  tstrong: 5\n  name: followed\n" +
    `- image: ${GOLDEN}/image.png\n  text: a small test prompt\n` +
    `  track: ${PIPELINE}/track.pth\n  control: none\n` +
    "  motion_signal: motion_signal.mp4\n  motion_mask: mask.mp4\n" +
    "  tweak: 3\n  tstrong: 3\n  name: started\n";
  await Deno.writeTextFile(join(folder, "jobs.yaml"), text);
  const out = join(folder, "out");
  const { code, err, out: printed } = await runToolProcess(
    "tools/generate.ts",
    [
      ...["-p", join(folder, "jobs.yaml"), "-o", out, "--inject", folder],
      ...["-c", repositoryPath("tests/golden/ckpt"), "--device", "cpu"],
      ...["--threads", "1"],
      ...["--size", "96*64", "--frame_num", "33", "--sample_steps", "8"],
      ...["--sample_guide_scale", "3.5", "--base_seed", "23", "--keep_latent"],
      ...["--temperature", "150"], // of no concern to entries without ATI
    ],
  );
  assert.equal(code, 0, err);
  assert.match(printed, /8 steps: distilled models are hard to control/);
  for (
    const [name, golden, kept] of [
      ["followed", "run0", undefined],
      ["started", "run2", [0, 1, 4, 8]],
    ] as const
  ) {
    const stored = await loadTensors(`${out}/outputs/${name}.safetensors`);
    const latent = stored!.tensors["latent"]!;
    assertClose(
      `generate.ts ${name}`,
      kept ? framesOf(latent, kept) : latent,
      lastOf(readGolden(`time_to_move/${golden}.latents.npy`)),
      { relative: 5e-5 },
    );
  }
  const recipe = await readRecipe(`${out}/outputs/followed.json`);
  assert.deepEqual(recipe.settings.timeToMove, { tweak: 2, tstrong: 5 });
  assert.deepEqual(recipe.settings.control, { method: "none" });
  assert.equal(recipe.motion_signal?.signal, join(folder, "motion_signal.mp4"));
  assert.deepEqual([recipe.text, recipe.track], ["a prompt", ""]);
  assert.match(recipe.motion_signal?.mask_sha256 ?? "", /^[0-9a-f]{64}$/);
  // The copy of the job file finds the signals from where it is.
  const copy = await Deno.readTextFile(`${out}/jobs.yaml`);
  assert.deepEqual(
    parseJobs(copy).jobs.map((job) => job.motion_signal),
    [join(folder, "."), join(folder, "motion_signal.mp4")],
  );
});

Deno.test("generate.ts takes Wan-Move's two track files and gives its latent", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const names = {
    [`${WAN_MOVE}/tracks.npy`]: "cat_tracks.npy",
    [`${WAN_MOVE}/visible.npy`]: "cat_visibility.npy",
    [`${WAN_MOVE}/noise.npy`]: "noise.npy",
    [`${PIPELINE}/prompt.ids.npy`]: "prompt.ids.npy",
    [`${PIPELINE}/negative.ids.npy`]: "negative.ids.npy",
  };
  for (const [from, to] of Object.entries(names)) {
    await Deno.copyFile(from, join(folder, to));
  }
  const { code, err } = await runTool("tools/generate.ts", [
    ...["--image", `${WAN_MOVE}/image.png`, "--prompt", "x"],
    ...["--track", join(folder, "cat_tracks.npy"), "--inject", folder],
    ...["-c", repositoryPath("tests/golden/ckpt"), "--device", "cpu"],
    ...["--threads", "1"],
    ...["--control", "wan-move", "--compat", "reference", "--size", "96*64"],
    ...["--sample_steps", "3", "--keep_latent"],
    ...["--save_file", join(folder, "made.mp4")],
  ]);
  assert.equal(code, 0, err);
  const stored = await loadTensors(join(folder, "made.safetensors"));
  assertClose(
    "generate.ts --control wan-move",
    stored!.tensors["latent"]!,
    lastOf(readGolden("wan_move/latents.npy")),
    { relative: 5e-5 },
  );
  // Wan-Move's own flow shift at this size, without a flag.
  const recipe = await readRecipe(join(folder, "made.json"));
  assert.equal(recipe.settings.flowShift, 3);
});
