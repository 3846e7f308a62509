import assert from "node:assert/strict";
import { splinePolyline, subdivideSpline } from "./curve.ts";
import { ease } from "../../core/tracks/easing.ts";
import { measurePath, pointAt, pointAtKey } from "../../core/tracks/path.ts";
import { EASINGS, progressAt } from "./easing.ts";
import type { Point, Shape } from "./document.ts";

type Spline = Extract<Shape, { kind: "spline" }>;
const zigzag: Spline = {
  kind: "spline",
  curve: "cardinal",
  tension: 0.3,
  points: [{ x: 0, y: 0 }, { x: 40, y: 30 }, { x: 80, y: -10 }, {
    x: 90,
    y: 50,
  }],
};

function nearest(line: readonly Point[], p: Point): number {
  return Math.min(...line.map((q) => Math.hypot(q.x - p.x, q.y - p.y)));
}

Deno.test("splinePolyline() runs through every control point of every curve", () => {
  for (const curve of ["cardinal", "linear", "bezier"] as const) {
    const line = splinePolyline({ ...zigzag, curve });
    for (const p of zigzag.points) {
      assert.ok(nearest(line, p) < 1e-9, `${curve} misses ${p.x}, ${p.y}`);
    }
  }
});

Deno.test("splinePolyline() is straight at tension 1", () => {
  for (const p of splinePolyline({ ...zigzag, tension: 1 }).slice(0, 49)) {
    assert.ok(Math.abs(p.y - 0.75 * p.x) < 1e-9);
  }
});

Deno.test("subdivideSpline() keeps a bezier curve's shape", () => {
  const bezier: Spline = {
    ...zigzag,
    curve: "bezier",
    points: zigzag.points.map((p) => ({
      ...p,
      in: { x: -12, y: 5 },
      out: { x: 9, y: -14 },
    })),
  };
  const before = splinePolyline(bezier);
  const after = splinePolyline(subdivideSpline(bezier, 1));
  // Every old sample of the split piece lies on the new curve.
  const fine = measurePath(after);
  for (const p of before.slice(49, 97)) {
    let best = Infinity;
    for (let k = 0; k <= 4000; k++) {
      const q = pointAt(fine, k / 4000);
      best = Math.min(best, Math.hypot(q.x - p.x, q.y - p.y));
    }
    assert.ok(best < 0.08, `${best}`);
  }
  assert.throws(() => subdivideSpline(bezier, 3), RangeError);
});

Deno.test("pointAt() walks at even speed and overshoots straight on", () => {
  const path = measurePath([{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 10, y: 0 }]);
  assert.deepEqual(pointAt(path, 0.5), { x: 5, y: 0 });
  assert.deepEqual(pointAt(path, 1.2), { x: 12, y: 0 });
  assert.deepEqual(pointAt(path, -0.1), { x: -1, y: 0 });
});

Deno.test("pointAtKey() steps over repeated keys", () => {
  const points = [{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 1, y: 0 }];
  assert.deepEqual(pointAtKey(points, [0, 1, 1], 1), { x: 1, y: 0 });
  assert.deepEqual(pointAtKey(points, [0, 0, 0], 0), { x: 0, y: 0 });
});

Deno.test("ease() meets the values of CSS", () => {
  // ease-in-out at a quarter, by definition symmetric about one half.
  const value = ease(EASINGS["Slow start and end"], 0.25);
  assert.ok(Math.abs(value - 0.12916) < 1e-4, `${value}`);
  assert.ok(
    Math.abs(value + ease(EASINGS["Slow start and end"], 0.75) - 1) < 1e-9,
  );
  assert.ok(ease(EASINGS.Overshoot, 0.7) > 1);
});

Deno.test("progressAt() holds outside its frames, also for a sudden jump", () => {
  const timing = {
    start: 10,
    end: 20,
    easing: EASINGS.Even,
    outside: "hold",
  } as const;
  const at = (frame: number, t = timing) =>
    progressAt({ ...t, easing: [...t.easing] }, frame);
  assert.deepEqual([at(0), at(10), at(15), at(20), at(120)], [0, 0, 0.5, 1, 1]);
  const jump = { ...timing, start: 10, end: 10 };
  assert.deepEqual(
    [9, 10, 11].map((f) => progressAt({ ...jump, easing: [0, 0, 1, 1] }, f)),
    [0, 1, 1],
  );
});
