/**
 * `tracks convert` to the files of other programs, as its users run it.
 */

import assert from "node:assert/strict";
import { decodeImage, encodeImage } from "../core/media/image.ts";
import { openVideo } from "../core/media/video_reader.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";
import { trackFrameAt } from "../core/tracks/resample.ts";
import { TrackSet } from "../core/tracks/track_set.ts";
import { writeTracks } from "../core/tracks/write_tracks.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { runTool } from "./fixtures/run_tool.ts";

const TOOL = "tools/tracks.ts";
const SIZE = { width: 160, height: 96 };

const TRACKS = TrackSet.fromPoints([
  Array.from({ length: 121 }, (_, t) => ({
    x: 30 + t / 2,
    y: 48 + t / 8,
    visible: t < 90 || t > 99,
  })),
  Array.from({ length: 121 }, () => ({ x: 140, y: 20, visible: true })),
]);

async function workplace() {
  const place = await temporaryFolder({ prefix: "convert tool " });
  const data = Uint8Array.from(
    { length: 3 * SIZE.width * SIZE.height },
    (_, i) => (i * 5) % 240,
  );
  await Deno.writeFile(
    place.file("in.png"),
    await encodeImage({ ...SIZE, data }, "png"),
  );
  await Deno.writeFile(place.file("in.pth"), await writeTracks(TRACKS, "pth"));
  return place;
}

async function convert(cwd: string, ...args: readonly string[]) {
  return await runTool(TOOL, ["convert", ...args], { cwd });
}

/** The largest distance from the tracks that were written. */
function largestError(tracks: TrackSet, frames: readonly number[]): number {
  assert.equal(tracks.count, TRACKS.count);
  let most = 0;
  for (let n = 0; n < TRACKS.count; n++) {
    for (const t of frames) {
      assert.equal(tracks.visible(n, t), TRACKS.visible(n, t), `${n} ${t}`);
      if (!TRACKS.visible(n, t)) continue;
      most = Math.max(
        most,
        Math.hypot(
          tracks.x(n, t) - TRACKS.x(n, t),
          tracks.y(n, t) - TRACKS.y(n, t),
        ),
      );
    }
  }
  return most;
}

Deno.test("tracks.ts convert writes every format and reads it back", async (t) => {
  await using place = await workplace();
  const all = Array.from({ length: 121 }, (_, frame) => frame);
  const video = Array.from({ length: 81 }, (_, k) => trackFrameAt(k));
  const formats: [string, string[], readonly number[]][] = [
    ["ati.npz", [], all],
    ["comfy.json", [], all],
    ["comfy81.json", ["--as", "comfyui-81"], video],
    ["move_tracks.npy", [], video],
    ["tracker.npz", ["--as", "cotracker"], all],
    ["tapir.npz", ["--as", "tapir"], all],
    ["points.txt", ["--image", "in.png"], all],
    ["points.nk", ["--size", "160x96"], all],
    ["points.csv", [], all],
  ];
  for (const [file, flags, frames] of formats) {
    await t.step(file, async () => {
      const out = await convert(place.path, "in.pth", file, ...flags);
      assert.equal(out.code, 0, out.err);
      assert.match(out.out, /2 tracks written/);
      const back = await convert(place.path, file, `${file}.pth`);
      assert.equal(back.code, 0, back.err);
      const path = place.file(`${file}.pth`);
      const { tracks } = await readTracks(await Deno.readFile(path), {
        name: path,
      });
      const error = largestError(tracks, frames);
      console.log(`${file}: ${error.toExponential(1)} px`);
      assert.ok(error < 1e-4);
    });
  }
  assert.ok((await Deno.stat(place.file("move_visibility.npy"))).isFile);
});

