import assert from "node:assert/strict";
import { FormatError } from "../base/errors.ts";
import { formatJsonTracks, readJsonTracks } from "./json_tracks.ts";
import { TrackSet } from "./track_set.ts";

async function parse(text: string): Promise<number[][]> {
  const { tracks } = await readJsonTracks(text, { name: "a.json" });
  return tracks.map((track) => [...track]);
}

/** A text as a JSON string, several times over. */
function wrapped(text: string, times: number): string {
  return times === 0 ? text : wrapped(JSON.stringify(text), times - 1);
}

const ONE = [[1, 2, 1, 3, 4, 1]];
const TWO = [[1, 2, 1, 3, 4, 1], [5, 6, 1]];

Deno.test("readJsonTracks() reads every shape that ComfyUI's nodes pass on", async (t) => {
  const shapes: [string, string, number[][]][] = [
    ["one list", '[{"x":1,"y":2},{"x":3,"y":4}]', ONE],
    ["list of lists", '[[{"x":1,"y":2},{"x":3,"y":4}],[{"x":5,"y":6}]]', TWO],
    ["list of one list", '[[{"x":1,"y":2},{"x":3,"y":4}]]', ONE],
    [
      "list of strings",
      JSON.stringify([
        '[{"x":1,"y":2},{"x":3,"y":4}]',
        '[{"x":5,"y":6}]',
      ]),
      TWO,
    ],
    [
      "list of strings in single quotes",
      JSON.stringify(["[{'x':1,'y':2},{'x':3,'y':4}]", "[{'x':5,'y':6}]"]),
      TWO,
    ],
    ["single quotes", "[{'x': 1, 'y': 2}, {'x': 3, 'y': 4}]", ONE],
    ["a string", JSON.stringify('[{"x":1,"y":2},{"x":3,"y":4}]'), ONE],
    ["a bare point", '{"x":5,"y":6}', [[5, 6, 1]]],
    ["points in a row", "[[1,2],[3,4]]", ONE],
    ["rows of points", "[[[1,2],[3,4,1]],[[5,6]]]", TWO],
    ["an object", '{"tracks":[[{"x":1,"y":2},{"x":3,"y":4}]],"fps":24}', ONE],
    ["coordinates", `{"coordinates":"[{'x':1,'y':2},{'x':3,'y':4}]"}`, ONE],
    ["visibility", '[[{"x":1,"y":2,"visible":false},[3,4,0]]]', [[
      1,
      2,
      0,
      3,
      4,
      0,
    ]]],
    ["other keys", '[{"x":1,"y":2,"scale":1},{"x":3,"y":4,"t":0}]', ONE],
    [
      "white space and a line feed",
      ' [ {"x":1,"y":2},\n{"x":3,"y":4} ]\n',
      ONE,
    ],
    ["no track", "[]", []],
    ["a lost point", '[[{"x":null,"y":NaN,"hidden":1},[5,6]]]', [[
      0,
      0,
      0,
      5,
      6,
      1,
    ]]],
    ["a lost pair", "[[[null,null,0],[3,4]],[[5,6]]]", [
      [0, 0, 0, 3, 4, 1],
      [5, 6, 1],
    ]],
    ["points of tracks", '[{"id":1,"points":[[1,2],[3,4]],"hidden":0}]', ONE],
    ["an empty track", '[[],[{"x":5,"y":6}]]', [[], [5, 6, 1]]],
  ];
  for (const [what, text, expected] of shapes) {
    await t.step(
      what,
      async () => assert.deepEqual(await parse(text), expected),
    );
  }
});

