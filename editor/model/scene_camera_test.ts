import assert from "node:assert/strict";
import { cameraPath } from "../../core/tracks/camera/camera_path.ts";
import { depthMap } from "../../core/tracks/camera/depth_map.ts";
import { pinhole } from "../../core/tracks/camera/pinhole.ts";
import { referenceDepth } from "../../core/tracks/camera/reference_depth.ts";
import {
  flatDepth,
  floorDepth,
  type SceneDepth,
} from "../../core/tracks/camera/scene_depth.ts";
import {
  SCENE_MOVES,
  type SceneMove,
} from "../../core/tracks/camera/scene_move.ts";
import { sceneTracks } from "../../core/tracks/camera/scene_tracks.ts";
import { TrackSet } from "../../core/tracks/track_set.ts";
import { packDepth } from "./depth_image.ts";
import {
  type CameraScene,
  type EditorDocument,
  emptyDocument,
  FULL_TIMING,
  PLAIN_SCENE,
} from "./document.ts";
import { addTracks, createTrack } from "./edits.ts";
import { parseDocument } from "./parse_document.ts";
import { renderDocument, renderTracks } from "./render_document.ts";
import { rescaleDocument } from "./rescale_document.ts";
import {
  addSceneMove,
  createSceneMove,
  withScenePoints,
} from "./scene_edits.ts";
import { sceneAmount, strengthOf, strengthRange } from "./scene_strength.ts";

const SIZE = { width: 832, height: 480 };
const empty = emptyDocument(SIZE);
const EASE = [0.42, 0, 0.58, 1] as const;

/** A ball before a wall, a byte a pixel. */
const BALL = Uint8Array.from({ length: 104 * 60 }, (_, i) => {
  const x = i % 104 - 40, y = Math.floor(i / 104) - 30;
  return x * x + y * y < 200 ? 220 : 60;
});

const SCENES: Readonly<
  Record<string, { scene: CameraScene; depth: SceneDepth }>
> = {
  flat: { scene: PLAIN_SCENE, depth: flatDepth() },
  floor: {
    scene: { fov: 64, depth: { kind: "plane", horizon: 0.35 } },
    depth: floorDepth(SIZE, { horizon: 0.35 }),
  },
  "depth image": {
    scene: {
      fov: 50,
      about: { x: 320, y: 240 },
      depth: {
        ...packDepth(BALL, { name: "ball.png", width: 104, height: 60 }),
        span: 6,
      },
    },
    depth: depthMap({ width: 104, height: 60, data: BALL }, SIZE, {
      name: "ball.png",
      kind: "inverse",
      range: [1, 6],
    }),
  },
};

/** Two moves at once, the second one late and eased. */
function withMoves(scene: CameraScene): EditorDocument {
  const orbit = { ...createSceneMove(empty, "orbit"), strength: 40 };
  const document = { ...empty, scene, camera: [orbit] };
  const dolly = {
    ...createSceneMove(document, "dolly"),
    strength: -8,
    timing: { ...FULL_TIMING, start: 24, end: 100, easing: [...EASE] },
  } satisfies ReturnType<typeof createSceneMove>;
  return parseDocument({ ...document, camera: [orbit, dolly] });
}

/** The tracks that the tool makes of the same moves. */
function toolTracks(
  { fov, about }: CameraScene,
  depth: SceneDepth,
  objects?: TrackSet,
): TrackSet {
  const eye = pinhole(SIZE, { fov });
  const view = { ...SIZE, fov };
  const moves: SceneMove[] = [
    { kind: "orbit", amount: sceneAmount("orbit", 40, view) },
    {
      kind: "dolly",
      amount: sceneAmount("dolly", -8, view),
      from: 24,
      to: 100,
      easing: EASE,
    },
  ];
  const reference = referenceDepth(eye, depth, about ? { about } : {});
  return sceneTracks(cameraPath(eye, { moves, ...reference }), {
    depth,
    ...objects && { objects },
  }).tracks;
}

Deno.test("the page's camera gives the tool's tracks: points, objects, and what hides them", () => {
  const stroke = createTrack(empty, {
    kind: "freehand",
    points: [{ x: 300, y: 400 }, { x: 500, y: 380 }],
    speed: "even",
    times: [],
  });
  for (const [name, { scene, depth }] of Object.entries(SCENES)) {
    const drawn = addTracks(empty, [stroke]);
    // What is hidden takes time: it is looked at once.
    const isImage = name === "depth image";
    for (const objects of [renderDocument(drawn) as TrackSet, undefined]) {
      if (isImage && !objects) continue;
      const start = { ...withMoves(scene), tracks: objects ? [stroke] : [] };
      const page = renderDocument(withScenePoints(start));
      const tool = toolTracks(scene, depth, objects);
      assert.equal(page.count, 20);
      assert.equal(page.count, tool.count);
      const a = page.toArray(), b = tool.toArray();
      let most = 0, seen = 0, unlike = 0;
      for (let i = 0; i < a.length; i += 3) {
        if (a[i + 2] !== b[i + 2]) unlike++;
        seen += a[i + 2]!;
        most = Math.max(
          most,
          Math.hypot(a[i]! - b[i]!, a[i + 1]! - b[i + 1]!),
        );
      }
      console.log(
        `${name}${objects ? " with a stroke" : ""}: ${
          most.toExponential(1)
        } px apart at most, ${unlike} of ${
          a.length / 3
        } seen unlike, ${seen} seen`,
      );
      assert.ok(most < 1e-4, `${most}`);
      assert.equal(unlike, 0);
      if (isImage) assert.ok(seen < 2400, "something is hidden");
    }
  }
});

