import assert from "node:assert/strict";
import { join } from "node:path";
import { runToolProcess } from "../../tests/fixtures/tool_process.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";
import { encodeImage } from "../../core/media/image.ts";
import { TrackSet } from "../../core/tracks/track_set.ts";
import { writeTracks } from "../../core/tracks/write_tracks.ts";
import {
  createGenerator,
  type Generation,
  type Generator,
  MAX_WAITING,
} from "./generator.ts";
import { ProjectFolder } from "./project_folder.ts";
import {
  permissionFlags,
  type RunOptions,
  type RunProcess,
} from "./run_process.ts";
import { TooManyRunsError } from "./store_errors.ts";

/** A process that ends when a test says so. */
interface FakeProcess {
  readonly options: RunOptions;
  readonly end: (done: boolean) => void;
  stopped: number;
}

/** A project folder with one stored image of 32 x 24 px. */
async function storedProject(dir: string): Promise<ProjectFolder> {
  const folder = await ProjectFolder.open(dir);
  const image = {
    width: 32,
    height: 24,
    data: new Uint8Array(32 * 24 * 3).fill(90),
  };
  await folder.write("images", "00.png", await encodeImage(image, "png"));
  const points = [[{ x: 4, y: 3, visible: true }, {
    x: 9,
    y: 9,
    visible: true,
  }]];
  const tracks = TrackSet.fromPoints(
    points.map(([from, to]) =>
      Array.from({ length: 121 }, (_, i) => i < 60 ? from! : to!)
    ),
  );
  await folder.write("tracks", "00.pth", await writeTracks(tracks, "pth"));
  await folder.writeJobs(
    "- {image: images/00.png, text: It moves., track: tracks/00.pth}\n",
  );
  return folder;
}

/** A generator of fake processes. */
async function withFakes(
  work: (
    generator: Generator,
    processes: FakeProcess[],
    folder: ProjectFolder,
  ) => Promise<void>,
): Promise<void> {
  await using temporary = await temporaryFolder();
  const processes: FakeProcess[] = [];
  const folder = await storedProject(temporary.path);
  const generator = await createGenerator({
    folder,
    enabled: true,
    start(options): RunProcess {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const process = { options, end: resolve, stopped: 0 };
      processes.push(process);
      return {
        done: promise,
        stop() {
          process.stopped++;
          resolve(false);
        },
        kill: () => resolve(false),
      };
    },
  });
  await work(generator, processes, folder);
  await generator.close();
}

async function endOf(run: Generation): Promise<string> {
  for await (const event of run.events()) {
    if (event.type === "end") return event.state;
  }
  throw new Error("a run without an end");
}

