import assert from "node:assert/strict";
import { decodeImage, encodeImage } from "../core/media/image.ts";
import {
  createTrackPainter,
  tracksForVideo,
} from "../core/media/track_painter.ts";
import { createVideo } from "../core/media/video_writer.ts";
import { openVideo } from "../core/media/video_reader.ts";
import { TrackSet } from "../core/tracks/track_set.ts";
import { writeTracks } from "../core/tracks/write_tracks.ts";
import { goldenUrl, readGolden } from "./fixtures/golden.ts";
import { runTool, type ToolScript } from "./fixtures/run_tool.ts";
import {
  permissionsOf,
  runToolProcess,
  withoutOne,
} from "./fixtures/tool_process.ts";
import { type TemporaryFolder, temporaryFolder } from "./fixtures/temporary.ts";

const PLOT = "tools/plot_user_inputs.ts";
const VISUALIZE = "tools/visualize_trajectory.ts";
const SIZE = { width: 96, height: 64 };

const names = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

/** One track over the image, one with a single visible sample. */
const TRACKS = TrackSet.fromPoints([
  Array.from({ length: 121 }, (_, frame) => ({
    x: 10 + frame / 2,
    y: 20,
    visible: true,
  })),
  [{ x: 50, y: 50, visible: true }],
]);

/** The folder of a run: two entries, their inputs, a video for the first. */
async function makeRun(): Promise<TemporaryFolder> {
  const temporary = await temporaryFolder();
  const folder = temporary.path;
  await Deno.mkdir(`${folder}/outputs`);
  await Deno.mkdir(`${folder}/images`);
  const grey = { ...SIZE, data: new Uint8Array(3 * 96 * 64).fill(90) };
  await Deno.writeFile(
    `${folder}/images/a.png`,
    await encodeImage(grey, "png"),
  );
  await Deno.writeFile(`${folder}/a.pth`, await writeTracks(TRACKS, "pth"));
  await Deno.writeTextFile(
    `${folder}/test.yaml`,
    [
      "- {image: images/a.png, text: One., track: a.pth}",
      "- {image: images/a.png, text: Two., track: a.pth, name: two}",
    ].join("\n"),
  );
  await using video = await createVideo(`${folder}/outputs/000.mp4`, {
    ...SIZE,
    metadata: { comment: "motion preview" },
  });
  for (let frame = 0; frame < 20; frame++) await video.write(grey);
  await video.finish();
  return temporary;
}

Deno.test("plot_user_inputs draws every entry with exactly its permissions", async () => {
  await using run = await makeRun();
  const cwd = run.path;
  const { code, out, err } = await runToolProcess(PLOT, ["test.yaml"], { cwd });
  assert.equal(code, 0, err);
  assert.equal(err, "");
  assert.match(out, /00\.jpg: 96x64, 2 tracks/);
  assert.deepEqual(await names(`${cwd}/images_tracks`), ["00.jpg", "two.jpg"]);
  const plotted = await decodeImage(
    await Deno.readFile(`${cwd}/images_tracks/00.jpg`),
  );
  const green = plotted.data[3 * (50 * 96 + 50) + 1]!; // the single sample's dot
  assert.ok(green > 200, `green is ${green}`);
});

Deno.test("plot_user_inputs in reference mode writes the golden image", async () => {
  await using temporary = await temporaryFolder();
  const cwd = temporary.path;
  await Deno.copyFile(goldenUrl("tools/plot_base.png"), `${cwd}/base.png`);
  const tracks = TrackSet.fromArray(readGolden("tools/plot_tracks.npy").data);
  await Deno.writeFile(`${cwd}/t.npz`, await writeTracks(tracks, "npz"));
  await Deno.writeTextFile(
    `${cwd}/jobs.yaml`,
    "- {image: base.png, text: A gradient., track: t.npz}",
  );
  const args = ["jobs.yaml", "--save_dir", `${cwd}/plots`, "--format", "png"];
  const { code, err } = await runTool(
    PLOT,
    [...args, "--compat", "reference"],
    { cwd },
  );
  assert.equal(code, 0, err);
  const [found, expected] = await Promise.all([
    Deno.readFile(`${cwd}/plots/00.png`),
    Deno.readFile(goldenUrl("tools/plot_out.png")),
  ].map(async (bytes) => await decodeImage(await bytes)));
  assert.deepEqual(found, expected);
});

