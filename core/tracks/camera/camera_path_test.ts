import assert from "node:assert/strict";
import { cameraPath, positionOf, seePoint } from "./camera_path.ts";
import { pinhole } from "./pinhole.ts";
import type { SceneMove, SceneMoveKind } from "./scene_move.ts";

const CAMERA = pinhole({ width: 800, height: 400 }, { fov: 90 }); // focal 400

function seen(
  moves: readonly SceneMove[],
  point = { x: 400, y: 200 },
  frame = 120,
) {
  return seePoint(cameraPath(CAMERA, { moves }), point, { frame, inverse: 1 });
}

Deno.test("each move goes to the side that its name says", () => {
  const center = (kind: SceneMoveKind, amount: number) =>
    seen([{ kind, amount }]);
  assert.ok(center("pan", 10).x < 400, "pan right: the image moves left");
  assert.ok(center("tilt", 10).y > 200, "tilt up: the image moves down");
  assert.ok(center("truck", 0.1).x < 400, "truck right: the image moves left");
  assert.ok(center("pedestal", 0.1).y > 200, "pedestal up: it moves down");
  const right = { x: 500, y: 200 };
  assert.ok(
    seen([{ kind: "roll", amount: 10 }], right).y < 200,
    "roll clockwise: the image turns counterclockwise",
  );
  assert.ok(seen([{ kind: "dolly", amount: 0.1 }], right).x > 500);
  assert.ok(seen([{ kind: "zoom", amount: 1.1 }], right).x > 500);
  // Orbit right: the camera goes to the right, and the pivot stays.
  const path = cameraPath(CAMERA, { moves: [{ kind: "orbit", amount: 30 }] });
  const [x, , z] = positionOf(path.poses[120]!);
  assert.ok(Math.abs(x - 0.5) < 1e-12);
  assert.ok(Math.abs(z - (1 - Math.sqrt(3) / 2)) < 1e-12);
  const pivot = seen([{ kind: "orbit", amount: 30 }]);
  assert.ok(Math.hypot(pivot.x - 400, pivot.y - 200) < 1e-9);
});

Deno.test("pan by the angle of a point brings it to the center", () => {
  const { x, y } = seen([{ kind: "pan", amount: 45 }], { x: 800, y: 200 });
  assert.ok(Math.hypot(x - 400, y - 200) < 1e-9);
  const up = seen([{ kind: "tilt", amount: Math.atan(0.5) * 180 / Math.PI }], {
    x: 400,
    y: 0,
  });
  assert.ok(Math.hypot(up.x - 400, up.y - 200) < 1e-9);
});

Deno.test("moves act in their order, each from where the camera then is", () => {
  // Half around the pivot, then forward: towards the pivot from behind it.
  const behind = cameraPath(CAMERA, {
    moves: [{ kind: "orbit", amount: 180 }, { kind: "dolly", amount: 0.25 }],
  });
  const [x, y, z] = positionOf(behind.poses[120]!);
  assert.ok(Math.hypot(x, y, z - 1.75) < 1e-12);
  // Forward first: the orbit keeps to its point, now half as far away.
  const near = cameraPath(CAMERA, {
    moves: [{ kind: "dolly", amount: 0.5 }, { kind: "orbit", amount: 180 }],
  });
  assert.ok(Math.abs(positionOf(near.poses[120]!)[2] - 1.5) < 1e-12);
  // Turned right by 90 degrees, forward is to the right.
  const aside = cameraPath(CAMERA, {
    moves: [{ kind: "pan", amount: 90 }, { kind: "dolly", amount: 1 }],
  });
  assert.ok(Math.abs(positionOf(aside.poses[120]!)[0] - 1) < 1e-12);
});

Deno.test("moves have times and easings of their own", () => {
  const late: SceneMove = { kind: "truck", amount: 0.4, from: 60, to: 90 };
  const x = (frame: number) => Math.round(seen([late], undefined, frame).x);
  assert.deepEqual([0, 60, 75, 90, 120].map(x), [400, 400, 320, 240, 240]);
  const eased = cameraPath(CAMERA, {
    moves: [{ kind: "truck", amount: 0.4 }],
    easing: "ease-in",
  });
  const early = seePoint(eased, { x: 400, y: 200 }, { frame: 30, inverse: 1 });
  assert.ok(early.x > 400 - 160 / 4 + 5, `${early.x} is as far as without`);
  const own = cameraPath(CAMERA, {
    moves: [{ kind: "truck", amount: 0.4, easing: "linear" }],
    easing: "ease-in",
  });
  const even = seePoint(own, { x: 400, y: 200 }, { frame: 30, inverse: 1 });
  assert.ok(Math.abs(even.x - 360) < 1e-9);
});

Deno.test("what is infinitely far does not move with the camera's position", () => {
  const path = cameraPath(CAMERA, { moves: [{ kind: "truck", amount: 5 }] });
  const { x, z } = seePoint(path, { x: 10, y: 10 }, { frame: 120, inverse: 0 });
  assert.equal(x, 10);
  assert.equal(z, 1);
});

Deno.test("frame 0 changes nothing, whatever the moves are", () => {
  const { x, y } = seen(
    [
      { kind: "orbit", amount: 40 },
      { kind: "roll", amount: 9 },
      { kind: "zoom", amount: 2 },
    ],
    { x: 123.25, y: 77.5 },
    0,
  );
  assert.ok(Math.hypot(x - 123.25, y - 77.5) < 1e-9);
});

Deno.test("a path refuses what is no move, unit or pivot", () => {
  const make = (options: Parameters<typeof cameraPath>[1]) => () =>
    cameraPath(CAMERA, options);
  assert.throws(
    make({ moves: [{ kind: "crane" as SceneMoveKind, amount: 1 }] }),
    /Cannot move the camera by "crane", expected one of pan, tilt/,
  );
  assert.throws(
    make({ moves: [{ kind: "pan", amount: NaN }] }),
    /Cannot pan by NaN/,
  );
  assert.throws(
    make({ moves: [{ kind: "zoom", amount: 0 }] }),
    /Cannot zoom by 0, expected 0.01 to 100/,
  );
  assert.throws(
    make({ moves: [{ kind: "pan", amount: 1, from: 50, to: 50 }] }),
    /Cannot pan from frame 50 to 50/,
  );
  assert.throws(make({ moves: [], unit: 0 }), /in units of 0/);
  assert.throws(make({ moves: [], pivot: [0, 0, Infinity] }), /Cannot orbit/);
  assert.throws(() => pinhole({ width: 0, height: 5 }), /0x5/);
  assert.throws(
    () => pinhole({ width: 5, height: 5 }, { fov: 180 }),
    /field of view of 180/,
  );
});
