/**
 * What killed processes left behind, under any name, is cleared by the next
 * run of whatever tool writes into the folder, and named by the doctor.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { tinyCheckpoint } from "../core/checkpoint/tiny_checkpoint.ts";
import { writeFileAtomic } from "../core/files/files.ts";
import { checkLeftovers } from "../tools/_doctor/leftovers_check.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { runTool, type ToolScript } from "./fixtures/run_tool.ts";
import { repositoryPath } from "./fixtures/tool_process.ts";

const LEFT = ".something.else.0123abcd.part";

Deno.test("the next run of any tool clears its folders", async () => {
  await using temporary = await temporaryFolder();
  const at = temporary.file;
  const image = repositoryPath("examples/images/boat.jpg");
  const track = repositoryPath("examples/tracks/boat.pth");
  await Deno.writeTextFile(
    at("jobs.yaml"),
    `- {image: ${image}, text: One., track: ${track}}\n`,
  );
  const files = await tinyCheckpoint({ folder: at("ckpt"), seed: 1 });
  for (const [path, bytes] of Object.entries(files)) {
    await writeFileAtomic(path, bytes);
  }
  const leave = async (...folders: string[]) => {
    for (const folder of folders) {
      await Deno.mkdir(at(folder), { recursive: true });
      await Deno.writeTextFile(join(at(folder), LEFT), "x".repeat(5000));
    }
  };
  const remaining = (...folders: string[]) =>
    folders.filter((folder) =>
      [...Deno.readDirSync(at(folder))].some(({ name }) => name === LEFT)
    );
  const outputs = [
    "out",
    "out/outputs",
    "out/outputs_vis",
    "out/images_tracks",
  ];
  const generate = [
    ...["-p", at("jobs.yaml"), "-o", at("out")],
    ...["--size", "96*64", "--frame_num", "5"],
  ];
  for (
    const { tool, args, folders } of [
      { tool: "generate", args: generate, folders: outputs },
      // Everything is finished: nothing is written, and yet it clears.
      { tool: "generate", args: generate, folders: outputs.slice(1) },
      {
        tool: "plot_user_inputs",
        args: [at("jobs.yaml"), "--save-dir", at("plot")],
        folders: ["plot"],
      },
      {
        tool: "visualize_trajectory",
        args: ["--base-dir", at("out"), "--output-appendix", "_again"],
        folders: ["out/outputs_again"],
      },
      {
        tool: "tracks",
        args: ["convert", track, at("tracks/a.json")],
        folders: ["tracks"],
      },
      {
        tool: "quantize",
        args: [at("ckpt"), at("q/q.safetensors")],
        folders: ["q"],
      },
    ]
  ) {
    await leave(...folders);
    const { code, err } = await runTool(`tools/${tool}.ts` as ToolScript, args);
    assert.equal(code, 0, `${tool}: ${err}`);
    assert.deepEqual(remaining(...folders), [], tool);
  }
});

Deno.test("the doctor names what interrupted runs left", async () => {
  await using temporary = await temporaryFolder();
  const out = temporary.file("out"), checkpoint = temporary.file("ckpt");
  assert.equal(await checkLeftovers({ out, checkpoint }), undefined);
  await writeFileAtomic(join(out, "outputs", LEFT), "x".repeat(5000));
  await writeFileAtomic(
    join(checkpoint, "google/umt5-xxl/tokenizer.json.part"),
    "x".repeat(4000),
  );
  const finding = await checkLeftovers({ out, checkpoint });
  assert.equal(finding?.state, "note");
  const [first, ...lines] = finding.message.split("\n");
  assert.equal(first, "2 files, 9 kB");
  assert.match(lines[0]!, /0123abcd\.part: 5 kB, of a process that has ended/);
  assert.match(lines[1]!, /json\.part: 4 kB, an interrupted download/);
  assert.match(finding.todo!, /removes temporary.*resumes interrupted/);
});