Deno.test("plot_user_inputs reports a broken entry and draws the others", async () => {
  await using run = await makeRun();
  const cwd = run.path;
  await Deno.writeTextFile(`${cwd}/broken.pth`, "not a track file");
  await Deno.writeTextFile(`${cwd}/drawing.png`, "<svg/>");
  await Deno.writeTextFile(
    `${cwd}/jobs.yaml`,
    [
      "- {image: images/a.png, text: a, track: broken.pth}",
      "- {image: drawing.png, text: b, track: a.pth}",
      "- {image: images/none.png, text: c, track: a.pth}",
      "- {image: images/a.png, text: d, track: a.pth}",
      "- {image: images/a.png, text: e, track: long.json}",
    ].join("\n"),
  );
  // 241 samples: all of them are drawn, as a run follows them.
  const samples = Array.from({ length: 241 }, (_, t) => ({
    x: t < 121 ? 10 : 10 + 70 * (t % 2),
    y: 20,
  }));
  await Deno.writeTextFile(`${cwd}/long.json`, JSON.stringify([samples]));
  const { code, out, err } = await runTool(PLOT, ["jobs.yaml"], { cwd });
  assert.equal(code, 1);
  assert.match(out, /long\.json: Tracks of 241 frames make a video of 10\.0 s/);
  const long = await decodeImage(
    await Deno.readFile(`${cwd}/images_tracks/04.jpg`),
  );
  const [red] = long.data.subarray(3 * (20 * 96 + 45));
  assert.ok(red! > 200, `red is ${red}`);
  assert.match(err, /item 0: .*broken\.pth/);
  assert.match(err, /item 1: .*SVG/);
  assert.match(err, /line 3: .*none\.png/);
  assert.deepEqual(await names(`${cwd}/images_tracks`), ["03.jpg", "04.jpg"]);
});

Deno.test("plot_user_inputs never overwrites an input, and nothing by default", async () => {
  await using run = await makeRun();
  const cwd = run.path;
  const input = `${cwd}/images/00.png`;
  await Deno.rename(`${cwd}/images/a.png`, input);
  await Deno.writeTextFile(
    `${cwd}/test.yaml`,
    "- {image: images/00.png, text: a, track: a.pth}",
  );
  const before = await Deno.readFile(input);
  await Deno.symlink("images", `${cwd}/elsewhere`);
  for (const folder of ["images", "elsewhere"]) {
    const { code, err } = await runTool(
      PLOT,
      ["test.yaml", "--save-dir", folder, "--format", "png", "--overwrite"],
      { cwd },
    );
    assert.equal(code, 1);
    assert.match(err, /it is (?:an|the) input/);
  }
  assert.deepEqual(await Deno.readFile(input), before);

  await Deno.mkdir(`${cwd}/plots`);
  await Deno.writeTextFile(`${cwd}/plots/00.jpg`, "mine");
  const args = ["test.yaml", "--save-dir", "plots"];
  const kept = await runTool(PLOT, args, { cwd });
  assert.equal(kept.code, 0);
  assert.match(kept.out, /already exists, skipped/);
  assert.equal(await Deno.readTextFile(`${cwd}/plots/00.jpg`), "mine");
  const redone = await runTool(PLOT, [...args, "--overwrite"], { cwd });
  assert.match(redone.out, /96x64/);
  assert.notEqual(await Deno.readTextFile(`${cwd}/plots/00.jpg`), "mine");
});

