import assert from "node:assert/strict";
import { keepFrame, scrollTime, zoomTime } from "./time_view.ts";

const ALL = { first: 0, zoom: 1 };

Deno.test("the timeline is enlarged about a frame, within its ends", () => {
  assert.deepEqual(zoomTime(ALL, 4, { at: 90, last: 120 }), {
    first: 67.5,
    zoom: 4,
  });
  assert.deepEqual(zoomTime(ALL, 4, { at: 120, last: 120 }), {
    first: 90,
    zoom: 4,
  });
  assert.deepEqual(zoomTime(ALL, 0.5, { at: 60, last: 120 }), ALL);
  assert.equal(zoomTime(ALL, 1000, { at: 0, last: 120 }).zoom, 12); // ten frames
  const back = zoomTime(zoomTime(ALL, 1.5, { at: 100, last: 120 }), 1 / 1.5, {
    at: 10,
    last: 120,
  });
  assert.deepEqual(back, ALL);
});

Deno.test("the timeline scrolls as far as there are frames, with the playhead", () => {
  const view = { first: 30, zoom: 4 };
  assert.equal(scrollTime(view, -5, { last: 120 }).first, 0);
  assert.equal(scrollTime(view, 500, { last: 120 }).first, 90);
  assert.equal(keepFrame(view, 45, { last: 120 }), view);
  assert.deepEqual(keepFrame(view, 61, { last: 120 }), {
    first: 60.4,
    zoom: 4,
  });
  assert.deepEqual(keepFrame(view, 20, { last: 120 }), { first: 17, zoom: 4 });
  assert.equal(keepFrame(ALL, 120, { last: 120 }), ALL);
});
