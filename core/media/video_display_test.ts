/** Videos are shown as a player shows them. */

import assert from "node:assert/strict";
import type { RgbImage } from "../base/image.ts";
import { TrackSet } from "../tracks/track_set.ts";
import {
  type OddVideoOptions,
  setDisplayMatrix,
  writeOddVideo,
} from "../../tests/fixtures/odd_video.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";
import { overlayTracks } from "./overlay_tracks.ts";
import { tracksForVideo } from "./track_painter.ts";
import { openVideo } from "./video_reader.ts";
import { createVideo } from "./video_writer.ts";

const VIDEOS = new URL("../../tests/fixtures/videos/", import.meta.url);
const found = (name: string) => Deno.readFileSync(new URL(name, VIDEOS));

const SIZE = { width: 48, height: 32 };

/** Red, green, blue and white from the upper left corner on, row by row. */
function corners(): RgbImage {
  const { width, height } = SIZE;
  const colors = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]];
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    const right = Number(i % width >= width / 2);
    const below = Number(i >= width * height / 2);
    data.set(colors[right + 2 * below]!, 3 * i);
  }
  return { ...SIZE, data };
}

/** R, G, B or W of the four corners, row by row. */
function cornersOf({ width, height, data }: RgbImage): string {
  return [[4, 4], [width - 5, 4], [4, height - 5], [width - 5, height - 5]]
    .map(([x, y]) => {
      const at = 3 * (y! * width + x!);
      const [r, g, b] = Array.from(data.subarray(at, at + 3), (v) => v > 128);
      return r && g && b ? "W" : r ? "R" : g ? "G" : b ? "B" : "?";
    }).join("");
}

async function first(path: string) {
  const video = await openVideo(path);
  for await (const frame of video.frames()) {
    assert.deepEqual(
      [frame.width, frame.height],
      [video.width, video.height],
    );
    return frame;
  }
  throw new Error("no frame");
}

Deno.test("a video is turned and flipped as its display matrix says", async () => {
  await using place = await temporaryFolder();
  const path = place.file("a.mp4");
  await using video = await createVideo(path, { ...SIZE, crf: 1 });
  await video.write(corners());
  await video.finish();
  const bytes = await Deno.readFile(path);
  const cases = [
    [[1, 0, 0, 1], "RGBW", "48x32"],
    [[0, 1, -1, 0], "BRWG", "32x48"], // a quarter clockwise, as phones do
    [[-1, 0, 0, -1], "WBGR", "48x32"],
    [[0, -1, 1, 0], "GWRB", "32x48"],
    [[-1, 0, 0, 1], "GRWB", "48x32"], // a mirror, as front cameras do
    [[1, 0, 0, -1], "BWRG", "48x32"],
    [[0, 1, 1, 0], "RBGW", "32x48"],
    [[0, -1, -1, 0], "WGBR", "32x48"],
    [[0.03, 0.999, -0.999, 0.03], "BRWG", "32x48"], // nearly a quarter
    [[0, 0, 0, 0], "RGBW", "48x32"], // nonsense
  ] as const;
  for (const [matrix, expected, size] of cases) {
    setDisplayMatrix(bytes, matrix);
    await Deno.writeFile(path, bytes);
    const frame = await first(path);
    assert.equal(cornersOf(frame), expected, matrix.join());
    assert.equal(`${frame.width}x${frame.height}`, size, matrix.join());
  }
  await Deno.writeFile(path, found("turned.mp4"));
  const { width, height } = await openVideo(path);
  assert.deepEqual([width, height], [96, 160]);
});

Deno.test("pixels that are no squares are made squares", async () => {
  await using place = await temporaryFolder();
  const path = place.file("a.mp4");
  for (
    const [num, den, width] of [[16, 11, 70], [8, 9, 42], [1, 1, 48]] as const
  ) {
    await writeOddVideo(path, [corners()], { pixel: { num, den } });
    const frame = await first(path);
    assert.deepEqual([frame.width, frame.height], [width, 32]);
    assert.equal(cornersOf(frame), "RGBW");
  }
  // Turned as well; and said by the matrix alone, which stretches x.
  await writeOddVideo(path, [corners()], { pixel: { num: 3, den: 2 } });
  const bytes = await Deno.readFile(path);
  for (
    const [matrix, size, shown] of [
      [[0, 1, -1, 0], [32, 72], "BRWG"],
      [[2, 0, 0, 1], [72, 32], "RGBW"], // the container's word counts
    ] as const
  ) {
    setDisplayMatrix(bytes, matrix);
    await Deno.writeFile(path, bytes);
    const frame = await first(path);
    assert.deepEqual([frame.width, frame.height], size);
    assert.equal(cornersOf(frame), shown);
  }
});

/** A white bar that moves four px in a field, both fields of a frame woven. */
function woven(frame: number, order: "top" | "bottom"): RgbImage {
  const width = 96, height = 64;
  const data = new Uint8Array(3 * width * height).fill(20);
  for (let y = 0; y < height; y++) {
    const second = (y % 2 === 0) !== (order === "top");
    const left = 10 + 4 * (2 * frame + Number(second));
    for (let x = left; x < left + 12; x++) {
      data.fill(230, 3 * (y * width + x), 3 * (y * width + x) + 3);
    }
  }
  return { width, height, data };
}