Deno.test("tracks.ts convert writes control videos for LTX and VACE", async () => {
  await using place = await workplace();
  const size = ["--size", "160x96"];
  const ltx = await convert(
    place.path,
    ...["in.pth", "l.mp4", "--as", "ltx-tracks", ...size],
  );
  assert.equal(ltx.code, 0, ltx.err);
  assert.match(
    ltx.out,
    /l\.mp4: 121 frames of 160x96 at 24 per second, 2 tracks/,
  );
  const tracksVideo = await openVideo(place.file("l.mp4"));
  assert.deepEqual([tracksVideo.fps, tracksVideo.frameCount], [24, 121]);
  const vace = await convert(
    place.path,
    ...["in.pth", "v.mp4", "--as", "vace", ...size, "--video-size", "321x192"],
    ...["--shape", "square", "--shape-size", "20"],
  );
  assert.equal(vace.code, 0, vace.err);
  const video = await openVideo(place.file("v.mp4"));
  assert.deepEqual(
    [video.width, video.height, video.fps, video.frameCount],
    [320, 192, 16, 81],
  );
  for await (const { data, width } of video.frames()) {
    // Frame 0: the square around (60, 96), black beyond it.
    assert.ok(data[3 * (96 * width + 60)]! > 240);
    assert.ok(data[3 * (96 * width + 68)]! > 240);
    assert.ok(data[3 * (96 * width + 76)]! < 15);
    break;
  }
});

Deno.test("tracks.ts convert writes a Time-to-Move folder", async () => {
  await using place = await workplace();
  const flags = [
    ...["--as", "time-to-move", "--image", "in.png"],
    ...["--video-size", "160x96"],
  ];
  const folder = place.file("ttm");
  const { code, out, err } = await convert(
    place.path,
    ...["in.pth", folder, ...flags, "--prompt", "A ball rolls."],
  );
  assert.equal(code, 0, err);
  assert.match(out, /ttm: first_frame\.png, .*81 frames of 160x96/);
  const file = (name: string) => place.file(`ttm/${name}`);
  assert.equal(await Deno.readTextFile(file("prompt.txt")), "A ball rolls.\n");
  const image = await decodeImage(await Deno.readFile(file("first_frame.png")));
  assert.deepEqual([image.width, image.height], [160, 96]);
  for (const name of ["motion_signal.mp4", "mask.mp4"]) {
    const { width, height, fps, frameCount } = await openVideo(file(name));
    assert.deepEqual([width, height, fps, frameCount], [160, 96, 16, 81]);
  }
  let frame = 0, first = 0, last = 0;
  for await (const { data } of (await openVideo(file("mask.mp4"))).frames()) {
    const white = data.reduce((sum, value) => sum + Number(value > 127), 0);
    if (frame === 0) first = white;
    last = white;
    frame++;
    // Crisp: nothing between black and white.
    assert.ok(data.every((value) => value < 64 || value > 192));
  }
  assert.equal(first, 0);
  assert.ok(last > 0.02 * 3 * 160 * 96);
  const again = await convert(place.path, "in.pth", folder, ...flags);
  assert.equal(again.code, 2);
  assert.match(again.err, /first_frame\.png": it already exists/);
});

Deno.test("tracks.ts convert refuses what cannot be, and writes nothing", async (t) => {
  await using place = await workplace();
  const before = [...Deno.readDirSync(place.path)].length;
  const cases: [string[], RegExp][] = [
    [
      ["o.mp4"],
      /unknown file extension[\s\S]*HINT: Say which with --as: ati/,
    ],
    [["o.txt"], /after-effects: the image's size is not known\nHINT/],
    [["o.nk"], /nuke: the image's size is not known/],
    [["o.json", "--as", "nuke"], /as nuke, expected a path that ends in \.nk/],
    [["o.mp4", "--as", "vace"], /the image's size is not known/],
    [
      ["o", "--as", "time-to-move", "--size", "160x96"],
      /the image itself is needed/,
    ],
    [
      ["o.mp4", "--as", "time-to-move", "--image", "in.png"],
      /a folder's name without an ending/,
    ],
    [["o.npz", "--as", "coloringbook"], /Allowed choices are ati, comfyui/],
  ];
  for (const [args, message] of cases) {
    await t.step(args.join(" "), async () => {
      const { code, err } = await convert(place.path, "in.pth", ...args);
      assert.equal(code, 2);
      assert.match(err, message);
      assert.equal([...Deno.readDirSync(place.path)].length, before);
    });
  }
});
