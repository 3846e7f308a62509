import assert from "node:assert/strict";
import { type Candidate, choosePoints } from "./choose_points.ts";

const IMAGE = { width: 100, height: 100 };

function at(
  x: number,
  y: number,
  rest: Partial<Candidate> = {},
): Candidate {
  return { x, y, inverse: 1, seen: 1, ...rest };
}

Deno.test("points at other depths are farther apart than they look", () => {
  const near = at(55, 50), far = at(40, 50, { inverse: 0.1 });
  const level = at(30, 50);
  const chosen = choosePoints([near, level, far], { image: IMAGE, count: 2 });
  assert.deepEqual(chosen, [near, far]);
});

Deno.test("points that are soon gone are taken only for want of others", () => {
  const lasting = [at(50, 50), at(52, 50)];
  const brief = at(5, 5, { seen: 0.2 });
  assert.deepEqual(
    choosePoints([brief, ...lasting], { image: IMAGE, count: 3 }),
    lasting,
  );
  assert.deepEqual(choosePoints([brief], { image: IMAGE, count: 3 }), [brief]);
});

Deno.test("no point is chosen twice, and none from nothing", () => {
  const chosen = choosePoints([at(1, 1), at(1, 1), at(1, 1)], {
    image: IMAGE,
    count: 3,
  });
  assert.equal(chosen.length, 1);
  assert.deepEqual(choosePoints([], { image: IMAGE, count: 3 }), []);
});
