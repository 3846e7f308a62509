import assert from "node:assert/strict";
import { movingThing } from "../../tests/fixtures/moving_thing.ts";
import { TrackSet } from "../tracks/track_set.ts";
import { motionPreview } from "./motion_preview.ts";
import { motionSignal, motionSignalSize } from "./motion_signal.ts";

const IMAGE = movingThing().image;

function share(data: Uint8Array, inside: (x: number, y: number) => boolean) {
  let white = 0, all = 0;
  for (let y = 0; y < 96; y++) {
    for (let x = 0; x < 160; x++) {
      if (!inside(x, y)) continue;
      all++;
      white += Number(data[3 * (y * 160 + x)] === 255);
    }
  }
  return white / all;
}

Deno.test("the signal is the motion preview, the mask where it moves", async () => {
  // One thing moves on the left; anchors hold the right.
  const still = (x: number, y: number) =>
    Array.from({ length: 121 }, () => ({ x, y, visible: true }));
  const tracks = TrackSet.fromPoints([
    Array.from({ length: 121 }, (_, t) => ({
      x: 40 + t / 6,
      y: 48,
      visible: true,
    })),
    still(120, 20),
    still(120, 48),
    still(120, 76),
    still(150, 48),
  ]);
  const frames = await Array.fromAsync(
    motionSignal(IMAGE, tracks, { camera: "stands" }),
  );
  const preview = [
    ...motionPreview(IMAGE, tracks, { camera: "stands" }),
  ];
  assert.equal(frames.length, 81);
  frames.forEach(({ signal }, i) =>
    assert.deepEqual(signal.data, preview[i]!.data)
  );
  assert.equal(share(frames[0]!.mask.data, () => true), 0);
  const last = frames[80]!.mask.data;
  assert.ok(
    share(last, (x, y) => Math.hypot(x - 60, y - 48) < 9) > 0.99,
    "where the thing is",
  );
  assert.ok(
    share(last, (x, y) => Math.hypot(x - 60, y - 48) > 15) < 0.002,
    "where nothing moves, and where the thing was",
  );
});

Deno.test("what comes from outside of the image is not in the mask", async () => {
  for (const direction of [1, -1]) {
    const tracks = TrackSet.fromPoints(
      [[30, 20], [130, 20], [30, 76], [130, 76]].map(([x, y]) =>
        Array.from({ length: 121 }, (_, t) => ({
          x: x! + direction * t / 3,
          y: y!,
          visible: true,
        }))
      ),
    );
    const frames = await Array.fromAsync(
      motionSignal(IMAGE, tracks, { camera: "moves" }),
    );
    const { data } = frames[80]!.mask;
    // 40 px of the last frame were not in the image.
    const fromEdge = (x: number) => direction > 0 ? x : 159 - x;
    assert.ok(share(data, (x) => fromEdge(x) < 36) < 0.02);
    assert.ok(share(data, (x) => fromEdge(x) > 44) > 0.98);
  }
});

Deno.test("the size is that of Time-to-Move's own rule", () => {
  // round(sqrt(area * aspect)) // 16 * 16, computed with NumPy.
  const cases = [
    [832, 480, 832, 480],
    [1024, 1024, 624, 624],
    [1080, 1920, 464, 832],
    [3000, 1000, 1088, 352],
    [1600, 1200, 720, 544],
  ] as const;
  for (const [width, height, w, h] of cases) {
    assert.deepEqual(motionSignalSize({ width, height }), {
      width: w,
      height: h,
    });
  }
  assert.throws(() => motionSignalSize({ width: 0, height: 5 }), /0x5/);
});
