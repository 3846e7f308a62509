/**
 * `tools/generate.ts` with the model: compared with the reference (in a process
 * of its own with exactly its permissions), the six examples, killed and
 * resumed, from a recipe, on several devices, in several processes.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { tinyCheckpoint } from "../core/checkpoint/tiny_checkpoint.ts";
import { writeFileAtomic } from "../core/files/files.ts";
import { writeSafetensors } from "../core/formats/safetensors_writer.ts";
import { decodeImage } from "../core/media/image.ts";
import { openVideo } from "../core/media/video_reader.ts";
import { loadTensors } from "../core/pipeline/tensor_store.ts";
import type { RgbImage } from "../core/base/image.ts";
import { assertClose, goldenUrl, readGolden } from "./fixtures/golden.ts";
import {
  permissionsOf,
  repositoryPath,
  runToolProcess,
  startTool,
} from "./fixtures/tool_process.ts";
import { runTool } from "./fixtures/run_tool.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

const SCRIPT = "tools/generate.ts";
const GOLDEN = repositoryPath("tests/golden/pipeline");

const run = (args: readonly string[]) => runTool(SCRIPT, args);
const runProcess = (args: readonly string[]) => runToolProcess(SCRIPT, args);

/** What all tests of this file share: a tiny checkpoint, and one run with it. */
let shared: { readonly path: string } & AsyncDisposable;
Deno.test.beforeAll(async () => {
  shared = await temporaryFolder();
  await writeCheckpoint(join(shared.path, "ckpt"), 1);
});
Deno.test.afterAll(async () => await shared[Symbol.asyncDispose]());

async function writeCheckpoint(folder: string, seed: number): Promise<void> {
  const files = await tinyCheckpoint({ folder, seed });
  for (const [path, bytes] of Object.entries(files)) {
    await writeFileAtomic(path, bytes);
  }
}

/** An empty folder, and the checkpoint of this file. */
async function withCheckpoint(
  body: (folder: string, ckpt: string) => Promise<void>,
): Promise<void> {
  await using temporary = await temporaryFolder();
  await body(temporary.path, join(shared.path, "ckpt"));
}

/** Threads of small networks only wait for each other on a busy machine. */
const ONE_THREAD = ["--threads", "1"];
/** Settings of a short run: five frames of 96 x 64 px in four steps. */
const SHORT = [
  ...["--device", "cpu", "--size", "96*64", "--frame_num", "5"],
  ...["--sample_steps", "4", "--base_seed", "5", ...ONE_THREAD],
];
const ITEM = [
  ...["--image", repositoryPath("examples/images/boat.jpg")],
  ...["--track", repositoryPath("examples/tracks/boat.pth")],
  ...["--prompt", "A boat."],
];

/** The same run for every test that compares another one with it. */
let plain: Promise<string> | undefined;

/** Where the short run of the item is: `.mp4`, `.json`, and the latent. */
function plainRun(): Promise<string> {
  return plain ??= (async () => {
    const { path } = shared;
    const { code, err } = await run([
      ...[...ITEM, "-c", join(path, "ckpt"), ...SHORT, "--keep_latent"],
      ...["--save_file", `${path}/plain/%d.mp4`],
    ]);
    assert.equal(code, 0, err);
    return `${path}/plain/0`;
  })();
}

/** Every file in a folder, including hidden ones. */
function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

async function frames(path: string): Promise<RgbImage[]> {
  const video = await openVideo(path);
  const all: RgbImage[] = [];
  for await (const { width, height, data } of video.frames()) {
    all.push({ width, height, data: data.slice() });
  }
  return all;
}

