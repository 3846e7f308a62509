/**
 * No tool replaces a file that it reads, whatever flag names it and whatever
 * link or spelling leads to it. Every input flag of every tool is tried with
 * `--overwrite` and an output that is a link to the input.
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { tinyCheckpoint } from "../core/checkpoint/tiny_checkpoint.ts";
import { protectInputs } from "../core/files/inputs.ts";
import { openAtomicFile, writeFileAtomic } from "../core/files/files.ts";
import { writeNpy } from "../core/formats/npy.ts";
import { writeSafetensors } from "../core/formats/safetensors_writer.ts";
import { encodeImage } from "../core/media/image.ts";
import { createVideo } from "../core/media/video_writer.ts";
import { TrackSet } from "../core/tracks/track_set.ts";
import { writeTracks } from "../core/tracks/write_tracks.ts";
import { exitCodeOf } from "../tools/shared/tool.ts";
import { runTool, type ToolScript } from "./fixtures/run_tool.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

const SIZE = { width: 96, height: 64 };

/** One command line that would replace an input. */
interface Attempt {
  readonly tool: ToolScript;
  /** The flag or argument that names the input. */
  readonly flag: string;
  readonly args: readonly string[];
  /** The input. */
  readonly victim: string;
  /** The output that leads to it; made as a link where it is another path. */
  readonly output: string;
}

/** Inputs of every kind in one folder. */
async function writeInputs(folder: string): Promise<void> {
  const gray = { ...SIZE, data: new Uint8Array(3 * 96 * 64).fill(90) };
  const walk = TrackSet.fromPoints([
    Array.from({ length: 121 }, (_, t) => ({
      x: 10 + t / 2,
      y: 20,
      visible: true,
    })),
  ]);
  await Deno.writeFile(
    join(folder, "a.png"),
    await encodeImage(gray, "png"),
  );
  await Deno.writeFile(join(folder, "a.pth"), await writeTracks(walk, "pth"));
  await Deno.writeFile(join(folder, "b.pth"), await writeTracks(walk, "pth"));
  await Deno.writeTextFile(
    join(folder, "jobs.yaml"),
    "- {image: a.png, text: One., track: a.pth}\n",
  );
  // Wan-Move's pair: positions without visibility, and the visibility.
  const pair = Float32Array.from({ length: 81 * 2 }, (_, i) => i / 4 + 10);
  await Deno.writeFile(
    join(folder, "move.npy"),
    writeNpy({ dims: [1, 81, 1, 2], data: pair }),
  );
  await Deno.writeFile(
    join(folder, "seen.npy"),
    writeNpy({ dims: [1, 81, 1], data: new Float32Array(81).fill(1) }),
  );
  await Deno.mkdir(join(folder, "inject"));
  await Deno.writeFile(
    join(folder, "inject/prompt.ids.npy"),
    writeNpy({ dims: [3], data: new Float32Array([5, 9, 1]) }),
  );
  await Deno.mkdir(join(folder, "run/outputs"), { recursive: true });
  await using video = await createVideo(join(folder, "run/outputs/000.mp4"), {
    ...SIZE,
  });
  for (let i = 0; i < 4; i++) await video.write(gray);
  await video.finish();
  await Deno.writeTextFile(
    join(folder, "run/test.yaml"),
    "- {image: ../a.png, text: One., track: ../a.pth}\n",
  );
  const files = await tinyCheckpoint({ folder: join(folder, "ckpt"), seed: 1 });
  for (const [path, bytes] of Object.entries(files)) {
    await writeFileAtomic(path, bytes);
  }
  await Deno.writeFile(
    join(folder, "lora.safetensors"),
    writeSafetensors([{
      name: "diffusion_model.blocks.0.self_attn.q.diff_b",
      dtype: "F32",
      shape: [64],
      data: new Float32Array(64),
    }]),
  );
}

