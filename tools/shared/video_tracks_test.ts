import assert from "node:assert/strict";
import type { VideoReader } from "../../core/media/video_reader.ts";
import { FPS, PLAIN_FPS, rateOf, trackReadingOf } from "./track_reading.ts";
import { readOverlayTracks, readVideoTracks } from "./video_tracks.ts";

/** A track that is at x = 10 n in sample n. */
function path(samples: number): Uint8Array<ArrayBuffer> {
  const points = Array.from({ length: samples }, (_, n) => [10 * n, 50]);
  return new TextEncoder().encode(JSON.stringify([points.map(([x, y]) => ({
    x,
    y,
  }))]));
}

function video(times: readonly number[]): VideoReader {
  return {
    width: 900,
    height: 100,
    fps: 30,
    frameCount: times.length,
    metadata: {},
    times: () => Promise.resolve(times),
    frames: () => {
      throw new Error("no frame is needed");
    },
  };
}

const NAME = { name: "a.json" };

Deno.test("as many samples as a video has frames are taken as those of its frames", async () => {
  const even = Array.from({ length: 60 }, (_, n) => n / 30);
  const { tracks, warnings } = await readVideoTracks(
    path(60),
    video(even),
    NAME,
  );
  // 24 samples in a second of 30 frames.
  assert.deepEqual([0, 24, 47].map((t) => tracks.x(0, t)), [0, 300, 587.5]);
  assert.equal(tracks.visible(0, 48), false);
  assert.match(
    warnings.join(),
    /60 samples were taken as those of the video's 60/,
  );
  // The first second is slow, the second one fast.
  const uneven = [0, 0.5, 1, 1.25, 1.5, 1.75, 2];
  const varied = await readVideoTracks(path(7), video(uneven), NAME);
  assert.deepEqual(
    [6, 12, 24, 27, 48].map((t) => varied.tracks.x(0, t)),
    [5, 10, 20, 25, 60],
  );
});

Deno.test("other counts, ATI's own, and what is said decide otherwise", async () => {
  const even = Array.from({ length: 60 }, (_, n) => n / 30);
  const other = await readVideoTracks(path(59), video(even), NAME);
  assert.match(other.warnings.join(), /59 samples were spread/);
  const told = await readVideoTracks(path(60), video(even), {
    ...NAME,
    length: "pad",
  });
  assert.deepEqual([told.tracks.x(0, 47), told.warnings], [470, []]);
  const long = Array.from({ length: 121 }, (_, n) => n / 30);
  const own = await readVideoTracks(path(121), video(long), NAME);
  assert.deepEqual([own.tracks.x(0, 120), own.warnings], [1200, []]);
});

Deno.test("long tracks are followed to their end in a long video only", async () => {
  const lasting = (frames: number) =>
    video(Array.from({ length: frames }, (_, n) => n / 16));
  const over = async (frames: number, options = {}) => {
    const { tracks } = await readOverlayTracks(path(241), lasting(frames), {
      ...NAME,
      ...options,
    });
    return [tracks.frames, tracks.x(0, 60)];
  };
  assert.deepEqual(await over(161), [241, 600]);
  assert.deepEqual(await over(81), [121, 1200]); // spread, as without a video
  assert.deepEqual(await over(161, { length: "pad" }), [121, 600]);
  assert.deepEqual(await over(161, { fps: 48 }), [121, 1200]);
});

Deno.test("--fps is a rate or a video", () => {
  const parse = (text: string) => FPS().parseArg!(text, undefined);
  assert.equal(parse("23.976"), 23.976);
  assert.equal(parse("30000/1001"), 30000 / 1001);
  assert.equal(PLAIN_FPS().parseArg!("24000/1001", undefined), 24000 / 1001);
  for (const path of ["a.mp4", "30/a.mp4", "clips/30"]) {
    assert.deepEqual(parse(path), { video: path });
  }
  for (const text of ["1/0", "1/1001", "30/1/2", "fast"]) {
    assert.throws(() => parse(text), /expected/i, text);
  }
  assert.deepEqual(rateOf(30), { fps: 30 });
  assert.deepEqual(rateOf({ video: "a.mp4" }), { video: "a.mp4" });
  const flags = { length: "auto", unit: "auto", order: "time-first" } as const;
  assert.deepEqual(trackReadingOf({ ...flags, array: "points" }), {
    length: "auto",
    order: "time-first",
    array: "points",
  });
});