for (
  const [solver, latent] of [
    ["unipc", "unipc.latents"],
    ["dpm++", "dpmpp.latent_final"],
  ] as const
) {
  Deno.test(`generate.ts gives the reference's video, ${solver}`, async () => {
    await using temporary = await temporaryFolder();
    const out = temporary.path;
    const once = solver === "unipc" ? runProcess : run;
    const { code, err } = await once([
      ...["-c", repositoryPath("tests/golden/ckpt"), "--inject", GOLDEN],
      ...["--image", `${GOLDEN}/image.png`, "--track", `${GOLDEN}/track.pth`],
      ...["--prompt", "a small test prompt", "--save_file", `${out}/%d.mp4`],
      ...["--device", "cpu", "--size", "96*64", "--sample_steps", "4"],
      ...["--sample_solver", solver, "--crf", "0", "--keep_latent"],
      ...ONE_THREAD,
    ]);
    assert.equal(code, 0, err);
    const expected = readGolden(`pipeline/${latent}.npy`);
    const dims = expected.dims.slice(-4);
    const length = dims.reduce((product, axis) => product * axis, 1);
    const stored = await loadTensors(`${out}/0.safetensors`);
    assertClose(`generate.ts ${solver}`, stored!.tensors["latent"]!, {
      dims,
      data: expected.data.subarray(-length),
    }, { relative: 5e-5 });
    const video = await frames(`${out}/0.mp4`);
    assert.equal(video.length, 81);
    if (solver === "unipc") {
      const golden = await decodeImage(
        Deno.readFileSync(goldenUrl("pipeline/unipc.frame40.png")),
      );
      // H.264 has half the resolution for color; brightness must agree.
      const off = luma(video[40]!).map((x, i) =>
        Math.abs(x - luma(golden)[i]!)
      );
      const mean = off.reduce((sum, x) => sum + x, 0) / off.length;
      console.log(`frame 40 after H.264: brightness off by ${mean} on average`);
      assert.ok(mean < 2);
    }
  });
}

function luma({ data }: RgbImage): number[] {
  return Array.from(
    { length: data.length / 3 },
    (_, i) =>
      0.2126 * data[3 * i]! + 0.7152 * data[3 * i + 1]! +
      0.0722 * data[3 * i + 2]!,
  );
}

Deno.test({
  name:
    "generate.ts gives the same latent with streamed networks, and refuses a small budget",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withCheckpoint(async (folder, ckpt) => {
      const common = ["-c", ckpt, ...SHORT, ...ITEM, "--keep_latent"];
      const streamed = await run([
        ...[...common, "--vram", "30MB", "--execution", "streamed"],
        ...["--save_file", `${folder}/%d.mp4`],
      ]);
      assert.equal(streamed.code, 0, streamed.err);
      assert.match(streamed.out, /Memory plan for 30 MB:/);
      assert.match(
        streamed.out,
        /text encoder: its blocks streamed, \d+ MB/,
      );
      assert.match(streamed.out, /transformer: all 2 blocks on the device/);
      const latentOf = async (path: string) =>
        (await loadTensors(`${path}.safetensors`))?.tensors["latent"];
      const expected = await latentOf(await plainRun());
      assert.ok(expected);
      assert.deepEqual(await latentOf(`${folder}/0`), expected);
      const { code, err } = await run([
        ...common,
        ...["--vram", "1MB", "--save_file", `${folder}/none/%d.mp4`],
      ]);
      assert.equal(code, 2);
      assert.match(err, /in 1 MB of device memory: .* needs \d+ MB/);
      assert.match(err, /HINT: The smallest plan is --vram \d+MB/);
    }),
});