Deno.test("visualize_trajectory draws a run with exactly its permissions", async () => {
  await using run = await makeRun();
  const cwd = run.path;
  const { code, out, err } = await runToolProcess(
    VISUALIZE,
    ["--base_dir", ".", "--crf", "0"],
    { cwd },
  );
  assert.equal(code, 0, err);
  assert.match(out, /000_viz\.mp4: 20 frames, 2 tracks/);
  assert.deepEqual(await names(`${cwd}/outputs_vis`), ["000_viz.mp4"]);
  const video = await openVideo(`${cwd}/outputs_vis/000_viz.mp4`);
  assert.equal(video.frameCount, 20);
  assert.deepEqual(video.metadata, { comment: "motion preview" });

  // The same over the decoded frames, except for chroma subsampling.
  const source = await openVideo(`${cwd}/outputs/000.mp4`);
  const paint = createTrackPainter(
    tracksForVideo(TRACKS, { image: SIZE, video: source }),
  );
  const [plain, painted] = await Promise.all(
    [source, video].map((film) => Array.fromAsync(film.frames())),
  );
  for (const [index, frame] of plain!.entries()) {
    paint(frame, index);
    const off = frame.data.reduce(
      (sum, value, i) => sum + Math.abs(value - painted![index]!.data[i]!),
      0,
    ) / frame.data.length;
    assert.ok(off < 4, `frame ${index} differs by ${off} on average`);
  }
});

Deno.test("visualize_trajectory finds nested videos, other job files and moved tracks", async () => {
  await using run = await makeRun();
  const cwd = run.path;
  await Deno.mkdir(`${cwd}/outputs/deep/er`, { recursive: true });
  await Deno.rename(`${cwd}/outputs/000.mp4`, `${cwd}/outputs/deep/er/two.mp4`);
  await Deno.rename(`${cwd}/test.yaml`, `${cwd}/mine.yml`);
  await Deno.mkdir(`${cwd}/tracks`);
  await Deno.rename(`${cwd}/a.pth`, `${cwd}/tracks/a.pth`);
  const args = ["--base-dir", cwd, "--output-appendix", "_seen"];
  const lost = await runToolProcess(VISUALIZE, args);
  assert.equal(lost.code, 1);
  assert.match(lost.err, /two\.mp4: Cannot find "a\.pth"/);
  const { code, err } = await runToolProcess(
    VISUALIZE,
    [...args, "--track-dir", "tracks"],
  );
  assert.equal(code, 0, err);
  assert.deepEqual(await names(`${cwd}/outputs_seen`), ["two_viz.mp4"]);
});

Deno.test("visualize_trajectory reports broken videos and draws the others", async () => {
  await using run = await makeRun();
  const cwd = run.path;
  await Deno.writeTextFile(`${cwd}/outputs/001.mp4`, "");
  await Deno.writeTextFile(`${cwd}/outputs/007.mp4`, "");
  await Deno.writeTextFile(`${cwd}/outputs/notes.mp4`, "");
  const { code, err } = await runToolProcess(VISUALIZE, ["--base-dir", "."], {
    cwd,
  });
  assert.equal(code, 1);
  assert.match(err, /Cannot read "outputs\/001\.mp4": .* empty/);
  assert.match(err, /007\.mp4: Cannot tell which entry/);
  assert.match(err, /notes\.mp4: Cannot tell which entry/);
  assert.deepEqual(await names(`${cwd}/outputs_vis`), ["000_viz.mp4"]);
});

Deno.test("visualize_trajectory draws one video, and never overwrites it", async () => {
  await using run = await makeRun();
  const cwd = run.path;
  const args = ["--video", "outputs/000.mp4", "--track", "a.pth"];
  const { code, err } = await runTool(VISUALIZE, args, { cwd });
  assert.equal(code, 0, err);
  assert.ok((await names(`${cwd}/outputs`)).includes("000_viz.mp4"));
  const before = await Deno.readFile(`${cwd}/outputs/000.mp4`);
  const refused = await runTool(
    VISUALIZE,
    [...args, "--output", "./outputs/../outputs/000.mp4", "--overwrite"],
    { cwd },
  );
  assert.equal(refused.code, 1);
  assert.match(refused.err, /it is (?:an|the) input/);
  assert.deepEqual(await Deno.readFile(`${cwd}/outputs/000.mp4`), before);
});

