/**
 * `tools/track_video.ts` and `tools/tracks.ts score` as their users run them;
 * what is about permissions and signals as processes.
 */

import assert from "node:assert/strict";
import { parseJobs } from "../core/jobs/parse_jobs.ts";
import { decodeImage, encodeImage } from "../core/media/image.ts";
import { openVideo } from "../core/media/video_reader.ts";
import { createVideo } from "../core/media/video_writer.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";
import { TrackSet } from "../core/tracks/track_set.ts";
import { writeTracks } from "../core/tracks/write_tracks.ts";
import { movingDisc, renderScene } from "./fixtures/moving_scene.ts";
import { thinned } from "../tools/_track_video/follow_with_alltracker.ts";
import { allTrackerFile } from "./fixtures/alltracker.ts";
import { runTool } from "./fixtures/run_tool.ts";
import { type TemporaryFolder, temporaryFolder } from "./fixtures/temporary.ts";
import {
  permissionsOf,
  repositoryPath,
  runToolProcess,
  withoutOne,
} from "./fixtures/tool_process.ts";

const TRACK = "tools/track_video.ts";
const SIZE = { width: 160, height: 96 };
const FRAMES = 30, NAMED = 60;

const SCENE = movingDisc();
const RENDERED = Array.from(
  { length: FRAMES },
  (_, t) => renderScene(SCENE, t, SIZE),
);

/** A folder with a video of the scene and an image of twice its size. */
async function workplace(): Promise<TemporaryFolder> {
  const place = await temporaryFolder({ prefix: "track video " });
  await using video = await createVideo(place.file("in.mp4"), {
    ...SIZE,
    fps: 24,
  });
  for (const frame of RENDERED) await video.write(frame);
  await video.finish();
  const data = new Uint8Array(3 * 320 * 192).fill(90);
  await Deno.writeFile(
    place.file("in.png"),
    await encodeImage({ width: 320, height: 192, data }, "png"),
  );
  return place;
}

const names = (folder: string) =>
  Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

async function tracksIn(path: string): Promise<TrackSet> {
  const { tracks } = await readTracks(await Deno.readFile(path), {
    name: path,
  });
  return tracks;
}

Deno.test("track_video writes tracks, an overlay and a job entry with exactly its permissions", async () => {
  await using place = await workplace();
  const { code, out, err } = await runToolProcess(TRACK, [
    "in.mp4",
    "-o",
    "t.pth",
    "--points",
    "45,48;140,12",
    "--overlay",
    "o.mp4",
    "--jobs",
    "jobs.yaml",
    "--prompt",
    "A disc.",
  ], { cwd: place.path });
  assert.equal(code, 0, err);
  assert.match(out, /only 30 of 121 samples/);
  assert.match(out, /t\.pth: 2 tracks over 30 samples/);
  assert.deepEqual(
    names(place.path),
    ["in.mp4", "in.png", "jobs.yaml", "o.mp4", "t.png", "t.pth"],
  );
  const tracks = await tracksIn(place.file("t.pth"));
  assert.ok(Math.abs(tracks.x(0, 20) - 85) < 0.5, `${tracks.x(0, 20)}`);
  assert.ok(Math.abs(tracks.x(1, 20) - 140) < 0.5);
  assert.ok(tracks.visible(0, 29) && !tracks.visible(0, 30));
  const { jobs: [job] } = parseJobs(
    await Deno.readTextFile(place.file("jobs.yaml")),
  );
  assert.deepEqual(
    [job!.image, job!.text, job!.track],
    ["t.png", "A disc.", "t.pth"],
  );
  const still = await decodeImage(await Deno.readFile(place.file("t.png")), {
    name: "t.png",
  });
  assert.equal(still.width, SIZE.width);
  const overlay = await openVideo(place.file("o.mp4"));
  assert.equal(overlay.fps, 24);
  const painted = await Array.fromAsync(overlay.frames());
  assert.equal(painted.length, FRAMES);
  const at = 3 * (48 * SIZE.width + 85);
  const [r, g, b] = painted[20]!.data.subarray(at, at + 3);
  assert.ok(r! > 150 && g! < 100 && b! < 100, "a red disc on the point");
});

