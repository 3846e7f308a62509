import assert from "node:assert/strict";
import {
  allTrackerFile,
  allTrackerFrames,
  allTrackerLimit,
  allTrackerPoints,
  assertGoldenTracks,
  openAllTracker,
} from "../../../tests/fixtures/alltracker.ts";
import { assertClose, readGolden } from "../../../tests/fixtures/golden.ts";
import { temporaryFolder } from "../../../tests/fixtures/temporary.ts";
import { openComponent } from "../../checkpoint/open_checkpoint.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import { CPU } from "../../onnx/runtime/device.ts";
import { openSession } from "../../onnx/runtime/session.ts";
import { followWindows } from "./_follow_windows.ts";
import { lookUp } from "./_look_up.ts";
import { PointResults } from "./_point_results.ts";
import { buildAllTrackerEncoder } from "./alltracker_graphs.ts";
import { ALL_TRACKER, ALL_TRACKER_TINY } from "./layout.ts";
import { trackWithAllTracker } from "./track_with_alltracker.ts";
import { networkLayout } from "../networks.ts";
import { allTrackerSize, frameTensor, planFrames } from "./working_size.ts";

const sizeOf = (golden: "full" | "tiny") =>
  golden === "full" ? { width: 263, height: 101 } : { width: 170, height: 119 };

for (const [golden, frame] of [["full", 13], ["tiny", 11]] as const) {
  Deno.test(`the ${golden} encoder's features are the reference's`, async () => {
    const component = await openAllTracker(golden);
    const expected = readGolden(`alltracker/${golden}/fmap_${frame}.npy`);
    const [, rows, columns] = expected.dims as [number, number, number];
    const size = sizeOf(golden);
    await using encoder = await openSession(
      buildAllTrackerEncoder(component, { rows, columns }),
      CPU,
    );
    const { features } = await encoder.run({
      frame: frameTensor(
        allTrackerFrames(golden)[frame]!,
        planFrames(size, size),
      ),
    });
    assertClose(
      `${golden}: features of frame ${frame}`,
      { dims: expected.dims, data: features!.data },
      expected,
      { max: allTrackerLimit(golden, `fmap_${frame}`) },
    );
  });
}

Deno.test("a look-up finds what the reference's finds, outside of the frame too", async () => {
  const anchor = readGolden("alltracker/full/fmap_0.npy");
  const features = readGolden("alltracker/full/fmap_13.npy");
  const [channels, rows, columns] = anchor.dims as [number, number, number];
  // Centers of the rows 0, the middle, and the last, of which it has the last two.
  const centers = readGolden("alltracker/full/it3_coords_rows.npy");
  const flow = new Float32Array(2 * rows * columns);
  const places = [0, rows >> 1, rows - 1];
  places.forEach((row, i) => {
    for (let x = 0; x < columns; x++) {
      const at = row * columns + x, from = i * columns + x;
      flow[at] = centers.data[from]! - x;
      flow[rows * columns + at] = centers.data[3 * columns + from]! - row;
    }
  });
  const g = new GraphBuilder("look-up");
  const shape = [1, channels, rows, columns];
  g.output(
    "found",
    lookUp(
      g.input("anchor", "float32", shape),
      g.input("features", "float32", shape),
      g.input("flow", "float32", [1, 2, rows, columns]),
    ),
  );
  await using session = await openSession(g.build(), CPU);
  const { found } = await session.run({
    anchor: { dims: shape, data: anchor.data },
    features: { dims: shape, data: features.data },
    flow: { dims: [1, 2, rows, columns], data: flow },
  });
  const expected = readGolden("alltracker/full/it3_corr_rows.npy");
  const data = new Float32Array(expected.data.length);
  for (let channel = 0; channel < 405; channel++) {
    places.slice(1).forEach((row, i) => {
      const from = (channel * rows + row) * columns;
      data.set(
        found!.data.subarray(from, from + columns),
        (2 * channel + i) * columns,
      );
    });
  }
  assertClose("look-up", { dims: expected.dims, data }, expected, {
    max: allTrackerLimit("full", "it3_corr_rows"),
  });
});

