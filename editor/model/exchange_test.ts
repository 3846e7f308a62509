import assert from "node:assert/strict";
import {
  readTracks,
  type TrackReading,
} from "../../core/tracks/read_tracks.ts";
import { WRITABLE_FORMATS } from "../../core/tracks/write_tracks.ts";
import {
  type EditorDocument,
  emptyDocument,
  type Shape,
  type Timing,
} from "./document.ts";
import { withLength } from "./document_length.ts";
import { addTracks, createTrack } from "./edits.ts";
import { exportTracks, importLines, importTracks } from "./exchange.ts";
import { rescaleDocument } from "./rescale_document.ts";
import { renderDocument } from "./render_document.ts";

const empty = emptyDocument({ width: 64, height: 48 });

function drawn(): EditorDocument {
  const line = createTrack(empty, {
    kind: "spline",
    curve: "linear",
    tension: 0,
    points: [{ x: 3, y: 4 }, { x: 50, y: 40 }],
  });
  const hidden = {
    ...createTrack(empty, { kind: "static", x: 1, y: 1 }),
    hidden: true,
  };
  return addTracks(empty, [
    { ...line, visible: [[0, 30], [60, 120]] },
    hidden,
  ]);
}

for (const format of WRITABLE_FORMATS) {
  Deno.test(`what is exported as ${format} comes back as it was`, async () => {
    const bytes = await exportTracks(drawn(), format);
    const { tracks } = await importTracks(bytes, {
      name: `a.${format}`,
      document: empty,
    });
    assert.equal(tracks.length, 1);
    const again = renderDocument(addTracks(empty, tracks)).toArray();
    const before = renderDocument(drawn()).toArray();
    // ComfyUI's JSON knows no visibility but the length of a list.
    const seen = format === "json"
      ? (await readTracks(bytes, { name: "a.json" })).tracks.toArray()
      : before;
    assert.deepEqual(again, seen);
    assert.equal(tracks[0]!.shape.kind, "free");
  });
}

Deno.test("exportTracks() says when there is nothing to export", async () => {
  await assert.rejects(exportTracks(empty, "pth"), /there are none/);
});

Deno.test("importTracks() names tracks on and keeps their ids apart", async () => {
  const bytes = await exportTracks(drawn(), "npz");
  const first = await importTracks(bytes, { name: "a", document: empty });
  const document = addTracks(empty, first.tracks);
  const second = await importTracks(bytes, { name: "a", document });
  const names = [...first.tracks, ...second.tracks].map((t) => t.name);
  assert.deepEqual(names, ["Track 1", "Track 2"]);
});

Deno.test("importTracks() keeps the curves of other editors", async () => {
  const points = [{ x: 0, y: 24 }, { x: 64, y: 96 }, { x: 128, y: 24 }];
  const scene = JSON.stringify({
    splines: [
      {
        points,
        tension: 1,
        startFrame: 16,
        totalFrames: 32,
        holdOnStart: true,
      },
      { points, tension: 0, loop: true },
    ],
    staticShapes: [{ pos: { x: 32, y: 32 } }],
    originalImageDimensions: { width: 128, height: 96 },
  });
  const bytes = new TextEncoder().encode(scene);
  const { tracks, notes } = await importTracks(bytes, {
    name: "a.json",
    document: empty,
  });
  assert.deepEqual(tracks.map(({ shape }) => shape.kind), [
    "spline",
    "free", // a loop is none of the editor's
    "static",
  ]);
  const [{ shape, timing }] = tracks as [typeof tracks[0] & object];
  assert.ok(shape.kind === "spline" && shape.curve === "cardinal");
  assert.deepEqual(shape.points[1], { x: 32, y: 48 }); // of half the size
  assert.deepEqual([timing.start, timing.end, timing.outside], [
    24,
    72,
    "hold",
  ]);
  assert.match(notes.join(), /2 tracks have control points that can be edited/);
  // It is drawn where the samples of the file are.
  const drawn = renderDocument(addTracks(empty, tracks)).toArray();
  const read = (await readTracks(bytes, { name: "a", image: empty })).tracks
    .toArray();
  const far = drawn.reduce(
    (most, v, i) => Math.max(most, Math.abs(v - read[i]!)),
    0,
  );
  console.log(`largest difference ${far.toFixed(4)} px, limit 0.01`);
  assert.ok(far < 0.01);

  const store = JSON.stringify([{ points, name: "Spline 0" }]);
  const coordinates = JSON.stringify(points);
  const workflow = {
    nodes: [{
      type: "SplineEditor",
      widgets_values: [
        ...[store, coordinates, 128, 96, 3, "path", "cardinal", 0.2],
      ],
    }],
  };
  const { tracks: [spline] } = await importTracks(
    new TextEncoder().encode(JSON.stringify(workflow)),
    { name: "w.json", document: empty },
  );
  assert.equal(spline!.name, "Spline 0");
  assert.ok(spline!.shape.kind === "spline");
  // Its handles are those of that tension: 4/9 of 0.4 of the chord of 64 px.
  const { out } = spline!.shape.points[1]!;
  assert.ok(Math.abs(out!.x - 64 * 0.4 * 4 / 9) < 1e-9, `${out!.x}`);
});