Deno.test("readJsonTracks() leaves out no visibility and no times of points", async () => {
  const seen = async (...keys: object[]) => {
    const points = keys.map((more, i) => ({ x: 10 + i, y: 20, ...more }));
    const { tracks: [track] } = await readJsonTracks(
      JSON.stringify([points]),
      { name: "a.json" },
    );
    return keys.map((_, i) => track![3 * i + 2]);
  };
  assert.deepEqual(await seen({ visibility: 1 }, { visibility: 0.2 }), [1, 0]);
  assert.deepEqual(await seen({ occluded: true }, { occluded: false }), [0, 1]);
  assert.deepEqual(await seen({ hidden: 0 }, { hidden: 1 }), [1, 0]);
  assert.deepEqual(await seen({ t: 0 }, { t: 0.5 }, { t: 1 }), [1, 1, 1]);
  assert.deepEqual(await seen({ frame: 3 }, { frame: 4 }), [1, 1]);
  // Times that were rounded, and every other frame.
  const even = async (key: string, times: number[]) => {
    const taken = await seen(...times.map((time) => ({ [key]: time })));
    assert.equal(taken.length, times.length);
  };
  for (const fps of [16, 24, 29.97, 30, 60]) {
    await even(
      "time",
      Array.from({ length: 121 }, (_, i) => Number((i / fps).toFixed(2))),
    );
  }
  await even("t", [0, 0.03, 0.07, 0.1]);
  const uneven: [RegExp, ...number[]][] = [
    [/point 1 has "frame" 0 after 0/, 0, 0, 0],
    [/point 1 has "frame" 1 after 2/, 2, 1, 0],
    [/point 2 has "frame" 120 after 10/, 0, 10, 120],
    [/point 2 has "frame" 2.5 after 1/, 0, 1, 2.5, 4, 5],
  ];
  for (const [message, ...frames] of uneven) {
    await assert.rejects(even("frame", frames), message);
  }
  await assert.rejects(even("t", [2, 1, 0]), /point 1 has "t" 1 after 2/);
  await assert.rejects(even("t", [0, 1, 2, 4, 5]), /point 3 has "t" 4/);
  // In ms.
  await even("time", [0, 33, 67, 100, 133]);
  // One point of 101 is missing.
  const gap = Array.from({ length: 101 }, (_, i) => (i + Number(i > 50)) / 24);
  await assert.rejects(even("time", gap), /point 51 has "time"/);
  await assert.rejects(
    seen({ frame: 0 }, { frame: 10 }, { frame: 15 }),
    /track 0 are not at even times, point 2 has "frame" 15 after 10.*\nHINT: .* even step/,
  );
  await assert.rejects(
    seen({ time: 0 }, { time: 2.5 }, { time: 3 }),
    /point 1 has "time" 2\.5 after 0/,
  );
  await assert.rejects(seen({ occluded: "no" }, {}), /point 0 of track 0 is/);
});

Deno.test("readJsonTracks() reads the axes of arrays as other files have them", async () => {
  const counts = async (value: unknown) => {
    const { tracks, warnings = [] } = await readJsonTracks(
      JSON.stringify(value),
      { name: "a.json" },
    );
    return [tracks.length, tracks[0]!.length / 3, warnings.length];
  };
  const at = (n: number, t: number) => [300 * Math.sin(7 * n), 40 * n + t];
  const rows = (first: number, second: number, turned: boolean) =>
    Array.from(
      { length: first },
      (_, i) =>
        Array.from(
          { length: second },
          (_, j) => turned ? at(j, i) : at(i, j),
        ),
    );
  // CoTracker's batch, also next to other things.
  const batch = [rows(48, 10, true)];
  for (const value of [batch, { tracks: batch }, { pred_tracks: batch }]) {
    assert.deepEqual(await counts(value), [10, 48, 0]);
  }
  const tracks = rows(3, 16, false);
  for (const value of [tracks, { tracks }, { id: 7, coordinates: tracks }]) {
    assert.deepEqual(await counts(value), [3, 16, 0]);
  }
  const turned = rows(48, 10, true);
  assert.deepEqual(await counts(turned), [48, 10, 1]);
  await assert.rejects(counts({ tracks: turned }), /Cannot tell tracks from/);
});

