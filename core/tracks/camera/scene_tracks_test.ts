import assert from "node:assert/strict";
import type { Point } from "../../base/image.ts";
import { drawTrack } from "../draw_track.ts";
import { TrackSet } from "../track_set.ts";
import { cameraPath, type CameraPathOptions } from "./camera_path.ts";
import { depthMap } from "./depth_map.ts";
import { pinhole } from "./pinhole.ts";
import { flatDepth, floorDepth, type SceneDepth } from "./scene_depth.ts";
import type { SceneMove } from "./scene_move.ts";
import { rideCamera, sceneTracks } from "./scene_tracks.ts";

const IMAGE = { width: 832, height: 480 };
const CAMERA = pinhole(IMAGE, { fov: 50 });
const { focal: F, center: C } = CAMERA;
const LIMIT = 0.01; // px

function tracksOf(
  moves: readonly SceneMove[],
  depth: SceneDepth,
  options: Partial<CameraPathOptions> & { points?: readonly Point[] } = {},
) {
  const { points, ...rest } = options;
  return sceneTracks(cameraPath(CAMERA, { moves, ...rest }), {
    depth,
    ...points && { points },
  }).tracks;
}

/** The largest distance of the visible samples from where they should be. */
function largestError(
  tracks: TrackSet,
  expected: (start: Point, p: number) => Point,
): number {
  let most = 0, seen = 0;
  for (let track = 0; track < tracks.count; track++) {
    const start = { x: tracks.x(track, 0), y: tracks.y(track, 0) };
    for (let frame = 0; frame <= 120; frame++) {
      if (!tracks.visible(track, frame)) continue;
      const { x, y } = expected(start, frame / 120);
      most = Math.max(
        most,
        Math.hypot(x - tracks.x(track, frame), y - tracks.y(track, frame)),
      );
      seen++;
    }
  }
  assert.ok(seen > tracks.count * 20, `only ${seen} visible samples`);
  return most;
}

function checkError(name: string, error: number) {
  console.log(`${name}: largest error ${error.toExponential(2)} px`);
  assert.ok(error < LIMIT, `${name}: ${error} px`);
}

const radians = (degrees: number) => degrees * Math.PI / 180;

/** A homography as rows of three. */
function map(h: readonly number[][], { x, y }: Point): Point {
  const [a, b, c] = h.map((row) => row[0]! * x + row[1]! * y + row[2]!);
  return { x: a! / c!, y: b! / c! };
}

function product(a: readonly number[][], b: readonly number[][]): number[][] {
  return a.map((row) =>
    b[0]!.map((_, j) =>
      row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)
    )
  );
}

/** `K_t M K^-1`. */
function throughImage(m: readonly number[][], zoom = 1): number[][] {
  const k = [[F * zoom, 0, C.x], [0, F * zoom, C.y], [0, 0, 1]];
  const inverse = [[1 / F, 0, -C.x / F], [0, 1 / F, -C.y / F], [0, 0, 1]];
  return product(product(k, m), inverse);
}

function turned(axis: "x" | "y" | "z", degrees: number): number[][] {
  const c = Math.cos(radians(degrees)), s = Math.sin(radians(degrees));
  if (axis === "x") return [[1, 0, 0], [0, c, -s], [0, s, c]];
  if (axis === "y") return [[c, 0, s], [0, 1, 0], [-s, 0, c]];
  return [[c, -s, 0], [s, c, 0], [0, 0, 1]];
}

Deno.test("a camera that only turns shows the homography K_t R K^-1", () => {
  const moves: readonly SceneMove[] = [
    { kind: "pan", amount: 12 },
    { kind: "tilt", amount: -7 },
    { kind: "roll", amount: 15 },
    { kind: "zoom", amount: 1.3 },
  ];
  const expected = (start: Point, p: number) =>
    map(
      throughImage(
        product(
          turned("z", -15 * p),
          product(turned("x", 7 * p), turned("y", -12 * p)),
        ),
        1 + 0.3 * p,
      ),
      start,
    );
  // The depth does not matter: three scenes, one homography.
  for (const depth of [flatDepth(3), floorDepth(IMAGE, { horizon: 0.4 })]) {
    checkError("rotation", largestError(tracksOf(moves, depth), expected));
  }
});

Deno.test("a zoom scales the image about its center", () => {
  const tracks = tracksOf([{ kind: "zoom", amount: 1.6 }], flatDepth());
  checkError(
    "zoom",
    largestError(tracks, ({ x, y }, p) => ({
      x: C.x + (x - C.x) * (1 + 0.6 * p),
      y: C.y + (y - C.y) * (1 + 0.6 * p),
    })),
  );
});

