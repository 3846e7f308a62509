import assert from "node:assert/strict";
import { TrackSet } from "../tracks/track_set.ts";
import {
  everywhere,
  type Path,
  tracksOf,
} from "../../tests/fixtures/track_paths.ts";
import { type MotionMesh, type MotionPlan, planMotion } from "./motion_plan.ts";
import { seeded } from "../base/seeded.ts";

const SIZE = { width: 640, height: 360 };
const CENTER = [320, 180] as const;

/** What a fine mesh shows at a place of the output, in px of the source. */
function seenAt(
  plan: MotionPlan,
  frame: number,
  [x, y]: readonly [number, number],
) {
  const { columns, source } = plan.mesh(frame, { columns: 128, rows: 72 });
  const i = Math.round(x / 5), j = Math.round(y / 5);
  assert.ok(i >= 0 && i <= 128 && j >= 0 && j <= 72);
  const at = 2 * (j * (columns + 1) + i);
  return [640 * source[at]!, 360 * source[at + 1]!] as const;
}

function assertNear(
  found: readonly [number, number],
  expected: readonly [number, number],
  tolerance: number,
) {
  const gap = Math.hypot(found[0] - expected[0], found[1] - expected[1]);
  assert.ok(
    gap <= tolerance,
    `${found.map((v) => v.toFixed(2))} is ${
      gap.toFixed(2)
    } px from ${expected}`,
  );
}

/** The mesh's furthest place from rest, in px. */
function furthest(
  { columns, rows, source }: MotionMesh,
  border = false,
): number {
  let most = 0;
  for (let j = 0, k = 0; j <= rows; j++) {
    for (let i = 0; i <= columns; i++, k += 2) {
      if (border && i % columns !== 0 && j % rows !== 0) continue;
      most = Math.max(
        most,
        Math.hypot(
          640 * (source[k]! - i / columns),
          360 * (source[k + 1]! - j / rows),
        ),
      );
    }
  }
  return most;
}

/** How many cells of a mesh are turned inside out. */
function folds({ columns, rows, source }: MotionMesh): number {
  let count = 0;
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const a = 2 * (j * (columns + 1) + i), b = a + 2;
      const c = a + 2 * (columns + 1);
      const area =
        (source[b]! - source[a]!) * (source[c + 1]! - source[a + 1]!) -
        (source[b + 1]! - source[a + 1]!) * (source[c]! - source[a]!);
      if (!(area > 0)) count++;
    }
  }
  return count;
}

const drive: Path = (t) => [150 + 250 * t, 200];

Deno.test("planMotion() without tracks, or with still ones, leaves all at rest", () => {
  for (
    const tracks of [tracksOf(), tracksOf(...everywhere((_, x, y) => [x, y]))]
  ) {
    const plan = planMotion(tracks, SIZE);
    assert.equal(plan.camera, 0);
    assert.ok(furthest(plan.mesh(60)) < 1e-4);
  }
});

Deno.test("planMotion() is at rest in frame 0 whatever comes", () => {
  const plan = planMotion(
    tracksOf(drive, ...everywhere((t, x, y) => [x - 90 * t, y])),
    SIZE,
  );
  assert.ok(furthest(plan.mesh(0)) < 1e-4);
});

Deno.test("planMotion() moves a thing along its track and pins the border", () => {
  const plan = planMotion(tracksOf(drive), SIZE);
  assert.equal(plan.camera, 0);
  for (const frame of [24, 60, 120]) {
    assertNear(
      seenAt(plan, frame, [150 + 250 * frame / 120, 200]),
      [150, 200],
      2.5,
    );
    assert.ok(furthest(plan.mesh(frame), true) < 6);
    assert.equal(folds(plan.mesh(frame)), 0);
  }
});

Deno.test("planMotion() moves several things each its own way", () => {
  const plan = planMotion(
    tracksOf(
      (t) => [150 + 120 * t, 90],
      (t) => [480 - 120 * t, 90],
      (t) => [320, 250 + 50 * Math.sin(6 * t)],
      () => [100, 250],
    ),
    SIZE,
  );
  assert.equal(plan.camera, 0);
  assertNear(seenAt(plan, 120, [270, 90]), [150, 90], 3);
  assertNear(seenAt(plan, 120, [360, 90]), [480, 90], 3);
  assertNear(seenAt(plan, 120, [100, 250]), [100, 250], 1);
  assert.equal(folds(plan.mesh(120)), 0);
});