function attempts(ckptFiles: readonly string[]): Attempt[] {
  const all: Attempt[] = [];
  const add = (
    tool: string,
    flag: string,
    victim: string,
    output: string,
    args: readonly string[],
  ) =>
    all.push({
      tool: `tools/${tool}.ts` as ToolScript,
      flag,
      victim,
      output,
      args,
    });

  const item = ["--image", "a.png", "--track", "a.pth", "-o", "out"];
  const video = "out/outputs/000.mp4";
  const short = ["--frame_num", "5", "--overwrite"];
  add("generate", "--image", "a.png", video, [...item, ...short]);
  add("generate", "--track", "a.pth", video, [...item, ...short]);
  const jobs = ["-p", "jobs.yaml", "-o", "out", ...short];
  add("generate", "-p", "jobs.yaml", video, jobs);
  add("generate", "-p: image", "a.png", "out/outputs_vis/000_viz.mp4", jobs);
  add("generate", "-p: track", "a.pth", "out/images_tracks/00.jpg", jobs);
  const model = [
    ...item,
    ...short,
    ...["-c", "ckpt", "--device", "cpu", "--size", "96*64"],
    ...["--sample_steps", "2", "--keep_latent", "--threads", "1"],
  ];
  const latent = "out/outputs/000.safetensors";
  const recipe = "out/outputs/000.json";
  add("generate", "-c", ckptFiles[0]!, latent, model);
  add("generate", "-c: config.json", "ckpt/config.json", recipe, model);
  add("generate", "--lora", "lora.safetensors", latent, [
    ...model,
    ...["--lora", "lora.safetensors"],
  ]);
  add("generate", "--inject", "inject/prompt.ids.npy", latent, [
    ...model,
    ...["--inject", "inject"],
  ]);
  for (const file of ckptFiles.filter((name) => /VAE|t5|clip/i.test(name))) {
    const part = /VAE|t5|clip/i.exec(file)![0].toLowerCase();
    add("generate", `--${part}`, file, recipe, [...model, `--${part}`, file]);
  }
  add("generate", "--tokenizer", "tokenizer.json", recipe, [
    ...model,
    ...["--tokenizer", "tokenizer.json"],
  ]);

  add("plot_user_inputs", "<jobs>", "jobs.yaml", "plot/00.jpg", [
    ...["jobs.yaml", "--save-dir", "plot", "--overwrite"],
  ]);
  for (const [flag, victim] of [["image", "a.png"], ["track", "a.pth"]]) {
    add("plot_user_inputs", `<jobs>: ${flag}`, victim!, "plot/00.jpg", [
      ...["jobs.yaml", "--save-dir", "plot", "--overwrite"],
    ]);
  }

  const paint = [
    ...["--video", "run/outputs/000.mp4", "--track", "a.pth"],
    ...["--image", "a.png", "--output", "viz.mp4", "--overwrite"],
  ];
  for (
    const [flag, victim] of [
      ["--video", "run/outputs/000.mp4"],
      ["--track", "a.pth"],
      ["--image", "a.png"],
    ]
  ) add("visualize_trajectory", flag!, victim!, "viz.mp4", paint);
  for (
    const victim of ["run/outputs/000.mp4", "run/test.yaml", "a.png", "a.pth"]
  ) {
    add(
      "visualize_trajectory",
      `--base-dir: ${victim}`,
      victim,
      "run/outputs_vis/000_viz.mp4",
      ["--base-dir", "run", "--overwrite"],
    );
  }

  add("tracks", "inspect --image", "a.png", "t.png", [
    ...["inspect", "a.pth", "--image", "a.png"],
    ...["--plot", "t.png", "--overwrite"],
  ]);
  add("tracks", "inspect <file>", "a.pth", "t.png", [
    ...["inspect", "a.pth", "--image", "a.png"],
    ...["--plot", "t.png", "--overwrite"],
  ]);
  add("tracks", "convert <in>", "a.pth", "t.pth", [
    ...["convert", "a.pth", "t.pth", "--overwrite"],
  ]);
  add("tracks", "convert <in> itself", "a.pth", "a.pth", [
    ...["convert", "a.pth", "a.pth", "--overwrite"],
  ]);
  add("tracks", "convert --visibility", "seen.npy", "t.pth", [
    ...["convert", "move.npy", "t.pth", "--visibility", "seen.npy"],
    ...["--length", "resample", "--overwrite"],
  ]);
  add("tracks", "merge <files...>", "b.pth", "t.pth", [
    ...["merge", "a.pth", "b.pth", "--out", "t.pth", "--overwrite"],
  ]);
  add("tracks", "zoom --image", "a.png", "t.pth", [
    ...["zoom", "a.pth", "t.pth", "--factor", "2", "--image", "a.png"],
    "--overwrite",
  ]);
  add("tracks", "anchor --image", "a.png", "t.pth", [
    ...["anchor", "-", "t.pth", "--image", "a.png", "--overwrite"],
  ]);

  const video81 = ["run/outputs/000.mp4", "--points", "grid:4"];
  add("track_video", "<video>", "run/outputs/000.mp4", "t.pth", [
    ...[...video81, "--out", "t.pth", "--overwrite"],
  ]);
  add("track_video", "--image", "a.png", "t.pth", [
    ...[...video81, "--image", "a.png", "--out", "t.pth", "--overwrite"],
  ]);

  const shards = ckptFiles.filter((name) => /diffusion.*tensors$/.test(name));
  for (const file of shards) {
    add("quantize", "<checkpoint>", file, "q.safetensors", [
      ...["ckpt", "q.safetensors", "--overwrite"],
    ]);
    add("quantize", "<checkpoint> itself", file, file, [
      ...["ckpt", file, "--overwrite"],
    ]);
  }
  add("quantize", "--config", "config.json", "q.safetensors", [
    ...["ckpt", "q.safetensors", "--config", "config.json", "--overwrite"],
  ]);
  return all;
}

