/**
 * `tools/generate.ts` killed by SIGKILL, as by a power failure or a batch system:
 * five processes at five moments of a generation, all writing to one folder,
 * all started again. The result must be that of one undisturbed run, byte for byte.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { tinyCheckpoint } from "../core/checkpoint/tiny_checkpoint.ts";
import { upsertJob } from "../core/jobs/edit_jobs.ts";
import { writeFileAtomic } from "../core/files/files.ts";
import { runTool } from "./fixtures/run_tool.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import {
  repositoryPath,
  runToolProcess,
  startTool,
} from "./fixtures/tool_process.ts";

const SCRIPT = "tools/generate.ts";
const STEPS = 3;

/** The progress of a generation, as printed by `--json_progress`. */
type Moment = readonly [stage: string, done: number];

/** The stages, in order; `started` is printed before the first. */
const STAGES = [
  "started",
  "text encoder",
  "image encoder",
  "VAE encode",
  "sampling",
  "VAE decode",
];

/** When the processes are killed, one at each moment. */
const MOMENTS: readonly Moment[] = [
  ["started", 0],
  ["sampling", 0.5], // before the first state is written
  ["sampling", 1.3],
  ["sampling", STEPS], // all steps done, nothing decoded
  ["VAE decode", 1], // within the video and its overlay
];

const EXAMPLES = ["boat", "balloons", "scarf", "gate", "dunes"];

/** A job file with one item for each moment, and a checkpoint. */
async function prepare(
  folder: string,
): Promise<{ jobs: string; ckpt: string }> {
  const ckpt = join(folder, "ckpt");
  const files = await tinyCheckpoint({ folder: ckpt, seed: 1 });
  for (const [path, bytes] of Object.entries(files)) {
    await writeFileAtomic(path, bytes);
  }
  const text = MOMENTS.reduce((list, [stage], i) => {
    const name = EXAMPLES[i % EXAMPLES.length]!;
    return upsertJob(list, {
      name: `item${i}`,
      image: repositoryPath(`examples/images/${name}.jpg`),
      track: repositoryPath(`examples/tracks/${name}.pth`),
      text: `A test of ${stage}.`,
      seed: i,
    }, { match: "name" });
  }, "");
  const jobs = join(folder, "jobs.yaml");
  await Deno.writeTextFile(jobs, text);
  return { jobs, ckpt };
}

/** Whether a line of progress is at or after a moment. */
function isAtOrAfter(line: string, [stage, done]: Moment): boolean {
  const progress = JSON.parse(line);
  const at = STAGES.indexOf(progress.stage ?? progress.status);
  const expected = STAGES.indexOf(stage);
  // A stage begins with a line of 0 of 1 parts, before their number is known.
  return at > expected || (at === expected && (progress.done ?? 0) >= done);
}

/** Runs the tool until a moment, and kills it there. */
async function killAt(
  moment: Moment,
  args: readonly string[],
): Promise<Deno.Signal | null> {
  await using tool = startTool(SCRIPT, [...args, "--json_progress"]);
  for await (const line of tool.lines) {
    if (isAtOrAfter(line, moment)) break;
  }
  tool.kill("SIGKILL");
  return (await tool.status).signal;
}

/** Every file below a folder with its bytes, including hidden ones. */
function filesOf(folder: string, below = ""): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const { name, isDirectory } of Deno.readDirSync(join(folder, below))) {
    const path = join(below, name);
    if (!isDirectory) files.set(path, Deno.readFileSync(join(folder, path)));
    else filesOf(folder, path).forEach((bytes, file) => files.set(file, bytes));
  }
  return files;
}

function assertSame(bytes: Uint8Array, expected: Uint8Array, path: string) {
  const at = bytes.findIndex((byte, i) => byte !== expected[i]);
  const same = at < 0 && bytes.length === expected.length;
  assert.ok(
    same,
    `${path}: ${bytes.length} bytes, expected ${expected.length}; the first difference is at ${at}`,
  );
}

Deno.test("generate.ts killed at five moments gives the result of an undisturbed run", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const { jobs, ckpt } = await prepare(folder);
  const out = join(folder, "out"), undisturbed = join(folder, "undisturbed");
  const to = (out: string) => [
    ...["-p", jobs, "-c", ckpt, "-o", out, "--device", "cpu"],
    ...["--size", "96*64", "--frame_num", "5", "--keep_latent"],
    ...["--sample_steps", String(STEPS), "--resume_every", "1"],
    // Lossless: the file then has everything the frames have.
    ...["--crf", "0"],
  ];
  const shard = (i: number) => [
    ...to(out),
    ...["--shard", `${i + 1}/${MOMENTS.length}`, "--threads", "1"],
  ];

  // Two at a time, concurrently with the undisturbed run in this process.
  const straight = runTool(SCRIPT, [
    ...to(undisturbed),
    ...["--threads", "1", "--json"],
  ]);
  const queue = MOMENTS.entries();
  const signals: (Deno.Signal | null)[] = [];
  const lane = async () => {
    for (const [i, moment] of queue) {
      signals[i] = await killAt(moment, shard(i));
    }
  };
  await Promise.all([lane(), lane()]);
  const { code, out: result, err } = await straight;
  assert.equal(code, 0, err + result);
  assert.deepEqual(signals, MOMENTS.map(() => "SIGKILL"));

  // Whatever has a final name is complete.
  const whole = filesOf(undisturbed);
  const left = filesOf(out);
  const unfinished = [...left.keys()].filter((path) => !whole.has(path));
  for (const path of unfinished) {
    assert.match(path, /[\\/]\.[^\\/]+\.(part|lock|resume|seed)$/);
  }
  assert.ok(unfinished.length >= MOMENTS.length, "each left a temporary file");
  for (const [path, bytes] of left) {
    const expected = whole.get(path);
    if (expected) assertSame(bytes, expected, path);
  }

  // All are restarted at once, by two processes.
  const ends = await Promise.all(
    ["1/2", "2/2"].map((shard) =>
      runToolProcess(SCRIPT, [
        ...[...to(out), "--shard", shard, "--threads", "1", "--json"],
      ])
    ),
  );
  const restarted = new Map<number, { status: string; notes: string[] }>();
  for (const { code, out: printed, err } of ends) {
    assert.equal(code, 0, err + printed);
    for (const line of printed.trim().split("\n")) {
      const item = JSON.parse(line);
      assert.ok(!restarted.has(item.index), `${item.index} was made twice`);
      restarted.set(item.index, item);
    }
  }
  for (const [i, [stage, done]] of MOMENTS.entries()) {
    const { status, notes } = restarted.get(i)!;
    assert.equal(status, "done");
    const [, step] = /resumes after step (\d+)/.exec(notes.join()) ?? [];
    const from = step ? `after step ${step}` : "from the start";
    console.log(`killed at ${stage} ${done}, resumed ${from}`);
    // The state of a step is written after the line that reports it.
    const kept = stage === "sampling" ? Math.ceil(done) - 1 : STEPS;
    if (STAGES.indexOf(stage) < STAGES.indexOf("sampling")) {
      assert.equal(step, undefined);
    } else if (kept > 0) {
      assert.ok(Number(step) >= kept, `${stage} ${done}: ${step}`);
    }
  }
  const found = filesOf(out);
  assert.deepEqual([...found.keys()].sort(), [...whole.keys()].sort());
  for (const [path, bytes] of found) {
    assertSame(bytes, whole.get(path)!, path);
  }
});
