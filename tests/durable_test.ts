/**
 * What is called written has been flushed: the system calls of every tool that
 * writes are counted. Data first, then the rename, then the folder; a record
 * that vouches for a file comes after all three.
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { tinyCheckpoint } from "../core/checkpoint/tiny_checkpoint.ts";
import { writeFileAtomic } from "../core/files/files.ts";
import { startHub } from "./fixtures/hub_server.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { permissionsOf, repositoryPath } from "./fixtures/tool_process.ts";

/** Whether system calls can be traced here. */
function canTrace(): boolean {
  try {
    return new Deno.Command("strace", { args: ["-o", "/dev/null", "true"] })
      .outputSync().success;
  } catch {
    return false;
  }
}

const TRACED = canTrace();
if (!TRACED) {
  console.warn("strace is not installed: flushing to disk is NOT tested here");
}

/** A system call on a file, finished without an error. */
interface Call {
  readonly name: "fsync" | "rename";
  /** The file that is flushed, or renamed. */
  readonly path: string;
  /** Its new name. */
  readonly to?: string;
}

/** Runs a tool as its first line says, and lists its calls in their order. */
async function trace(
  script: string,
  args: readonly string[],
  options: {
    log: string;
    permissions?: readonly string[];
    env?: Record<string, string>;
  },
): Promise<Call[]> {
  const { log, permissions = permissionsOf(script), env = {} } = options;
  const { success, stderr } = await new Deno.Command("strace", {
    args: [
      ...["-f", "-y", "-s", "4096", "--seccomp-bpf", "-o", log],
      ...["-e", "trace=fsync,fdatasync,rename,renameat,renameat2"],
      ...[Deno.execPath(), "run", "--no-prompt", "--quiet", ...permissions],
      ...[repositoryPath(script), ...args],
    ],
    env: { NO_COLOR: "1", ...env },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return parseCalls(await Deno.readTextFile(log));
}

function parseCalls(log: string): Call[] {
  const begun = new Map<string, string>();
  const calls: Call[] = [];
  for (const line of log.split("\n")) {
    const [, thread, rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (thread === undefined) continue;
    // Calls of several threads overlap: each counts when it has ended.
    const unfinished = / *<unfinished \.\.\.>$/.exec(rest);
    if (unfinished) {
      begun.set(thread, rest.slice(0, unfinished.index));
      continue;
    }
    const text = rest.replace(
      /^<\.\.\. \w+ resumed>/,
      () => begun.get(thread) ?? "",
    );
    if (!/= 0$/.test(text)) continue;
    const flushed = /^f(?:data)?sync\(\d+<(.*)>\)/.exec(text);
    if (flushed) calls.push({ name: "fsync", path: flushed[1]! });
    const names = [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((m) => m[1]!);
    if (/^rename/.test(text)) {
      calls.push({ name: "rename", path: names[0]!, to: names[1]! });
    }
  }
  return calls;
}

/** The outputs that were renamed into place; fails unless each is durable. */
function assertDurable(calls: readonly Call[], root: string): string[] {
  const outputs: string[] = [];
  for (const [at, call] of calls.entries()) {
    if (call.name !== "rename" || !call.to?.startsWith(root)) continue;
    const { path, to } = call;
    outputs.push(to.slice(root.length + 1));
    const before = calls.slice(0, at), after = calls.slice(at + 1);
    const isFlush = (wanted: string) => (c: Call) =>
      c.name === "fsync" && c.path === wanted;
    assert.ok(before.some(isFlush(path)), `the data of ${to} is not flushed`);
    const folder = after.findIndex(isFlush(dirname(to)));
    assert.ok(folder >= 0, `the name of ${to} is not flushed`);
  }
  return outputs.sort();
}

Deno.test({
  name: "every tool flushes data, name and folder of what it writes",
  ignore: !TRACED,
  fn: async () => {
    await using temporary = await temporaryFolder();
    const root = temporary.path;
    const image = repositoryPath("examples/images/boat.jpg");
    const track = repositoryPath("examples/tracks/boat.pth");
    const jobs = join(root, "in/jobs.yaml");
    await Deno.mkdir(join(root, "in"));
    await Deno.writeTextFile(
      jobs,
      `- {image: ${image}, text: One., track: ${track}}\n`,
    );
    const ckpt = join(root, "in/ckpt");
    const files = await tinyCheckpoint({ folder: ckpt, seed: 1 });
    for (const [path, bytes] of Object.entries(files)) {
      await writeFileAtomic(path, bytes);
    }
    const small = ["--size", "96*64", "--frame_num", "5"];
    for (
      const { tool, args, outputs } of [
        {
          tool: "generate",
          args: [
            ...["-p", jobs, "-o", join(root, "out"), ...small, "-c", ckpt],
            ...["--device", "cpu", "--sample_steps", "2", "--keep_latent"],
            ...["--resume_every", "1", "--preview_every", "1"],
            ...["--threads", "1"],
            ...["--cache", join(root, "out/cache")],
          ],
          outputs: [
            "out/images_tracks/00.jpg",
            "out/jobs.yaml",
            "out/outputs/.000.resume",
            "out/outputs/.000.resume",
            "out/outputs/.000.seed",
            "out/outputs/000.json",
            "out/outputs/000.mp4",
            "out/outputs/000.safetensors",
            "out/outputs/000_preview.png",
            "out/outputs_vis/000_viz.mp4",
          ],
        },
        {
          tool: "plot_user_inputs",
          args: [jobs, "--save-dir", join(root, "plot/deep/er")],
          outputs: ["plot/deep/er/00.jpg"],
        },
        {
          tool: "visualize_trajectory",
          args: [
            ...["--video", join(root, "out/outputs/000.mp4")],
            ...["--track", track, "--output", join(root, "viz.mp4")],
          ],
          outputs: ["viz.mp4"],
        },
        {
          tool: "tracks",
          args: ["convert", track, join(root, "a.json")],
          outputs: ["a.json"],
        },
        {
          tool: "quantize",
          args: [ckpt, join(root, "q.safetensors")],
          outputs: ["q.safetensors"],
        },
      ]
    ) {
      const calls = await trace(`tools/${tool}.ts`, args, {
        log: temporary.file("trace"),
      });
      const found = assertDurable(calls, root);
      assert.deepEqual(
        found.filter((path) => !path.startsWith("out/cache/")),
        outputs,
        tool,
      );
      if (tool === "generate") {
        const cached = found.filter((path) => path.startsWith("out/cache/"));
        assert.equal(cached.length, 4);
      }
      // Folders that were made are flushed where their names are.
      if (tool === "plot_user_inputs") {
        for (const folder of ["", "plot", "plot/deep", "plot/deep/er"]) {
          const path = join(root, folder).replace(/\/$/, "");
          assert.ok(
            calls.some((call) => call.name === "fsync" && call.path === path),
            `${path} is not flushed`,
          );
        }
      }
    }
  },
});

Deno.test({
  name: "a download is flushed before it is vouched for",
  ignore: !TRACED,
  fn: async () => {
    await using temporary = await temporaryFolder();
    const root = temporary.path;
    const folder = join(root, "ckpt");
    const wan: Record<
      string,
      { bytes: Uint8Array<ArrayBuffer>; lfs: boolean }
    > = {};
    const ati: typeof wan = {};
    const files = await tinyCheckpoint({ folder: "", seed: 1 });
    for (const [path, bytes] of Object.entries(files)) {
      const name = path.replace(/^\//, "");
      const target = /^(?:config|diffusion)/.test(name) ? ati : wan;
      target[name] = { bytes, lfs: !name.endsWith(".json") };
    }
    await using hub = startHub({
      "bytedance-research/ATI": ati,
      "Wan-AI/Wan2.1-I2V-14B-480P": wan,
    });
    const { host } = new URL(hub.endpoint);
    const calls = await trace("tools/download.ts", ["-c", folder], {
      log: temporary.file("trace"),
      permissions: permissionsOf("tools/download.ts").map((flag) =>
        flag.startsWith("--allow-net") ? `--allow-net=127.0.0.1,${host}` : flag
      ),
      env: { HF_ENDPOINT: hub.endpoint, HF_HOME: "/nowhere" },
    });
    const outputs = assertDurable(calls, root);
    const names = [...Object.keys(ati), ...Object.keys(wan)];
    for (const name of names) {
      const path = join(folder, name);
      assert.ok(outputs.includes(`ckpt/${name}`), `${name} was not fetched`);
      const renamed = calls.findIndex(({ to }) => to === path);
      const flushed = calls.findIndex((call, at) =>
        at > renamed && call.name === "fsync" && call.path === dirname(path)
      );
      const vouched = calls.findIndex(({ to }, at) =>
        at > renamed && to === join(folder, ".verified.json")
      );
      assert.ok(renamed < flushed && flushed < vouched, name);
      // The data itself, and not only while it was on its way.
      const state = calls.findLastIndex(({ to }) => to === `${path}.part.json`);
      const data = calls.findLastIndex((call) =>
        call.name === "fsync" && call.path === `${path}.part`
      );
      assert.ok(state < data && data < renamed, name);
    }
  },
});