Deno.test("two windows are tracked as by the reference, whichever of them wins", async () => {
  const component = await openAllTracker("full");
  const points = allTrackerPoints("full");
  const progress: number[] = [];
  const windows = await Array.fromAsync(
    followWindows(component, allTrackerFrames("full"), {
      points,
      device: CPU,
      size: sizeOf("full"),
      onProgress: ({ frames, iteration }) => progress.push(frames + iteration),
    }),
  );
  assert.deepEqual(progress, [1, 2, 3, 4, 9, 10, 11, 12]);
  assert.deepEqual(windows.map(({ count }) => count), [16, 10]);
  const tracksOf = (order: typeof windows) => {
    const results = new PointResults(points, windows[0]!.plan);
    for (const window of order) results.take(window);
    return results.tracks();
  };
  const tracks = tracksOf(windows);
  assertGoldenTracks("full", tracks);
  assertGoldenTracks("full", tracksOf(windows.toReversed()), "_sliding");
  for (let t = 0; t < tracks.frames; t++) {
    const [x, y] = tracks.positions.subarray(2 * t, 2 * t + 2);
    const isInside = x! >= 0 && y! >= 0 && x! <= 262 && y! <= 100;
    const sure = tracks.visibility[t]! * tracks.confidence[t]!;
    const seen = t === 0 || (isInside && sure >= 0.6);
    assert.equal(tracks.visible[t], seen ? 1 : 0);
  }
});

Deno.test("points between pixels are blended, and come back at the video's size", async () => {
  const component = await openAllTracker("tiny");
  // Twelve frames of 170 x 119 for one window of 16; a stream is asked for more.
  const frames = (async function* () {
    yield* allTrackerFrames("tiny");
  })();
  const [corner] = allTrackerPoints("tiny");
  const around = [[40, 30], [41, 30], [40, 31], [41, 31]] as const;
  const points = [
    ...allTrackerPoints("tiny"),
    ...around.map(([x, y]) => ({ x, y })),
    { x: 40.25, y: 30.75 },
  ];
  const made = await trackWithAllTracker(component, frames, {
    points,
    device: CPU,
    size: sizeOf("tiny"),
  });
  const count = points.length - 5, length = 2 * count * made.frames;
  assert.deepEqual(corner, { x: 0, y: 0 });
  assertGoldenTracks("tiny", {
    ...made,
    count,
    positions: made.positions.subarray(0, length),
  });
  const moved = (n: number, t: number) =>
    made.positions[2 * (n * made.frames + t)]! - points[n]!.x;
  const last = points.length - 1;
  const weights = [0.75 * 0.25, 0.25 * 0.25, 0.75 * 0.75, 0.25 * 0.75];
  const blended = weights.reduce(
    (sum, weight, i) => sum + weight * moved(count + i, 11),
    0,
  );
  assert.ok(Math.abs(moved(last, 11) - blended) < 1e-3);
});

Deno.test("an abort ends tracking at once", async () => {
  const component = await openAllTracker("tiny");
  const abort = new AbortController();
  let given = 0, returned = false;
  const frames = (async function* () {
    try {
      for (const frame of allTrackerFrames("tiny")) {
        if (++given === 3) abort.abort(new Error("enough"));
        yield frame;
      }
    } finally {
      returned = true;
    }
  })();
  await assert.rejects(
    trackWithAllTracker(component, frames, {
      points: [{ x: 5, y: 5 }],
      device: CPU,
      signal: abort.signal,
    }),
    /enough/,
  );
  assert.ok(given <= 4 && returned, `${given} frames, then returned`);
});

