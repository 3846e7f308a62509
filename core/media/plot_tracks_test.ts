import assert from "node:assert/strict";
import { goldenUrl, readGolden } from "../../tests/fixtures/golden.ts";
import type { RgbImage } from "../base/image.ts";
import { TrackSet } from "../tracks/track_set.ts";
import { decodeImage } from "./image.ts";
import { plotTracks } from "./plot_tracks.ts";

async function readImage(name: string): Promise<RgbImage> {
  return await decodeImage(await Deno.readFile(goldenUrl(`tools/${name}`)));
}

const golden = async () => ({
  base: await readImage("plot_base.png"),
  tracks: TrackSet.fromArray(readGolden("tools/plot_tracks.npy").data),
  expected: await readImage("plot_out.png"),
});

/** The largest difference of a pixel's three channels. */
function gap(a: RgbImage, b: RgbImage, pixel: number): number {
  return Math.max(
    ...[0, 1, 2].map((c) =>
      Math.abs(a.data[3 * pixel + c]! - b.data[3 * pixel + c]!)
    ),
  );
}

const pixels = ({ width, height }: RgbImage) =>
  Array.from({ length: width * height }, (_, pixel) => pixel);

Deno.test("plotTracks() in reference mode fills the very pixels of the reference", async () => {
  const { base, tracks, expected } = await golden();
  const plotted = plotTracks(base, tracks, { compat: "reference" });
  const gaps = pixels(base).map((pixel) => gap(plotted, expected, pixel));
  const largest = Math.max(
    ...gaps.values().reduce(
      (most, value) => [Math.max(most[0]!, value)],
      [0],
    ),
  );
  const drawn = pixels(base).filter((pixel) => gap(expected, base, pixel) > 0);
  console.log(
    `plot_tracks: ${
      gaps.filter((value) => value > 0).length
    } of ${drawn.length} drawn pixels differ, largest difference ${largest}`,
  );
  assert.equal(largest, 0);
});

Deno.test("plotTracks() draws what the reference draws, but smooth and without gaps", async () => {
  const { base, tracks, expected } = await golden();
  const plotted = plotTracks(base, tracks);
  const { width } = base;
  /** Whether a pixel and its neighbors two px around have ink in an image. */
  const around = (image: RgbImage, pixel: number, wanted: boolean) => {
    for (let dy = -2; dy <= 2; dy++) {
      for (let dx = -2; dx <= 2; dx++) {
        const other = pixel + dy * width + dx;
        if (other < 0 || other >= width * base.height) continue;
        if ((gap(image, base, other) > 0) === wanted) return true;
      }
    }
    return false;
  };
  const strayed = pixels(base).filter((pixel) =>
    gap(plotted, base, pixel) > 0
      ? !around(expected, pixel, true)
      : !around(expected, pixel, false)
  );
  console.log(
    `plot_tracks by default: ${strayed.length} pixels farther than 2 px from the reference's ink`,
  );
  assert.equal(strayed.length, 0);
});

const black = { width: 64, height: 48, data: new Uint8Array(3 * 64 * 48) };
const place = (x: number, y: number, visible = true) => ({ x, y, visible });
const at = ({ data, width }: RgbImage, x: number, y: number) => [
  ...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
];

Deno.test("plotTracks() shows a track with one visible sample as a dot", () => {
  const tracks = TrackSet.fromPoints([[place(20, 20)], []]);
  for (const compat of [undefined, "reference"] as const) {
    const plotted = plotTracks(black, tracks, compat ? { compat } : {});
    assert.deepEqual(at(plotted, 20, 20), [0, 255, 30]);
    assert.deepEqual(at(plotted, 40, 20), [0, 0, 0]);
  }
});

Deno.test("plotTracks() leaves the image and invisible stretches alone", () => {
  const tracks = TrackSet.fromPoints([
    [
      place(5, 24),
      place(15, 24),
      place(30, 24, false),
      place(45, 24),
      place(60, 24),
    ],
  ]);
  const options = { dotRadius: 0, arrowLength: 0, lineWidth: 4 };
  const plotted = plotTracks(black, tracks, options);
  assert.ok(black.data.every((value) => value === 0));
  assert.notDeepEqual(at(plotted, 10, 24), [0, 0, 0]);
  assert.deepEqual(at(plotted, 30, 24), [0, 0, 0]);
  assert.notDeepEqual(at(plotted, 50, 24), [0, 0, 0]);
});

Deno.test("plotTracks() numbers the tracks where asked, inside the image", () => {
  const tracks = TrackSet.fromPoints([[place(62, 1)], [place(3, 46)]]);
  const plain = plotTracks(black, tracks, { dotRadius: 2 });
  const numbered = plotTracks(black, tracks, { dotRadius: 2, legend: true });
  const changed = pixels(black).filter((pixel) =>
    gap(plain, numbered, pixel) > 0
  );
  const near = (pixel: number, x: number, y: number) =>
    Math.abs(pixel % 64 - x) < 14 && Math.abs(Math.floor(pixel / 64) - y) < 14;
  assert.ok(changed.some((pixel) => near(pixel, 62, 1)));
  assert.ok(changed.some((pixel) => near(pixel, 3, 46)));
  assert.ok(changed.every((pixel) => near(pixel, 62, 1) || near(pixel, 3, 46)));
});

Deno.test("plotTracks() copes with points far outside", () => {
  const far = TrackSet.fromPoints([
    [place(-1e6, -1e6), place(1e6, 1e6), place(1e9, 0), place(32, 24)],
  ]);
  for (const compat of [undefined, "reference"] as const) {
    const plotted = plotTracks(black, far, compat ? { compat } : {});
    assert.equal(plotted.data.length, black.data.length);
  }
});

Deno.test("plotTracks() draws many tracks as one after the other", () => {
  const paths = Array.from(
    { length: 140 },
    (_, track) =>
      Array.from({ length: 12 }, (_, frame) =>
        place(
          (track * 37) % 80 - 8 + 1.7 * frame * Math.sin(track),
          (track * 53) % 64 - 8 + 1.3 * frame * Math.cos(track),
          (track + frame) % 9 !== 0,
        )),
  );
  for (const lineWidth of [2, 6.5]) {
    const options = { lineWidth, dotRadius: 3, arrowLength: 7 };
    const expected = paths.reduce<RgbImage>(
      (image, path) => plotTracks(image, TrackSet.fromPoints([path]), options),
      black,
    );
    const plotted = plotTracks(black, TrackSet.fromPoints(paths), options);
    assert.deepEqual(plotted, expected);
  }
});

Deno.test("plotTracks() refuses sizes out of range", () => {
  const none = TrackSet.fromPoints([]);
  assert.throws(() => plotTracks(black, none, { lineWidth: 1 }), RangeError);
  assert.throws(() => plotTracks(black, none, { dotRadius: -1 }), RangeError);
  assert.throws(
    () => plotTracks(black, none, { arrowLength: NaN }),
    RangeError,
  );
});
