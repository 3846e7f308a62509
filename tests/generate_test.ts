/**
 * `tools/generate.ts` in its own process, with exactly the permissions of its
 * first line, without each of them, with Ctrl-C; and with invalid input.
 */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { parseJobs } from "../core/jobs/parse_jobs.ts";
import { readJobs } from "../core/jobs/read_jobs.ts";
import { loadInputs } from "../core/jobs/item_inputs.ts";
import { planRun } from "../core/jobs/plan_run.ts";
import { decodeImage } from "../core/media/image.ts";
import { openVideo } from "../core/media/video_reader.ts";
import {
  permissionsOf,
  repositoryPath,
  runToolProcess,
  withoutOne,
} from "./fixtures/tool_process.ts";
import { runTool } from "./fixtures/run_tool.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

const SCRIPT = "tools/generate.ts";
const EXAMPLES = repositoryPath("examples");

const run = (
  args: readonly string[],
  options: { permissions?: readonly string[]; cwd?: string } = {},
) => runToolProcess(SCRIPT, args, options);

/** Every file below a folder, sorted; the folder may not exist. */
function filesOf(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
      isDirectory
        ? filesOf(join(folder, name)).map((file) => `${name}/${file}`)
        : [name]
    ).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** A job file with two of the examples. */
async function writeJobs(folder: string): Promise<string> {
  const path = join(folder, "two.yaml");
  const entry = (name: string) =>
    `- image: ${EXAMPLES}/images/${name}.jpg\n  text: x\n  track: ${EXAMPLES}/tracks/${name}.pth\n`;
  await Deno.writeTextFile(path, entry("dunes") + entry("gate"));
  return path;
}

const TWO = [
  "images_tracks/00.jpg",
  "images_tracks/01.jpg",
  "outputs/000.mp4",
  "outputs/001.mp4",
  "outputs_vis/000_viz.mp4",
  "outputs_vis/001_viz.mp4",
  "two.yaml",
];
const SHORT = ["--frame_num", "5"];

Deno.test("generate.ts writes three folders, marks the videos as previews, and skips finished ones", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const out = join(folder, "out");
  const args = ["-p", await writeJobs(folder), "-o", out, ...SHORT];
  const first = await run(args);
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /Motion preview: no model is used/);
  assert.match(first.out, /\n2 done\n$/);
  assert.deepEqual(filesOf(out), TWO);
  const video = await openVideo(join(out, "outputs/000.mp4"));
  assert.deepEqual(
    [video.width, video.height, video.fps, video.frameCount],
    [832, 480, 16, 5],
  );
  assert.equal(video.metadata["comment"], "motion preview (no model)");
  assert.deepEqual(
    parseJobs(await Deno.readTextFile(join(out, "two.yaml"))).problems,
    [],
  );

  const again = await run([...args, "--json"]);
  assert.equal(again.code, 0, again.err);
  const lines = again.out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(
    // Several items are in flight: which one is first is left open.
    lines.map(({ status, index, engine }) => [status, index, engine]).sort(),
    [["skipped", 0, "preview"], ["skipped", 1, "preview"]],
  );
  // One of the two each, and not in a process of its own.
  const small = [...args, "--overwrite", "--size", "96*64", "--shard"];
  const steps = await runTool(SCRIPT, [...small, "2/2", "--json-progress"]);
  const told = steps.out.trimEnd().split("\n").map((line) => JSON.parse(line))
    .filter((line) => line.index === 1);
  assert.equal(told[0].status, "started");
  assert.equal(told.at(-1).status, "done");
  const frames = told.filter((line) => line.stage === "rendering");
  assert.deepEqual(
    frames.map(({ status, done, total }) => [status, done, total]),
    [1, 2, 3, 4, 5].map((done) => ["progress", done, 5]),
  );
  const quiet = await runTool(SCRIPT, [...small, "1/2", "--quiet"]);
  assert.deepEqual([quiet.code, quiet.out, quiet.err], [0, "", ""]);

  // The numbers of both videos now belong to other entries.
  const path = join(folder, "two.yaml"), copy = join(out, "two.yaml");
  const before = await Deno.readTextFile(copy);
  const [, one = "", two = ""] = (await Deno.readTextFile(path)).split("- ");
  await Deno.writeTextFile(path, `- ${two}- ${one}`);
  const other = await runTool(SCRIPT, args);
  assert.equal(other.code, 2, other.out);
  assert.match(
    other.err,
    /line 1: Cannot keep ".*000.mp4": it was made with another image, track, expected that of the entry\n {2}line 4: Cannot keep ".*001.mp4".*\n {2}HINT: .*--overwrite/,
  );
  assert.equal(await Deno.readTextFile(copy), before);
  // Another job file has left no copy that would say so.
  const renamed = join(folder, "b.yaml");
  await Deno.copyFile(path, renamed);
  const b = await runTool(SCRIPT, ["-p", renamed, "-o", out, ...SHORT]);
  assert.match(b.err, /line 1: Cannot keep ".*000.mp4"/);
  // As after an interruption: the copy is new, the second video is not.
  const half = await runTool(SCRIPT, [...small, "1/2"]);
  assert.equal(half.code, 0, half.err);
  assert.notEqual(await Deno.readTextFile(copy), before);
  const rest = await runTool(SCRIPT, args);
  assert.match(rest.err, /^[^\n]*line 4: Cannot keep ".*001.mp4"/);
  assert.doesNotMatch(rest.err, /000.mp4/);
});

