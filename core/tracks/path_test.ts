import assert from "node:assert/strict";
import {
  bezierPolyline,
  cardinalHandles,
  measurePath,
  pointAt,
} from "./path.ts";

Deno.test("a straight path stays straight, whatever its handles", () => {
  const points = [{ x: 0, y: 0 }, { x: 6, y: 0 }];
  const handles = cardinalHandles(points, 0);
  assert.equal(handles[0]!.out.x, 1);
  const line = bezierPolyline(points, handles);
  assert.deepEqual(line[0], points[0]);
  assert.deepEqual(line.at(-1), points[1]);
  assert.ok(line.every(({ y }) => y === 0));
});

Deno.test("a place on a path is measured along the path", () => {
  const path = measurePath([{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 10, y: 30 }]);
  assert.deepEqual(pointAt(path, 0), { x: 0, y: 0 });
  assert.deepEqual(pointAt(path, 0.5), { x: 10, y: 10 });
  assert.deepEqual(pointAt(path, 1), { x: 10, y: 30 });
});