Deno.test("readJsonTracks() takes points with times or visibility for samples, no curve", async () => {
  const at = (n: number) => ({ x: n < 30 ? 0 : 10 * (n - 30), y: 50 });
  const list = (more: (n: number) => object, length = 61) =>
    Array.from({ length }, (_, n) => ({ ...at(n), ...more(n) }));
  const read = async (item: object) =>
    await readJsonTracks(JSON.stringify([item]), { name: "a.json" });
  for (
    const item of [
      { id: 1, points: list((n) => ({ frame: n, visible: n < 50 })) },
      { color: "#f00", points: list((n) => ({ visible: n < 50 })) },
      { points: list((n) => ({ hidden: n >= 50 })) },
    ]
  ) {
    const { tracks: [track], curves } = await read(item);
    assert.equal(curves, undefined);
    assert.equal(track!.length, 61 * 3);
    assert.deepEqual([track![29 * 3], track![49 * 3]], [0, 190]);
    assert.deepEqual([track![49 * 3 + 2], track![50 * 3 + 2]], [1, 0]);
  }
  const whole = { points: list(() => ({}), 81) };
  assert.equal((await read(whole)).tracks[0]!.length, 81 * 3);
  // Control points of curves, KJNodes' and of a small number.
  const few = { points: list(() => ({})) };
  for (const item of [{ color: "#fff", ...whole }, few]) {
    const { tracks: [track], curves } = await read(item);
    assert.equal(curves?.length, 1);
    assert.equal(track!.length, 121 * 3);
    assert.ok(track![29 * 3]! > 0);
  }
});

Deno.test("readJsonTracks() takes rate and size from the object around the tracks", async () => {
  const list = (length: number) =>
    Array.from({ length }, (_, x) => ({ x, y: 100 }));
  const read = async (value: object) => {
    const { fps, fromSize, warnings = [] } = await readJsonTracks(
      JSON.stringify(value),
      { name: "a.json" },
    );
    return [fps, fromSize?.width, fromSize?.height, warnings.length];
  };
  const tracks = [list(60), list(60)];
  const size = { width: 640, height: 360 };
  const arrays = tracks.map((track) => track.map(({ x, y }) => [x, y]));
  for (const value of [{ tracks }, { tracks: arrays }]) {
    assert.deepEqual(await read({ fps: 30, ...size, ...value }), [
      ...[30, 640, 360, 1],
    ]);
    assert.deepEqual(await read({ frame_rate: 12.5, ...value }), [
      ...[12.5, undefined, undefined, 1],
    ]);
    assert.deepEqual(await read({ fps: "30", width: 640, ...value }), [
      ...[undefined, undefined, undefined, 0],
    ]);
  }
  // What the length says, too; anchors; times of the points' own.
  assert.equal((await read({ fps: 24, tracks: [list(121)] }))[3], 0);
  assert.equal((await read({ fps: 30, tracks: [list(1)] }))[3], 0);
  // ATI's tracks for a video of 16 frames per second.
  assert.deepEqual(await read({ fps: 16, tracks: [list(121)] }), [
    ...[undefined, undefined, undefined, 1],
  ]);
  const timed = tracks.map((track) =>
    track.map((point, i) => ({ ...point, time: i / 10 }))
  );
  assert.deepEqual((await read({ fps: 30, tracks: timed }))[0], 10);
  // A size that is not that of the image.
  assert.deepEqual(await read({ width: 10, height: 10, tracks }), [
    ...[undefined, undefined, undefined, 1],
  ]);
});