Deno.test("track_video with AllTracker's weights makes the same outputs, and ends at Ctrl-C", async () => {
  await using place = await workplace();
  const args = [
    "in.mp4",
    "-o",
    "t.pth",
    "--points",
    "45,48;140,12",
    "--tracker",
    allTrackerFile("tiny"),
    "--device",
    "cpu",
    "--area",
    "128*128",
  ];
  const { code, out, err } = await runTool(TRACK, [
    ...args,
    "--seconds",
    "0.75",
    "--overlay",
    "o.mp4",
    "--jobs",
    "jobs.yaml",
  ], { cwd: place.path });
  assert.equal(code, 0, err);
  assert.match(out, /AllTracker on cpu\n.*: 1 of 2 windows\n/);
  assert.match(out, /t\.pth: 2 tracks over 19 samples/);
  assert.deepEqual(
    names(place.path),
    ["in.mp4", "in.png", "jobs.yaml", "o.mp4", "t.png", "t.pth"],
  );
  const tracks = await tracksIn(place.file("t.pth"));
  assert.deepEqual([tracks.x(0, 0), tracks.y(1, 0)], [45, 12]);
  // Its weights are random: the points are anywhere, but not all where they were.
  assert.notEqual(tracks.x(0, 10), 45);
  if (Deno.build.os === "windows") return;
  const tool = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      ...permissionsOf(TRACK),
      repositoryPath(TRACK),
      ...args.with(2, "u.pth"),
    ],
    cwd: place.path,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(tool.stderr).text();
  let said = "";
  for await (const text of tool.stdout.pipeThrough(new TextDecoderStream())) {
    if (said === "" && text.includes("AllTracker on")) tool.kill("SIGINT");
    said += text;
  }
  assert.equal((await tool.status).code, 130, await errors);
  assert.ok(!names(place.path).includes("u.pth"));
});

Deno.test("frames that follow too soon are left out, but not the last one", async () => {
  const kept = async (times: readonly number[], apart: number) =>
    (await Array.fromAsync(
      thinned(times.map((time) => ({ time })), apart),
    )).map(({ time }) => time);
  const times = [0, 1, 2, 3, 4, 5];
  assert.deepEqual(await kept(times, 1.9), [0, 2, 4, 5]);
  assert.deepEqual(await kept(times, 0), times);
  assert.deepEqual(await kept([], 1), []);
});

Deno.test("auto points tell the disc from the background, and --image places them", async () => {
  await using place = await workplace();
  const { code, out, err } = await runTool(TRACK, [
    "in.mp4",
    "-o",
    "t.npz",
    "--points",
    "auto:12",
    "--image",
    "in.png",
    "--fit",
    "stretch",
    "--json",
  ], { cwd: place.path });
  assert.equal(code, 0, err);
  const report = JSON.parse(out);
  assert.deepEqual(
    report.segments.map(({ kind }: { kind: string }) => kind),
    ["camera", "object"],
  );
  const tracks = await tracksIn(place.file("t.npz"));
  assert.equal(tracks.count, report.tracks);
  assert.ok(tracks.count <= 12);
  const steps = Array.from(
    { length: tracks.count },
    (_, n) => tracks.x(n, 20) - tracks.x(n, 0),
  );
  // In px of the image, which is twice as large: 80 px in 20 frames, or none.
  for (const step of steps) {
    assert.ok(Math.abs(step) < 2 || Math.abs(step - 80) < 3, `${step}`);
  }
  assert.ok(steps.some((step) => step > 70) && steps.some((step) => step < 2));
});

Deno.test("--motion tells a named point from the camera", async () => {
  await using place = await workplace();
  // The disc moves 24 px in 12 frames, the background does not. However many
  // points of the disc are named, others find the camera's motion.
  const points = Array<string>(NAMED).fill("45,48").join(";");
  const named = ["--points", points, "--motion", "object"];
  const ran = await runTool(TRACK, [
    ...["in.mp4", "-o", "t.pth", ...named, "--seconds", "0.5"],
  ], { cwd: place.path });
  assert.equal(ran.code, 0, ran.err);
  const tracks = await tracksIn(place.file("t.pth"));
  assert.equal(tracks.count, NAMED);
  const step = tracks.x(0, 12) - tracks.x(0, 0);
  assert.ok(Math.abs(step - 24) < 1, `${step}`);
  const size = { width: 64, height: 48 };
  await using video = await createVideo(place.file("gray.mp4"), {
    ...size,
    fps: 24,
  });
  for (let i = 0; i < 4; i++) {
    await video.write({ ...size, data: new Uint8Array(3 * 64 * 48).fill(90) });
  }
  await video.finish();
  const { code, err } = await runTool(TRACK, [
    ...["gray.mp4", "-o", "u.pth", ...named.with(1, "30,20")],
  ], { cwd: place.path });
  assert.equal(code, 2);
  assert.match(err, /too few points of the background[^]*HINT: --motion both/);
});