Deno.test("curves stay where they ended in a longer document, as samples do", async () => {
  const splines = [{ points: [{ x: 1, y: 2 }, { x: 60, y: 40 }], tension: 1 }];
  const originalImageDimensions = { width: 64, height: 48 };
  const scene = new TextEncoder().encode(
    JSON.stringify({ splines, originalImageDimensions }),
  );
  const seenIn = async (bytes: Uint8Array, document: EditorDocument) => {
    const read = await importTracks(bytes, { name: "a", document });
    return read.tracks.map(({ shape, timing, visible }) => [
      ...[shape.kind, timing.end, visible],
    ]);
  };
  const long = withLength(empty, 241);
  const visible = [[0, 240]];
  assert.deepEqual(await seenIn(scene, empty), [["spline", 120, [[0, 120]]]]);
  assert.deepEqual(await seenIn(scene, long), [["spline", 120, visible]]);
  const { tracks } = await importTracks(scene, { name: "a", document: empty });
  const samples = await exportTracks(addTracks(empty, tracks), "pth");
  assert.deepEqual(await seenIn(samples, long), [["free", 120, visible]]);
  // What ends before is not seen longer.
  const motion = { start: 0, end: 50, easing: [0, 0, 1, 1], visible: [0, 60] };
  const store = JSON.stringify([{ points: splines[0]!.points, motion }]);
  const [[, , seen]] = await seenIn(
    new TextEncoder().encode(store),
    long,
  ) as [unknown[]];
  assert.deepEqual(seen, [[0, 60]]);
});

Deno.test("importTracks() reads as it is told to", async () => {
  const path = Array.from({ length: 48 }, (_, t) => ({ x: t, y: 0.5 }));
  const bytes = new TextEncoder().encode(JSON.stringify([path]));
  const lastOf = async (reading: Parameters<typeof importTracks>[1]) => {
    const { tracks: [track] } = await importTracks(bytes, reading);
    const { shape } = track!;
    assert.ok(shape.kind === "free");
    const seen = shape.samples.filter((_, i) => i % 3 === 2);
    const last = seen.lastIndexOf(1);
    return [last, shape.samples[3 * last]];
  };
  const options = { name: "a.json", document: empty };
  assert.deepEqual(await lastOf(options), [120, 47]); // spread
  assert.deepEqual(await lastOf({ ...options, length: "pad" }), [47, 47]);
  assert.deepEqual(await lastOf({ ...options, fps: 12 }), [94, 47]);
  const fromSize = { width: 128, height: 96 };
  assert.deepEqual(await lastOf({ ...options, fromSize }), [120, 23.5]);
  const share = new TextEncoder().encode('[[{"x": 1, "y": 1}]]');
  await assert.rejects(importTracks(share, options), /unit "share"/);
  const { tracks: [corner] } = await importTracks(share, {
    ...options,
    unit: "share",
  });
  assert.ok(corner!.shape.kind === "free");
  assert.deepEqual(corner!.shape.samples.slice(0, 2), [64, 48]);
});

Deno.test("importTracks() refuses what could never be saved", async () => {
  const far = new TextEncoder().encode('[[{"x": 5000000, "y": 2}]]');
  await assert.rejects(
    importTracks(far, { name: "far.json", document: empty }),
    /tracks\.0\.shape/,
  );
  const many = new TextEncoder().encode(
    JSON.stringify(Array.from({ length: 2001 }, () => [{ x: 1, y: 2 }])),
  );
  await assert.rejects(
    importTracks(many, { name: "many.json", document: empty }),
    /Cannot import 2001 tracks: .* expected at most 2000/,
  );
});

Deno.test("importLines() keeps corners as points and curves as strokes", () => {
  const points = [{ x: 0, y: 0 }, { x: 4, y: 3 }, { x: 9, y: 3 }];
  const { tracks } = importLines([
    { name: " arm ", points, corners: true },
    { points, corners: false },
    { points: points.slice(1, 2), corners: true },
  ], { document: empty });
  assert.deepEqual(tracks.map((t) => t.name), ["arm", "Stroke 1", "Anchor 1"]);
  const long = importLines([{ name: "n".repeat(300), points, corners: true }], {
    document: empty,
  });
  assert.equal(long.tracks[0]!.name, "n".repeat(200));
  assert.deepEqual(tracks.map((t) => t.shape.kind), [
    "spline",
    "freehand",
    "static",
  ]);
});

