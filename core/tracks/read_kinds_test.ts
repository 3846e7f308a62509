/**
 * Track files that other programs make: of each kind a file as it was found,
 * and one made here.
 */

import assert from "node:assert/strict";
import { writeNpy } from "../formats/npy.ts";
import { writeTorchZip } from "../formats/torch_zip_writer.ts";
import { writeAtiFile } from "./ati_file.ts";
import { MAX_ARRAY_BYTES, writeNpz } from "../formats/npz.ts";
import { checkWritableCount } from "./raw_tracks.ts";
import {
  readRawTracks,
  readTracks,
  type TrackReading,
  type TracksFile,
} from "./read_tracks.ts";
import { processTracks, trackFrameAt } from "./resample.ts";
import { TrackSet } from "./track_set.ts";
import { writeTracks } from "./write_tracks.ts";

const IMAGE = { width: 832, height: 480 };
const FIXTURES = new URL("../../tests/fixtures/tracks/", import.meta.url);

const found = (name: string) => Deno.readFileSync(new URL(name, FIXTURES));
const text = (value: string) => new TextEncoder().encode(value);

function read(
  bytes: Uint8Array,
  options: TrackReading & { visibility?: Uint8Array } = {},
): Promise<TracksFile> {
  return readTracks(bytes, { name: "a", image: IMAGE, ...options });
}

/** `(T, N, 2)` or `(N, T, 2)` numbers: x is 10 n + t, y is 100 + n. */
function grid(
  first: number,
  second: number,
  order: "tracks-first" | "time-first",
): Float32Array<ArrayBuffer> {
  const data = new Float32Array(first * second * 2);
  for (let i = 0, at = 0; i < first; i++) {
    for (let j = 0; j < second; j++, at += 2) {
      const [n, t] = order === "tracks-first" ? [i, j] : [j, i];
      data.set([10 * n + t, 100 + n], at);
    }
  }
  return data;
}

const seenFrames = (tracks: TrackSet, track: number) =>
  Array.from({ length: 121 }, (_, t) => tracks.visible(track, t))
    .filter(Boolean).length;

Deno.test("visibility is found under all of its names, occlusion inverted", async () => {
  const names = [
    ["visibility", false],
    ["visibles", false],
    ["pred_visibility", false],
    ["track_visibility", false],
    ["visibs", false],
    ["vis", false],
    ["occluded", true],
    ["pred_occlusion", true],
    ["predVisibility", false],
    ["invisible_points", true],
    ["occ", true],
    ["valid", false], // booleans of the right shape under any name
  ] as const;
  for (const [name, inverted] of names) {
    const hidden = new Uint8Array(121 * 2).fill(inverted ? 0 : 1);
    hidden[1] = inverted ? 1 : 0; // frame 0 of track 1
    const bytes = await writeNpz({
      tracks: { dims: [121, 2, 2], data: grid(121, 2, "time-first") },
      [name]: { dims: [121, 2], data: hidden, boolean: name === "valid" },
      video: { dims: [2, 2, 3], data: new Uint8Array(12) },
    });
    const { tracks, notes } = await read(bytes);
    assert.equal(seenFrames(tracks, 0), 121, name);
    assert.equal(seenFrames(tracks, 1), 120, name);
    assert.doesNotMatch(notes.join(), /no visibility/);
  }
  const core = await read(found("core.npz"));
  assert.match(core.notes.join(), /with the visibility "track_visibility"/);
  assert.match(core.warnings.join(), /No sample of any track is visible/);
  const tracker = await read(found("cotracker.npz"));
  assert.match(tracker.warnings.join(), /No sample of any track is visible/);
  const tapvid = await read(found("tapvid.npz"));
  assert.match(tapvid.notes[0]!, /"points" with the occlusion "occluded"/);
  assert.equal(tapvid.tracks.count, 3);
  assert.ok(tapvid.tracks.x(0, trackFrameAt(2)) > 700, "shares of the image");
});

Deno.test("points in space have their visibility in its own array", async () => {
  const hidden = 7;
  const visible = new Uint8Array(2 * 121).fill(1);
  visible[hidden] = 0;
  const { tracks } = await read(
    await writeNpz({
      tracks: {
        dims: [2, 121, 3],
        data: Float32Array.from({ length: 2 * 121 * 3 }, (_, i) => 9 + i % 40),
      },
      visibility: { dims: [2, 121], data: visible },
    }),
  );
  assert.deepEqual(
    [tracks.visible(0, hidden), tracks.visible(0, hidden + 1)],
    [false, true],
  );
});

