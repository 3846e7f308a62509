/**
 * Tracks out to other programs' files and back.
 */

import assert from "node:assert/strict";
import { memorySource } from "../../base/byte_source.ts";
import { readNpy } from "../../formats/npy.ts";
import { openNpz } from "../../formats/npz.ts";
import { readTracks, type TrackReading } from "../read_tracks.ts";
import { trackFrameAt } from "../resample.ts";
import { TrackSet } from "../track_set.ts";
import { formatAfterEffects, parseAfterEffects } from "./after_effects.ts";
import { formatNuke, parseNuke } from "./nuke.ts";
import { formatPointTable, parsePointTable } from "./point_csv.ts";
import { samplesOf, shortest } from "./stored_points.ts";
import { cotrackerNpz, tapirNpz, wanMovePair } from "./tracker_arrays.ts";

const IMAGE = { width: 640, height: 360 };

/** Three tracks: always seen, with a gap and padded, never seen. */
function sample(): TrackSet {
  return TrackSet.fromPoints([
    Array.from({ length: 121 }, (_, t) => ({
      x: 100 + t / 3,
      y: 50 + Math.sin(t / 9) * 40,
      visible: true,
    })),
    Array.from({ length: 100 }, (_, t) => ({
      x: 500 - 2.5 * t,
      y: 300.125,
      visible: t >= 3 && (t < 40 || t > 59),
    })),
    [{ x: 7, y: 8, visible: false }],
  ]);
}

const bytes = (text: string) => new TextEncoder().encode(text);

async function back(
  file: Uint8Array,
  options: TrackReading & { visibility?: Uint8Array } = {},
) {
  return await readTracks(file, { name: "a", image: IMAGE, ...options });
}

/** The same visibility, and the same positions where it is visible. */
function assertSame(
  actual: TrackSet,
  frames = Array.from({ length: 121 }, (_, t) => t),
): void {
  const expected = sample();
  assert.equal(actual.count, 3);
  for (let n = 0; n < 3; n++) {
    for (const t of frames) {
      assert.equal(actual.visible(n, t), expected.visible(n, t), `${n} ${t}`);
      if (!expected.visible(n, t)) continue;
      assert.equal(actual.x(n, t), expected.x(n, t), `x ${n} ${t}`);
      assert.ok(Math.abs(actual.y(n, t) - expected.y(n, t)) < 1e-4);
    }
  }
}

Deno.test("After Effects' keyframe data comes back as it went", async () => {
  const text = formatAfterEffects(sample(), IMAGE);
  const lines = text.split("\n");
  assert.equal(lines[0], "Adobe After Effects 8.0 Keyframe Data");
  assert.ok(lines.includes("\tSource Height\t360"));
  assert.ok(lines.includes("Effects\tPoint Control #2\tPoint #2"));
  assert.ok(lines.includes("Effects\tCheckbox Control #2\tCheckbox #2"));
  assert.ok(!lines.includes("Effects\tCheckbox Control #1\tCheckbox #2"));
  const read = await back(bytes(text));
  assert.equal(read.format, "after-effects");
  assertSame(read.tracks);
  assertSame((await back(bytes(text.replaceAll("\n", "\r\n")))).tracks);
});