Deno.test("generate.ts writes a single video to --save_file, and nothing else", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const { code, err: stderr } = await run(
    [
      ...["--image", `${EXAMPLES}/images/scarf.jpg`],
      ...["--track", `${EXAMPLES}/tracks/scarf.pth`, "--prompt", "A scarf."],
      ...["--save_file", "v/%02d.mp4", ...SHORT],
    ],
    { cwd: folder },
  );
  assert.equal(code, 0, stderr);
  assert.deepEqual(filesOf(folder), ["v/00.mp4"]);
  const { width, height, metadata } = await openVideo(
    join(folder, "v/00.mp4"),
  );
  assert.deepEqual([width, height], [480, 832]);
  assert.equal(JSON.parse(metadata["description"]!).text, "A scarf.");
});

for (const { removed, flags } of withoutOne(permissionsOf(SCRIPT))) {
  Deno.test(`generate.ts without ${removed} ends with a hint and no output`, async () => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    const out = join(folder, "out");
    const jobs = await writeJobs(folder);
    const { code, out: stdout, err: stderr } = await run(
      ["-p", jobs, "-o", out, ...SHORT],
      { permissions: flags },
    );
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^error: /);
    assert.match(stderr, /HINT: .*--allow-/);
    const [flag] = removed.split("=");
    assert.ok(stderr.includes(flag!), `${stderr} names ${flag}`);
    assert.ok(!stderr.includes("    at "), `no stack: ${stderr}`);
    assert.doesNotMatch(stdout, /done/);
    assert.deepEqual(filesOf(out), []);
  });
}

Deno.test("generate.ts needs access to its own files only, even if the output folder does not exist yet", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const inputs = join(folder, "in");
  await Deno.mkdir(inputs);
  for (const file of ["images/gate.jpg", "tracks/gate.pth"]) {
    await Deno.copyFile(join(EXAMPLES, file), join(inputs, basename(file)));
  }
  await Deno.writeTextFile(
    join(inputs, "one.yaml"),
    "- {image: gate.jpg, text: x, track: gate.pth}\n",
  );
  const permissions = permissionsOf(SCRIPT).map((flag) =>
    flag === "--allow-read"
      ? "--allow-read=in/one.yaml,in/gate.jpg,in/gate.pth,out,/usr/bin/ldd"
      : flag === "--allow-write"
      ? "--allow-write=out"
      : flag
  );
  const { code, err, out } = await run([
    "-p",
    "in/one.yaml",
    "-o",
    "out",
    ...SHORT,
  ], {
    cwd: folder,
    permissions,
  });
  assert.equal(code, 0, err);
  // Whether objects were marked is not known then.
  assert.match(out + err, /gate\.objects\.json" is not used: .*--allow-read/);
  assert.deepEqual(filesOf(join(folder, "out")), [
    "images_tracks/00.jpg",
    "one.yaml",
    "outputs/000.mp4",
    "outputs_vis/000_viz.mp4",
  ]);
});

