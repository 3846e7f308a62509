import assert from "node:assert/strict";
import { goldenUrl, readGolden } from "../../tests/_golden.ts";
import type { RgbImage } from "../rgb_image.ts";
import { type TrackPoint, TrackSet } from "../tracks/track_set.ts";
import { decodeImage } from "./image.ts";
import { plotTracks } from "./plot_tracks.ts";

async function picture(name: string): Promise<RgbImage> {
  return await decodeImage(await Deno.readFile(goldenUrl(`tools/${name}`)));
}

/** Pixels that differ by more than 8 levels, and those that were drawn at all. */
function compare(actual: RgbImage, expected: RgbImage, base: RgbImage) {
  let differing = 0, largest = 0, drawn = 0;
  for (let i = 0; i < expected.data.length; i += 3) {
    const off = (a: RgbImage, b: RgbImage) =>
      Math.max(
        ...[0, 1, 2].map((c) => Math.abs(a.data[i + c]! - b.data[i + c]!)),
      );
    const gap = off(actual, expected);
    largest = Math.max(largest, gap);
    if (gap > 8) differing++;
    if (off(expected, base) > 0) drawn++;
  }
  return { differing, largest, drawn };
}

Deno.test("plotTracks() in reference mode fills the very pixels of Pillow", async () => {
  const base = await picture("plot_base.png");
  const tracks = TrackSet.fromArray(readGolden("tools/plot_tracks.npy").data);
  const expected = await picture("plot_out.png");
  const plotted = plotTracks(base, tracks, { compat: "reference" });
  const { differing, largest, drawn } = compare(plotted, expected, base);
  console.log(
    `plot_tracks: ${differing} of ${drawn} drawn pixels differ, largest difference ${largest}`,
  );
  assert.equal(largest, 0);
});
Deno.test("soft", async () => {
  const base = await picture("plot_base.png");
  const tracks = TrackSet.fromArray(readGolden("tools/plot_tracks.npy").data);
  const expected = await picture("plot_out.png");
  const plotted = plotTracks(base, tracks, { legend: true});
  const { differing, largest, drawn } = compare(plotted, expected, base);
  console.log( `plot_tracks: ${differing} of ${drawn} drawn pixels differ, largest difference ${largest}`);
  const { encodeImage} = await import("./image.ts");
  Deno.writeFileSync("/tmp/c/soft.png", await encodeImage(plotted, "png"));
});