Deno.test("curves come back from a SplineEditor as they were, with their time", async () => {
  const document = emptyDocument({ width: 832, height: 480 });
  const points = [[10, 20.3], [200.7, 310], [400, 90], [811.1, 470]].map(
    ([x, y]) => ({ x: x!, y: y! }),
  );
  const spline = { kind: "spline", tension: 0.25, points } as const;
  const shapes: Shape[] = [
    { ...spline, curve: "cardinal" },
    { ...spline, curve: "linear" },
    {
      ...spline,
      curve: "bezier",
      points: points.map((p) => ({ ...p, in: { x: -9, y: 4 } })),
    },
    { kind: "freehand", points, speed: "even", times: [] },
    { kind: "static", x: 7.5, y: 9 },
  ];
  const timing: Timing = {
    ...{ start: 12, end: 90, easing: [0.42, 0, 0.58, 1], outside: "hold" },
  };
  let drawn: EditorDocument = document;
  for (const shape of shapes) {
    const track = createTrack(drawn, shape);
    drawn = addTracks(drawn, [{ ...track, timing, visible: [[5, 100]] }]);
  }
  const back = async (from: EditorDocument) => {
    const bytes = await exportTracks(from, "kjnodes");
    const size = emptyDocument(from);
    const { tracks } = await importTracks(bytes, {
      name: "a.json",
      document: size,
    });
    return addTracks(size, tracks);
  };
  // And an easing in parts.
  const joints: Timing["joints"] = [
    { time: 0.25, progress: 0.7, easing: [0.1, 0, 1, 1] },
    { time: 0.5, progress: 0.4, easing: [0, 0, 1, 1] },
  ];
  const [first, ...others] = drawn.tracks;
  drawn = {
    ...drawn,
    tracks: [{ ...first!, timing: { ...timing, joints } }, ...others],
  };
  const again = await back(drawn);
  assert.deepEqual(
    again.tracks.map((t) => [t.name, t.timing, t.visible]),
    drawn.tracks.map((t) => [t.name, t.timing, t.visible]),
  );
  assert.deepEqual(again.tracks.map(({ shape }) => shape.kind), [
    ...["spline", "spline", "spline", "spline", "static"],
  ]);
  // Beyond 4096 px it is scaled there and back.
  const large = rescaleDocument(drawn, { width: 6000, height: 4001 });
  for (const from of [drawn, large]) {
    const was = renderDocument(from).toArray();
    const now = renderDocument(await back(from)).toArray();
    const worst = was.reduce(
      (most, v, i) => Math.max(most, Math.abs(v - now[i]!)),
      0,
    );
    console.log(`largest difference ${worst} px of ${from.width}, limit 0.01`);
    assert.ok(worst <= 0.01);
  }
});

Deno.test("a SplineEditor is no larger than it can be, and so are its samples", async () => {
  const document = emptyDocument({ width: 6000, height: 3000 });
  const anchor = createTrack(document, { kind: "static", x: 6000, y: 1500 });
  const bytes = await exportTracks(addTracks(document, [anchor]), "kjnodes");
  const { nodes: [node] } = JSON.parse(new TextDecoder().decode(bytes));
  const [store, samples, width, height, frames] = node.widgets_values;
  assert.deepEqual([width, height, frames], [4096, 2048, 121]);
  const point = { x: 4096, y: 1024 };
  assert.deepEqual(JSON.parse(store)[0].points, [point, point]);
  assert.deepEqual(JSON.parse(samples).flat()[0], point);
});

Deno.test("a spline's time that is damaged is not taken", async () => {
  const joint = { time: 0.5, progress: 0.5, easing: [0, 0, 1, 1] };
  const read = async (change: Record<string, unknown>) => {
    const motion = {
      ...{ start: 5, end: 90, easing: [0, 0, 1, 1], visible: [0, 90] },
      ...change,
    };
    const store = [{ points: [{ x: 1, y: 2 }, { x: 9, y: 9 }], motion }];
    const bytes = new TextEncoder().encode(JSON.stringify(store));
    const { tracks } = await importTracks(bytes, {
      ...{ name: "a.json", document: empty },
    });
    return tracks[0]!.timing;
  };
  assert.equal((await read({ joints: [joint] })).joints?.length, 1);
  const back = { ...joint, progress: -0.5, easing: [0, -4, 1, 5] };
  assert.deepEqual((await read({ joints: [back] })).joints, [back]);
  for (
    const change of [
      { joints: [joint, joint] },
      { joints: [{ ...joint, time: 1 }] },
      { joints: [{ ...joint, progress: 3 }] },
      { joints: [{ ...joint, progress: -1.5 }] },
      { easing: [0, -6, 1, 1] },
      {
        joints: Array.from({ length: 17 }, (_, i) => ({
          ...joint,
          time: (i + 1) / 20,
        })),
      },
      { joints: [{ ...joint, easing: [0, 0, 1] }] },
      { joints: [] },
      { joints: "x" },
      { end: 2881, visible: [0, 2881] },
    ]
  ) {
    const { start, end, joints } = await read(change);
    assert.deepEqual([start, end, joints], [0, 120, undefined]);
  }
});