Deno.test("generate.ts lists everything that is invalid, and starts nothing", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const jobs = join(folder, "bad.yaml");
  const boat = `${EXAMPLES}/tracks/boat.pth`;
  const picture = `${EXAMPLES}/images/boat.jpg`;
  await Deno.writeTextFile(join(folder, "words.jpg"), "no picture");
  await Deno.writeFile(
    join(folder, "cut.pth"),
    (await Deno.readFile(boat)).subarray(0, 900),
  );
  await Deno.writeTextFile(
    jobs,
    `- {image: ${picture}, text: fine, track: ${boat}}\n` +
      `- {image: words.jpg, text: x, track: ${boat}}\n` +
      `- {image: ${picture}, text: x, track: cut.pth}\n`,
  );
  const out = join(folder, "out");
  const bad = await runTool(SCRIPT, ["-p", jobs, "-o", out]);
  assert.equal(bad.code, 2);
  assert.match(bad.err, /Cannot start: 2 problems/);
  assert.match(bad.err, /line 2: Cannot read ".*words.jpg"/);
  assert.match(bad.err, /line 3: Cannot read ".*cut.pth"/);
  assert.deepEqual(filesOf(out), []);

  await Deno.writeTextFile(
    jobs,
    `- {image: no.jpg, text: x, track: ${boat}}\n- {image: ${picture}, seed: x, track: ${boat}}\n`,
  );
  const worse = await runTool(SCRIPT, ["-p", jobs, "-o", out]);
  assert.equal(worse.code, 2);
  assert.match(worse.err, /bad.yaml": it has 2 problems/);
  assert.match(worse.err, /line 1: image is "no.jpg"/);
  assert.match(worse.err, /line 2: seed is "x", expected a whole number/);
  assert.deepEqual(filesOf(out), []);
});

Deno.test("generate.ts and doctor.ts tell the same of a batch: missing, damaged, and the weights", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const jobs = join(folder, "bad.yaml");
  const boat = join(EXAMPLES, "tracks/boat.pth");
  await Deno.writeTextFile(join(folder, "words.jpg"), "no picture");
  await Deno.writeTextFile(join(folder, "cut.pth"), "PK");
  await Deno.writeTextFile(
    jobs,
    `- {image: no.jpg, text: x, track: cut.pth}\n` +
      `- {image: words.jpg, text: x, track: no.pth}\n` +
      `- {image: words.jpg, text: x, track: ${boat}, seed: x}\n` +
      `- {image: words.jpg, text: x, track: cut.pth}\n`,
  );
  const weights = ["-c", join(folder, "ckpt"), "--lora", "no.safetensors"];
  const out = join(folder, "out");
  const { code, err } = await runTool(SCRIPT, [
    "-p",
    jobs,
    "-o",
    out,
    ...weights,
  ]);
  assert.equal(code, 2);
  const doctor = await runToolProcess(
    "tools/doctor.ts",
    ["-p", jobs, ...weights, "--device", "cpu", "--no-smoke"],
    { cwd: folder },
  );
  assert.equal(doctor.code, 1);
  for (
    const problem of [
      /line 1: image is "no.jpg": no such file/,
      /line 1.*: Cannot read ".*cut.pth"/,
      /line 2.*: Cannot read ".*words.jpg"/,
      /line 2: track is "no.pth": no such file/,
      /line 3: seed is "x", expected a whole number/,
      /line .*4: Cannot read ".*cut.pth"/,
      /ckpt": there is nothing, expected a folder/,
      /Cannot read the LoRA "no.safetensors": no such file/,
    ]
  ) {
    assert.match(err, problem);
    assert.match(doctor.out, problem);
  }
  assert.match(err, /Cannot start: 7 problems/);
  assert.deepEqual(filesOf(out), []);
});