Deno.test("booleans are no coordinates, under any name", async () => {
  await assert.rejects(
    read(found("wanmove_vis.npy")),
    /it is an array of booleans, \(1, 81, 3\), expected coordinates\nHINT: .*visibility/,
  );
  const flags = { dims: [121, 2], data: new Uint8Array(242) };
  const bytes = await writeNpz({ mask: flags });
  const npy = writeNpy(flags);
  npy.set(text("|b1"), new TextDecoder("latin1").decode(npy).indexOf("|u1"));
  await assert.rejects(read(npy), /array of booleans/);
  assert.equal((await read(bytes, { unit: "px" })).tracks.count, 1);
  const pair = await read(found("wanmove.npy"), {
    visibility: found("wanmove_vis.npy"),
  });
  assert.equal(pair.tracks.count, 3);
});

Deno.test("several arrays are named, and the one that is asked for is taken", async () => {
  const data = grid(121, 1, "time-first");
  const bytes = await writeNpz({
    left: { dims: [121, 1, 2], data },
    right: { dims: [121, 1, 2], data: data.map((value) => value + 5) },
    image: { dims: [4, 4, 3], data: new Uint8Array(48) },
  });
  await assert.rejects(
    read(bytes),
    /which array of "a" holds the tracks: it has "left", "right", "image"/,
  );
  assert.equal((await read(bytes, { array: "right" })).tracks.x(0, 0), 5);
  const alone = await writeNpz({
    picture: { dims: [4, 4, 3], data: new Uint8Array(48) },
    paths: { dims: [121, 1, 2], data },
  });
  assert.match((await read(alone)).notes[0]!, /"paths" was taken/);
});

Deno.test("81, 49, 16 and other counts of samples are where they belong", async () => {
  const own = (frames: number) =>
    text(JSON.stringify([
      Array.from({ length: frames }, (_, t) => ({ x: 10 + t, y: 20 })),
    ]));
  /** What frame `k` of the video is told: x, or nothing. */
  const told = ({ tracks }: TracksFile) => {
    const { data } = processTracks(tracks, IMAGE);
    return Array.from(
      { length: 81 },
      (_, k) =>
        data[k * 4 + 3] === 1
          ? Math.round((data[k * 4 + 1]! * 480 / 2 + 416) * 1000) / 1000
          : undefined,
    );
  };
  const line81 = await read(found("len81.json"));
  assert.deepEqual(
    told(line81),
    Array.from({ length: 81 }, (_, k) => 100 + 2 * k),
  );
  assert.match(line81.warnings.join(), /16 per second/);
  assert.deepEqual(
    told(await read(own(81))),
    Array.from({ length: 81 }, (_, k) => 10 + k),
  );
  assert.deepEqual(
    told(await read(own(49))),
    Array.from({ length: 81 }, (_, k) => k < 49 ? 10 + k : undefined),
  );
  const sixteen = told(await read(own(16)));
  assert.deepEqual([sixteen[0], sixteen[80]], [10, 25]);
  assert.ok(sixteen.every((x) => x !== undefined));
  // 60 samples at 30 per second are two seconds.
  const clip = await read(found("own60.npz"), { fps: 30 });
  assert.equal(seenFrames(clip.tracks, 0), 48);
  assert.deepEqual(clip.warnings, []);
  const slow = told(await read(own(60), { fps: 30 }));
  assert.equal(slow.filter((x) => x !== undefined).length, 32);
  const spread = await read(found("own60.npz"));
  assert.equal(seenFrames(spread.tracks, 0), 121);
  assert.match(spread.warnings.join(), /60 samples were spread/);
  const padded = await read(found("own60.npz"), { length: "pad" });
  assert.equal(seenFrames(padded.tracks, 0), 60);
});

