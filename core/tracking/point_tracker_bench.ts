/**
 * The point tracker on videos whose motion is known, next to adding up the bytes
 * of their frames once.
 *
 * Run as a script it prints the TAP-Vid figures of every `<name>.mp4` and
 * `<name>.npz` in a folder:
 * `deno run --allow-all core/tracking/point_tracker_bench.ts FOLDER`.
 *
 * @module
 */

import {
  readTrackingTruth,
  TRUTH_FOLDER,
} from "../../tests/fixtures/tracking_truth.ts";
import { seeded } from "../base/seeded.ts";
import { PointTracker, trackPoints } from "./point_tracker.ts";
import { scoreTracks } from "./score.ts";

if (import.meta.main && Deno.args[0] !== undefined) {
  await printTable(Deno.args[0]);
} else {
  const random = seeded(1);
  const big = new Uint8Array(3 * 960 * 480).map(() => 255 * random());
  // Noise that moves 1 px per frame, smoothed by the video's own pyramid.
  const noise = Array.from({ length: 121 }, (_, t) => {
    const data = new Uint8Array(3 * 832 * 480);
    for (let y = 0; y < 480; y++) {
      const from = 3 * (960 * y + t);
      data.set(big.subarray(from, from + 3 * 832), 3 * 832 * y);
    }
    return { width: 832, height: 480, data };
  });
  const points = Array.from({ length: 20 }, () => ({
    frame: 0,
    x: 150 + 600 * random(),
    y: 20 + 440 * random(),
  }));
  benchBaseline("noise", noise);
  Deno.bench({
    name: "121 frames of 832x480 with 20 points",
    group: "noise",
    n: 1,
    warmup: 0,
    fn() {
      const tracker = new PointTracker(points);
      for (const frame of noise) tracker.step(frame);
    },
  });

  for (const name of ["lowtexture", "leave", "rotate"]) {
    const { queries, frames } = await readTrackingTruth(name, TRUTH_FOLDER);
    const decoded = await Array.fromAsync(frames());
    benchBaseline(name, decoded);
    Deno.bench({
      name: `${name}, ${decoded.length} frames with ${queries.length} points`,
      group: name,
      n: 1,
      warmup: 0,
      async fn() {
        await trackPoints(decoded, queries);
      },
    });
  }
}

/** Reads every byte of the frames once. */
function benchBaseline(
  group: string,
  frames: readonly { readonly data: Uint8Array }[],
): void {
  Deno.bench({
    name: `${group}, the bytes of ${frames.length} frames added up`,
    group,
    baseline: true,
    n: 1,
    warmup: 0,
    fn() {
      let sum = 0;
      for (const { data } of frames) {
        for (let i = 0; i < data.length; i++) sum += data[i]!;
      }
      if (sum === 0) throw new Error("the frames are black");
    },
  });
}

async function printTable(folder: string): Promise<void> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".npz")) names.push(name.slice(0, -4));
  }
  const rows: number[][] = [];
  console.log("video         Jaccard  position  occlusion  ms/frame");
  const print = (name: string, row: readonly number[]) =>
    console.log(
      name.padEnd(12) +
        row.map((value) => value.toFixed(1).padStart(9)).join(""),
    );
  for (const name of names.sort()) {
    const { truth, queries, queryFrames, width, height, frames } =
      await readTrackingTruth(name, folder);
    const start = performance.now();
    const tracks = await trackPoints(frames(), queries);
    const time = (performance.now() - start) / truth.frames;
    const score = scoreTracks(tracks, truth, { width, height, queryFrames });
    const row = [
      100 * score.averageJaccard,
      100 * score.positionAccuracy,
      100 * score.occlusionAccuracy,
      time,
    ];
    rows.push(row);
    print(name, row);
  }
  print(
    "mean",
    [0, 1, 2, 3].map((k) =>
      rows.reduce((sum, row) => sum + row[k]!, 0) / rows.length
    ),
  );
}