Deno.test("planMotion() holds the background between still tracks", () => {
  const wall = [80, 160, 240, 320, 400, 480, 560].map((x): Path => () => [
    x,
    150,
  ]);
  const plan = planMotion(
    tracksOf(...wall, (t) => [150 + 300 * t, 195]),
    SIZE,
  );
  assert.equal(plan.camera, 0);
  for (const x of [120, 200, 280, 360, 440, 520]) {
    assertNear(seenAt(plan, 120, [x, 150]), [x, 150], 1);
  }
  assertNear(seenAt(plan, 120, [450, 195]), [150, 195], 3);
});

Deno.test("planMotion() moves a thing of several tracks as a piece", () => {
  const corners = [[150, 120], [250, 120], [250, 220], [150, 220]];
  const thing = corners.map(([x, y]): Path => (t) => [x! + 160 * t, y!]);
  const close: Path[] = [() => [360, 260], () => [360, 80], () => [270, 250]];
  const plan = planMotion(tracksOf(...thing, ...close), SIZE);
  assert.equal(plan.camera, 0);
  for (const [x, y] of [[200, 220], [250, 170], [200, 170]] as const) {
    assertNear(seenAt(plan, 120, [x + 160, y]), [x, y], 2.5);
  }
});

Deno.test("planMotion() puts nothing in the way of a thing that passes between others", () => {
  const plan = planMotion(
    tracksOf(() => [320, 90], () => [320, 270], (t) => [200 + 240 * t, 180]),
    SIZE,
  );
  for (const frame of [60, 120]) {
    assertNear(
      seenAt(plan, frame, [200 + 2 * frame, 180]),
      [200, 180],
      3,
    );
    assert.equal(folds(plan.mesh(frame)), 0);
  }
});

Deno.test("planMotion() takes a pan for a camera move", () => {
  const plan = planMotion(
    tracksOf(...everywhere((t, x, y) => [x - 150 * t, y + 20 * t])),
    SIZE,
  );
  assert.equal(plan.camera, 1);
  for (const place of [[0, 0], [320, 180], [640, 360]] as const) {
    assertNear(seenAt(plan, 120, place), [place[0] + 150, place[1] - 20], 0.5);
  }
});

Deno.test("planMotion() takes a circle that grows for a zoom", () => {
  const circle = Array.from({ length: 8 }, (_, i): Path => (t) => [
    320 + 80 * (1 + t) * Math.cos(i * Math.PI / 4),
    180 + 80 * (1 + t) * Math.sin(i * Math.PI / 4),
  ]);
  const plan = planMotion(tracksOf(...circle), SIZE);
  assert.ok(plan.camera > 0.9, `camera ${plan.camera}`);
  assertNear(seenAt(plan, 120, [0, 0]), [160, 90], 12);
  assertNear(seenAt(plan, 120, CENTER), CENTER, 1);
});

Deno.test("planMotion() tells a thing from the camera that moves with it", () => {
  const plan = planMotion(
    tracksOf(
      ...everywhere((t, x, y) => [x - 100 * t, y]),
      (t) => [300 - 100 * t, 180 - 80 * t],
    ),
    SIZE,
  );
  assert.ok(plan.camera > 0.95);
  assertNear(seenAt(plan, 120, [200, 100]), [300, 180], 3);
  assertNear(seenAt(plan, 120, [0, 360]), [100, 360], 3);
});

Deno.test("planMotion() sees no camera where anchors stand", () => {
  const thing: Path[] = [[280, 150], [360, 150], [320, 220]].map(
    ([x, y]) => (t) => [
      x! + 100 * t,
      y!,
    ],
  );
  const anchors: Path[] = [() => [40, 40], () => [600, 330]];
  assert.equal(planMotion(tracksOf(...thing, ...anchors), SIZE).camera, 0);
});

