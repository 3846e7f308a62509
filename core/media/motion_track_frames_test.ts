import assert from "node:assert/strict";
import { readGolden } from "../../tests/fixtures/golden.ts";
import { TrackSet } from "../tracks/track_set.ts";
import { motionTrackFrames } from "./motion_track_frames.ts";

/** The tracks of the golden frames, which LTXVDrawTracks painted. */
function goldenTracks(width: number, height: number): TrackSet {
  return TrackSet.fromPoints(
    [0, 1, 2].map((n) =>
      Array.from({ length: 121 }, (_, t) => ({
        x: width * (0.2 + 0.25 * n) + width * 0.15 * Math.sin(t / 9 + n),
        y: height * (t / 120) * 0.9 + height * 0.05 * Math.cos(t / 5),
        visible: true,
      }))
    ),
  );
}

Deno.test("frames are those of LTXVDrawTracks, pixel by pixel", () => {
  for (
    const [name, width, height] of [["wide", 112, 64], [
      "tall",
      60,
      104,
    ]] as const
  ) {
    const golden = readGolden(`control/ltx_${name}.npy`);
    assert.deepEqual([...golden.dims], [2, height, width, 3]);
    const frames = [
      ...motionTrackFrames(goldenTracks(width, height), {
        image: { width, height },
        width,
        height,
      }),
    ];
    assert.equal(frames.length, 121);
    let most = 0, lit = 0;
    [7, 120].forEach((frame, k) => {
      frames[frame]!.data.forEach((value, i) => {
        const expected = 255 * Number(golden.data[k * width * height * 3 + i]);
        most = Math.max(most, Math.abs(value - expected));
        lit += Number(expected > 0);
      });
    });
    console.log(`ltx ${name}: largest difference ${most.toFixed(3)} of 255`);
    // Half a step of 8 bits, and what half precision rounds.
    assert.ok(most < 0.57, `${most}`);
    assert.ok(lit > 50, `${lit} lit values`);
  }
});

Deno.test("what is hidden leaves no disc, and tracks are scaled to the frames", () => {
  const at = (visible: boolean) =>
    TrackSet.fromPoints([[{ x: 400, y: 300, visible }]]);
  const paint = (set: TrackSet) =>
    [...motionTrackFrames(set, {
      image: { width: 800, height: 400 },
      width: 256,
      height: 256,
    })].slice(0, 52);
  assert.ok(
    paint(at(false)).every(({ data }) => data.every((value) => value === 0)),
  );
  const frames = paint(at(true));
  const pixel = (
    frame: number,
  ) => [
    ...frames[frame]!.data.subarray(
      3 * (192 * 256 + 128),
      3 * (192 * 256 + 129),
    ),
  ];
  // Red at first, with red where blue is expected; then older, then gone.
  assert.deepEqual(pixel(0), [0, 0, 255]);
  assert.ok(pixel(25)[1]! > 200, `${pixel(25)}`);
  assert.deepEqual(pixel(51), [0, 0, 0]);
});

Deno.test("sizes that are none are refused at once", () => {
  assert.throws(
    () =>
      motionTrackFrames(TrackSet.fromArray([]), {
        image: { width: 8, height: 8 },
        width: 8.5,
        height: 8,
      }),
    /8\.5 is not a positive whole number/,
  );
});