Deno.test("a wall under dolly, truck and pedestal is scaled and shifted", () => {
  const depth = 2.5; // of the scene; the moves are shares of it
  const tracks = tracksOf(
    [
      { kind: "dolly", amount: 0.3 },
      { kind: "truck", amount: 0.1 },
      { kind: "pedestal", amount: 0.05 },
    ],
    flatDepth(depth),
    { unit: depth },
  );
  checkError(
    "wall",
    largestError(tracks, ({ x, y }, p) => ({
      x: C.x + (x - C.x - 0.1 * p * F) / (1 - 0.3 * p),
      y: C.y + (y - C.y + 0.05 * p * F) / (1 - 0.3 * p),
    })),
  );
});

Deno.test("a floor under every move is the homography of its plane", () => {
  const horizon = 0.3;
  const edge = horizon * IMAGE.height, rest = IMAGE.height - edge;
  const unit = 2, pivot = [0.2, 0.1, 2] as const;
  const tracks = tracksOf(
    [{ kind: "orbit", amount: 10 }, { kind: "dolly", amount: 0.1 }],
    floorDepth(IMAGE, { horizon }),
    {
      unit,
      pivot,
      points: [200, 280, 340, 420].flatMap((y) =>
        [100, 300, 450, 640, 760].map((x) => ({ x, y }))
      ),
    },
  );
  // n X = 1 on the floor, so R X + T = (R + T n) X.
  const normal = [0, F / rest, (C.y - edge) / rest];
  checkError(
    "floor",
    largestError(tracks, (start, p) => {
      const r = turned("y", 10 * p);
      const t = pivot.map((value, i) =>
        value - r[i]!.reduce((sum, m, j) => sum + m * pivot[j]!, 0) -
        (i === 2 ? 0.1 * p * unit : 0)
      );
      return map(
        throughImage(
          r.map((row, i) => row.map((m, j) => m + t[i]! * normal[j]!)),
        ),
        start,
      );
    }),
  );
});

/** A ball before a wall: the depth of each pixel's middle, and exactly. */
const BALL = { center: [0.1, -0.05, 3], radius: 0.8, wall: 6 } as const;

function ballDepth(point: Point): number | undefined {
  const ray = [(point.x - C.x) / F, (point.y - C.y) / F, 1];
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const a = dot(ray, ray), b = dot(ray, BALL.center);
  const c = dot(BALL.center, BALL.center) - BALL.radius ** 2;
  const root = b * b - a * c;
  return root < 0 ? undefined : (b - Math.sqrt(root)) / a;
}

function ballScene() {
  const data = Array.from(
    { length: IMAGE.width * IMAGE.height },
    (_, i) =>
      ballDepth({
        x: i % IMAGE.width + 0.5,
        y: Math.floor(i / IMAGE.width) + 0.5,
      }) ?? BALL.wall,
  );
  return depthMap({ ...IMAGE, data }, IMAGE, { name: "ball", kind: "metric" });
}

Deno.test("a ball turns as a sphere does, and hides what is behind it", () => {
  const depth = ballScene();
  const moves = [{ kind: "orbit", amount: 50 }] as const;
  const path = cameraPath(CAMERA, { moves, pivot: BALL.center });
  const { tracks, points } = sceneTracks(path, { depth });
  assert.ok(points.length > 10 && points.length <= 20);
  const place = ({ x, y }: Point) => {
    const z = ballDepth({ x, y }) ?? BALL.wall;
    return [(x - C.x) / F * z, (y - C.y) / F * z, z] as const;
  };
  checkError(
    "sphere",
    largestError(tracks, (start, p) => {
      const [x, y, z] = place(start).map((value, i) =>
        value - BALL.center[i]!
      ) as [number, number, number];
      const c = Math.cos(radians(50 * p)), s = Math.sin(radians(50 * p));
      const at = [c * x + s * z, y, c * z - s * x].map((value, i) =>
        value + BALL.center[i]!
      ) as [number, number, number];
      return { x: C.x + F * at[0] / at[2], y: C.y + F * at[1] / at[2] };
    }),
  );
  // Visibility in closed form: of the ball what faces the camera, of the wall
  // what no line of sight through the ball meets.
  let wrong = 0, hidden = 0, total = 0;
  points.forEach((point, track) => {
    const at = place(point);
    const onBall = ballDepth(point) !== undefined;
    for (let frame = 0; frame <= 120; frame++) {
      const a = radians(50 * frame / 120);
      const [px, , pz] = BALL.center;
      const eye = [
        px - Math.cos(a) * px + Math.sin(a) * pz,
        0,
        pz - Math.cos(a) * pz - Math.sin(a) * px,
      ];
      const inside = tracks.x(track, frame) >= 0 &&
        tracks.x(track, frame) < IMAGE.width && tracks.y(track, frame) >= 0 &&
        tracks.y(track, frame) < IMAGE.height;
      const minus = (a: readonly number[], b: readonly number[]) =>
        a.map((value, i) => value - b[i]!);
      const dot = (a: readonly number[], b: readonly number[]) =>
        a.reduce((sum, value, i) => sum + value * b[i]!, 0);
      let free: boolean;
      if (onBall) {
        const out = minus(at, BALL.center);
        free = dot(minus(eye, BALL.center), out) > BALL.radius ** 2;
      } else {
        const line = minus(at, eye), to = minus(BALL.center, eye);
        const share = dot(line, to) / dot(line, line);
        const off = minus(to, line.map((value) => value * share));
        free = dot(off, off) > BALL.radius ** 2 || share > 1;
      }
      total++;
      hidden += Number(inside && !free);
      wrong += Number(tracks.visible(track, frame) !== (inside && free));
    }
  });
  console.log(
    `sphere: ${wrong} of ${total} visibilities differ, ${hidden} hidden`,
  );
  assert.ok(hidden > 30, `${hidden} hidden samples`);
  assert.ok(wrong / total < 0.02, `${wrong} of ${total}`);
});

