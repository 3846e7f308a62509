import assert from "node:assert/strict";
import {
  composeMaps,
  fitMap,
  IDENTITY,
  invertMap,
  mapPoint,
  type PlaneMap,
} from "./fit_map.ts";

const POINTS = [
  { x: 3, y: 5 },
  { x: 700, y: 20 },
  { x: 640, y: 470 },
  { x: 12, y: 400 },
  { x: 300, y: 333 },
  { x: 411, y: 99 },
];
const TRUTH = {
  similarity: [0.9, -0.3, 12, 0.3, 0.9, -40, 0, 0, 1],
  affine: [0.9, 0.2, 12, -0.3, 1.1, -40, 0, 0, 1],
  homography: [0.9, 0.2, 12, -0.3, 1.1, -40, 2e-4, -1e-4, 1],
} as const satisfies Record<string, PlaneMap>;

for (const kind of ["similarity", "affine", "homography"] as const) {
  const needed = { similarity: 2, affine: 3, homography: 4 }[kind];
  for (const count of [needed, POINTS.length]) {
    Deno.test(`a ${kind} is found exactly by ${count} pairs`, () => {
      const from = POINTS.slice(0, count);
      const to = from.map((p) => mapPoint(TRUTH[kind], p));
      const map = fitMap(from, to, { kind })!;
      const largest = Math.max(...POINTS.map((p) => {
        const a = mapPoint(map, p), b = mapPoint(TRUTH[kind], p);
        return Math.hypot(a.x - b.x, a.y - b.y);
      }));
      console.log(`${kind}: largest error ${largest.toExponential(1)} px`);
      assert.ok(largest < 1e-6);
    });
  }
}

Deno.test("more pairs than needed are fitted with the least squares", () => {
  const to = POINTS.map(({ x, y }, n) => ({ x: x + (n % 2 ? 1 : -1), y }));
  const map = fitMap(POINTS, to, { kind: "similarity" })!;
  const worst = Math.max(
    ...POINTS.map((p, n) => Math.abs(mapPoint(map, p).x - to[n]!.x)),
  );
  assert.ok(worst > 0.5 && worst < 1.6);
});

Deno.test("points that fix no map give none, too few are refused", () => {
  const line = [0, 1, 2, 3].map((k) => ({ x: 10 * k, y: 10 * k }));
  assert.equal(fitMap(line, line, { kind: "affine" }), undefined);
  const one = [{ x: 1, y: 1 }, { x: 1, y: 1 }];
  assert.equal(fitMap(one, one, { kind: "similarity" }), undefined);
  assert.throws(
    () => fitMap(line.slice(0, 3), line.slice(0, 3), { kind: "homography" }),
    /"homography" to 3 and 3 points, expected at least 4/,
  );
});

Deno.test("a map undone is the identity", () => {
  const map = composeMaps(invertMap(TRUTH.homography), TRUTH.homography);
  map.forEach((value, k) =>
    assert.ok(Math.abs(value / map[8] - IDENTITY[k]!) < 1e-9)
  );
  assert.throws(() => invertMap([1, 0, 0, 1, 0, 0, 0, 0, 1]), /flattens/);
});
