import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  goldenUrl,
  readGolden,
  readGoldenJson,
} from "../../tests/fixtures/golden.ts";
import type { RgbImage } from "../base/image.ts";
import { TrackSet } from "../tracks/track_set.ts";
import { decodeImage } from "./image.ts";
import { createTrackPainter, tracksForVideo } from "./track_painter.ts";

const testImage = async (name: string): Promise<RgbImage> =>
  await decodeImage(await Deno.readFile(goldenUrl(`tools/${name}`)));

Deno.test("createTrackPainter() in reference mode paints the reference's 81 frames", async () => {
  const manifest = readGoldenJson<{
    paint_sha256_all_frames_rgb: string;
    paint_frame_sums: number[];
  }>("tools/manifest.json");
  const base = await testImage("plot_base.png");
  const points = readGolden("tools/paint_points.npy");
  const visible = readGolden("tools/paint_visibles.npy").data;
  const [count, frames] = points.dims as [number, number];
  const paint = createTrackPainter(
    { count, frames, points: points.data, visible },
    { compat: "reference" },
  );
  const hash = createHash("sha256");
  for (let index = 0; index < frames; index++) {
    const frame = { ...base, data: base.data.slice() };
    paint(frame, index);
    hash.update(frame.data);
    const sum = frame.data.reduce((total, value) => total + value, 0);
    assert.equal(sum, manifest.paint_frame_sums[index], `frame ${index}`);
    if ([0, 37, 80].includes(index)) {
      const name = `paint_${String(index).padStart(2, "0")}.png`;
      assert.deepEqual(frame, await testImage(name), name);
    }
  }
  assert.equal(hash.digest("hex"), manifest.paint_sha256_all_frames_rgb);
  console.log(`paint_point_track: ${frames} frames, largest difference 0`);
});

/** One track of one frame at a place, over a black frame of 20 by 10. */
function paintedAt(
  x: number,
  y: number,
  options: Parameters<typeof createTrackPainter>[1] = {},
): RgbImage {
  const frame = { width: 20, height: 10, data: new Uint8Array(600) };
  const points = new Float32Array([x, y]);
  createTrackPainter({ count: 1, frames: 1, points, visible: [1] }, options)(
    frame,
    0,
  );
  return frame;
}

const inked = ({ data }: RgbImage) =>
  data.filter((_, i) => i % 3 === 0).reduce(
    (sum, red) => sum + (red ? 1 : 0),
    0,
  );

Deno.test("createTrackPainter() leaves out what is outside of the image", () => {
  assert.equal(inked(paintedAt(60, 5)), 0);
  assert.equal(inked(paintedAt(-30, -30)), 0);
  assert.ok(inked(paintedAt(60, 5, { compat: "reference" })) > 0);
  // A disc whose center lies two px outside still shows its part inside.
  const part = inked(paintedAt(-2.5, 5, { radius: 3 }));
  const whole = inked(paintedAt(10, 5, { radius: 3 }));
  assert.ok(part > 0 && part < whole / 2, `${part} of ${whole}`);
});

Deno.test("createTrackPainter() lets trails fade after the last track frame", () => {
  const tracks = {
    count: 1,
    frames: 1,
    points: new Float32Array([5, 5]),
    visible: [1],
  };
  const paint = createTrackPainter(tracks, { trail: 2 });
  const at = (index: number) => {
    const frame = { width: 20, height: 10, data: new Uint8Array(600) };
    paint(frame, index);
    return [...frame.data.subarray(3 * 105, 3 * 106)];
  };
  assert.deepEqual(at(0), [255, 0, 0]);
  assert.deepEqual(at(1), [127, 255, 0]);
  assert.deepEqual(at(2), [0, 0, 255]);
  assert.deepEqual(at(3), [0, 0, 0]);
});

Deno.test("createTrackPainter() refuses what does not fit", () => {
  const tracks = {
    count: 2,
    frames: 1,
    points: new Float32Array(2),
    visible: [1],
  };
  assert.throws(() => createTrackPainter(tracks), /2 numbers, expected 4/);
  const none = {
    count: 0,
    frames: 81,
    points: new Float32Array(),
    visible: [],
  };
  assert.throws(() => createTrackPainter(none, { radius: 0 }), RangeError);
  assert.throws(() => createTrackPainter(none, { trail: 1.5 }), RangeError);
});

Deno.test("tracksForVideo() takes the reference's frames at 16 per second", () => {
  const drawn = TrackSet.fromPoints([
    Array.from({ length: 121 }, (_, frame) => ({
      x: frame,
      y: 2 * frame,
      visible: frame !== 3,
    })),
  ]);
  const image = { width: 300, height: 200 };
  const { frames, points, visible } = tracksForVideo(drawn, {
    image,
    video: { width: 600, height: 100, fps: 16 },
  });
  assert.equal(frames, 81);
  for (let frame = 0; frame < 81; frame++) {
    const source = Math.floor(3 * frame / 2); // np.repeat(track, 2)[::3]
    assert.equal(points[2 * frame], source / 300 * 600);
    assert.equal(points[2 * frame + 1], 2 * source / 200 * 100);
    assert.equal(visible[frame], source === 3 ? 0 : 1);
  }
  const videoAt = (fps: number) => ({
    image,
    video: { width: 300, height: 200, fps },
  });
  assert.equal(tracksForVideo(drawn, videoAt(24)).frames, 121);
  assert.equal(tracksForVideo(drawn, videoAt(24000 / 1001)).frames, 121);
  // 55 * 24 / 22 is 59.99999999999999 in floating point.
  assert.equal(tracksForVideo(drawn, videoAt(22)).points[2 * 55], 60);
  assert.throws(() => tracksForVideo(drawn, videoAt(0)), RangeError);
});

Deno.test("createTrackPainter() paints many tracks as it paints one after the other", () => {
  const count = 150, frames = 9;
  const points = Float64Array.from(
    { length: 2 * count * frames },
    (_, i) => 60 * Math.abs(Math.sin(1.7 * i)) - 5,
  );
  const visible = Uint8Array.from(
    { length: count * frames },
    (_, i) => Number(i % 7 > 0),
  );
  const size = { width: 53, height: 41 };
  const background = () => ({
    ...size,
    data: Uint8Array.from({ length: 3 * 53 * 41 }, (_, i) => i % 251),
  });
  for (const radius of [6, 21]) {
    const options = { radius };
    const all = createTrackPainter({ count, frames, points, visible }, options);
    const each = Array.from({ length: count }, (_, track) => {
      const [from, to] = [track * frames, (track + 1) * frames];
      return createTrackPainter({
        count: 1,
        frames,
        points: points.slice(2 * from, 2 * to),
        visible: visible.slice(from, to),
      }, options);
    });
    for (let index = 0; index < frames; index++) {
      const actual = background(), expected = background();
      all(actual, index);
      for (const paint of each) paint(expected, index);
      assert.deepEqual(actual, expected);
      assert.notDeepEqual(actual, background());
    }
  }
});
