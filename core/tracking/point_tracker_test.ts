import assert from "node:assert/strict";
import {
  type Layer,
  layerPoint,
  noiseTexture,
  pose,
  renderScene,
  scenePoint,
  shapesTexture,
} from "../../tests/fixtures/moving_scene.ts";
import {
  everyOther,
  readTrackingTruth,
} from "../../tests/fixtures/tracking_truth.ts";
import { type PointQuery, PointTracker, trackPoints } from "./point_tracker.ts";
import { scoreTracks } from "./score.ts";

const SIZE = { width: 160, height: 120 };

function framesOf(layers: readonly Layer[], frames: number) {
  return Array.from(
    { length: frames },
    (_, t) => renderScene(layers, t, { ...SIZE, noise: 1 }),
  );
}

/** Follows points and compares them with where the scene has them. */
async function follow(
  layers: readonly Layer[],
  frames: number,
  points: readonly { x: number; y: number }[],
) {
  const queries: PointQuery[] = points.map((p) => ({ frame: 0, ...p }));
  const tracks = await trackPoints(framesOf(layers, frames), queries);
  return points.map((p, n) => {
    const own = layerPoint(layers, p.x, p.y, 0);
    return Array.from({ length: frames }, (_, t) => {
      const at = n * frames + t;
      const truth = scenePoint(layers, own, t, SIZE);
      return {
        visible: tracks.visible[at] === 1,
        truth,
        error: Math.hypot(
          tracks.positions[2 * at]! - truth.x,
          tracks.positions[2 * at + 1]! - truth.y,
        ),
      };
    });
  });
}

Deno.test("a turning, growing surface is followed without drift", async () => {
  const layers = [{
    texture: noiseTexture(3, { coarse: 32 }),
    pose: (t: number) => pose(80 + 0.4 * t, 60, 1 + 0.01 * t, 0.02 * t),
  }];
  const tracks = await follow(layers, 30, [
    { x: 60, y: 50 },
    { x: 100, y: 60 },
    { x: 80, y: 80 },
  ]);
  const worst = Math.max(...tracks.flat().map(({ error }) => error));
  console.log(`largest error ${worst.toFixed(2)} px`);
  assert.ok(worst < 0.5);
  assert.ok(tracks.flat().every(({ visible }) => visible));
});

Deno.test("a point is hidden while something passes in front of it", async () => {
  const layers: Layer[] = [
    {
      texture: shapesTexture(5, { count: 300, ground: 30 }),
      pose: () => pose(80, 60),
    },
    {
      texture: noiseTexture(7, { coarse: 16 }),
      pose: (t) => pose(-30 + 6 * t, 60),
      covers: (u, v) => u * u + v * v < 400,
    },
  ];
  const tracks = await follow(layers, 36, [
    { x: 70, y: 55 },
    { x: 90, y: 66 },
    { x: 80, y: 112 },
  ]);
  const wrong = tracks.flat().filter((s) => s.visible !== s.truth.visible);
  console.log(`${wrong.length} of 108 samples wrongly judged`);
  assert.ok(wrong.length <= 6);
  const seen = tracks.flat().filter((s) => s.truth.visible && s.visible);
  // A point is dragged a little before it counts as covered.
  const exact = seen.filter(({ error }) => error < 1).length;
  console.log(`${exact} of ${seen.length} seen samples within 1 px`);
  assert.ok(exact >= 0.97 * seen.length);
  assert.equal(
    tracks[0]!.filter(({ truth }) => !truth.visible).length > 5,
    true,
  );
});

Deno.test("a point is hidden when only its center is covered", async () => {
  const layers: Layer[] = [
    {
      texture: shapesTexture(29, { count: 300, ground: 30 }),
      pose: () => pose(80, 60),
    },
    {
      texture: noiseTexture(31, { coarse: 8, contrast: 40 }),
      pose: (t) => pose(70 + 0.5 * t, 60),
      covers: (u, v) => u * u + v * v < 14,
    },
  ];
  const [track] = await follow(layers, 50, [{ x: 84, y: 60 }]);
  const covered = track!.filter(({ truth }) => !truth.visible);
  const noticed = covered.filter(({ visible }) => !visible);
  console.log(`${noticed.length} of ${covered.length} covered samples noticed`);
  assert.equal(covered.length, 15);
  assert.ok(noticed.length >= 10);
  assert.ok(
    track!.slice(-8).every(({ visible, error }) => visible && error < 1),
  );
});