Deno.test("readJsonTracks() reads lists of each frame's points where it is told", async () => {
  const frames = Array.from(
    { length: 60 },
    (_, t) =>
      Array.from({ length: 5 }, (_, n) => ({ x: 100 * n + t, y: 7, frame: t })),
  );
  const order = "time-first" as const;
  const read = async (value: unknown) =>
    (await readJsonTracks(JSON.stringify(value), { name: "a.json", order }))
      .tracks;
  const objects = frames.map((points, frame) => ({ frame, points }));
  for (const value of [frames, { tracks: frames }, [frames], objects]) {
    const tracks = await read(value);
    assert.deepEqual([tracks.length, tracks[0]!.length], [5, 60 * 3]);
    assert.deepEqual([tracks[4]![0], tracks[4]![59 * 3]], [400, 459]);
  }
  // The control points of curves are at no frames.
  const curves = [0, 1, 2].map((n) => ({
    ...{ points: [0, 50, 90, 150].map((x) => ({ x, y: 100 * n })) },
    ...{ color: "#fff", name: `s${n}` },
  }));
  assert.deepEqual((await read(curves)).map(([, y]) => y), [0, 100, 200]);
  const [track, ...none] = await read(frames.map((points) => points[0]));
  assert.deepEqual([track!.length, none.length], [60 * 3, 0]);
  await assert.rejects(
    read([...frames, frames[0]!.slice(1)]),
    /with time first: frame 60 has 4 points, expected 5 as in frame 0/,
  );
});

Deno.test("readJsonTracks() leaves out editors that a workflow does not run", async () => {
  const editor = (mode: number, x: number) => ({
    ...{ id: x, type: "SplineEditor", mode },
    widgets_values: [
      JSON.stringify([{ points: [{ x, y: 8 }, { x: x + 80, y: 8 }] }]),
      x === 40 ? JSON.stringify([{ x, y: 8 }, { x: x + 80, y: 8 }]) : "",
      ...(x === 16 ? [256, 256] : [512, 512]),
    ],
  });
  const read = async (
    nodes: object[],
    inner: object[] = [],
    scale: number | "auto" = "auto",
  ) => {
    const workflow = {
      ...{ id: "main", nodes },
      definitions: { subgraphs: [{ id: "5-5", nodes: inner }] },
    };
    const { tracks, notes, warnings = [] } = await readJsonTracks(
      JSON.stringify(workflow),
      // The order is that of arrays.
      { name: "a.json", order: "time-first", scale },
    );
    return [tracks.map(([x]) => x), notes.length, warnings.length];
  };
  const around = (mode: number) => ({ id: 3, type: "5-5", mode });
  const [run, other, muted, bypassed] = [
    ...[editor(0, 8), editor(0, 40), editor(2, 16), editor(4, 24)],
  ] as const;
  assert.deepEqual(await read([run, muted, bypassed, other]), [[8, 40], 3, 0]);
  assert.deepEqual(await read([run, around(0)], [other]), [[8, 40], 2, 0]);
  assert.deepEqual(await read([run, around(4)], [other]), [[8], 2, 0]);
  const both = [run, around(4), around(0)];
  assert.deepEqual(await read(both, [other]), [[8, 40], 2, 0]);
  // None is run: all are meant.
  assert.deepEqual(await read([bypassed]), [[24], 1, 1]);
  assert.deepEqual(await read([run, other], [], 8), [[1, 5], 2, 0]);
});

