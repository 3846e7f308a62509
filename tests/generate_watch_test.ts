/**
 * `tools/generate.ts` left alone: a folder of job files that is watched, and a
 * batch that is terminated again and again as a scheduler does it.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { tinyCheckpoint } from "../core/checkpoint/tiny_checkpoint.ts";
import { writeFileAtomic } from "../core/files/files.ts";
import { runTool } from "./fixtures/run_tool.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { repositoryPath, startTool } from "./fixtures/tool_process.ts";

const SCRIPT = "tools/generate.ts";

function jobsOf(...names: string[]): string {
  return names.map((name, i) =>
    `- {image: ${repositoryPath(`examples/images/${name}.jpg`)}, ` +
    `track: ${repositoryPath(`examples/tracks/${name}.pth`)}, ` +
    `text: A test., seed: ${i}}\n`
  ).join("");
}

/** Every file below a folder, hidden ones included, with its bytes. */
function filesOf(folder: string, below = ""): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const { name, isDirectory } of Deno.readDirSync(join(folder, below))) {
    const path = join(below, name);
    if (!isDirectory) files.set(path, Deno.readFileSync(join(folder, path)));
    else filesOf(folder, path).forEach((bytes, file) => files.set(file, bytes));
  }
  return files;
}

Deno.test("generate.ts --watch runs the job files of a folder, those added later too", async () => {
  await using temporary = await temporaryFolder();
  const queue = temporary.file("queue"), out = temporary.file("out");
  await Deno.mkdir(queue);
  await Deno.writeTextFile(join(queue, "a.yaml"), jobsOf("scarf"));
  await Deno.writeTextFile(join(queue, "bad.yaml"), "- {image: no.jpg}\n");
  await using tool = startTool(SCRIPT, [
    ...["--watch", queue, "-o", out, "--size", "96*64", "--frame_num", "5"],
    ...["--json", "--heartbeat", "1"],
  ]);
  const lines: Record<string, unknown>[] = [];
  let beatsAfter = 0;
  for await (const text of tool.lines) {
    const line = JSON.parse(text);
    lines.push(line);
    const isOver = (name: string) =>
      lines.some(({ status, job_file }) =>
        /^job_file/.test(String(status)) && job_file === join(queue, name)
      );
    if (line.status === "job_file" && line.job_file === join(queue, "a.yaml")) {
      await Deno.writeTextFile(join(queue, "b.yaml"), jobsOf("gate", "dunes"));
    }
    if (isOver("b.yaml") && isOver("bad.yaml") && line.status === "heartbeat") {
      if (++beatsAfter === 2) break;
    }
  }
  tool.kill("SIGTERM");
  assert.equal((await tool.status).code, 143);

  const failed = lines.find(({ status }) => status === "job_file_failed");
  assert.equal(failed?.["job_file"], join(queue, "bad.yaml"));
  assert.match(String(failed?.["error"]), /line 1: entry 0 has no track/);
  const done = lines.filter(({ status }) => status === "done");
  assert.equal(done.length, 3);
  const last = lines.findLast(({ status }) => status === "heartbeat")!;
  const { time, uptime_seconds, rss_bytes, ...counts } = last;
  assert.deepEqual(counts, {
    status: "heartbeat",
    done: 3,
    skipped: 0,
    locked: 0,
    failed: 0,
    retries: 0,
    running: [],
  });
  assert.ok(!Number.isNaN(Date.parse(String(time))));
  assert.ok(Number(uptime_seconds) > 1 && Number(rss_bytes) > 1e7);
  assert.deepEqual(
    [...filesOf(out).keys()].sort(),
    [
      ...["a/a.yaml", "a/images_tracks/00.jpg", "a/outputs/000.mp4"],
      "a/outputs_vis/000_viz.mp4",
      ...["b/b.yaml", "b/images_tracks/00.jpg", "b/images_tracks/01.jpg"],
      ...["b/outputs/000.mp4", "b/outputs/001.mp4"],
      ...["b/outputs_vis/000_viz.mp4", "b/outputs_vis/001_viz.mp4"],
    ],
  );
});

Deno.test("generate.ts terminated again and again leaves what an undisturbed run does", async () => {
  await using temporary = await temporaryFolder();
  const ckpt = temporary.file("ckpt");
  const files = await tinyCheckpoint({ folder: ckpt, seed: 1 });
  for (const [path, bytes] of Object.entries(files)) {
    await writeFileAtomic(path, bytes);
  }
  const jobs = temporary.file("jobs.yaml");
  await Deno.writeTextFile(jobs, jobsOf("boat", "gate"));
  const out = temporary.file("out"), undisturbed = temporary.file("whole");
  const to = (folder: string) => [
    ...["-p", jobs, "-c", ckpt, "-o", folder, "--device", "cpu"],
    ...["--size", "96*64", "--frame_num", "5", "--sample_steps", "6"],
    // The state is written at the end of the steps only, and on SIGTERM.
    ...["--resume_every", "100", "--threads", "1", "--crf", "0"],
    "--json_progress",
  ];
  const steps = (line: Record<string, unknown>) =>
    line["stage"] === "sampling" ? Number(line["done"]) : -1;
  const moments: ((line: Record<string, unknown>) => boolean)[] = [
    (line) => line["index"] === 0 && steps(line) > 2.2,
    (line) => line["index"] === 0 && steps(line) > 4.2,
    (line) => line["stage"] === "VAE decode",
    (line) => line["index"] === 1 && steps(line) > 3.2,
  ];
  const straight = runTool(SCRIPT, to(undisturbed));
  const resumed: number[] = [];
  const endings: number[] = [];
  for (const moment of moments) {
    await using tool = startTool(SCRIPT, to(out));
    let first: number | undefined;
    let killed = 0;
    for await (const text of tool.lines) {
      const line = JSON.parse(text);
      if (steps(line) > 0) first ??= steps(line);
      if (killed === 0 && moment(line)) {
        killed = performance.now();
        tool.kill("SIGTERM");
      }
    }
    assert.equal((await tool.status).code, 143);
    endings.push(performance.now() - killed);
    if (first !== undefined) resumed.push(first);
    const left = [...filesOf(out).keys()].filter((path) =>
      /[\\/]\.[^\\/]*$/.test(path)
    );
    for (const path of left) assert.match(path, /\.(?:resume|seed)$/);
  }
  const last = await runTool(SCRIPT, to(out));
  assert.equal(last.code, 0, last.err);
  const whole = await straight;
  assert.equal(whole.code, 0, whole.err);
  const [expected, found] = [filesOf(undisturbed), filesOf(out)];
  assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort());
  for (const [path, bytes] of expected) {
    assert.deepEqual(found.get(path), bytes, path);
  }
  // Of the first item's steps none was made twice.
  assert.ok(resumed[0]! <= 1, `${resumed}`);
  assert.ok(resumed[1]! > 2, `${resumed}: the steps before SIGTERM are lost`);
  console.log(
    `ended ${endings.map((ms) => ms.toFixed()).join(", ")} ms after SIGTERM`,
  );
  assert.ok(Math.max(...endings) < 30_000);
});