Deno.test("keyframe data that others copied is read: sparse keys, rate, size", async () => {
  const text = [
    "Adobe After Effects 8.0 Keyframe Data",
    "",
    "\tUnits Per Second\t12",
    "\tSource Width\t320",
    "\tSource Height\t180",
    "",
    "Transform\tAnchor Point",
    "\tFrame\tX pixels\tY pixels\tZ pixels\t",
    "\t\t50\t50\t0\t",
    "",
    "Transform\tPosition",
    "\tFrame\tX pixels\tY pixels\tZ pixels\t",
    "\t0\t10\t20\t0\t",
    "\t30\t70\t20\t0\t",
    "",
    "Motion Trackers\tTracker #1\tTrack Point #1\tFeature Center",
    "\tFrame\tX pixels\tY pixels\t",
    "\t\t5\t6\t",
    "",
    "End of Keyframe Data",
  ].join("\n");
  const { tracks, warnings } = await back(bytes(text));
  assert.equal(tracks.count, 2);
  // Twice the size, and twice the frames.
  assert.deepEqual([tracks.x(0, 0), tracks.y(0, 0)], [20, 40]);
  assert.ok(Math.abs(tracks.x(0, 30) - 80) < 1e-4);
  // After the last key it stays where it is.
  assert.deepEqual([tracks.x(0, 120), tracks.visible(0, 120)], [140, true]);
  assert.deepEqual([tracks.x(1, 120), tracks.y(1, 120)], [10, 12]);
  assert.match(warnings.join(), /scaled from 320x180/);
  assert.throws(
    () => parseAfterEffects(text.replace("\t30\t70", "\t30\tx"), { name: "k" }),
    /Cannot read "k" as keyframe data: "x" in "Transform\\tPosition"/,
  );
  assert.throws(
    () =>
      parseAfterEffects(
        "Adobe After Effects 8.0 Keyframe Data\nEnd of Keyframe Data",
        { name: "k" },
      ),
    /no property has "X pixels"/,
  );
  assert.throws(
    () => parseAfterEffects(text.slice(0, -25), { name: "k" }),
    /it ends too early/,
  );
});