Deno.test("coordinates from 0 to 1 are scaled, those of another size too", async () => {
  const given = await read(found("normalised.json"));
  assert.ok(Math.abs(given.tracks.x(0, 0) - 83.2) < 1e-3);
  assert.equal(given.tracks.y(0, 0), 240);
  assert.match(given.warnings.join(), /shares of the image, 832x480/);
  const unknown = { name: "n.json" };
  await assert.rejects(
    readTracks(found("normalised.json"), unknown),
    /shares of the image from 0 to 1, and its size is not known/,
  );
  assert.equal(
    (await readRawTracks(found("normalised.json"), unknown)).unit,
    "share",
  );
  const npy = writeNpy({
    dims: [121, 1, 2],
    data: Float32Array.from({ length: 242 }, (_, i) => i % 2 ? 0.75 : i / 300),
  });
  assert.equal((await read(npy)).tracks.y(0, 5), 360);
  // ATI's own files are px, however small.
  const ati = await writeTracks(
    TrackSet.fromArray(
      Array.from({ length: 121 }, () => [0.5, 0.25, 1]).flat(),
    ),
    "pth",
  );
  assert.equal((await read(ati)).tracks.x(0, 0), 0.5);
  const mask = text('[[{"x": 256, "y": 128}]]');
  const { tracks } = await read(mask, {
    fromSize: { width: 512, height: 512 },
  });
  assert.deepEqual([tracks.x(0, 9), tracks.y(0, 9)], [416, 120]);
  await assert.rejects(
    read(text('[[{"x": 0.5, "y": 1.25}]]')),
    /Cannot tell whether the coordinates of "a" are px or shares/,
  );
});

Deno.test("TAPIR's batches are told from CoTracker's", async () => {
  for (const frames of [121, 81]) {
    const tapir = writeNpy({
      dims: [1, 5, frames, 2],
      data: grid(5, frames, "tracks-first"),
    });
    const tracker = writeNpy({
      dims: [1, frames, 5, 2],
      data: grid(frames, 5, "time-first"),
    });
    for (const bytes of [tapir, tracker]) {
      const { tracks } = await read(bytes);
      assert.equal(tracks.count, 5);
      assert.equal(tracks.x(4, trackFrameAt(0)), 40);
      assert.equal(tracks.y(4, 0), 104);
    }
  }
  // Neither axis tells: the names do.
  const named = await writeNpz({
    tracks: { dims: [1, 3, 60, 2], data: grid(3, 60, "tracks-first") },
    visibles: { dims: [1, 3, 60], data: new Uint8Array(180).fill(1) },
  });
  assert.equal((await read(named)).tracks.count, 3);
});

