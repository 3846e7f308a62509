import assert from "node:assert/strict";
import { cameraMotion, widestSegment } from "./clip_points.ts";
import { IDENTITY, type PlaneMap } from "./fit_map.ts";
import type { PointTracks } from "./point_tracker.ts";

const FRAMES = 5;

/** Points in rows of 10 from a height on that move by so many px a frame. */
function rows(count: number, top: number, height: number, step: number) {
  const far = (count / 10 - 1) || 1;
  return Array.from({ length: count }, (_, n) => {
    const x = 5 + 60 * (n % 10), y = top + Math.floor(n / 10) * height / far;
    return Array.from({ length: FRAMES }, (_, t) => [x + step * t, y]).flat();
  });
}

Deno.test("a train below a row of houses is not the camera", () => {
  // Fewer points, which reach over a larger part of the frame.
  const points = [...rows(100, 5, 155, 0), ...rows(60, 170, 185, 18)];
  const tracks: PointTracks = {
    count: points.length,
    frames: FRAMES,
    positions: Float32Array.from(points.flat()),
    visible: new Uint8Array(points.length * FRAMES).fill(1),
  };
  const moved = Array.from(
    { length: FRAMES },
    (_, t): PlaneMap => [1, 0, 18 * t, 0, 1, 0, 0, 0, 1],
  );
  const indices = Array.from({ length: points.length }, (_, n) => n);
  const still = moved.map(() => IDENTITY);
  const houses = {
    kind: "camera",
    points: indices.slice(0, 100),
    maps: still,
  } as const;
  const train = {
    kind: "object",
    points: indices.slice(100),
    maps: moved,
  } as const;
  assert.deepEqual(cameraMotion(tracks, [houses, train]), still);
  assert.equal(widestSegment(tracks, [houses, train]), houses);
  // About as many of the houses: now the area tells.
  const fewer = { ...houses, points: houses.points.slice(0, 70) };
  assert.equal(widestSegment(tracks, [fewer, train]), train);
  assert.equal(widestSegment(tracks, []), undefined);
});
