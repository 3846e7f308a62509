import assert from "node:assert/strict";
import { FormatError } from "../base/errors.ts";
import { TrackSet } from "../tracks/track_set.ts";
import { overlayTracks } from "./overlay_tracks.ts";
import { createVideo } from "./video_writer.ts";
import { openVideo } from "./video_reader.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";

const SIZE = { width: 64, height: 48 };
const TRACKS = TrackSet.fromPoints([
  Array.from({ length: 121 }, (_, frame) => ({
    x: 20 + frame,
    y: 60,
    visible: true,
  })),
]);

async function gray(path: string, frames: number, fps = 16): Promise<void> {
  await using video = await createVideo(path, {
    ...SIZE,
    fps,
    overwrite: true,
    metadata: { title: "Boat" },
  });
  const data = new Uint8Array(3 * 64 * 48).fill(80);
  for (let i = 0; i < frames; i++) await video.write({ ...SIZE, data });
  await video.finish();
}

Deno.test("overlayTracks() keeps length, speed and tags, and paints where the track is", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  for (const fps of [16, 24]) {
    await gray(`${folder}/a.mp4`, 100, fps); // longer than the tracks at 16
    const seen: number[] = [];
    const count = await overlayTracks(`${folder}/a.mp4`, `${folder}/b.mp4`, {
      tracks: TRACKS,
      image: { width: 128, height: 96 },
      radius: 6,
      overwrite: true,
      onFrame: (done, total) => {
        assert.equal(total, 100);
        seen.push(done);
      },
    });
    assert.equal(count, 100);
    assert.deepEqual(seen, Array.from({ length: 100 }, (_, i) => i + 1));
    const video = await openVideo(`${folder}/b.mp4`);
    assert.deepEqual([video.fps, video.frameCount], [fps, 100]);
    assert.deepEqual(video.metadata, { title: "Boat" });
    const frames = await Array.fromAsync(video.frames());
    for (const index of [0, 20, 40]) {
      const x = Math.floor((20 + Math.floor(index * 24 / fps)) / 2 + 0.5);
      const at = 3 * (30 * 64 + x);
      const [red, green, blue] = frames[index]!.data.subarray(at, at + 3);
      assert.ok(
        red! > 180 && green! < 90 && blue! < 90,
        `frame ${index} at ${x}`,
      );
    }
  }
});

Deno.test("overlayTracks() leaves no file when it is aborted or the video is damaged", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const input = `${folder}/a.mp4`, output = `${folder}/b.mp4`;
  await gray(input, 60);
  const controller = new AbortController();
  await assert.rejects(
    overlayTracks(input, output, {
      tracks: TRACKS,
      signal: controller.signal,
      onFrame: (done) => {
        if (done === 5) controller.abort();
      },
    }),
    { name: "AbortError" },
  );
  await assert.rejects(
    overlayTracks(input, output, { tracks: TRACKS, radius: 0 }),
    RangeError,
  );
  const whole = await Deno.readFile(input);
  await Deno.writeFile(input, whole.subarray(0, whole.length - 300));
  await assert.rejects(
    overlayTracks(input, output, { tracks: TRACKS }),
    FormatError,
  );
  assert.deepEqual(
    (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name),
    ["a.mp4"],
  );
});