Deno.test("both tools refuse invalid arguments before they start", async () => {
  await using run = await makeRun();
  const cwd = run.path;
  const cases: [ToolScript, string[], RegExp][] = [
    [PLOT, [], /missing required argument/],
    [PLOT, ["none.yaml"], /none\.yaml.* no such file/],
    [PLOT, ["test.yaml", "--line-width", "wide"], /a number from 2 to 1000/],
    [PLOT, ["test.yaml", "--lin-width", "3"], /Did you mean --line-width/],
    [PLOT, ["test.yaml", "--format", "gif"], /jpg, png, webp/],
    [VISUALIZE, [], /expected --base-dir/],
    [VISUALIZE, ["--base-dir", "none"], /no such folder/],
    [VISUALIZE, ["--base-dir", "images"], /no such folder/],
    [VISUALIZE, ["--video", "outputs/000.mp4"], /expected --track/],
    [
      VISUALIZE,
      ["--base-dir", ".", "--video", "a.mp4"],
      /--base-dir or --video/,
    ],
    [VISUALIZE, ["--base-dir", ".", "--crf", "99"], /from 0 to 51/],
    [
      VISUALIZE,
      ["--base-dir", ".", "--output-appendix", ""],
      /output-appendix/,
    ],
  ];
  const results = await Promise.all(
    cases.map(([tool, args]) => runTool(tool, args, { cwd })),
  );
  results.forEach(({ code, err }, index) => {
    const [tool, args, expected] = cases[index]!;
    assert.equal(code, 2, `${tool} ${args.join(" ")}: ${err}`);
    assert.match(err, expected);
    assert.doesNotMatch(err, / at file:/);
  });
  assert.deepEqual(await names(cwd), [
    "a.pth",
    "images",
    "outputs",
    "test.yaml",
  ]);
});

for (
  const [tool, args] of [
    [PLOT, ["test.yaml"]],
    [VISUALIZE, ["--base-dir", "."]],
  ] as const
) {
  Deno.test(`${tool} without one of its permissions reports it and leaves nothing`, async () => {
    for (const { removed, flags } of withoutOne(permissionsOf(tool))) {
      await using run = await makeRun();
      const cwd = run.path;
      const { code, err } = await runToolProcess(tool, args, {
        cwd,
        permissions: flags,
      });
      assert.equal(code, 2, `without ${removed}: ${err}`);
      assert.match(err, /^error: /, `without ${removed}`);
      assert.match(err, /HINT: .*--allow-/, `without ${removed}: ${err}`);
      assert.doesNotMatch(err, / at file:/, `without ${removed}`);
      assert.deepEqual(
        await names(cwd),
        ["a.pth", "images", "outputs", "test.yaml"],
        `without ${removed}`,
      );
    }
  });
}

Deno.test("importing the tools and the media modules needs no permission", async () => {
  const modules = [
    "tools/plot_user_inputs.ts",
    "tools/visualize_trajectory.ts",
    "core/media/image.ts",
    "core/media/video_reader.ts",
    "core/media/video_writer.ts",
    "core/media/animation.ts",
  ].map((path) => new URL(`../${path}`, import.meta.url).href);
  await using temporary = await temporaryFolder();
  const script = temporary.file("a.ts");
  await Deno.writeTextFile(
    script,
    modules.map((url) => `import ${JSON.stringify(url)};`).join("\n") +
      `\nconsole.log("loaded");`,
  );
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "--no-check", script],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.match(new TextDecoder().decode(stdout), /loaded/);
});