Deno.test("no tool replaces an input, whatever flag names it", async (t) => {
  await using temporary = await temporaryFolder();
  const base = temporary.file("base");
  await Deno.mkdir(base);
  await writeInputs(base);
  await Deno.copyFile(
    join(base, "ckpt/config.json"),
    join(base, "config.json"),
  );
  await Deno.copyFile(
    join(base, "ckpt/google/umt5-xxl/tokenizer.json"),
    join(base, "tokenizer.json"),
  );
  const ckptFiles = [...Deno.readDirSync(join(base, "ckpt"))]
    .filter(({ name }) => /\.(?:pth|safetensors)$/.test(name))
    .map(({ name }) => `ckpt/${name}`);
  assert.ok(ckptFiles.length >= 4, ckptFiles.join());

  const tools = new Set<string>();
  const queue = attempts(ckptFiles).entries();
  const failed: string[] = [];
  const tryAll = async () => {
    for (const [i, { tool, flag, args, victim, output }] of queue) {
      tools.add(tool);
      const cwd = temporary.file(`case${i}`);
      await copyFolder(base, cwd);
      if (output !== victim) {
        await Deno.mkdir(dirname(join(cwd, output)), { recursive: true });
        // Hard links and symbolic links in turn.
        if (i % 2) await Deno.link(join(cwd, victim), join(cwd, output));
        else await Deno.symlink(join(cwd, victim), join(cwd, output));
      }
      const before = await Deno.readFile(join(cwd, victim));
      const { code, err } = await runTool(tool, args, { cwd });
      const kept = equal(await Deno.readFile(join(cwd, victim)), before);
      const linked = output === victim || await leadsTo(cwd, output, victim);
      if (
        !kept || !linked || code === 0 || !/it is (?:the|an) input/.test(err)
      ) {
        failed.push(
          `${tool} ${flag} (${victim}): exit ${code}, ${
            kept && linked ? "kept" : "REPLACED"
          }: ${err}`,
        );
      }
      await Deno.remove(cwd, { recursive: true });
    }
  };
  await t.step("every flag", async () => {
    await tryAll();
    assert.deepEqual(failed, []);
    assert.equal(tools.size, 6);
  });
});

Deno.test("protectInputs() holds for the time of its scope, under any spelling", async () => {
  await using temporary = await temporaryFolder();
  const input = temporary.file("a.jpg");
  await Deno.writeTextFile(input, "precious");
  await Deno.mkdir(temporary.file("sub"));
  await Deno.symlink(temporary.path, temporary.file("link"));
  const spellings = [
    input,
    `${temporary.path}/sub/../a.jpg`,
    `${temporary.path}//./a.jpg`,
    temporary.file("link/a.jpg"),
  ];
  {
    using _outer = await protectInputs([input]);
    {
      using _inner = await protectInputs([input, temporary.file("later")]);
      await assert.rejects(
        writeFileAtomic(temporary.file("later"), "no input any more"),
        /later": it is an input/,
      );
    }
    for (const path of spellings) {
      await assert.rejects(
        writeFileAtomic(path, "other", { overwrite: true }),
        {
          name: "TypeError",
          message: /it is (?:an input|the input "[^"]*a\.jpg")/,
        },
      );
    }
    await writeFileAtomic(temporary.file("later"), "free again");
    // A link that appears during the work is seen at its end.
    await using pending = await openAtomicFile(temporary.file("b.jpg"), {
      overwrite: true,
    });
    await Deno.symlink(input, temporary.file("b.jpg"));
    await assert.rejects(pending.commit(), /it is the input/);
  }
  assert.equal(await Deno.readTextFile(input), "precious");
  await writeFileAtomic(input, "other", { overwrite: true });
});

Deno.test("a tool's inputs are protected until it ends, however it does", async () => {
  await using temporary = await temporaryFolder();
  const input = temporary.file("a.jpg");
  await Deno.writeTextFile(input, "precious");
  const context = { args: [], signal: AbortSignal.abort() };
  for (const fails of [false, true]) {
    await exitCodeOf({ script: "tools/a.ts", permissions: "" }, async () => {
      await protectInputs([input]);
      await assert.rejects(writeFileAtomic(input, "", { overwrite: true }));
      if (fails) throw new Error("no");
      return 0;
    }, context);
    await writeFileAtomic(input, "other", { overwrite: true });
  }
});

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

async function leadsTo(
  cwd: string,
  output: string,
  victim: string,
): Promise<boolean> {
  const [a, b] = await Promise.all(
    [output, victim].map((path) => Deno.stat(join(cwd, path))),
  );
  return a!.ino === b!.ino;
}
