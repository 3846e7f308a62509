import assert from "node:assert/strict";
import { readGolden } from "../../tests/fixtures/golden.ts";
import { TrackSet } from "../tracks/track_set.ts";
import { type ControlShape, shapeFrames } from "./shape_frames.ts";

const SIZE = { width: 64, height: 40 };

const TRACKS = TrackSet.fromPoints(
  [0, 1, 2].map((n) =>
    Array.from({ length: 121 }, (_, t) => ({
      x: 64 * (0.2 + 0.25 * n) + 64 * 0.15 * Math.sin(t / 9 + n),
      y: 40 * (t / 120) * 0.9 + 40 * 0.05 * Math.cos(t / 5),
      visible: true,
    }))
  ),
);

Deno.test("shapes are those that Pillow draws, pixel by pixel", () => {
  for (
    const [shape, size] of [["circle", 9], ["circle", 14], [
      "square",
      9,
    ]] as const
  ) {
    const golden = readGolden(`control/${shape}_${size}.npy`);
    const frames = [
      ...shapeFrames(TRACKS, { image: SIZE, ...SIZE, size, shape }),
    ];
    assert.equal(frames.length, 81);
    let different = 0, white = 0;
    [0, 40, 80].forEach((k, at) => {
      for (let p = 0; p < 64 * 40; p++) {
        const expected = Number(golden.data[at * 64 * 40 + p]);
        white += Number(expected === 255);
        different += Number(frames[k]!.data[3 * p] !== expected);
      }
    });
    console.log(
      `${shape} of ${size}: ${different} pixels differ, ${white} white`,
    );
    assert.equal(different, 0);
    assert.ok(white > 300);
  }
});

Deno.test("hidden samples have no shape; sizes and shapes are checked", () => {
  const hidden = TrackSet.fromPoints([[{ x: 20, y: 20, visible: false }]]);
  for (
    const { data } of shapeFrames(hidden, { image: SIZE, ...SIZE, size: 9 })
  ) {
    assert.ok(data.every((value) => value === 0));
  }
  const make = (options: { size: number; shape?: ControlShape }) => () =>
    shapeFrames(TRACKS, { image: SIZE, ...SIZE, ...options });
  assert.throws(make({ size: 0 }), /shapes of 0 px/);
  assert.throws(
    make({ size: 9, shape: "star" as ControlShape }),
    /Cannot draw a "star", expected one of circle, square/,
  );
});