Deno.test("a Tracker4 node of Nuke comes back as it went", async () => {
  const text = formatNuke(sample(), IMAGE);
  assert.match(text, /^# 640x360, 24 frames per second\nTracker4 \{\n/);
  assert.match(text, /tracks \{ \{ 1 31 3 \}/);
  // y counts from below; frame 0 is Nuke's frame 1.
  assert.match(text, /"track 1" \{curve x1 100 100\.333/);
  assert.match(text, /\} \{curve x1 310 305\.56/);
  assert.match(text, /\{curve K x1 0 x4 1 x41 0 x61 1 x101 0\} "track 2"/);
  const read = await back(bytes(text));
  assert.equal(read.format, "nuke");
  assertSame(read.tracks);
});

Deno.test("trackers that Nuke wrote are read: jumps, flags, the older node", async () => {
  const node = `Root {
 format "200 100 0 0 200 100 1 half"
 fps 12
}
Tracker4 {
 tracks { { 1 31 1 }
{ { 5 1 20 enable e 1 } { 3 1 75 name name 1 } { 2 1 58 track_x track_x 1 } { 2 1 58 track_y track_y 1 } }
{ { {curve K x1001 1} "track 1" {curve L x1001 10 s0 20 x1011 60 t1} {curve x1001 90} {} } } }
}`;
  const { tracks } = await readTracks(bytes(node), { name: "a.nk" });
  assert.equal(tracks.count, 1);
  assert.equal(tracks.x(0, 2), 20);
  assert.equal(tracks.x(0, 20), 60);
  assert.equal(tracks.y(0, 20), 10);
  assert.deepEqual([tracks.x(0, 120), tracks.visible(0, 120)], [60, true]);
  const old = `Tracker3 {
 track1 {{curve x1 10 11 12} {curve x1 30 30 30}}
 track2 {{curve x1 50} {curve x1 5}}
 offset {0 0}
}`;
  const two = parseNuke(old, {
    name: "b.nk",
    image: { width: 64, height: 40 },
  });
  assert.deepEqual(two.tracks.map((track) => [...track]), [
    [10, 10, 1, 11, 10, 1, 12, 10, 1],
    [50, 35, 1],
  ]);
  assert.throws(
    () => parseNuke(old, { name: "b.nk" }),
    /Nuke counts y from the lower edge, and the image's size is not known[\s\S]*HINT/,
  );
  const size = { width: 9, height: 9 };
  assert.throws(
    () => parseNuke("Tracker4 {\n tracks { {", { name: "c", image: size }),
    /the braces of its tracker do not match/,
  );
  assert.throws(
    () => parseNuke("Tracker4 {\n name a\n}", { name: "c", image: size }),
    /its tracker has no tracks/,
  );
});

Deno.test("a table of points comes back as it went, and others are read", async () => {
  const text = formatPointTable(sample());
  const read = await back(bytes(text));
  assert.equal(read.format, "csv");
  assertSame(read.tracks);
  const other = "frame;Point_ID;X;Y;visible;confidence\n" +
    "10;7;5.5;6;True;0.9\n11;7;8;9;False;0.2\n10;3;50;60;True;1\n";
  const { tracks } = parsePointTable(other, { name: "b.csv" });
  assert.deepEqual(tracks.map((track) => [...track]), [
    [5.5, 6, 1, 8, 9, 0],
    [50, 60, 1, 0, 0, 0],
  ]);
  const late =
    "Adobe After Effects 8.0 Keyframe Data\n\nTransform\tPosition\n" +
    "\tFrame\tX pixels\tY pixels\n\t30\t7\t8\nEnd of Keyframe Data";
  const [held] = parseAfterEffects(late, { name: "late" }).tracks;
  assert.deepEqual([...held!], [7, 8, 1], "one key holds for the whole video");
  const muted = parsePointTable("track\tframe\tx\ty\tmute\na\t1\t2\t3\t1\n", {
    name: "c",
  });
  assert.equal(muted.tracks[0]![2], 0);
  assert.throws(
    () => parsePointTable("track,frame,x,y\n1,1,2,\n", { name: "d.csv" }),
    /Cannot read "d.csv": y in line 2 is "", expected a number/,
  );
});

Deno.test("a table whose cells could mean something else is refused", () => {
  const parse = (...lines: string[]) =>
    parsePointTable(lines.join("\n"), { name: "a.csv" });
  const decimal = parse("track;frame;x;y", "0;0;1,5;2,25");
  assert.deepEqual([...decimal.tracks[0]!], [1.5, 2.25, 1]);
  const quoted = parse(
    'track,frame,"x" ,y,"a, ""label"""',
    '1,0,5,6,"car, red"',
    ' "1",1,7,8,"the ""car"", red"',
    '1,2,9,10,5" wide',
  );
  assert.deepEqual([...quoted.tracks[0]!], [5, 6, 1, 7, 8, 1, 9, 10, 1]);
  const head = "track,frame,x,y,visible";
  const cases: [RegExp, ...string[]][] = [
    [/line 2 has 6 cells, expected 5/, "0,0,1,5,2,5"],
    [/line 2 has 4 cells, expected 5/, "0,0,1,5"],
    [
      /frame in line 3 is "0.5", expected a whole number/,
      "0,0,1,2,1",
      "0,0.5,3,4,1",
    ],
    [
      /track "0" has a second position in frame 7 in line 3/,
      "0,7,1,2,1",
      "0,7,3,4,1",
    ],
    [/visible in line 2 is "maybe"/, "0,0,1,2,maybe"],
  ];
  for (const [message, ...lines] of cases) {
    assert.throws(() => parse(head, ...lines), message);
  }
  assert.equal(parse(head, "0,7,1,2,no,,", "0,7,1,2,0").tracks[0]![2], 0);
  assert.equal(parse(head, "0,7,1,2,").tracks[0]![2], 0, "empty is hidden");
  const shown = parse("track,frame,x,y,occluded", "0,7,1,2,");
  assert.equal(shown.tracks[0]![2], 1, "empty is not occluded");
});

Deno.test("Wan-Move's pair has 81 samples, the same in each frame of the video", async () => {
  const { tracks, visibility } = wanMovePair(sample());
  const array = readNpy(memorySource(tracks, "t"));
  const seen = readNpy(memorySource(visibility, "v"));
  assert.deepEqual([...array.dims], [1, 81, 3, 2]);
  assert.deepEqual([...seen.dims], [1, 81, 3]);
  assert.equal(seen.descr, "|b1");
  const kept = Array.from({ length: 81 }, (_, k) => trackFrameAt(k));
  kept.forEach((frame, k) => {
    assert.equal(array.data[k * 6], sample().x(0, frame));
    assert.equal(seen.data[k * 3 + 1], Number(sample().visible(1, frame)));
  });
  // What is padded stays where it was last, not in the corner.
  assert.equal(array.data[80 * 6 + 2], 500 - 2.5 * 99);
  assertSame((await back(tracks, { visibility })).tracks, kept);
});

Deno.test("trackers' archives come back as they went", async () => {
  for (
    const [file, names, dims] of [
      [
        await cotrackerNpz(sample()),
        "pred_tracks pred_visibility",
        "1 121 3 2",
      ],
      [await tapirNpz(sample()), "tracks visibles", "3 121 2"],
    ] as const
  ) {
    const npz = openNpz(file, { name: "a.npz" });
    assert.equal(npz.names.join(" "), names);
    assert.equal((await npz.array(npz.names[0]!)).dims.join(" "), dims);
    assert.equal((await npz.array(npz.names[1]!)).descr, "|b1");
    assertSame((await back(file)).tracks);
  }
});

Deno.test("frames are counted from the first one, also before a program's own", () => {
  const size = { width: 64, height: 40 };
  const nuke = (curve: string) => {
    const text = `Tracker3 {\n track1 {{curve ${curve}} {curve x1 5}}\n}`;
    const [track] = parseNuke(text, { name: "a", image: size }).tracks;
    return track!.filter((_, i) => i % 3 === 0).join();
  };
  assert.equal(nuke("x-1 7 8 9"), "7,8,9");
  assert.equal(nuke("x3 7 8"), "7,7,7,8");
  assert.equal(nuke("x123 7 8").split(",").length, 124, "not after 121 frames");
});

Deno.test("what is no track in other programs' files is left out", () => {
  const property = (path: string, ...rows: string[]) =>
    [path, "\tFrame\tX pixels\tY pixels\t", ...rows, "", ""].join("\n");
  const text = "Adobe After Effects 8.0 Keyframe Data\n\n" +
    property("Transform\tPosition", "\t0\t1\t2\t", "\t1\t3\t4\t") +
    property("Tracker #1\tTrack Point #1\tFeature Size", "\t\t50\t50\t") +
    property("Tracker #1\tTrack Point #1\tSearch Offset", "\t\t9\t9\t") +
    property("Transform\tAnchor Point", "\t\t9\t9\t") +
    property("Transform\tScale", "\t\t9\t9\t") +
    property("Transform\tPosition") +
    "End of Keyframe Data\n";
  const { tracks, fps } = parseAfterEffects(text, { name: "a" });
  assert.deepEqual(tracks.map((track) => [...track]), [[1, 2, 1, 3, 4, 1]]);
  assert.equal(fps, undefined);
  const keyless = `Tracker3 {
 track1 {{curve x1 1} {curve x1 2}}
 track2 {{curve} {curve x1 2}}
}`;
  const image = { width: 9, height: 9 };
  assert.equal(parseNuke(keyless, { name: "n", image }).tracks.length, 1);
  const none = { x: new Map(), y: new Map() };
  const [empty] = samplesOf([none], { start: 0, name: "s" }).tracks;
  assert.equal(empty!.length, 0);
  assert.throws(
    () =>
      parseNuke(`Tracker4 {\n tracks ${"{".repeat(1e4)}${"}".repeat(1e4)}\n}`, {
        ...{ name: "b", image },
      }),
    /its tracker has no tracks/,
  );
});

Deno.test("numbers are written with as few digits as tell them from others", () => {
  assert.equal(shortest(Math.fround(0.1)), 0.1);
  assert.equal(shortest(1005.3406982421875), 1005.3407);
  for (const value of [16777215, 0.1 + 0.2, 1 / 3, 123456.789, 2 ** -130]) {
    const written = shortest(Math.fround(value));
    assert.equal(Math.fround(written), Math.fround(value));
    const digits = written.toExponential().split("e")[0]!.length - 1;
    const fewer = Number(written.toPrecision(Math.max(6, digits) - 1));
    assert.ok(digits <= 6 || Math.fround(fewer) !== Math.fround(value));
  }
});

Deno.test("a frame number beyond all videos takes no memory", () => {
  const many = /it has \d+ tracks over \d+ frames, expected at most/;
  const far = `Tracker3 {
 track1 {{curve x1 10 x1000000000 11} {curve x1 30}}
}`;
  const image = { width: 9, height: 9 };
  assert.throws(() => parseNuke(far, { name: "a", image }), many);
  assert.throws(
    () =>
      parsePointTable("track,frame,x,y\n1,1,2,3\n1,999999999,2,3\n", {
        name: "b",
      }),
    many,
  );
  const text =
    "Adobe After Effects 8.0 Keyframe Data\n\nTransform\tPosition\n" +
    "\tFrame\tX pixels\tY pixels\n\t0\t1\t2\n\t123456789\t1\t2\nEnd of Keyframe Data";
  assert.throws(() => parseAfterEffects(text, { name: "c" }), many);
});