Deno.test("--from and --seconds cut a part out", async () => {
  await using place = await workplace();
  const { code, err } = await runTool(TRACK, [
    "in.mp4",
    "-o",
    "t.json",
    "--points",
    "65,48",
    "--from",
    String(10 / 24),
    "--seconds",
    "0.5",
  ], { cwd: place.path });
  assert.equal(code, 0, err);
  const tracks = await tracksIn(place.file("t.json"));
  assert.ok(Math.abs(tracks.x(0, 10) - 85) < 0.5);
});

Deno.test("wrong use of track_video writes nothing and says what is expected", async (t) => {
  await using place = await workplace();
  await Deno.writeTextFile(place.file("there.pth"), "mine");
  const before = names(place.path);
  const cases: readonly (readonly [string[], RegExp])[] = [
    [["in.mp4", "-o", "t.txt"], /unknown file extension/],
    [["in.mp4", "-o", "there.pth"], /already exists[\s\S]*--overwrite/],
    [["no.mp4", "-o", "t.pth"], /"no.mp4": no such file/],
    [["in.mp4", "-o", "t.pth", "--fit", "cover"], /--fit without an image/],
    [["in.mp4", "-o", "t.pth", "--points", "auto:99"], /expected 1 to 20/],
    [["in.mp4", "-o", "t.pth", "--points", "999,1"], /outside of the video/],
    [["in.mp4", "-o", "t.pth", "--map", "size=2"], /expected numbers for/],
    [["in.mp4", "-o", "t.pth", "--from", "60"], /no frame is shown then/],
    [["in.mp4", "-o", "t.pth", "--compat", "reference"], /at least 121/],
    [["in.mp4", "-o", "t.pth", "--overlay", "in.mp4"], /it is an input/],
    [["in.mp4", "-o", "t.pth", "--device", "cpu"], /without --tracker/],
    [
      ["in.mp4", "-o", "t.pth", "--tracker", "no.pth"],
      /"no.pth": no such file\nHINT: .*--variant alltracker-tiny/,
    ],
    [
      ["in.mp4", "-o", "t.pth", "--tracker", "there.pth"],
      /"[^"]*there\.pth" as /,
    ],
    [
      [
        ...["in.mp4", "-o", "t.pth", "--points", "45,48"],
        ...["--image", "in.png", "--map", "dx=9999"],
      ],
      /outside of it/,
    ],
  ];
  for (const [args, message] of cases) {
    await t.step(args.slice(2).join(" ") || "plain", async () => {
      const { code, err } = await runTool(TRACK, args, {
        cwd: place.path,
      });
      assert.equal(code, 2, err);
      assert.match(err, message);
      assert.deepEqual(names(place.path), before);
    });
  }
  assert.equal(await Deno.readTextFile(place.file("there.pth")), "mine");
});

Deno.test("with --compat reference a folder is filled as the original does", async () => {
  await using place = await workplace();
  const size = { width: 64, height: 48 };
  for (const fps of [24, 48]) {
    await using video = await createVideo(place.file(`${fps}.mp4`), {
      ...size,
      fps,
      crf: 0,
    });
    // Each frame has the gray level of its time.
    for (let i = 0; i < 5 * fps + fps / 24; i++) {
      const data = new Uint8Array(3 * 64 * 48).fill(40 + 24 / fps * i);
      await video.write({ ...size, data });
    }
    await video.finish();
  }
  for (const [number, fps] of [24, 48].entries()) {
    const { code, out, err } = await runTool(TRACK, [
      `${fps}.mp4`,
      "-o",
      "set",
      "--compat",
      "reference",
    ], { cwd: place.path });
    assert.equal(code, 0, err);
    assert.match(out, new RegExp(`tracks.${number}.pth: 49 tracks over 121`));
  }
  for (const [kind, ending] of [["images", "png"], ["tracks", "pth"]]) {
    assert.deepEqual(names(place.file(`set/${kind}`)), [
      `0.${ending}`,
      `1.${ending}`,
    ]);
  }
  const text = await Deno.readTextFile(place.file("set/test.yaml"));
  const { jobs } = parseJobs(text);
  assert.deepEqual(
    jobs.map(({ image, track }) => [image, track]),
    [0, 1].map((k) => [`images/${k}.png`, `tracks/${k}.pth`]),
  );
  for (const number of [0, 1]) {
    const video = await openVideo(place.file(`set/videos/${number}.mp4`));
    const levels: number[] = [];
    for await (const { data } of video.frames()) levels.push(data[0]!);
    assert.deepEqual([video.fps, levels.length], [24, 121]);
    assert.ok(levels.every((level, t) => Math.abs(level - 40 - t) <= 2));
  }
  const refused = await runTool(TRACK, [
    ...["24.mp4", "-o", "set", "--compat", "reference", "--image", "in.png"],
  ], { cwd: place.path });
  assert.equal(refused.code, 2);
  assert.match(refused.err, /--image with the folder "set"/);
});