Deno.test("generate.ts makes the six examples with the model, 81 frames each", () =>
  withCheckpoint(async (folder, ckpt) => {
    const out = join(folder, "out");
    const { code, out: printed, err } = await run([
      ...["-p", repositoryPath("examples/test.yaml"), "-c", ckpt, "-o", out],
      ...["--device", "cpu", "--size", "48*32", "--sample_steps", "2"],
      ...ONE_THREAD,
    ]);
    assert.equal(code, 0, err);
    assert.match(printed, /The model runs on cpu, fp32\./);
    assert.match(printed, /4 passes, at most \d+\.\d GB of memory/);
    assert.match(printed, /\n6 done\n$/);
    const six = (name: (i: number) => string | string[]) =>
      Array.from({ length: 6 }, (_, i) => name(i)).flat();
    assert.deepEqual(
      names(`${out}/outputs`),
      six((i) => [`00${i}.json`, `00${i}.mp4`]),
    );
    assert.deepEqual(names(`${out}/images_tracks`), six((i) => `0${i}.jpg`));
    assert.deepEqual(names(`${out}/outputs_vis`), six((i) => `00${i}_viz.mp4`));
    const video = await openVideo(`${out}/outputs/005.mp4`);
    assert.deepEqual([video.frameCount, video.fps], [81, 16]);
    const recipe = JSON.parse(video.metadata["description"]!);
    assert.equal(recipe.engine, "model");
    assert.equal(recipe.settings.steps, 2);
    assert.match(recipe.checkpoint.weights, /^[0-9a-f]{64}$/);
    assert.match(recipe.negative, /^镜头晃动/);
  }));