Deno.test("generate.ts does not overwrite a file that is not its own copy", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const jobs = await writeJobs(folder);
  const out = join(folder, "out");
  await Deno.mkdir(out);
  await Deno.writeTextFile(join(out, "two.yaml"), "- precious\n");
  const { code, err: stderr } = await runTool(SCRIPT, ["-p", jobs, "-o", out]);
  assert.equal(code, 2);
  assert.match(stderr, /two.yaml": it already exists and is not a copy/);
  assert.deepEqual(filesOf(out), ["two.yaml"]);
});

Deno.test("generate.ts leaves no partial file at Ctrl-C", async () => {
  if (Deno.build.os === "windows") {
    console.error("SKIPPED: Windows has no SIGINT to send to a process");
    return;
  }
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const out = join(folder, "out");
  const jobs = await writeJobs(folder);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", ...permissionsOf(SCRIPT)].concat(
      repositoryPath(SCRIPT),
      ["-p", jobs, "-o", out],
    ),
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let running = true;
  const ended = Promise.all([
    child.status.finally(() => running = false),
    new Response(child.stderr).text(),
  ]);
  // In the middle of a video: when its temporary file exists.
  const inVideo = (path: string) => /outputs\/\..*\.part$/.test(path);
  while (running && !filesOf(out).some(inVideo)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  if (running) child.kill("SIGINT");
  const [{ code }, stderr] = await ended;
  assert.equal(code, 130, stderr);
  assert.match(stderr, /Interrupted/);
  assert.ok(filesOf(out).includes("two.yaml"));
  // Several items are in flight; their images are complete or not there.
  for (const path of filesOf(out)) {
    if (path === "two.yaml") continue;
    assert.match(path, /^images_tracks\/0[01]\.jpg$/);
    const { width } = await decodeImage(await Deno.readFile(join(out, path)));
    assert.ok(width > 0);
  }
});

Deno.test("generate.ts reports what a checkpoint lacks, and writes nothing", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const jobs = await writeJobs(folder);
  const out = join(folder, "out");
  const { code, err: stderr } = await runTool(SCRIPT, [
    "-p",
    jobs,
    "-c",
    folder,
    "-o",
    out,
  ]);
  assert.equal(code, 2);
  assert.match(stderr, /Wan2\.1_VAE\.pth[^]*HINT: /);
  assert.deepEqual(filesOf(out), []);
});

Deno.test("generate.ts --help explains what it needs", async () => {
  const { code, out: stdout } = await run(["--help"]);
  assert.equal(code, 0);
  for (
    const word of ["-p, --jobs", "-c, --ckpt_dir", "outputs_vis/", "130"]
  ) {
    assert.ok(stdout.includes(word), word);
  }
});

Deno.test("the examples are six images with valid tracks", async () => {
  const jobs = await readJobs(join(EXAMPLES, "test.yaml"));
  assert.equal(jobs.length, 6);
  for (const item of planRun(jobs, { out: "unused" })) {
    const { image, tracks, notes } = await loadInputs(item);
    assert.equal(image.width * image.height, 832 * 480);
    assert.ok(tracks.count <= 20, `${item.image} has ${tracks.count} tracks`);
    const risks = notes.filter((note) =>
      !/ATI's layout|divided by 8/.test(note)
    );
    assert.deepEqual(risks, [], item.image);
    const { size } = await Deno.stat(item.image);
    assert.ok(size < 300_000, `${item.image} has ${size} bytes`);
    assert.ok(item.prompt.length > 100);
    await decodeImage(await Deno.readFile(item.image));
  }
});