Deno.test("track_video needs every permission of its first line", async (t) => {
  await using place = await workplace();
  const before = names(place.path);
  for (const { removed, flags } of withoutOne(permissionsOf(TRACK))) {
    await t.step(`without ${removed}`, async () => {
      const { code, err } = await runToolProcess(
        TRACK,
        ["in.mp4", "-o", "t.pth", "--points", "45,48", "--image", "in.png"],
        { cwd: place.path, permissions: flags },
      );
      assert.equal(code, 2, err);
      assert.match(err, /HINT: .*--allow-/);
      assert.deepEqual(names(place.path), before);
    });
  }
});

/** Tracks of the disc and of the background, as the scene has them. */
const TRUTH = TrackSet.fromPoints([
  Array.from({ length: FRAMES }, (_, t) => ({
    x: 45 + 2 * t,
    y: 48,
    visible: true,
  })),
  Array.from({ length: FRAMES }, () => ({ x: 140, y: 12, visible: true })),
]);

Deno.test("tracks score compares tracks with tracks and with a video", async () => {
  await using place = await workplace();
  await Deno.writeFile(place.file("a.pth"), await writeTracks(TRUTH, "pth"));
  const off = TrackSet.fromPoints(
    [...TRUTH].map((track) =>
      track.map((p, t) => ({ ...p, x: p.x + (t > 0 ? 5 : 0) }))
    ),
  );
  await Deno.writeFile(place.file("b.pth"), await writeTracks(off, "pth"));
  const score = async (args: readonly string[]) => {
    const { code, out, err } = await runTool("tools/tracks.ts", [
      "score",
      ...args,
      "--json",
    ], { cwd: place.path });
    assert.equal(code, 0, err);
    return JSON.parse(out);
  };
  const same = await score(["a.pth", "a.pth", "--size", "160x96"]);
  assert.equal(same.averageJaccard, 1);
  // 5 px of 160 are 8.02 of 256: within 16 only.
  const apart = await score(["b.pth", "a.pth", "--size", "160x96"]);
  assert.ok(Math.abs(apart.positionAccuracy - 0.2) < 1e-9);
  assert.equal(apart.occlusionAccuracy, 1);
  const video = await score(["a.pth", "--video", "in.mp4"]);
  assert.ok(video.endPointError < 0.3, `${video.endPointError}`);
  assert.equal(video.within1Percent, 1);
  assert.equal(video.samples, 2 * (FRAMES - 1));
  const wrong = await score(["b.pth", "--video", "in.mp4"]);
  assert.ok(Math.abs(wrong.endPointError - 5) < 0.3);
  assert.equal(wrong.within1Percent, 0);
  assert.equal(wrong.within5Percent, 1);
});

Deno.test("tracks score says what it needs", async () => {
  await using place = await workplace();
  await Deno.writeFile(place.file("a.pth"), await writeTracks(TRUTH, "pth"));
  for (
    const [args, message] of [
      [["a.pth"], /expected either/],
      [["a.pth", "a.pth", "--video", "in.mp4"], /expected either/],
      [["a.pth", "a.pth"], /Add --image FILE, or --size WxH/],
    ] as const
  ) {
    const { code, err } = await runTool("tools/tracks.ts", [
      "score",
      ...args,
    ], { cwd: place.path });
    assert.equal(code, 2);
    assert.match(err, message);
  }
  // The video's library reads one more variable than the images'.
  const flags = permissionsOf("tools/tracks.ts").map((flag) =>
    flag.replace(",AV_FROM_SOURCE", "")
  );
  const { code, err } = await runToolProcess("tools/tracks.ts", [
    "score",
    "a.pth",
    "--video",
    "in.mp4",
  ], { cwd: place.path, permissions: flags });
  assert.equal(code, 2, err);
  assert.match(err, /HINT: .*--allow-/);
});