Deno.test("planMotion() takes three tracks that do not agree for no camera", () => {
  const plan = planMotion(
    tracksOf(
      (t) => [100 + 60 * t, 60],
      (t) => [540 + 60 * t, 300],
      (t) => [320, 180 + 80 * Math.sin(5 * t)],
    ),
    SIZE,
  );
  assert.equal(plan.camera, 0);
});

Deno.test("planMotion() does as it is told about the camera", () => {
  const pan = tracksOf(...everywhere((t, x, y) => [x - 60 * t, y]));
  const stands = planMotion(pan, { ...SIZE, camera: "stands" });
  assert.equal(stands.camera, 0);
  assert.ok(furthest(stands.mesh(120), true) < 20);
  const moves = planMotion(tracksOf(drive), { ...SIZE, camera: "moves" });
  assert.equal(moves.camera, 1);
  assertNear(seenAt(moves, 120, [640, 360]), [390, 360], 1);
});

/** The largest change of any place of the mesh from frame to frame, in px. */
function fastest(plan: MotionPlan): number {
  let last = plan.mesh(0), most = 0;
  for (let frame = 1; frame <= 120; frame++) {
    const mesh = plan.mesh(frame);
    for (let k = 0; k < mesh.source.length; k += 2) {
      most = Math.max(
        most,
        Math.hypot(
          640 * (mesh.source[k]! - last.source[k]!),
          360 * (mesh.source[k + 1]! - last.source[k + 1]!),
        ),
      );
    }
    last = mesh;
  }
  return most;
}

Deno.test("a track that is lost lets go without a jump", () => {
  const plan = planMotion(
    tracksOf((t) => t < 0.5 ? [200 + 160 * t, 180] : null),
    SIZE,
  );
  assertNear(seenAt(plan, 59, [280, 180]), [200, 180], 3);
  assert.ok(furthest(plan.mesh(78)) < 1e-3, "it has let go");
  assert.ok(furthest(plan.mesh(68)) > 10, "it is letting go");
  // Its reach shrinks with its way: half-way through, far off is at rest again.
  const [x, y] = seenAt(plan, 68, [280, 240]);
  assert.ok(Math.hypot(x - 280, y - 240) < 10, "60 px off it is nearly over");
  // 80 px back in 18 frames, eased: 1.5 times the mean speed, and squeezed.
  assert.ok(fastest(plan) < 25, `${fastest(plan)} px in one frame`);
});

Deno.test("a track that appears later takes hold of what it finds", () => {
  const plan = planMotion(
    tracksOf((t) => t < 0.4 ? null : [400, 100 + 200 * (t - 0.4)]),
    SIZE,
  );
  assert.ok(furthest(plan.mesh(47)) < 1e-4);
  assertNear(seenAt(plan, 120, [400, 220]), [400, 100], 3);
  assert.ok(fastest(plan) < 15);
  // One that comes at 6 px per frame is not followed at once.
  const swift = planMotion(
    tracksOf((t) => t < 0.4 ? null : [200 + 720 * (t - 0.4), 180]),
    SIZE,
  );
  const behind = (frame: number) => {
    const x = 200 + 720 * (frame / 120 - 0.4);
    return x - seenAt(swift, frame, [x, 180])[0];
  };
  assert.ok(behind(53) < 0.6 * 30, `${behind(53)} px of 30`);
  assert.ok(Math.abs(behind(63) - 90) < 3, `${behind(63)} px of 90`);
});

Deno.test("a track that appears later takes hold of what the camera brought", () => {
  const plan = planMotion(
    tracksOf(
      ...everywhere((t, x, y) => [x - 100 * t, y]),
      (t) => t < 0.5 ? null : [350, 180],
    ),
    SIZE,
  );
  // At the middle of the clip 400 of the image is at 350 of the screen.
  assertNear(seenAt(plan, 120, [350, 180]), [400, 180], 3);
});

Deno.test("tracks that appear later do the same in any order", () => {
  const paths = [0.2, 0.2, 0.5, 0.7].map((start, k): Path => (t) =>
    t < start ? null : [80 + 150 * k + 90 * t, 60 + 70 * k - 120 * t * k]
  );
  const still: Path = () => [600, 300];
  const [one, other] = [[still, ...paths], [...paths.toReversed(), still]]
    .map((paths) => planMotion(tracksOf(...paths), SIZE).mesh(110).source);
  let most = 0;
  for (const [i, value] of one!.entries()) {
    most = Math.max(most, 640 * Math.abs(value - other![i]!));
  }
  console.log(`largest difference ${most} px`);
  assert.ok(most < 1e-3);
});

