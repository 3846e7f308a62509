import assert from "node:assert/strict";
import {
  ALWAYS_VISIBLE,
  type CameraMove,
  type EditorTrack,
  emptyDocument,
  FULL_TIMING,
  type Shape,
} from "./document.ts";
import { createMove } from "./camera_edits.ts";
import { addTracks, createTrack } from "./edits.ts";
import {
  circleRadiusAt,
  createTrackRenderer,
  renderDocument,
  renderTrack,
  renderTracks,
} from "./render_document.ts";

function track(shape: Shape, more: Partial<EditorTrack> = {}): EditorTrack {
  return {
    id: "a",
    name: "A",
    colour: 0,
    locked: false,
    hidden: false,
    shape,
    timing: FULL_TIMING,
    visible: ALWAYS_VISIBLE,
    ...more,
  };
}

const line: Shape = {
  kind: "spline",
  curve: "linear",
  tension: 0,
  points: [{ x: 0, y: 0 }, { x: 120, y: 0 }],
};
const empty = emptyDocument({ width: 200, height: 100 });

Deno.test("renderTrack() walks a line at one px per frame", () => {
  const [points] = renderTrack(track(line), {});
  points!.forEach((p, frame) => assert.ok(Math.abs(p.x - frame) < 1e-9));
});

Deno.test("renderTrack() holds or hides outside its timing", () => {
  const timing = { ...FULL_TIMING, start: 20, end: 80 };
  const [held] = renderTrack(track(line, { timing }), {});
  assert.equal(held![10]!.x, 0);
  assert.equal(held![50]!.x, 60);
  assert.equal(held![100]!.x, 120);
  assert.ok(held!.every((p) => p.visible));
  const [hidden] = renderTrack(
    track(line, { timing: { ...timing, outside: "hide" } }),
    {},
  );
  assert.deepEqual(
    [19, 20, 80, 81].map((f) => hidden![f]!.visible),
    [false, true, true, false],
  );
});

Deno.test("renderTrack() cuts the visible ranges out", () => {
  const [points] = renderTrack(track(line, { visible: [[0, 4], [9, 9]] }), {});
  const seen = points!.flatMap((p, frame) => p.visible ? [frame] : []);
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 9]);
});

Deno.test("renderTrack() keeps the pace of the hand when asked", () => {
  const points = [{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 100, y: 0 }];
  const times = [0, 900, 1000];
  const [even] = renderTrack(
    track({ kind: "freehand", points, times, speed: "even" }),
    {},
  );
  const [drawn] = renderTrack(
    track({ kind: "freehand", points, times, speed: "drawn" }),
    {},
  );
  assert.equal(even![60]!.x, 50);
  assert.ok(Math.abs(drawn![108]!.x - 10) < 1e-9);
});

Deno.test("renderTrack() makes as many tracks of a circle as it has points, all of one length", () => {
  const circle: Shape = {
    kind: "circle",
    x: 50,
    y: 40,
    count: 4,
    angle: 0,
    radii: [{ frame: 0, radius: 10 }, { frame: 120, radius: 30 }],
  };
  const tracks = renderTrack(track(circle), {});
  assert.equal(tracks.length, 4);
  for (const points of tracks) {
    assert.equal(points.length, 121);
    const radius = (f: number) =>
      Math.hypot(points[f]!.x - 50, points[f]!.y - 40);
    assert.ok(Math.abs(radius(0) - 10) < 1e-9);
    assert.ok(Math.abs(radius(60) - 20) < 1e-9);
    assert.ok(Math.abs(radius(120) - 30) < 1e-9);
  }
});

Deno.test("renderTrack() gives a track from a file back as it came", () => {
  const samples = Array.from(
    { length: 121 },
    (_, f) => [f * 1.5, f * f, f % 3 ? 1 : 0],
  ).flat();
  const [points] = renderTrack(track({ kind: "free", samples }), {});
  assert.deepEqual(
    points!.flatMap((p) => [p.x, p.y, p.visible ? 1 : 0]),
    samples,
  );
});

