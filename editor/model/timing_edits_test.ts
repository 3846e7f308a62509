import assert from "node:assert/strict";
import { FULL_TIMING, type Shape } from "./document.ts";
import {
  clampFrame,
  meanSpeed,
  moveTiming,
  setTimingEnd,
  shapeLength,
  speedProblem,
  withSpeed,
} from "./timing_edits.ts";

const line: Shape = {
  kind: "spline",
  curve: "linear",
  tension: 0,
  points: [{ x: 0, y: 0 }, { x: 60, y: 80 }],
};
const last = { last: 120 };
const middle = { ...FULL_TIMING, start: 20, end: 60 };

Deno.test("clampFrame() gives whole frames of the clip", () => {
  assert.deepEqual([-3, 1.5, 119.6, 400].map((at) => clampFrame(at, 120)), [
    0,
    2,
    120,
    120,
  ]);
});

Deno.test("setTimingEnd() moves one end and never past the other", () => {
  assert.deepEqual(setTimingEnd(middle, { start: 10 }, last).start, 10);
  assert.deepEqual(setTimingEnd(middle, { start: 90 }, last), {
    ...middle,
    start: 60,
  });
  assert.deepEqual(setTimingEnd(middle, { end: 3 }, last), {
    ...middle,
    end: 20,
  });
  assert.deepEqual(setTimingEnd(middle, { end: 900 }, last).end, 120);
});

Deno.test("moveTiming() keeps the length at both ends of the clip", () => {
  assert.deepEqual(moveTiming(middle, -50, last), {
    ...middle,
    start: 0,
    end: 40,
  });
  assert.deepEqual(moveTiming(middle, 99, last), {
    ...middle,
    start: 80,
    end: 120,
  });
  assert.equal(moveTiming(FULL_TIMING, 5, last), FULL_TIMING);
});

Deno.test("shapeLength() measures every kind of shape", () => {
  assert.equal(shapeLength(line), 100);
  assert.equal(shapeLength({ kind: "static", x: 1, y: 1 }), 0);
  assert.equal(
    shapeLength({
      kind: "circle",
      x: 0,
      y: 0,
      count: 4,
      angle: 0,
      radii: [{ frame: 0, radius: 10 }, { frame: 60, radius: 30 }, {
        frame: 120,
        radius: 25,
      }],
    }),
    25,
  );
  const samples = Array.from({ length: 363 }, (_, i) => i % 3 === 0 ? i : 1);
  assert.equal(shapeLength({ kind: "free", samples }), 360);
  assert.equal(
    shapeLength({
      kind: "freehand",
      points: [{ x: 0, y: 0 }, { x: 0, y: 7 }],
      speed: "even",
      times: [],
    }),
    7,
  );
});

Deno.test("withSpeed() changes the end and leaves the start", () => {
  assert.deepEqual(withSpeed({ shape: line, timing: middle }, 4, last), {
    ...middle,
    end: 45,
  });
  assert.equal(
    meanSpeed(line, withSpeed({ shape: line, timing: middle }, 4, last)),
    4,
  );
  // Slower than the clip is long: as slow as it can be.
  assert.equal(withSpeed({ shape: line, timing: middle }, 0.1, last).end, 120);
  assert.equal(withSpeed({ shape: line, timing: middle }, 1e6, last).end, 21);
  assert.equal(withSpeed({ shape: line, timing: middle }, 0, last), middle);
  assert.equal(
    withSpeed(
      { shape: { kind: "static", x: 0, y: 0 }, timing: middle },
      3,
      last,
    ),
    middle,
  );
  assert.equal(meanSpeed(line, { ...middle, end: 20 }), 0);
});

Deno.test("a speed that cannot be says why", () => {
  const shape = {
    ...{ kind: "spline", curve: "linear", tension: 0 } as const,
    points: [{ x: 0, y: 0 }, { x: 40, y: 0 }],
  };
  const motion = { shape, timing: { ...FULL_TIMING, start: 30 } };
  assert.equal(speedProblem(motion, 1, last), undefined);
  assert.equal(
    speedProblem(motion, 0.1, last),
    "The slowest is 0.44 px/frame: 40 px in 90 frames. Start it earlier or make the path longer",
  );
  assert.match(speedProblem(motion, 100, last)!, /The fastest is 40 px\/frame/);
  assert.match(
    speedProblem({ shape, timing: { ...FULL_TIMING, start: 120 } }, 1, last)!,
    /starts at the last frame, 120/,
  );
});