Deno.test("a thing may leave the image", () => {
  const plan = planMotion(tracksOf((t) => [450 + 300 * t, 180]), SIZE);
  const [x] = seenAt(plan, 76, [640, 180]);
  assert.ok(Math.abs(x - 450) < 12, `${x} is seen at the border`);
  assert.ok(furthest(plan.mesh(120)) < 500);
  // Its surroundings at the border go with it, before and after.
  for (const [frame, least] of [[60, 100], [76, 150], [120, 150]] as const) {
    const [near] = seenAt(plan, frame, [640, 220]);
    assert.ok(640 - near > least, `frame ${frame}: ${640 - near} px`);
  }
});

Deno.test("a wheel turns by half without a collapse", () => {
  const wheel = Array.from({ length: 6 }, (_, i): Path => (t) => [
    320 + 70 * Math.cos(i * Math.PI / 3 + Math.PI * t),
    180 + 70 * Math.sin(i * Math.PI / 3 + Math.PI * t),
  ]);
  const plan = planMotion(tracksOf(...wheel), { ...SIZE, camera: "stands" });
  // Close to the rim it turns with the rim; further in the pinned border
  // drags a little, but arms keep their length.
  assertNear(seenAt(plan, 120, [370, 210]), [270, 150], 8);
  for (const place of [[350, 190], [320, 150], [300, 200]] as const) {
    const [x, y] = seenAt(plan, 120, place);
    const arm = Math.hypot(place[0] - 320, place[1] - 180);
    assert.ok(Math.abs(Math.hypot(x - 320, y - 180) - arm) < 3);
    const turned =
      -((place[0] - 320) * (x - 320) + (place[1] - 180) * (y - 180));
    assert.ok(turned > 0.85 * arm ** 2, `${place} is seen at ${x}, ${y}`);
  }
  assertNear(seenAt(plan, 120, CENTER), CENTER, 2);
  // The ring around it is sheared to shreds by then, but stays a ring.
  assert.equal(folds(plan.mesh(30)), 0);
  assert.ok(
    folds(plan.mesh(120)) < 1590 / 20,
    `${folds(plan.mesh(120))} folds`,
  );
});

Deno.test("meshes of any tracks are finite", () => {
  const random = seeded(1);
  for (const count of [1, 2, 3, 20, 60]) {
    const tracks = TrackSet.fromArray(
      Float32Array.from(
        { length: count * 363 },
        (_, i) => i % 3 === 2 ? Number(random() > 0.3) : 1500 * random() - 400,
      ),
    );
    const plan = planMotion(tracks, SIZE);
    for (const frame of [1, 60, 120]) {
      const { source } = plan.mesh(frame, { columns: 12, rows: 8 });
      assert.ok(
        source.every(Number.isFinite),
        `${count} tracks, frame ${frame}`,
      );
    }
  }
});

Deno.test("plan.mesh() reuses an array and refuses what does not fit", () => {
  const plan = planMotion(tracksOf(drive), SIZE);
  const first = plan.mesh(10, { columns: 8, rows: 5 });
  const again = plan.mesh(20, { columns: 8, rows: 5, reuse: first.source });
  assert.equal(again.source, first.source);
  assert.deepEqual(again.source, plan.mesh(20, { columns: 8, rows: 5 }).source);
  for (const frame of [-1, 121, 1.5, NaN]) {
    assert.throws(() => plan.mesh(frame), /from 0 to 120/);
  }
  assert.throws(() => plan.mesh(0, { columns: 0 }), RangeError);
  assert.throws(() => plan.mesh(0, { rows: 1.5 }), RangeError);
  assert.throws(
    () => plan.mesh(0, { columns: 8, rows: 6, reuse: first.source }),
    /108 numbers, expected 126/,
  );
  assert.throws(
    () => planMotion(tracksOf(), { width: 0, height: 9 }),
    RangeError,
  );
});
