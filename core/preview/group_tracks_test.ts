import assert from "node:assert/strict";
import {
  everywhere,
  type Path,
  tracksOf,
} from "../../tests/fixtures/track_paths.ts";
import { groupTracks } from "./group_tracks.ts";

const SIZE = { width: 640, height: 360 };
const members = (...paths: Path[]) =>
  groupTracks(tracksOf(...paths), SIZE).groups.map((group) => group.tracks);

/** Tracks of one thing around a position, going one way. */
function thing(x: number, y: number, way: Path): Path[] {
  return [[0, -20], [25, 15], [-25, 15]].map(([dx, dy]) => (t) => {
    const moved = way(t)!;
    return [x + dx! + moved[0], y + dy! + moved[1]];
  });
}

Deno.test("groupTracks() makes one group of each thing that goes far", () => {
  const found = groupTracks(
    tracksOf(
      ...thing(150, 100, (t) => [200 * t, 0]),
      () => [320, 300],
      ...thing(450, 250, (t) => [0, -120 * t]),
    ),
    SIZE,
  );
  assert.deepEqual(
    found.groups.map((group) => [...group.tracks]),
    [[0, 1, 2], [4, 5, 6]],
  );
  assert.deepEqual(found.outside, [{ x: 320, y: 300 }]);
  assert.equal(found.groups[0]!.inside.length, 2, "joined by two lines");
  assert.ok(Math.abs(found.groups[0]!.travel - 200 / 360) < 0.01);
});

Deno.test("groupTracks() cuts nothing out of a pan, a zoom, or little motion", () => {
  assert.deepEqual(members(...everywhere((t, x, y) => [x - 150 * t, y])), []);
  assert.deepEqual(
    members(
      ...everywhere((t, x, y) => [
        320 + (x - 320) * (1 + t),
        180 +
        (y - 180) * (1 + t),
      ]),
    ),
    [],
  );
  assert.deepEqual(members(...thing(300, 180, (t) => [20 * t, 0])), []);
});

Deno.test("groupTracks() leaves what bends in the sheet", () => {
  // A scarf: the further out, the farther it goes.
  const scarf = [0, 1, 2, 3, 4].map((k): Path => (t) => [
    300 + 40 * k,
    200 - 5 * k * k * t,
  ]);
  assert.deepEqual(members(...scarf), []);
});

Deno.test("groupTracks() finds a thing against a camera that moves", () => {
  const pan = everywhere((t, x, y) => [x - 100 * t, y]);
  const found = members(...pan, ...thing(300, 180, (t) => [-100 * t, -90 * t]));
  assert.deepEqual(found, [[6, 7, 8]]);
});

Deno.test("groupTracks() takes marked objects as they are, in their order", () => {
  const outline = [[{ x: 0, y: 0 }, { x: 9, y: 0 }, { x: 9, y: 9 }]];
  const tracks = tracksOf(...thing(300, 180, (t) => [5 * t, 0]), () => [9, 9]);
  const objects = [{ outline, tracks: [3] }, { outline, tracks: [0, 2] }];
  const { groups } = groupTracks(tracks, { ...SIZE, objects });
  assert.deepEqual(groups.map((group) => group.tracks), [[3], [0, 2]]);
  for (
    const wrong of [
      [{ outline, tracks: [4] }],
      [{ outline, tracks: [1] }, { outline, tracks: [1] }],
    ]
  ) {
    assert.throws(
      () => groupTracks(tracks, { ...SIZE, objects: wrong }),
      /each of 4 tracks in one object at most/,
    );
  }
});
