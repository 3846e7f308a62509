import assert from "node:assert/strict";
import { type ControlPoints, type DeformOptions, deformPoints } from "./mls.ts";

function controls(
  pairs: readonly (readonly [number, number, number, number])[],
): ControlPoints {
  return {
    count: pairs.length,
    from: Float64Array.from(pairs.flatMap(([x, y]) => [x, y])),
    to: Float64Array.from(pairs.flatMap(([, , x, y]) => [x, y])),
    weight: new Float64Array(pairs.length).fill(1),
  };
}

function moved(
  x: number,
  y: number,
  ...how: [ControlPoints, DeformOptions?]
): [number, number] {
  const point = new Float64Array([x, y]);
  deformPoints(point, ...how);
  return [point[0]!, point[1]!];
}

function assertNear(
  found: readonly [number, number],
  expected: readonly [number, number],
  tolerance = 1e-6,
) {
  const gap = Math.hypot(found[0] - expected[0], found[1] - expected[1]);
  assert.ok(gap <= tolerance, `${found} is ${gap} from ${expected}`);
}

Deno.test("deformPoints() moves nothing without control points", () => {
  assertNear(moved(3, 4, controls([])), [3, 4], 0);
});

Deno.test("deformPoints() translates by a lone control point", () => {
  const lone = controls([[10, 10, 25, 5]]);
  for (const [x, y] of [[10, 10], [0, 0], [-300, 40], [10.001, 10]]) {
    assertNear(moved(x!, y!, lone), [x! + 15, y! - 5]);
  }
});

Deno.test("deformPoints() reproduces a rigid motion everywhere", () => {
  const angle = 0.7, cos = Math.cos(angle), sin = Math.sin(angle);
  const move = (x: number, y: number) =>
    [cos * x - sin * y + 5, sin * x + cos * y - 2] as const;
  const pairs = [[0, 0], [50, 10], [20, 60], [-30, 20]] as const;
  const rigid = controls(pairs.map(([x, y]) => [x, y, ...move(x, y)]));
  for (const [x, y] of [[7, 9], [100, -50], [20, 60]] as const) {
    assertNear(moved(x, y, rigid, { steps: 1 }), move(x, y), 1e-6);
  }
});

Deno.test("deformPoints() carries each control point to its end", () => {
  const mixed = controls([[0, 0, 8, 3], [40, 0, 40, 0], [20, 30, 14, 44]]);
  for (let i = 0; i < 3; i++) {
    assertNear(
      moved(mixed.from[2 * i]!, mixed.from[2 * i + 1]!, mixed),
      [mixed.to[2 * i]!, mixed.to[2 * i + 1]!],
      1e-3,
    );
  }
});

Deno.test("deformPoints() ignores control points without weight", () => {
  const pair = controls([[0, 0, 10, 0], [5, 5, 0, 90]]);
  pair.weight[1] = 0;
  assertNear(moved(5, 5, pair), [15, 5]);
});

/** The signed areas of a grid's cells after a deformation; negative is folded. */
function smallestCell(ends: ControlPoints, steps: number): number {
  const n = 40, points = new Float64Array(2 * (n + 1) ** 2);
  for (let j = 0, k = 0; j <= n; j++) {
    for (let i = 0; i <= n; i++) {
      points[k++] = 100 * i / n;
      points[k++] = 100 * j / n;
    }
  }
  deformPoints(points, ends, { steps });
  let least = Infinity;
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < n; i++) {
      const a = 2 * (j * (n + 1) + i), b = a + 2, c = a + 2 * (n + 1);
      const area =
        (points[b]! - points[a]!) * (points[c + 1]! - points[a + 1]!) -
        (points[b + 1]! - points[a + 1]!) * (points[c]! - points[a]!);
      least = Math.min(least, area);
    }
  }
  return least;
}

Deno.test("deformPoints() in steps does not fold where one jump does", () => {
  const pins = Array.from({ length: 40 }, (_, i) => {
    const along = 10 * (i % 10);
    const [x, y] = [[along, 0], [100, along], [100 - along, 100], [
      0,
      100 - along,
    ]][
      Math.floor(i / 10)
    ] as [number, number];
    return [x, y, x, y] as const;
  });
  const far = controls([[30, 50, 70, 50], ...pins]);
  assert.ok(smallestCell(far, 1) < 0, "the test is too easy");
  assert.ok(smallestCell(far, 12) > 0);
});

Deno.test("deformPoints() turns a group by half without passing its hub", () => {
  const ring = Array.from({ length: 8 }, (_, i) => {
    const angle = i * Math.PI / 4;
    const x = 30 * Math.cos(angle), y = 30 * Math.sin(angle);
    return [-x, -y, x, y] as const;
  });
  const wheel = {
    ...controls(ring),
    turn: {
      angle: Math.PI,
      scale: 1,
      to: [0, 0] as const,
      share: new Float64Array(8).fill(1),
    },
  };
  for (const [x, y] of [[10, 0], [3, -20], [-25, 25]] as const) {
    assertNear(moved(x, y, wheel, { steps: 12 }), [-x, -y], 1e-6);
  }
});

Deno.test("deformPoints() takes no rotation from what rounding leaves of a lone control point", () => {
  let random = 1;
  const next = () => (random = random * 48271 % 2147483647) / 2147483647;
  for (let i = 0; i < 2000; i++) {
    const x = 800 * next(), y = 800 * next();
    const lone = controls([[x, y, x + 3, y - 4]]);
    const at = [800 * next(), 800 * next()] as const;
    assertNear(moved(...at, lone, { steps: 1 }), [at[0] + 3, at[1] - 4], 1e-9);
  }
});

Deno.test("deformPoints() turns what is far from a close pair of control points", () => {
  const cos = Math.cos(0.5), sin = Math.sin(0.5);
  const turn = (x: number, y: number) =>
    [cos * x - sin * y, sin * x + cos * y] as const;
  const pair = controls([[0, 0, 0, 0], [0.1, 0, ...turn(0.1, 0)]]);
  assertNear(moved(300, 40, pair, { steps: 1 }), turn(300, 40), 1e-3);
});