Deno.test("what no curve can say leaves as the line that it draws", async () => {
  const circle = createTrack(empty, {
    ...{ kind: "circle", x: 30, y: 20, count: 2, angle: 0 },
    radii: [{ frame: 0, radius: 2 }, { frame: 120, radius: 12 }],
  });
  const bytes = await exportTracks(addTracks(empty, [circle]), "kjnodes");
  const { tracks } = await importTracks(bytes, { name: "a", document: empty });
  const ends = tracks.map(({ shape }) =>
    shape.kind === "spline" && [shape.points[0]!.x, shape.points.at(-1)!.x]
  );
  assert.deepEqual(ends, [[32, 42], [28, 18]]);
});

Deno.test("a motion is exported whole, and imported to another size", async () => {
  const bytes = await exportTracks(drawn(), "motion");
  const { tracks } = await importTracks(bytes, {
    name: "a.motion.json",
    document: emptyDocument({ width: 640, height: 480 }),
  });
  assert.equal(tracks.length, 2); // what is hidden, too
  const [line] = tracks;
  assert.ok(line?.shape.kind === "spline");
  assert.deepEqual(line.shape.points[1], { x: 500, y: 400 });
  assert.deepEqual(line.visible, [[0, 30], [60, 120]]);
  // Or as it is, or from another size than it says.
  const endOf = async (reading: TrackReading, document = empty) => {
    const { tracks: [track], frames } = await importTracks(bytes, {
      ...{ name: "a", document },
      ...reading,
    });
    const { shape } = track!;
    return [shape.kind === "spline" && shape.points[1]!.x, frames];
  };
  const large = emptyDocument({ width: 640, height: 480 });
  const fromSize = { width: 128, height: 96 };
  assert.deepEqual(await endOf({ unit: "px" }, large), [50, undefined]);
  assert.deepEqual(await endOf({ fromSize }, large), [250, undefined]);
  assert.deepEqual(await endOf({ unit: "px", fromSize }, large), [
    250,
    undefined,
  ]);
});

Deno.test("a motion makes a document longer, not one that is long already", async () => {
  const long = withLength(empty, 241);
  const line = createTrack(long, {
    ...{ kind: "spline", curve: "linear", tension: 0 },
    points: [{ x: 3, y: 4 }, { x: 50, y: 40 }],
  });
  const bytes = await exportTracks(addTracks(long, [line]), "motion");
  const framesIn = async (document: EditorDocument) =>
    (await importTracks(bytes, { name: "a", document })).frames;
  assert.equal(await framesIn(empty), 241);
  assert.equal(await framesIn(long), undefined);
  assert.equal(await framesIn(withLength(empty, 361)), undefined);
});

Deno.test("importTracks() asks for the size of px in a corner, and of nothing else", async () => {
  const document = emptyDocument({ width: 6000, height: 4000 });
  const sizesOf = async (value: unknown, reading = {}) => {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    const imported = await importTracks(bytes, {
      ...{ name: "a.json", document },
      ...reading,
    });
    return imported.sizes?.map(({ width, height }) => `${width}x${height}`);
  };
  const px = [[{ x: 20, y: 30 }, { x: 820, y: 470 }]];
  assert.equal((await sizesOf(px))?.[0], "832x480");
  assert.equal(await sizesOf(px, { unit: "px" }), undefined);
  const fromSize = { width: 832, height: 480 };
  assert.equal(await sizesOf(px, { fromSize }), undefined);
  const shares = [Array.from({ length: 9 }, (_, t) => ({ x: t / 10, y: 0.5 }))];
  assert.equal(await sizesOf(shares), undefined);
  // A position that is never seen does not count.
  const table = "track,frame,x,y,visible\n1,1,820,470,1\n1,2,5000,3900,0\n";
  const hidden = await importTracks(new TextEncoder().encode(table), {
    ...{ name: "a.csv", document },
  });
  assert.deepEqual(hidden.sizes?.[0], { width: 832, height: 480 });
  const scene = { splines: [{ points: px[0] }] };
  const originalImageDimensions = fromSize;
  assert.equal(
    await sizesOf({ ...scene, originalImageDimensions }),
    undefined,
  );
});