Deno.test("a strength is the same share on an image of any size", () => {
  for (const [width, height] of [[832, 480], [4032, 3024], [480, 832]]) {
    const size = { width: width!, height: height! };
    const document = emptyDocument(size);
    const middle = createTrack(document, {
      kind: "static",
      x: width! / 2,
      y: height! / 2,
    });
    const side = createTrack(document, { kind: "static", x: width!, y: 0 });
    for (const move of SCENE_MOVES) {
      const moved = addSceneMove(
        addTracks(document, [middle, side]),
        createSceneMove(document, move),
      );
      const [center, edge] = renderTracks(moved).map(({ points }) => ({
        x: (points[120]!.x - points[0]!.x) / width!,
        y: (points[120]!.y - points[0]!.y) / height!,
      }));
      const expected = {
        pan: [center!.x, -0.14],
        truck: [center!.x, -0.14],
        tilt: [center!.y, 0.14],
        pedestal: [center!.y, 0.14],
        zoom: [edge!.x, 0.14],
        dolly: [edge!.x, 0.14],
        orbit: [center!.x, 0],
        roll: [center!.x, 0],
      }[move];
      assert.ok(
        Math.abs(expected[0]! - expected[1]!) < 1e-5,
        `${move}: ${expected}`,
      );
    }
  }
});

Deno.test("strengthOf() finds the strength of an amount again", () => {
  const view = { ...SIZE, fov: 65 };
  for (const move of SCENE_MOVES) {
    for (const strength of [-30, -3, 0.5, 14, 120]) {
      const [least, most] = strengthRange(move);
      const amount = sceneAmount(move, strength, view);
      const again = strengthOf(move, amount, view);
      const expected = Math.min(most, Math.max(least, strength));
      assert.ok(Math.abs(again - expected) < 1e-6, `${move} ${strength}`);
    }
  }
});

Deno.test("the first move of an empty image brings points; moves are set, not added up", () => {
  const once = addSceneMove(empty, createSceneMove(empty, "pan"));
  assert.equal(once.tracks.length, 20);
  const again = withScenePoints(once);
  assert.deepEqual(
    again.tracks.map(({ shape }) => shape),
    once.tracks.map(({ shape }) => shape),
  );
  const off = {
    ...once,
    camera: once.camera.map((move) => ({ ...move, enabled: false })),
  };
  const { tracks } = once;
  renderTracks(off).forEach(({ points }, n) => {
    const { shape } = tracks[n]!;
    assert.ok(shape.kind === "static");
    assert.equal(points[120]!.x, shape.x);
  });
  // Two moves, the one undone by the other.
  const pan = createSceneMove(once, "pan");
  const back = addSceneMove(once, { ...pan, strength: -14 });
  const home = renderTracks(back)[0]!.points;
  assert.ok(Math.abs(home[120]!.x - home[0]!.x) < 1e-3);
});

Deno.test("an object rides as a piece, at the depth of its foot on a floor", () => {
  const object = createTrack(empty, {
    kind: "object",
    outline: [[
      { x: 300, y: 200 },
      { x: 400, y: 200 },
      { x: 400, y: 400 },
      { x: 300, y: 400 },
    ]],
    path: [{ x: 350, y: 300 }],
    times: [],
    points: [{ x: 350, y: 220 }, { x: 350, y: 390 }],
    turns: [],
  });
  const scene = SCENES.floor!.scene;
  const document = {
    ...addTracks(empty, [object]),
    scene,
    camera: [createSceneMove(empty, "truck")],
  };
  const [top, foot] = renderTracks(document).map(({ points }) =>
    points[120]!.x - points[0]!.x
  );
  assert.ok(Math.abs(top! - foot!) < 1e-3, `${top} and ${foot}`);
  const anchor = createTrack(empty, { kind: "static", x: 350, y: 400 });
  const [floor] = renderTracks({ ...document, tracks: [anchor] });
  const moved = floor!.points[120]!.x - floor!.points[0]!.x;
  assert.ok(Math.abs(moved - top!) < 1e-3, `${moved} and ${top}`);
});

Deno.test("a scene is scaled with its image; a damaged one is refused", () => {
  const { scene } = SCENES["depth image"]!;
  const half = rescaleDocument(withMoves(scene), { width: 416, height: 240 });
  assert.deepEqual(half.scene?.about, { x: 160, y: 120 });
  assert.throws(
    () =>
      parseDocument({
        ...empty,
        scene: { ...scene, depth: { ...scene.depth, width: 105 } },
      }),
    /scene.*expected a byte a pixel/,
  );
});