Deno.test("what a near thing passes over is hidden, what it frees is not", () => {
  // A post of x 300..400 at depth 1 before a wall at 4.
  const data = Array.from(
    { length: IMAGE.width * IMAGE.height },
    (_, i) => i % IMAGE.width >= 300 && i % IMAGE.width < 400 ? 1 : 4,
  );
  const depth = depthMap({ ...IMAGE, data }, IMAGE, {
    name: "post",
    kind: "metric",
  });
  const shift = 0.2 * F; // of the post, in px to the left; a quarter of the wall's
  const points = [150, 220, 260, 285, 450, 600].map((x) => ({ x, y: 240 }));
  const tracks = tracksOf([{ kind: "truck", amount: 0.2 }], depth, { points });
  let hidden = 0;
  points.forEach(({ x }, track) => {
    for (let frame = 0; frame <= 120; frame++) {
      const p = frame / 120;
      const at = x - shift / 4 * p;
      const inset = Math.min(at - (300 - shift * p), 400 - shift * p - at);
      if (Math.abs(inset) < 10) continue; // at the edge either is right
      const covered = inset > 0;
      hidden += Number(covered);
      assert.equal(
        tracks.visible(track, frame),
        at >= 0 && !covered,
        `point ${x} at frame ${frame}`,
      );
    }
  });
  assert.ok(hidden > 100);
});

Deno.test("at most 20 points, away from depth edges, spread over the depths", () => {
  const depth = ballScene();
  const path = cameraPath(CAMERA, { moves: [{ kind: "truck", amount: 0.4 }] });
  const { tracks, points } = sceneTracks(path, { depth });
  assert.equal(points.length, 20);
  assert.equal(tracks.count, 20);
  const near = points.filter((point) => ballDepth(point) !== undefined);
  assert.ok(
    near.length >= 4 && near.length <= 16,
    `${near.length} on the ball`,
  );
  for (const { x, y } of points) {
    for (let angle = 0; angle < 360; angle += 15) {
      const around = {
        x: x + 8 * Math.cos(radians(angle)),
        y: y + 8 * Math.sin(radians(angle)),
      };
      assert.equal(
        ballDepth(around) === undefined,
        ballDepth({ x, y }) === undefined,
        `point ${x},${y} is within 8 px of an edge`,
      );
    }
  }
  const again = sceneTracks(path, { depth });
  assert.deepEqual(again.tracks.toArray(), tracks.toArray());
});

Deno.test("points that stay in view are preferred", () => {
  const path = cameraPath(CAMERA, { moves: [{ kind: "pan", amount: 30 }] });
  const { points } = sceneTracks(path, { depth: flatDepth(), count: 12 });
  const mean = points.reduce((sum, { seen }) => sum + seen, 0) / points.length;
  const even = sceneTracks(path, {
    depth: flatDepth(),
    points: Array.from({ length: 12 }, (_, i) => ({
      x: (i % 4 + 0.5) * 208,
      y: (Math.floor(i / 4) + 0.5) * 160,
    })),
  }).points.reduce((sum, { seen }) => sum + seen, 0) / 12;
  assert.ok(mean > even + 0.1, `${mean} of ${even}`);
});

