import assert from "node:assert/strict";
import {
  fitView,
  keepInSight,
  MAX_SCALE,
  panView,
  toImage,
  toScreen,
  zoomView,
} from "./view.ts";

const STAGE = { width: 800, height: 400 };
const IMAGE = { width: 832, height: 480 };
const SIZES = { image: IMAGE, stage: STAGE };

Deno.test("fitView() shows the whole image in the middle", () => {
  const view = fitView(IMAGE, STAGE, 20);
  const from = toScreen(view, { x: 0, y: 0 });
  const to = toScreen(view, { x: 832, y: 480 });
  assert.ok(Math.abs(from.y - 20) < 1e-9 && Math.abs(to.y - 380) < 1e-9);
  assert.ok(Math.abs(from.x - (800 - to.x)) < 1e-9);
  assert.ok(from.x >= 20);
});

Deno.test("fitView() enlarges a small image to twice its size at most", () => {
  assert.equal(fitView({ width: 50, height: 20 }, STAGE).scale, 2);
});

Deno.test("toImage() undoes toScreen()", () => {
  const view = { scale: 3.7, x: -120, y: 44 };
  const back = toImage(view, toScreen(view, { x: 17, y: -3 }));
  assert.ok(Math.abs(back.x - 17) < 1e-9 && Math.abs(back.y + 3) < 1e-9);
});

Deno.test("zoomView() keeps what is under the pointer", () => {
  const view = fitView(IMAGE, STAGE);
  const at = { x: 333, y: 222 };
  const before = toImage(view, at);
  const after = toImage(zoomView(view, { scale: 1.7, at }, SIZES), at);
  assert.ok(Math.hypot(before.x - after.x, before.y - after.y) < 1e-9);
});

Deno.test("zoomView() stops at its limits", () => {
  const view = fitView(IMAGE, STAGE);
  const at = { x: 400, y: 200 };
  assert.equal(zoomView(view, { scale: 1e9, at }, SIZES).scale, MAX_SCALE);
  assert.equal(
    zoomView(view, { scale: 1e-9, at }, SIZES).scale,
    view.scale / 4,
  );
});

Deno.test("panView() cannot lose the image", () => {
  const view = fitView(IMAGE, STAGE);
  for (const way of [1e6, -1e6]) {
    const moved = panView(view, { dx: way, dy: way }, SIZES);
    const left = toScreen(moved, { x: 0, y: 0 });
    const right = toScreen(moved, { x: 832, y: 480 });
    assert.ok(left.x < STAGE.width - 40 && right.x > 40);
    assert.ok(left.y < STAGE.height - 40 && right.y > 40);
  }
});

Deno.test("keepInSight() leaves a view that is in sight as it is", () => {
  const view = fitView(IMAGE, STAGE);
  assert.deepEqual(keepInSight(view, SIZES), view);
});