Deno.test("an object that leaves the frame is found again when it returns", async () => {
  const layers: Layer[] = [
    {
      texture: noiseTexture(11, { coarse: 64, contrast: 30 }),
      pose: () => pose(80, 60),
    },
    {
      texture: shapesTexture(13, { count: 700 }),
      pose: (t) => pose(80 + 130 * Math.sin(t / 8), 60),
      covers: (u, v) => u * u + v * v < 900,
    },
  ];
  const tracks = await follow(layers, 40, [{ x: 80, y: 60 }, { x: 90, y: 50 }]);
  for (const track of tracks) {
    assert.ok(track.some(({ truth }) => !truth.visible));
    const end = track.slice(24, 29);
    assert.ok(end.every(({ truth, visible }) => truth.visible === visible));
    assert.ok(end.every(({ error }) => error < 1));
  }
});

Deno.test("a point that is given later starts there, and others do not change", () => {
  const layers = [{
    texture: noiseTexture(17, { coarse: 32 }),
    pose: (t: number) => pose(80 + t, 60),
  }];
  const tracker = new PointTracker([
    { frame: 0, x: 60, y: 60 },
    { frame: 3, x: 70, y: 70 },
  ]);
  framesOf(layers, 6).forEach((frame) => tracker.step(frame));
  const { visible, positions } = tracker.tracks();
  assert.deepEqual([...visible], [1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1]);
  assert.equal(positions[2 * 9], 70);
  assert.ok(Math.abs(positions[2 * 11]! - 72) < 0.2);
});

Deno.test("the same video gives the same tracks", async () => {
  const layers = [{
    texture: shapesTexture(19, { count: 300 }),
    pose: (t: number) => pose(80 - t, 60, 1, 0.01 * t),
  }];
  const frames = framesOf(layers, 8);
  const queries = [{ frame: 0, x: 50.5, y: 40.25 }];
  assert.deepEqual(
    await trackPoints(frames, queries),
    await trackPoints(frames, queries),
  );
});

Deno.test("progress is reported and a signal ends the work", async () => {
  const frames = framesOf(
    [{ texture: noiseTexture(23), pose: () => pose(80, 60) }],
    3,
  );
  const queries = [{ frame: 0, x: 80, y: 60 }];
  const done: number[] = [];
  await trackPoints(frames, queries, { onProgress: (n) => done.push(n) });
  assert.deepEqual(done, [1, 2, 3]);
  const controller = new AbortController();
  await assert.rejects(
    trackPoints(frames, queries, {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    }),
    /enough/,
  );
});

Deno.test("points and frames that cannot be tracked are refused", async () => {
  assert.throws(
    () => new PointTracker([{ frame: 0, x: NaN, y: 0 }]),
    /point 0 at \(NaN, 0\)/,
  );
  assert.throws(
    () => new PointTracker([{ frame: -1, x: 0, y: 0 }]),
    /point 0 from frame -1/,
  );
  const frame = (width: number, height: number) => ({
    width,
    height,
    data: new Uint8Array(3 * width * height),
  });
  const tracker = new PointTracker([{ frame: 0, x: 9, y: 9 }]);
  assert.throws(() => tracker.step(frame(8, 40)), /at least 16x16/);
  tracker.step(frame(40, 40));
  assert.throws(() => tracker.step(frame(41, 40)), /expected 40x40/);
  await assert.rejects(
    trackPoints([frame(20, 20)], [{ frame: 1, x: 2, y: 2 }]),
    /point 0 from frame 1: the video has 1/,
  );
});

for (
  const [name, least] of [["lowtexture", 0.65], ["leave", 0.75]] as const
) {
  Deno.test(`the points of ${name} are followed as well as measured before`, async () => {
    const { truth, queries, queryFrames, width, height, frames } = everyOther(
      await readTrackingTruth(name),
    );
    const tracks = await trackPoints(frames(), queries);
    const score = scoreTracks(tracks, truth, { width, height, queryFrames });
    console.log(
      `${name}: average Jaccard ${(100 * score.averageJaccard).toFixed(1)}`,
    );
    assert.ok(score.averageJaccard > least);
  });
}