Deno.test("ATI's files are read time first where the reference does", async () => {
  const stored = (dims: number[], data: Float32Array<ArrayBuffer>) =>
    writeNpz({ array: { dims, data } });
  const samples = new Float32Array(121 * 2 * 3);
  for (let t = 0; t < 121; t++) {
    samples.set([8 * t, 80, 8, 800, 8 * t, 8], t * 6);
  }
  const turned = await writeAtiFile(await stored([121, 2, 1, 3], samples));
  const { tracks, notes } = await read(turned);
  assert.equal(tracks.count, 2);
  assert.deepEqual([tracks.x(0, 7), tracks.y(1, 7)], [7, 7]);
  assert.match(notes.join(), /ATI's layout, time first/);
  const one = await read(
    await writeAtiFile(await stored([121, 1, 1, 3], new Float32Array(363))),
  );
  assert.equal(one.tracks.count, 1);
  const square = await read(
    await writeAtiFile(
      await stored([121, 121, 1, 3], new Float32Array(121 * 363)),
    ),
  );
  assert.equal(square.tracks.count, 121);
});

Deno.test("stored visibility between 0 and 8 keeps its weight", async () => {
  const values = [8, 6, 4, 2, 0, 12, -3];
  const data = new Float32Array(363);
  for (let t = 0; t < 121; t++) data.set([80, 80, values[t % 7]!], t * 3);
  const bytes = await writeNpz({ array: { dims: [1, 121, 1, 3], data } });
  for (const file of [bytes, await writeAtiFile(bytes)]) {
    const { tracks } = await read(file);
    const told = processTracks(tracks, IMAGE).data;
    // visible / 8 * 2 - 1, which the patching brings to 0..1.
    assert.deepEqual(
      [0, 1, 3, 4].map((frame) => tracks.visibility(0, frame)),
      [1, 0.75, 0.25, 0],
    );
    assert.equal(told[4 * 1 + 3], 0.5);
    assert.equal(told[4 * 2 + 3], -0.5);
    const again = await read(await writeTracks(tracks, "pth"));
    assert.deepEqual(again.tracks.toArray(), tracks.toArray());
  }
});

Deno.test("tensors of torch.save are read: a tuple, one, or a dict", async () => {
  for (const name of ["torch_tuple.pth", "torch_dict.pt"]) {
    const { tracks, format } = await read(found(name), { length: "pad" });
    assert.equal(format, "pth");
    assert.equal(tracks.count, 2);
    assert.equal(tracks.x(0, 59), 187);
    assert.equal(seenFrames(tracks, 0), 60);
    assert.equal(seenFrames(tracks, 1), 30);
  }
  const one = await read(found("torch_tensor.pth"), { length: "pad" });
  assert.equal(seenFrames(one.tracks, 1), 60);
  const half = await read(
    await writeTorchZip([
      {
        name: "tracks",
        dtype: "F16",
        shape: [1, 121, 1, 2],
        data: Float16Array.from(grid(121, 1, "time-first")),
      },
      {
        name: "occluded",
        dtype: "BOOL",
        shape: [1, 121, 1],
        data: Uint8Array.from({ length: 121 }, (_, t) => Number(t > 99)),
      },
    ], { name: "t" }),
  );
  assert.equal(seenFrames(half.tracks, 0), 100);
  const model = await writeTorchZip(
    Array.from({ length: 40 }, (_, i) => ({
      name: `blocks.${i}.weight`,
      dtype: "F32" as const,
      shape: [1],
      data: new Float32Array(1),
    })),
    { name: "m" },
  );
  await assert.rejects(read(model), /40 tensors[\s\S]*model's checkpoint/);
});

Deno.test("arrays in Fortran order and big endian are read", async () => {
  const fortran = await read(found("fortran.npy"));
  assert.equal(fortran.tracks.count, 3);
  assert.deepEqual(
    [fortran.tracks.x(2, 7), fortran.tracks.y(2, 7)],
    [14, 110],
  );
  const big = await read(found("big_endian.npy"));
  assert.equal(big.tracks.count, 4);
  assert.deepEqual([big.tracks.x(3, 120), big.tracks.y(3, 120)], [160, 160]);
  // Both at once, made here: (121, 2) doubles, column by column.
  const column = writeNpy({ dims: [121, 2], data: new Float64Array(242) });
  const bytes = column.slice();
  const header = new TextDecoder("latin1").decode(column.subarray(10, 128));
  bytes.set(
    text(header.replace("<f8", ">f8").replace("False,", "True, ")),
    10,
  );
  const view = new DataView(bytes.buffer);
  for (let t = 0; t < 121; t++) {
    view.setFloat64(128 + t * 8, 3 * t, false);
    view.setFloat64(128 + (121 + t) * 8, 50, false);
  }
  const { tracks } = await read(bytes);
  assert.deepEqual([tracks.x(0, 40), tracks.y(0, 40)], [120, 50]);
});

Deno.test("what Python prints is read", async () => {
  const given = await read(found("print_list.json"));
  assert.equal(given.tracks.count, 2);
  assert.equal(given.tracks.x(0, 120), 180);
  const points = Array.from(
    { length: 121 },
    (_, t) =>
      `{'x': np.float64(${t}.5), 'y': ${t}., 'visible': ${
        t < 5 ? "True" : "False"
      }}`,
  ).join(", ");
  const printed = await read(text(`[[${points}], [(5.0, 6.0), (7.0, 8.0)]]`));
  assert.equal(printed.tracks.count, 2);
  assert.equal(printed.tracks.x(0, 4), 4.5);
  assert.equal(seenFrames(printed.tracks, 0), 5);
  const array = await read(
    text("array([[[ 1.,  2.],\n        [ 3.,  4.]]], dtype=float32)"),
    { length: "pad" },
  );
  assert.deepEqual([array.tracks.x(0, 1), array.tracks.y(0, 1)], [3, 4]);
  const lost = text('[[{"x": NaN, "y": 2}, {"x": 5, "y": 9}]]');
  await assert.rejects(
    read(lost),
    /Cannot take NaN as x of track 0 at frame 0/,
  );
  await assert.rejects(
    read(text("[[ 1. 2.]\n ...\n [ 3. 4.]]")),
    /it was shortened with \.\.\. when it was printed/,
  );
});

Deno.test("a SplineEditor's points and the workflow around it are read", async () => {
  const store = JSON.stringify([
    {
      points: [{ x: 0, y: 100 }, { x: 200, y: 100 }, { x: 400, y: 100 }],
      color: "#1f77b4",
      name: "Spline 1",
    },
    { points: [{ x: 40, y: 50 }], isSinglePoint: true },
  ]);
  const stored = await read(text(store));
  assert.equal(stored.tracks.count, 2);
  assert.equal(stored.tracks.x(0, 60), 200);
  assert.equal(stored.tracks.x(0, 120), 400);
  assert.equal(stored.tracks.x(1, 120), 40);
  const coordinates = JSON.stringify([
    Array.from({ length: 81 }, (_, t) => ({ x: 2 * t, y: 256 })),
  ]);
  const workflow = {
    nodes: [{ type: "LoadImage", widgets_values: ["a.png", "image"] }, {
      type: "SplineEditor",
      widgets_values: [store, coordinates, 512, 512, 81, "path", "cardinal"],
    }],
  };
  const shown = await read(text(JSON.stringify(workflow)));
  assert.equal(shown.tracks.count, 1);
  // Of 512x512, onto the image.
  assert.equal(shown.tracks.x(0, 120), 160 * 832 / 512);
  assert.equal(shown.tracks.y(0, 0), 240);
  assert.match(shown.warnings.join(), /scaled from 512x512/);
  const api = {
    prompt: {
      "4": {
        class_type: "SplineEditor",
        inputs: {
          points_store: store,
          coordinates: "",
          mask_width: 832,
          mask_height: 480,
        },
      },
    },
  };
  const queued = await read(text(JSON.stringify(api)));
  assert.equal(queued.tracks.count, 2);
  assert.match(queued.notes.join(), /2 splines, sampled along their curves/);
  await assert.rejects(
    read(text('{"nodes": [{"type": "LoadImage"}]}')),
    /it is an object with "nodes"/,
  );
});

/** A PNG of one gray pixel, with text chunks and what follows it. */
function png(
  texts: Record<string, string>,
  behind = "",
): Uint8Array<ArrayBuffer> {
  const chunk = (type: string, data: string) => {
    const body = Array.from(data, (char) => char.charCodeAt(0));
    const head = [0, body.length >> 16, body.length >> 8 & 255, body.length];
    return [...head, ...text(type), ...body, 0, 0, 0, 0];
  };
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk("IHDR", "\0\0\0\x01\0\0\0\x01\x08\0\0\0\0"),
    ...Object.entries(texts).flatMap(([key, value]) =>
      key.startsWith("i:")
        ? chunk("iTXt", `${key.slice(2)}\0\0\0\0\0${value}`)
        : chunk("tEXt", `${key}\0${value}`)
    ),
    ...chunk("IEND", ""),
    ...text(behind),
  ]);
}