Deno.test("what cannot be tracked is refused", async () => {
  const component = await openAllTracker("tiny");
  const black = (width: number, height: number) => ({
    width,
    height,
    data: new Uint8Array(3 * width * height),
  });
  const track = (
    frames: readonly { width: number; height: number; data: Uint8Array }[],
    options: {
      points?: { x: number; y: number }[];
      size?: { width: number; height: number };
    } = {},
  ) =>
    trackWithAllTracker(component, frames, {
      points: [{ x: 5, y: 5 }],
      device: CPU,
      ...options,
    });
  await assert.rejects(track([]), /there are no frames/);
  await assert.rejects(track([black(8, 8)], { points: [] }), /no points/);
  await assert.rejects(
    track([black(8, 8)], { points: [{ x: NaN, y: 0 }] }),
    /point 0 at \(NaN, 0\), expected finite/,
  );
  await assert.rejects(
    track([black(8, 8)], { size: { width: 64, height: 128 } }),
    /at 64x128 .* at least 128 px/,
  );
  await assert.rejects(
    track([black(8, 8), black(8, 9)], { size: { width: 128, height: 128 } }),
    /frame 1 of 8x9, expected 8x8/,
  );
});

Deno.test("weights that are cut off, or another model's, are refused when they are opened", async () => {
  await using place = await temporaryFolder();
  const bytes = await Deno.readFile(allTrackerFile("tiny"));
  const open = async (content: Uint8Array) => {
    await Deno.writeFile(place.file("a.pth"), content);
    return openComponent("allTracker", place.file("a.pth"));
  };
  await assert.rejects(open(bytes.subarray(0, bytes.length >> 1)), /a\.pth/);
  await assert.rejects(open(bytes.subarray(0, 100)), /a\.pth/);
  await assert.rejects(open(new Uint8Array(0)), /a\.pth/);
  await assert.rejects(
    openComponent(
      "allTracker",
      allTrackerFile("tiny").replace(
        /alltracker.tiny.*/,
        "tiny_vae/taew2_1.pth",
      ),
    ),
    /taew2_1.pth.*"time_emb" is missing/,
  );
});

Deno.test("the official networks have the published numbers of parameters", () => {
  const parameters = [ALL_TRACKER, ALL_TRACKER_TINY].map((config) =>
    networkLayout("allTracker", config)
      .filter(({ name }) => name !== "time_emb") // a table, not a parameter
      .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
  );
  assert.deepEqual(parameters, [16_476_962, 6_294_050]);
});

Deno.test("the working size is near the video's aspect and within the area", () => {
  const size = (width: number, height: number, area: number) => {
    const found = allTrackerSize({ width, height }, area);
    return `${found.width}x${found.height}`;
  };
  assert.equal(size(1920, 1080, 768 * 448), "768x448");
  assert.equal(size(832, 480, 448 * 256), "448x256");
  assert.equal(size(480, 832, 448 * 256), "256x448");
  assert.equal(size(720, 720, 448 * 256), "320x320");
  assert.equal(size(4000, 100, 448 * 256), "896x128");
  assert.equal(size(100, 100, 1), "128x128");
});

Deno.test("a frame is resized between pixel centers, and its edge repeated", () => {
  const data = Uint8Array.from([0, 0, 0, 100, 10, 0]); // 2 x 1
  const plan = planFrames({ width: 2, height: 1 }, { width: 124, height: 128 });
  assert.deepEqual([plan.left, plan.top, plan.padded.width], [2, 0, 128]);
  const { dims, data: out } = frameTensor({ width: 2, height: 1, data }, plan);
  assert.deepEqual(dims, [1, 3, 128, 128]);
  assert.deepEqual([out[0], out[2], out[125], out[127]], [0, 0, 100, 100]);
  // The middle of the frame is between the two.
  assert.ok(Math.abs((out[63]! + out[64]!) / 2 - 50) < 1e-4);
  assert.ok(Math.abs(out[128 * 128 + 127]! - 10) < 1e-4);
});