Deno.test("readJsonTracks() takes COCO's flags for visibility", async () => {
  const { tracks, warnings = [] } = await readJsonTracks(
    "[[[7,8,2],[8,8,1],[9,8,0]],[[5,5,2],[6,6,2]],[[1,2,1]],[[3,4]]]",
    { name: "a.json" },
  );
  assert.deepEqual(
    tracks.map((track) => track.filter((_, i) => i % 3 === 2).join("")),
    ["100", "11", "0", "1"],
  );
  assert.match(warnings.join(), /taken as COCO's flags: 2 is visible/);
});

Deno.test("readJsonTracks() says which point of which track is none", async () => {
  const cases: [string, RegExp][] = [
    ["", /as JSON: .*\nHINT: Tracks are a list of tracks/],
    ["[{'x': 1", /as JSON/],
    ["5", /it is 5, expected a list of tracks/],
    ["null", /it is null/],
    ['{"paths":[]}', /it is an object with "paths"/],
    ["{}", /it is an object with no keys/],
    ['[[{"x":1,"y":2},{"x":3}]]', /point 1 of track 0 is \{"x":3\}/],
    ['[[{"x":1,"y":2}],7]', /track 1 is 7/],
    ['[[{"x":"1","y":2}]]', /point 0 of track 0 is \{"x":"1","y":2\}/],
    ['[[{"x":null,"y":2}]]', /point 0 of track 0/],
    ["[[null,null,1],[3,4,1]]", /point 0 of track 0 is a list of 3/],
    [
      "[[1,2,0],[3,4,1],[5,6,2]]",
      /third numbers of its points are from 0 to 2, .*\nHINT: A point that has/,
    ],
    ["[[0,10,200],[1,11,200]]", /third numbers of its points are from 200 to/],
    ["[[[0,10,2],[1,11,2]],[[1,1,2]]]", /third numbers of its points/],
    ['[[{"x":1,"y":2,"visible":"no"}]]', /point 0 of track 0/],
    ['["[", "]"]', /as JSON/],
    [
      "[".repeat(100_000) + "]".repeat(100_000),
      /point 0 of track 0 is a list of 1|as JSON/,
    ],
    [wrapped("[]", 5), /nested too deeply/],
    ['[[["a"]]]', /point 0 of track 0 is a list of 1/],
    ['[[{"a":{"b":1}}]]', /point 0 of track 0 is \{"a":"…"\}/],
  ];
  for (const [text, message] of cases) {
    await assert.rejects(parse(text), (error) => {
      assert.ok(error instanceof FormatError, `${text}: ${error}`);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("formatJsonTracks() writes the nested form, also for one track", () => {
  const set = TrackSet.fromPoints([[
    { x: 1, y: 2, visible: true },
    { x: 3, y: 4.5, visible: true },
  ]]);
  const [track, ...none] = JSON.parse(formatJsonTracks(set));
  assert.deepEqual(none, []);
  assert.deepEqual(track.slice(0, 2), [{ x: 1, y: 2 }, { x: 3, y: 4.5 }]);
  assert.equal(formatJsonTracks(TrackSet.fromArray([])), "[]\n");
});

Deno.test("formatJsonTracks() gives all tracks 121 points; what is hidden stays where it was", () => {
  const set = TrackSet.fromPoints([
    [
      { x: 0, y: 0, visible: false },
      { x: 3, y: 4, visible: true },
      { x: 5, y: 6, visible: false },
      { x: 7, y: 8, visible: true },
    ],
    [{ x: 7, y: 7, visible: false }],
    [],
  ]);
  const tracks = JSON.parse(formatJsonTracks(set));
  assert.deepEqual(tracks.map(({ length }: unknown[]) => length), [
    121,
    121,
    121,
  ]);
  const hidden = (x: number, y: number) => ({ x, y, visible: false });
  assert.deepEqual(tracks[0].slice(0, 5), [
    hidden(3, 4),
    { x: 3, y: 4 },
    hidden(5, 6),
    { x: 7, y: 8 },
    hidden(7, 8),
  ]);
  assert.deepEqual(tracks[1][120], hidden(7, 7));
  assert.deepEqual(tracks[2][60], hidden(0, 0));
});

Deno.test("formatJsonTracks() writes float32 short and without loss", async () => {
  const numbers = [416 / 3, 0.1, -0, 1e-20, 123456.789, 16777216, 1 / 7, 3e30];
  const set = TrackSet.fromPoints([
    numbers.map((x) => ({ x, y: 0, visible: true })),
  ]);
  const text = formatJsonTracks(set);
  assert.match(text, /"x":138\.66667,/);
  assert.match(text, /"x":0\.1,/);
  const [track] = (await readJsonTracks(text, { name: "a.json" })).tracks;
  numbers.forEach((x, t) => assert.equal(track![t * 3], Math.fround(x) + 0));
});

Deno.test("readJsonTracks() counts a visibility of exactly 0.5 as visible", async () => {
  assert.deepEqual(
    await parse('[[[1,2,0.5],[3,4,0.4999]],[{"x":5,"y":6,"visible":0.5}]]'),
    [[1, 2, 1, 3, 4, 0], [5, 6, 1]],
  );
});