/** How much a row differs from the mean of its neighbors, on average. */
function comb({ width, height, data }: RgbImage): number {
  let sum = 0;
  const row = 3 * width;
  for (let i = row; i < row * (height - 1); i++) {
    sum += Math.abs(data[i]! - (data[i - row]! + data[i + row]!) / 2);
  }
  return sum / (row * (height - 2));
}

Deno.test("interlaced frames show one moment each", async () => {
  await using place = await temporaryFolder();
  const path = place.file("a.mp4");
  for (const interlaced of ["top", "bottom"] as const) {
    const frames = Array.from({ length: 8 }, (_, i) => woven(i, interlaced));
    const options: OddVideoOptions = { interlaced };
    await writeOddVideo(path, frames, options);
    const video = await openVideo(path);
    const shown = await Array.fromAsync(video.frames());
    assert.equal(shown.length, 8);
    const times = shown.map(({ time }) => Math.round(time * 1000));
    assert.deepEqual(times, frames.map((_, i) => 40 * i));
    assert.deepEqual(
      (await video.times()).map((time) => Math.round(time * 1000)),
      times,
    );
    const before = comb(frames[4]!), after = comb(shown[4]!);
    console.log(
      `${interlaced} field first: comb ${before.toFixed(1)} to ${
        after.toFixed(1)
      }`,
    );
    assert.ok(after < before / 6);
    // It is the first field's moment: the bar begins at 10 + 8 i.
    const row = shown[4]!.data.subarray(3 * 96 * 31);
    assert.ok(row[3 * 45]! > 180 && row[3 * 39]! < 70 && row[3 * 56]! < 70);
  }
  await Deno.writeFile(path, found("interlaced.mp4"));
  const { frames } = await openVideo(path);
  const shown = await Array.fromAsync(frames());
  assert.equal(shown.length, 10);
  assert.equal(`${shown[0]!.width}x${shown[0]!.height}`, "160x96");
});

const TIMES = [0, 0.04, 0.08, 0.5, 0.9, 0.94, 1.5, 2.25];

Deno.test("a variable rate is kept, and tracks are where they are at its times", async () => {
  await using place = await temporaryFolder();
  const gray = { ...SIZE, data: new Uint8Array(3 * 48 * 32).fill(60) };
  const written = place.file("a.mp4"), painted = place.file("b.mp4");
  await using video = await createVideo(written, { ...SIZE, times: TIMES });
  for (const _ of TIMES) await video.write(gray);
  await video.finish();
  // 20 px in a second.
  const tracks = TrackSet.fromPoints([
    Array.from({ length: 121 }, (_, t) => ({
      x: t / 24 * 20,
      y: 16,
      visible: true,
    })),
  ]);
  await overlayTracks(written, painted, { tracks, radius: 2, trail: 1 });
  for (const path of [written, painted]) {
    const { times, frames } = await openVideo(path);
    const round = (time: number) => Math.round(1000 * time) / 1000;
    assert.deepEqual((await times()).map(round), TIMES);
    const shown = await Array.fromAsync(frames());
    assert.deepEqual(shown.map(({ time }) => round(time)), TIMES);
    if (path === written) continue;
    for (const { data, time } of shown) {
      const x = Math.floor(Math.floor(time * 24 + 1e-4) / 24 * 20 + 0.5);
      const at = 3 * (16 * 48 + x);
      assert.ok(data[at]! > 150 && data[at + 2]! < 110, `at ${time} s`);
    }
  }
  const laid = tracksForVideo(tracks, {
    image: SIZE,
    video: { ...SIZE, fps: 4 },
    times: [0, 1, 2.5, 6],
  });
  assert.deepEqual(Array.from(laid.points), [0, 16, 20, 16, 50, 16]);
  for (const times of [[], [0.1], [0, 1, 1]]) {
    await assert.rejects(
      createVideo(place.file("c.mp4"), { ...SIZE, times }),
      /Cannot write .*(times|shown at)/,
    );
  }
});

Deno.test("a video that its edit list trims is complete", async () => {
  await using place = await temporaryFolder();
  const path = place.file("a.mp4");
  const gray = { ...SIZE, data: new Uint8Array(3 * 48 * 32).fill(60) };
  await using video = await createVideo(path, SIZE);
  for (let i = 0; i < 32; i++) await video.write(gray);
  await video.finish();
  const bytes = await Deno.readFile(path);
  const at = new TextDecoder("latin1").decode(bytes).indexOf("elst");
  const view = new DataView(bytes.buffer, at + 12); // the first entry
  view.setUint32(0, view.getUint32(0) / 4);
  await Deno.writeFile(path, bytes);
  const { frames, times } = await openVideo(path);
  const shown = await Array.fromAsync(frames());
  assert.equal(shown.length, 8);
  assert.equal((await times()).length, 8);
  // Its end must be there, whatever is shown of it.
  await Deno.writeFile(path, bytes.subarray(0, -50));
  await assert.rejects(openVideo(path), /its mdat box ends at byte/);
});