Deno.test("renderTracks() leaves hidden tracks out and puts the camera on top", () => {
  const pan: CameraMove = {
    id: "p",
    name: "Pan",
    kind: "pan",
    dx: 1,
    dy: -0.5,
    enabled: true,
    applies: ["a"],
    timing: FULL_TIMING,
  };
  const still: Shape = { kind: "static", x: 7, y: 90 };
  const document = {
    ...empty,
    tracks: [
      track(line),
      track(still, { id: "b" }),
      track(still, { id: "c", hidden: true }),
    ],
    camera: [pan],
  };
  const rendered = renderTracks(document);
  assert.deepEqual(rendered.map((t) => t.id), ["a", "b"]);
  assert.deepEqual(rendered[0]!.points[120], { x: 240, y: -60, visible: true });
  assert.deepEqual(rendered[1]!.points[120], { x: 7, y: 90, visible: true });
  const off = { ...document, camera: [{ ...pan, enabled: false }] };
  assert.equal(renderTracks(off)[0]!.points[120]!.x, 120);
  assert.equal(renderDocument(document).count, 2);
});

Deno.test("renderTracks() zooms, turns and orbits over the move's own frames", () => {
  const base = {
    id: "m",
    name: "M",
    enabled: true,
    applies: "all" as const,
    timing: { ...FULL_TIMING, start: 60 },
    x: 50,
    y: 50,
  };
  const at = (move: CameraMove, frame: number) => {
    const [rendered] = renderTracks({
      ...empty,
      tracks: [track({ kind: "static", x: 60, y: 70 })],
      camera: [move],
    });
    const { x, y } = rendered!.points[frame]!;
    return [Math.round(x * 1e6) / 1e6, Math.round(y * 1e6) / 1e6];
  };
  const zoom: CameraMove = { ...base, kind: "zoom", factor: 2 };
  assert.deepEqual(at(zoom, 60), [60, 70]);
  assert.deepEqual(at(zoom, 120), [70, 90]);
  const turn: CameraMove = { ...base, kind: "rotate", degrees: 90 };
  assert.deepEqual(at(turn, 120), [30, 60]);
  const orbit: CameraMove = { ...base, kind: "orbit", shift: 10 };
  assert.deepEqual(at(orbit, 120), [64, 70]);
});

Deno.test("createTrackRenderer() renders only what changed", () => {
  const render = createTrackRenderer();
  let document = emptyDocument({ width: 100, height: 100 });
  for (const x of [10, 20]) {
    document = addTracks(document, [
      createTrack(document, { kind: "static", x, y: 5 }),
    ]);
  }
  const first = render(document);
  assert.deepEqual(first, renderTracks(document));
  const moved = {
    ...document,
    tracks: document.tracks.with(1, {
      ...document.tracks[1]!,
      shape: { kind: "static" as const, x: 50, y: 5 },
    }),
  };
  const second = render(moved);
  assert.equal(second[0], first[0]);
  assert.equal(second[1]?.points[0]?.x, 50);
  const panned = { ...moved, camera: [createMove(moved, "pan")] };
  assert.deepEqual(render(panned), renderTracks(panned));
});

Deno.test("circleRadiusAt() gives the radius and the frame that keys it", () => {
  const track = {
    ...createTrack(emptyDocument({ width: 100, height: 100 }), {
      kind: "circle",
      x: 50,
      y: 50,
      count: 4,
      angle: 0,
      radii: [{ frame: 0, radius: 10 }, { frame: 120, radius: 30 }],
    }),
    timing: { ...FULL_TIMING, start: 60, end: 120 },
  };
  assert.deepEqual(circleRadiusAt(track, 30), { frame: 0, radius: 10 });
  assert.deepEqual(circleRadiusAt(track, 90), { frame: 60, radius: 20 });
  assert.deepEqual(circleRadiusAt(track, 120), { frame: 120, radius: 30 });
});