Deno.test("generate.ts reproduces a video from its recipe", () =>
  withCheckpoint(async (folder, ckpt) => {
    const first = join(folder, "first"), again = join(folder, "again");
    const args = [
      ...ITEM,
      ...["-c", ckpt, "-o", first, ...SHORT, "--sample_solver", "euler"],
      // A draft: the small decoder and its file are in the recipe, too.
      ...["--vae", "tiny", "--tiny_vae"],
      repositoryPath("tests/golden/tiny_vae/lighttaew2_1.safetensors"),
    ];
    const made = await run(args);
    assert.equal(made.code, 0, made.err);
    const recipe = `${first}/outputs/000.json`;
    const from = ["--from", recipe, "--device", "cpu", ...ONE_THREAD];
    const followed = await run([...from, "-o", again]);
    assert.equal(followed.code, 0, followed.err);
    for (const name of ["outputs/000.mp4", "outputs_vis/000_viz.mp4"]) {
      assert.deepEqual(
        await frames(`${again}/${name}`),
        await frames(`${first}/${name}`),
      );
    }
    const [a, b] = [recipe, `${again}/outputs/000.json`].map((path) =>
      JSON.parse(Deno.readTextFileSync(path))
    );
    delete a.image, delete a.track, delete b.image, delete b.track;
    assert.deepEqual(a, b);

    // Finished videos are kept, but not as those of another motion control.
    for (const same of [[...from, "-o", again], [...args, "--topk", "2"]]) {
      const kept = await run(same);
      assert.equal(kept.code, 0, kept.err);
      assert.match(kept.out, /already exists/);
    }
    const steered = await run([...args, "--topk", "3"]);
    assert.equal(steered.code, 2, steered.out);
    assert.match(steered.err, /Cannot keep .*: it was made with another topk,/);

    // Numbers from elsewhere, another LoRA, other weights, or another image do
    // not reproduce the video.
    const injected = await run([
      ...[...from, "--inject", GOLDEN, "-o", join(folder, "x")],
    ]);
    assert.equal(injected.code, 2);
    assert.match(
      injected.err,
      /was made without injected numbers\n.*HINT: Omit/,
    );
    const lora = join(folder, "lora.safetensors");
    const difference = { dtype: "F32", data: new Float32Array(64) } as const;
    await Deno.writeFile(
      lora,
      writeSafetensors([
        { name: "head.head.diff_b", shape: [64], ...difference },
      ]),
    );
    const adapted = join(first, "outputs/lora.json");
    const loras = [{ file: lora, strength: 1, weights: "another" }];
    const stored = JSON.parse(await Deno.readTextFile(recipe));
    await Deno.writeTextFile(adapted, JSON.stringify({ ...stored, loras }));
    const retrained = await run([
      ...["--from", adapted, "--device", "cpu", ...ONE_THREAD],
      ...["-o", join(folder, "x")],
    ]);
    assert.equal(retrained.code, 2);
    assert.match(
      retrained.err,
      /lora\.safetensors" has other weights than the/,
    );
    const other = join(folder, "other");
    await writeCheckpoint(other, 2);
    const wrong = await run([...from, "-c", other, "-o", join(folder, "x")]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /has other weights.*\n.*HINT/);
    const text = await Deno.readTextFile(recipe);
    await Deno.writeTextFile(
      recipe,
      text.replace(/boat\.jpg/, "gate.jpg"),
    );
    const changed = await run([...from, "-o", join(folder, "x")]);
    assert.equal(changed.code, 2);
    assert.match(changed.err, /gate\.jpg" has changed since/);
    await Deno.writeTextFile(recipe, "{}");
    const none = await run([...from, "-o", join(folder, "x")]);
    assert.equal(none.code, 2);
    assert.match(none.err, /its format is undefined, expected "ati-recipe-1"/);
  }));

Deno.test("generate.ts resumes after kill -9, with the same random seed", () =>
  withCheckpoint(async (folder, ckpt) => {
    const out = join(folder, "out");
    const args = [
      ...ITEM,
      ...["-c", ckpt, "-o", out, "--device", "cpu", "--size", "96*64"],
      ...["--frame_num", "5", "--sample_steps", "12", "--resume_every", "1"],
      ...ONE_THREAD,
      "--json_progress",
    ];
    const tool = startTool(SCRIPT, args);
    for await (const line of tool.lines) {
      if (/"stage":"sampling","done":[2-9]/.test(line)) break;
    }
    tool.kill("SIGKILL");
    await tool.status;
    assert.deepEqual(
      names(`${out}/outputs`).filter((name) => !name.endsWith(".part")),
      [".000.lock", ".000.resume", ".000.seed"],
    );
    // As if it had been killed while writing the state.
    const unfinished = `${out}/outputs/..000.resume.0123abcd.part`;
    await Deno.writeTextFile(unfinished, "a partial state");
    const resumed = await run([...args.slice(0, -1)]);
    assert.equal(resumed.code, 0, resumed.err);
    assert.match(resumed.out, /resumes after step \d/);
    assert.deepEqual(names(`${out}/outputs`), ["000.json", "000.mp4"]);
    const recipe = JSON.parse(Deno.readTextFileSync(`${out}/outputs/000.json`));
    const whole = join(folder, "whole");
    const straight = await run([
      ...args.slice(0, -1).map((arg) => arg === out ? whole : arg),
      ...["--base_seed", String(recipe.seed)],
    ]);
    assert.equal(straight.code, 0, straight.err);
    assert.deepEqual(
      JSON.parse(Deno.readTextFileSync(`${whole}/outputs/000.json`)),
      recipe,
    );
    assert.deepEqual(
      await frames(`${whole}/outputs/000.mp4`),
      await frames(`${out}/outputs/000.mp4`),
    );
  }));

for (const bits of ["8", "4"] as const) {
  Deno.test(`generate.ts runs the ${bits}-bit transformer of quantize.ts, also from its recipe`, () =>
    withCheckpoint(async (folder, ckpt) => {
      const copy = join(folder, "copies", "quantized.safetensors");
      const made = await runToolProcess("tools/quantize.ts", [
        ...[ckpt, copy, "--bits", bits],
      ]);
      assert.equal(made.code, 0, made.err);
      const precision = { transformer: `q${bits}` };
      const parts = ["--transformer", copy, "--dtype", `dit=q${bits}`];
      const plain = `${await plainRun()}.mp4`;
      const first = join(folder, "first.mp4");
      const again = join(folder, "again.mp4");
      for (
        const args of [
          [...ITEM, "-c", ckpt, ...parts, ...SHORT, "--save_file", first],
          [
            ...["--from", join(folder, "first.json"), "--device", "cpu"],
            ...[...ONE_THREAD, "--save_file", again],
          ],
        ]
      ) {
        const { code, err } = await run(args);
        assert.equal(code, 0, err);
      }
      const recipes = [plain, first, again].map((path) =>
        JSON.parse(Deno.readTextFileSync(path.replace(/mp4$/, "json")))
      );
      assert.equal(recipes[0].checkpoint.parts, undefined);
      assert.equal(recipes[0].precision, undefined);
      assert.deepEqual(recipes[1].checkpoint.parts, { transformer: copy });
      assert.deepEqual(recipes[1].precision, precision);
      assert.notEqual(
        recipes[1].checkpoint.weights,
        recipes[0].checkpoint.weights,
      );
      assert.deepEqual(recipes[2], recipes[1]);
      assert.deepEqual(await frames(again), await frames(first));
      assert.notDeepEqual(await frames(first), await frames(plain));
    }));
}

Deno.test("generate.ts needs no folder if every component is given", () =>
  withCheckpoint(async (folder, ckpt) => {
    const files = names(ckpt);
    const named = (pattern: RegExp) =>
      join(ckpt, files.find((name) => pattern.test(name))!);
    const parts = [
      ...["--transformer", named(/^diffusion.*index\.json$/)],
      ...["--vae", named(/VAE/), "--t5", named(/t5/)],
      ...[
        "--clip",
        named(/clip/),
        "--tokenizer",
        join(ckpt, "google/umt5-xxl"),
      ],
    ];
    const apart = `${folder}/apart.mp4`;
    const { code, err } = await run([
      ...[...ITEM, ...SHORT, ...parts, "--save_file", apart],
    ]);
    assert.equal(code, 0, err);
    assert.deepEqual(
      await frames(apart),
      await frames(`${await plainRun()}.mp4`),
    );
  }));

Deno.test("generate.ts distributes items over devices and shards over processes", () =>
  withCheckpoint(async (folder, ckpt) => {
    const jobs = join(folder, "jobs.yaml");
    const entry = (name: string) =>
      `- image: ${repositoryPath(`examples/images/${name}.jpg`)}\n` +
      `  text: x\n  track: ${repositoryPath(`examples/tracks/${name}.pth`)}\n`;
    await Deno.writeTextFile(
      jobs,
      ["boat", "gate", "dunes"].map(entry).join(""),
    );
    const common = [
      ...["-p", jobs, "-c", ckpt, ...SHORT, "--json"],
      ...["--size", "48*32", "--sample_steps", "2"],
    ];
    const into = (folder: string) => ["--save_file", `${folder}/%d.mp4`];
    const statuses = ({ out }: { out: string }) =>
      out.trim().split("\n").map((line) => JSON.parse(line)).map((
        { index, status },
      ) => `${index} ${status}`).sort();
    const alone = join(folder, "alone"), spread = join(folder, "spread");
    const one = await run([...common, ...into(alone)]);
    assert.equal(one.code, 0, one.err);
    const two = await run([...common, ...into(spread), "-g", "2"]);
    assert.equal(two.code, 0, two.err);
    assert.deepEqual(statuses(two), statuses(one));
    // Two shards and a process without a shard, in one folder at once.
    const shared = join(folder, "shared");
    const results = await Promise.all([
      runProcess([...common, ...into(shared), "--shard", "1/2"]),
      runProcess([...common, ...into(shared), "--shard", "2/2"]),
      runProcess([...common, ...into(shared)]),
    ]);
    const made = results.flatMap(statuses).filter((line) =>
      line.endsWith("done")
    );
    assert.deepEqual(made.sort(), ["0 done", "1 done", "2 done"]);
    for (const { code, err } of results) assert.equal(code, 0, err);
    assert.ok(!statuses(results[0]!).some((line) => /^1/.test(line)));
    for (const name of ["0", "1", "2"]) {
      const expected = await frames(`${alone}/${name}.mp4`);
      for (const other of [spread, shared]) {
        assert.deepEqual(
          await frames(`${other}/${name}.mp4`),
          expected,
          `${other} ${name}`,
        );
      }
    }
  }));

Deno.test("generate.ts uses two devices for one item", () =>
  withCheckpoint(async (folder, ckpt) => {
    const two = await run([
      ...[...ITEM, "-c", ckpt, ...SHORT],
      ...["--save_file", `${folder}/two.mp4`, "-g", "2"],
    ]);
    assert.equal(two.code, 0, two.err);
    assert.match(two.out, /The model runs on cpu, fp32 \+ cpu, fp32\./);
    assert.deepEqual(
      await frames(`${folder}/two.mp4`),
      await frames(`${await plainRun()}.mp4`),
    );
  }));

Deno.test("generate.ts reports what is missing before it starts", () =>
  withCheckpoint(async (folder, ckpt) => {
    const fails = async (args: string[], message: RegExp) => {
      const { code, err } = await run([
        ...ITEM,
        ...["-o", join(folder, "out"), ...SHORT, ...args],
      ]);
      assert.equal(code, 2);
      assert.match(err, message);
    };
    await fails(["-c", folder + "/no"], /Cannot open/);
    await fails(["-c", ckpt, "--device", "cuda"], /cuda[^]*HINT/);
    await fails(["-c", ckpt, "--dtype", "bf16"], /cpu computes in fp32/);
    await fails(
      ["-c", ckpt, "--dtype", "t5=bf16,vae=fp32"],
      /Cannot run the text encoder in bf16: cpu computes in fp32\nHINT/,
    );
    await fails(
      ["-c", ckpt, "--dtype", "dit=fp8"],
      /expected fp8 in the file\nHINT: .*--variant fp8.*quantize\.ts/,
    );
    await fails(
      ["-c", ckpt, "--transformer", `${ckpt}/Wan2.1_VAE.pth`],
      /VAE\.pth": tensor "patch_embedding\.weight" is missing/,
    );
    await fails(["-c", ckpt, "--inject", folder], /expected prompt\.ids\.npy/);
    const { code, err } = await runProcess([
      ...[...ITEM, "-o", join(folder, "out"), ...SHORT, "-c", ckpt],
      "--use_prompt_extend",
    ]);
    assert.equal(code, 2);
    assert.match(
      err,
      /PROMPT_EXTEND_URL is not permitted\nHINT: Add --allow-env/,
    );
    assert.deepEqual(names(folder), []);
  }));

Deno.test("generate.ts extends the prompt with a chat server, and records the result", () =>
  withCheckpoint(async (folder, ckpt) => {
    const requests: { model: string; messages: { content: unknown }[] }[] = [];
    await using server = Deno.serve({
      port: 0,
      hostname: "127.0.0.1",
      onListen: () => {},
    }, async (request) => {
      requests.push(await request.json());
      return Response.json({
        choices: [{ message: { content: "一只小船在湖上漂。" } }],
      });
    });
    const host = `127.0.0.1:${server.addr.port}`;
    const permissions = [
      ...permissionsOf(SCRIPT),
      `--allow-net=${host}`,
      "--allow-env=PROMPT_EXTEND_URL,PROMPT_EXTEND_MODEL,PROMPT_EXTEND_KEY",
    ];
    const environment = {
      PROMPT_EXTEND_URL: `http://${host}/v1`,
      PROMPT_EXTEND_MODEL: "qwen",
    };
    const args = [
      ...ITEM,
      ...["-c", ckpt, ...SHORT, "--use_prompt_extend"],
      ...["--save_file", `${folder}/boat.mp4`],
    ];
    const child = (env: Record<string, string>) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", ...permissions, repositoryPath(SCRIPT), ...args],
        env,
      }).output();
    const unset = await child({});
    assert.equal(unset.code, 2);
    assert.match(
      new TextDecoder().decode(unset.stderr),
      /PROMPT_EXTEND_URL is not set/,
    );
    const made = await child(environment);
    assert.equal(made.code, 0, new TextDecoder().decode(made.stderr));
    assert.equal(requests.length, 1);
    assert.equal(requests[0]!.model, "qwen");
    const recipe = JSON.parse(Deno.readTextFileSync(`${folder}/boat.json`));
    assert.equal(recipe.text, "一只小船在湖上漂。");
    assert.equal(recipe.text_before, "A boat.");
  }));
