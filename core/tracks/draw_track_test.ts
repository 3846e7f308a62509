import assert from "node:assert/strict";
import { applyCameraMoves } from "./camera.ts";
import { drawTrack } from "./draw_track.ts";
import { ease, EASINGS } from "./easing.ts";
import { TrackSet } from "./track_set.ts";

const A = { x: 10, y: 20 }, B = { x: 110, y: 20 }, C = { x: 110, y: 320 };

Deno.test("drawTrack() walks through its places at an even speed", () => {
  const points = drawTrack([A, B, C], { straight: true });
  assert.equal(points.length, 121);
  assert.ok(points.every(({ visible }) => visible));
  assert.deepEqual({ ...points[30] }, { ...B, visible: true }); // a quarter
  for (let frame = 1; frame <= 120; frame++) {
    const [a, b] = [points[frame - 1]!, points[frame]!];
    const step = Math.hypot(b.x - a.x, b.y - a.y);
    assert.ok(Math.abs(step - 400 / 120) < 1e-9, `${step} px`);
  }
});

Deno.test("drawTrack() curves through its places unless it is told not to", () => {
  const points = drawTrack([A, B, C]);
  const nearest = Math.min(
    ...points.map(({ x, y }) => Math.hypot(x - B.x, y - B.y)),
  );
  assert.ok(nearest < 2, `${nearest} px from the corner`);
  assert.ok(points.some(({ x }) => x > B.x + 5), "it swings out");
  assert.deepEqual([points[0]!.x, points[120]!.y], [A.x, C.y]);
});

Deno.test("drawTrack() rests before its start and after its end", () => {
  const points = drawTrack([A, B], { start: 24, end: 72 });
  assert.deepEqual([0, 24, 48, 72, 120].map((frame) => points[frame]!.x), [
    10,
    10,
    60,
    110,
    110,
  ]);
  const jump = drawTrack([A, B], { start: 60, end: 60 });
  assert.deepEqual([jump[59]!.x, jump[60]!.x], [10, 110]);
});

Deno.test("drawTrack() starts and stops as its easing says", () => {
  const x = (easing: keyof typeof EASINGS, frame: number) =>
    drawTrack([A, B], { easing })[frame]!.x;
  assert.equal(x("linear", 60), 60);
  assert.ok(x("ease-in", 60) < 50 && x("ease-out", 60) > 70);
  assert.ok(Math.abs(x("ease-in-out", 60) - 60) < 1e-6);
  assert.ok(x("ease-in-out", 12) < 14);
  const beyond = drawTrack([A, B], { easing: [0.34, 1.56, 0.64, 1] });
  assert.ok(beyond.some(({ x }) => x > 112) && beyond[120]!.x === 110);
});

Deno.test("drawTrack() stands still at one place, and follows a function", () => {
  assert.ok(drawTrack([A]).every(({ x, y }) => x === A.x && y === A.y));
  const wave = drawTrack((t) => ({ x: 100 * t, y: Math.sin(t) }));
  assert.deepEqual([wave[60]!.x, wave[60]!.y], [50, Math.sin(0.5)]);
});

Deno.test("drawTrack() refuses what is no way", () => {
  const refused = (message: RegExp, ...how: Parameters<typeof drawTrack>) =>
    assert.throws(() => drawTrack(...how), { name: "RangeError", message });
  refused(/through no place/, []);
  refused(/NaN, 1 at frame 0/, [{ x: NaN, y: 1 }]);
  refused(/from frame 30 to 12/, [A, B], { start: 30, end: 12 });
  refused(/from frame 0 to 121/, [A, B], { end: 121 });
  refused(/by "slow", expected linear, ease-in/, [A, B], {
    easing: "slow" as "linear",
  });
  refused(/by \[2, 0, 1, 1\]/, [A, B], { easing: [2, 0, 1, 1] });
});

Deno.test("applyCameraMoves() eases a camera move, and ends where an even one does", () => {
  const still = TrackSet.fromPoints([drawTrack([A])]);
  const pan = { kind: "pan", dx: 1, dy: 0 } as const;
  const eased = applyCameraMoves(still, pan, { easing: "ease-in-out" });
  assert.deepEqual([eased.x(0, 0), eased.x(0, 120)], [10, 130]);
  const expected = 10 + 120 * ease(EASINGS["ease-in-out"], 0.25);
  assert.ok(Math.abs(eased.x(0, 30) - expected) < 1e-4);
  assert.ok(eased.x(0, 30) < applyCameraMoves(still, pan).x(0, 30));
});