/**
 * Samples 30, 60 and 90 of 121 along the paths that KJNodes' own
 * `interpolation.js` (August 2026) draws through the points of the test, with
 * tension 0.3, as Chromium measures them.
 */
const KJNODES: Readonly<Record<string, readonly [number, number][]>> = {
  "cardinal": [[93.71, 239.94], [242.95, 295.76], [352.36, 176.97]],
  "monotone": [[98.84, 226.06], [230.09, 290.59], [343.87, 178.97]],
  "basis": [[101.26, 193.73], [229.63, 229.21], [343.04, 153.06]],
  "linear": [[111.18, 211.18], [222.36, 277.64], [333.54, 166.46]],
  "step-before": [[20, 300], [200, 260], [260, 100]],
  "step-after": [[200, 120], [240, 300], [400, 240]],
  "bezier": [[96.35, 232.41], [232.62, 288.1], [346.5, 172.38]],
};

Deno.test("the curves of a SplineEditor are those that it draws", async () => {
  const points = [[0, 100], [200, 300], [400, 100], [420, 40]].map(
    ([x, y]) => ({ x, y }),
  );
  const handles = { h1x: 120, h1y: 310, h2x: 290, h2y: 280 };
  let worst = 0;
  for (const [interpolation, expected] of Object.entries(KJNODES)) {
    const isBezier = interpolation === "bezier";
    const drawn = points.map((point, i) =>
      isBezier && i === 1 ? { ...point, ...handles } : point
    );
    const inputs = {
      points_store: JSON.stringify([{ points: drawn }]),
      ...{ mask_width: 832, mask_height: 480, interpolation, tension: 0.3 },
    };
    const workflow = { "1": { class_type: "SplineEditor", inputs } };
    const { tracks } = await read(text(JSON.stringify(workflow)));
    expected.forEach(([x, y], i) => {
      const at = tracks.track(0)[30 * (i + 1)]!;
      worst = Math.max(worst, Math.hypot(at.x - x, at.y - y));
    });
  }
  console.log(`largest difference ${worst.toFixed(4)} px, limit 0.06`);
  assert.ok(worst < 0.06);
});