/** Waits until a condition holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

Deno.test("runs go one after the other, in the order in which they came", () =>
  withFakes(async (generator, processes) => {
    const first = await generator.start(["00"], "preview");
    const second = await generator.start(["00"], "preview");
    const third = await generator.start(["00"], "preview");
    await until(() => processes.length === 1);
    for await (const event of third.events()) {
      assert.deepEqual(event, { type: "queued", ahead: 2 });
      break;
    }
    processes[0]!.end(true);
    assert.equal(await endOf(first), "done");
    await until(() => processes.length === 2);
    processes[1]!.end(false);
    assert.equal(await endOf(second), "failed");
    await until(() => processes.length === 3);
    processes[2]!.end(true);
    assert.equal(await endOf(third), "done");
  }));

Deno.test("the queue has a bound, and each of its runs can be cancelled", () =>
  withFakes(async (generator, processes) => {
    const runs: Generation[] = [];
    for (let i = 0; i <= MAX_WAITING; i++) {
      runs.push(await generator.start(["00"], "preview"));
    }
    await assert.rejects(
      generator.start(["00"], "preview"),
      TooManyRunsError,
    );
    await until(() => processes.length === 1);
    for (const run of runs.slice(1, -1)) run.cancel();
    for (const run of runs.slice(1, -1)) {
      assert.equal(await endOf(run), "cancelled");
    }
    runs[0]!.cancel();
    runs[0]!.cancel();
    assert.equal(await endOf(runs[0]!), "cancelled");
    assert.equal(processes[0]!.stopped, 1);
    // Only the last one is left, and there is room again.
    await until(() => processes.length === 2);
    await generator.start(["00"], "preview");
    processes[1]!.end(true);
    assert.equal(await endOf(runs.at(-1)!), "done");
  }));

Deno.test("runs end with the server, waiting ones included", () =>
  withFakes(async (generator, processes) => {
    const first = await generator.start(["00"], "preview");
    const second = await generator.start(["00"], "preview");
    await until(() => processes.length === 1);
    await generator.close();
    assert.equal(await endOf(first), "cancelled");
    assert.equal(await endOf(second), "cancelled");
    assert.equal(processes.length, 1);
    await assert.rejects(generator.start(["00"], "preview"), TooManyRunsError);
  }));

Deno.test("a cancelled run with a saved state can be gone on with", () =>
  withFakes(async (generator, processes, folder) => {
    const first = await generator.start(["00"], "preview");
    await until(() => processes.length === 1);
    const { output, flags, jobs } = processes[0]!.options;
    const state = join(folder.dir, output, "outputs", ".00.resume");
    await Deno.mkdir(join(state, ".."), { recursive: true });
    await Deno.writeTextFile(state, "step 5");
    assert.deepEqual(await generator.unfinished(), []); // not while it runs
    first.cancel();
    assert.equal(await endOf(first), "cancelled");
    // Another start of the editor knows of it, too.
    const again = await createGenerator({ folder });
    const [kept, ...others] = await again.unfinished();
    assert.deepEqual([kept!.images, kept!.engine, others], [
      ...[["00"], "preview", []],
    ]);
    const second = await generator.resume(kept!.name);
    await until(() => processes.length === 2);
    const { options } = processes[1]!;
    assert.deepEqual([options.output, options.jobs, options.flags], [
      ...[output, jobs, flags],
    ]);
    assert.match(
      await Deno.readTextFile(join(folder.dir, jobs)),
      /track: 00\.pth\n {2}name: "00"/,
    );
    assert.equal(await Deno.readTextFile(state), "step 5");
    await assert.rejects(generator.resume(kept!.name), /it is over or was/);
    processes[1]!.end(false);
    assert.equal(await endOf(second), "failed");
    await generator.discard(kept!.name);
    assert.deepEqual(await generator.unfinished(), []);
    await assert.rejects(Deno.stat(state), Deno.errors.NotFound);
  }));

Deno.test("an old run still says what came of it", () =>
  withFakes(async (generator, processes) => {
    for (let i = 0; i < 23; i++) {
      const run = await generator.start(["00"], "preview");
      await until(() => processes.length === i + 1);
      processes[i]!.end(i === 0);
      await endOf(run);
    }
    const types = [];
    for await (const event of generator.find(1)!.events()) {
      types.push(event.type === "end" ? event.state : event.type);
    }
    assert.deepEqual(types, ["done"]);
  }));

Deno.test("nothing can be started unless it was asked for", async () => {
  await using temporary = await temporaryFolder();
  const folder = await storedProject(temporary.path);
  const generator = await createGenerator({ folder });
  assert.deepEqual(generator.abilities.engines, []);
  await assert.rejects(generator.start(["00"], "preview"), TypeError);
});

Deno.test("the permissions of a run are a fixed list that no path can split", () => {
  const flags = permissionFlags("/models/ATI 14B/");
  assert.deepEqual(
    flags.find((flag) => flag.startsWith("--allow-read=")),
    "--allow-read=.,/usr/bin/ldd,/models/ATI 14B",
  );
  assert.deepEqual(
    flags.filter((flag) => /allow-(?:write|net|run|sys|all)/.test(flag)),
    ["--allow-write=."],
  );
  // The files of a snapshot in the Hub's cache are links to its blobs.
  const hub = "/cache/hub/models--owner--name";
  assert.ok(
    permissionFlags(`${hub}/snapshots/01ab`).includes(
      `--allow-read=.,/usr/bin/ldd,${hub}/snapshots/01ab,${hub}/blobs`,
    ),
  );
  assert.throws(() => permissionFlags("/models/a,/etc"), /has a comma/);
});

Deno.test("a checkpoint that is a link is allowed with what it leads to", async () => {
  await using temporary = await temporaryFolder();
  const folder = await Deno.realPath(temporary.path);
  for (const name of ["real", "a,b"]) await Deno.mkdir(join(folder, name));
  const link = join(folder, "link");
  await Deno.symlink(join(folder, "real"), link);
  assert.ok(
    permissionFlags(link).includes(
      `--allow-read=.,/usr/bin/ldd,${link},${join(folder, "real")}`,
    ),
  );
  // A link does not help where the path that it leads to cannot be listed.
  await Deno.remove(link);
  await Deno.symlink(join(folder, "a,b"), link);
  assert.throws(
    () => permissionFlags(link),
    /a,b" has a comma.*\nHINT: Rename/,
  );
});

Deno.test("a folder's comma, space and slash do not split the permissions", async () => {
  await using temporary = await temporaryFolder();
  const dir = join(temporary.path, "a,b c/");
  const folder = await storedProject(dir);
  const generator = await createGenerator({ folder, enabled: true });
  const run = await generator.start(["00"], "preview");
  const said: string[] = [];
  for await (const event of run.events()) {
    if (event.type === "message") said.push(event.text);
    if (event.type === "end") {
      assert.equal(event.state, "done", said.join("\n"));
    }
  }
  assert.ok((await folder.readOutput("00.mp4"))!.length > 1000);
  const made = [...Deno.readDirSync(temporary.path)].map(({ name }) => name);
  assert.deepEqual(made, ["a,b c"]);
  const jobs = [...Deno.readDirSync(join(dir, "editor"))];
  assert.deepEqual(jobs, []);
  await generator.close();
});

Deno.test("--with-generate without its permission names what is missing", async () => {
  await using temporary = await temporaryFolder();
  const { code, err } = await runToolProcess("editor/main.ts", [
    "--port",
    "0",
    "--save_dir",
    temporary.path,
    "--with-generate",
  ], {
    permissions: [
      "--allow-net=127.0.0.1",
      `--allow-read=${temporary.path}`,
      `--allow-write=${temporary.path}`,
    ],
  });
  assert.notEqual(code, 0);
  assert.match(err, /Cannot enable Generate: no permission to run deno/);
  assert.match(err, /HINT: .*--allow-run=deno/);
});

Deno.test({
  name:
    "a library path is kept from a preview, and explained where the model needs it",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using temporary = await temporaryFolder();
    const module = new URL("./run_process.ts", import.meta.url).href;
    const script = join(temporary.path, "start.ts");
    await Deno.writeTextFile(
      script,
      `import { startProcess } from ${JSON.stringify(module)};
      for (const engine of ["preview", "model"] as const) {
        try {
          const run = startProcess(
            { dir: ".", jobs: "none.yaml", output: "made", engine, flags: [] },
            (event) => console.log(engine, JSON.stringify(event)),
          );
          await run.done;
        } catch (error) {
          console.log(engine, String(error));
        }
      }`,
    );
    const { stdout, stderr } = await new Deno.Command("deno", {
      args: [
        ...["run", "--quiet", "--no-config", "--no-prompt", "--no-check"],
        ...["--allow-read", "--allow-run=deno", script],
      ],
      cwd: temporary.path,
      env: { LD_LIBRARY_PATH: "/nowhere" },
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.equal(new TextDecoder().decode(stderr), "");
    // It ran as far as the job file, which is not there.
    assert.match(text, /^preview .*none\.yaml/m);
    assert.match(text, /^model NotCapable: .*LD_LIBRARY_PATH set/m);
    assert.match(text, /HINT: Unset LD_LIBRARY_PATH/);
  },
});