Deno.test("objects move in the camera's world", () => {
  const motion = drawTrack([{ x: 300, y: 240 }, { x: 520, y: 200 }]);
  const objects = TrackSet.fromPoints([motion]);
  const moves = [{ kind: "pan", amount: 8 }, { kind: "dolly", amount: 0.2 }];
  const path = cameraPath(CAMERA, { moves: moves as readonly SceneMove[] });
  const { tracks } = sceneTracks(path, {
    depth: flatDepth(),
    objects,
    count: 6,
  });
  assert.equal(tracks.count, 7);
  let most = 0;
  motion.forEach((point, frame) => {
    const p = frame / 120;
    const h = turned("y", -8 * p);
    h[2]![2]! -= 0.2 * p;
    const { x, y } = map(throughImage(h), point);
    most = Math.max(
      most,
      Math.hypot(x - tracks.x(0, frame), y - tracks.y(0, frame)),
    );
  });
  checkError("object", most);
});

Deno.test("the scene's points keep away from where objects start", () => {
  const still = (x: number, y: number) =>
    Array.from({ length: 121 }, () => ({ x, y, visible: true }));
  const objects = TrackSet.fromPoints([still(416, 240), still(40, 30)]);
  const path = cameraPath(CAMERA, { moves: [{ kind: "roll", amount: 5 }] });
  const { points } = sceneTracks(path, { depth: flatDepth(), objects });
  assert.equal(points.length, 18);
  for (const { x, y } of points) {
    assert.ok(Math.hypot(x - 416, y - 240) > 60, `${x},${y} is on an object`);
    assert.ok(Math.hypot(x - 40, y - 30) > 60, `${x},${y} is on an object`);
  }
});

Deno.test("a camera at rest leaves objects as they were drawn, outside too", () => {
  const drawn = TrackSet.fromPoints([
    drawTrack([{ x: 700, y: 100 }, { x: 900, y: 90 }]),
    [{ x: 5, y: 6, visible: true }],
  ]);
  const path = cameraPath(CAMERA, { moves: [{ kind: "zoom", amount: 1 }] });
  const same = rideCamera(drawn, path, { depth: flatDepth() });
  for (const [track, points] of Array.from(drawn).entries()) {
    points.forEach(({ x, y, visible }, frame) => {
      assert.equal(same.visible(track, frame), visible);
      assert.ok(Math.abs(same.x(track, frame) - x) < 1e-3);
      assert.ok(Math.abs(same.y(track, frame) - y) < 1e-3);
    });
  }
});

Deno.test("an object passes behind something near, and before what it was drawn on", () => {
  const data = Array.from(
    { length: IMAGE.width * IMAGE.height },
    (_, i) => i % IMAGE.width >= 380 && i % IMAGE.width < 450 ? 1 : 4,
  );
  const depth = depthMap({ ...IMAGE, data }, IMAGE, {
    name: "",
    kind: "metric",
  });
  const path = cameraPath(CAMERA, { moves: [{ kind: "truck", amount: 0.3 }] });
  const at = (x: number) =>
    TrackSet.fromArray(Array.from({ length: 121 }, () => [x, 240, 1]).flat());
  // The post comes over a thing at rest on its left ...
  const still = rideCamera(at(300), path, { depth });
  const covered = Array.from({ length: 121 }, (_, f) => !still.visible(0, f));
  assert.ok(covered.filter(Boolean).length > 20);
  assert.ok(!covered[0]);
  // ... and what was drawn over the post from the wall was meant to be seen.
  const over = TrackSet.fromPoints([
    drawTrack([{ x: 340, y: 240 }, { x: 410, y: 240 }]),
  ]);
  const held = cameraPath(CAMERA, { moves: [{ kind: "truck", amount: 1e-9 }] });
  const seen = rideCamera(over, held, { depth });
  assert.ok(seen.visible(0, 120));
});

Deno.test("tracks of a scene refuse a count and points that cannot be", () => {
  const path = cameraPath(CAMERA, { moves: [] });
  assert.throws(
    () => sceneTracks(path, { depth: flatDepth(), count: 21 }),
    /Cannot choose 21 points, expected 0 to 20/,
  );
  const holes = depthMap(
    { width: 2, height: 1, data: [0, 5] },
    { width: 200, height: 100 },
    { name: "holes", kind: "metric" },
  );
  const small = cameraPath(pinhole({ width: 200, height: 100 }), { moves: [] });
  assert.throws(
    () => sceneTracks(small, { depth: holes, points: [{ x: 10, y: 50 }] }),
    /Cannot follow point 10,50: its depth is not known/,
  );
  assert.throws(
    () =>
      rideCamera(
        TrackSet.fromPoints([[{ x: 10, y: 50, visible: true }]]),
        small,
        { depth: holes },
      ),
    /Cannot place track 0 in the scene: the depth at 10,50/,
  );
});