Deno.test("a scene of Spline-Path-Control is read from its PNG", async () => {
  // As version 2 wrote it: named easings, static shapes without frames.
  const early = {
    splines: [{
      points: [{ x: 0, y: 100 }, { x: 416, y: 100 }],
      ...{ startFrame: 0, totalFrames: 80, tension: 0, easing: "easeIn" },
    }],
    staticShapes: [{ pos: { x: 104, y: 60 }, isStatic: true }],
    originalImageDimensions: { width: 416, height: 240 },
  };
  const first = await read(png({}, `SPLINEDATA::${JSON.stringify(early)}`));
  assert.equal(first.tracks.count, 2);
  assert.equal(first.tracks.x(0, 60), 832 / 4); // half of the time, squared
  assert.equal(first.tracks.x(0, 120), 832);
  assert.deepEqual([first.tracks.x(1, 99), first.tracks.y(1, 99)], [208, 120]);
  assert.match(first.notes.join(), /1 splines and 1 static shapes, at 16/);
  assert.match(first.warnings.join(), /scaled from 416x240/);
  // As version 2.8 does: curves of easing, loops, what is shown outside.
  const timed = { startFrame: 16, totalFrames: 32 };
  const shape = { points: [{ x: 0, y: 0 }, { x: 320, y: 0 }], tension: 0 };
  const late = {
    splines: [
      { ...shape, ...timed, hideOnComplete: true, holdOnStart: true },
      { ...shape, ...timed, hideOnComplete: false, holdOnStart: false },
      { ...shape, ...timed, loop: true },
      {
        points: [{ x: 0, y: 0 }, { x: 100, y: 80 }, { x: 200, y: 0 }],
        ...{ startFrame: 0, totalFrames: 80, tension: 1, easingTension: 0 },
        easingCurve: [{ x: 1, y: 1 }, { x: 0, y: 0 }, { x: 0.5, y: 0.5 }],
      },
      {
        ...shape,
        ...{ startFrame: 0, totalFrames: 80, easingTension: 0 },
        easingCurve: [{ x: 0, y: 0 }, { x: 0.25, y: 0.75 }, { x: 1, y: 1 }],
      },
    ],
    staticShapes: [],
    originalImageDimensions: IMAGE,
  };
  const scene = png({ Software: "x" }, `SPLINEDATA::${JSON.stringify(late)}`);
  const { tracks } = await read(scene);
  const seen = (n: number) =>
    [0, 23, 24, 72, 73, 120].map((t) => Number(tracks.visible(n, t))).join("");
  assert.deepEqual([0, 1, 2].map(seen), ["111100", "001111", "111111"]);
  assert.deepEqual([0, 24, 48, 72].map((t) => tracks.x(0, t)), [
    0,
    0,
    160,
    320,
  ]);
  assert.deepEqual([24, 48, 72, 96].map((t) => tracks.x(2, t)), [
    0,
    160,
    0,
    160,
  ]);
  assert.equal(tracks.y(3, 60), 80);
  assert.ok(tracks.x(3, 30) > 30 && tracks.y(3, 30) > 46); // swings out
  assert.equal(tracks.x(4, 30), 240);
  const { curves } = await readRawTracks(scene, { name: "a", image: IMAGE });
  assert.deepEqual(curves!.map((curve) => curve?.points.length), [
    ...[2, 2, undefined, 3, undefined],
  ]);
  assert.deepEqual(
    [curves![0]!.start, curves![0]!.end, curves![1]!.visible],
    [24, 72, [24, 120]],
  );
  assert.equal(curves![3]!.tension, 0);
});

Deno.test("a PNG of ComfyUI is read by its workflow, others say what is missing", async () => {
  const points = [{ x: 10, y: 20 }, { x: 110, y: 20 }, { x: 210, y: 220 }];
  const inputs = {
    ...{ points_store: JSON.stringify([{ points }]), coordinates: "[]" },
    ...{ mask_width: 832, mask_height: 480, interpolation: "linear" },
  };
  const prompt = { "7": { class_type: "SplineEditor", inputs } };
  for (const key of ["prompt", "i:workflow"]) {
    const bytes = png({ [key]: JSON.stringify(prompt) });
    const { tracks } = await read(bytes);
    assert.deepEqual([tracks.x(0, 0), tracks.x(0, 120)], [10, 210]);
    const { curves } = await readRawTracks(bytes, { name: "a", image: IMAGE });
    assert.deepEqual(curves?.[0]?.points, points);
    assert.equal(curves?.[0]?.tension, 1); // linear
  }
  await assert.rejects(
    read(png({ parameters: "a cat" })),
    /a PNG image without tracks.*\nHINT: /,
  );
});

Deno.test("batches of three levels are opened, several are asked about", async () => {
  const track = '[{"x":3,"y":4},{"x":5,"y":6}]';
  const one = await read(text(`[[${track},${track}]]`));
  assert.equal(one.tracks.count, 2);
  const two = text(`[[${track}],[${track},${track}]]`);
  await assert.rejects(
    read(two),
    /among the 2 batches of "a", expected 0 to 1/,
  );
  assert.equal((await read(two, { array: "1" })).tracks.count, 2);
  const list = Array.from(
    { length: 121 },
    (_, t) => [[t, 5], [t + 1, 6], [t + 2, 7]],
  );
  const turned = await read(text(JSON.stringify([list])));
  assert.equal(turned.tracks.count, 3);
  assert.equal(turned.tracks.x(2, 100), 102);
  const tracked = await read(text(JSON.stringify({
    tracks: list,
    visibility: list.map((_, t) => [true, t < 50, false]),
  })));
  assert.deepEqual([0, 1, 2].map((n) => seenFrames(tracked.tracks, n)), [
    121,
    50,
    0,
  ]);
});

Deno.test("as many tracks as are written can be read back", async () => {
  const count = 11_600; // the limit was 11,559
  assert.ok(count * 121 * 3 * 4 > 16 * 1024 * 1024);
  assert.ok(50_000 * 121 * 3 * 4 < MAX_ARRAY_BYTES);
  const data = new Float32Array(count * 363);
  for (let i = 0; i < data.length; i += 3) data.set([i % 800, 7, 1], i);
  const set = TrackSet.fromArray(data);
  for (const format of ["pth", "npz"] as const) {
    const bytes = await writeTracks(set, format, { compress: false });
    const { tracks } = await readTracks(bytes, { name: "many" });
    assert.equal(tracks.count, count);
    assert.equal(tracks.x(count - 1, 120), set.x(count - 1, 120));
  }
  // More than can be read is not written.
  checkWritableCount(50_000);
  assert.throws(() => checkWritableCount(50_001), RangeError);
});

Deno.test("a file of too many tracks is told how many there may be", async () => {
  const npz = await writeNpz({
    array: { dims: [1, 121, 1, 3], data: new Float32Array(363) },
  });
  const view = new DataView(npz.buffer);
  const directory = view.getUint32(npz.length - 6, true);
  view.setUint32(22, 90e6, true); // the member's own claim
  view.setUint32(directory + 24, 90e6, true);
  for (const bytes of [npz, await writeAtiFile(npz)]) {
    await assert.rejects(
      readTracks(bytes, { name: "many" }),
      /claims 90000000 bytes, .*\nHINT: .* at most 50000 tracks/,
    );
  }
  await assert.rejects(
    readTracks(npz, { name: "many", limit: 80e6 }),
    (error: Error) => /at most 80000000$/.test(error.message),
  );
});
