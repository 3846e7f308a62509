/**
 * Files as other programs put them on the clipboard or export them, with what
 * differs from our own: sizes, nodes in groups, encodings.
 */

import assert from "node:assert/strict";
import { readRawTracks, readTracks } from "../read_tracks.ts";

type Options = Omit<Parameters<typeof readTracks>[1], "name">;

const bytes = (text: string) => new TextEncoder().encode(text);

const read = (text: string, options: Options = {}) =>
  readTracks(bytes(text), { name: "a", ...options });

/** A Tracker4 node with rows of `[x curve, y curve]`. */
function tracker(
  rows: readonly (readonly [x: string, y: string])[],
  indent = "",
): string {
  return [
    "Tracker4 {",
    `tracks { { 1 31 ${rows.length} }`,
    "{ { 5 1 20 enable e 1 } { 3 1 75 name name 1 } { 2 1 58 track_x track_x 1 } { 2 1 58 track_y track_y 1 } }",
    "{",
    ...rows.map(([x, y], i) =>
      `{ {curve K x1 1} "track ${i + 1}" {curve ${x}} {curve ${y}} }`
    ),
    "}",
    "}",
    "}",
  ].map((line) => indent + line).join("\n");
}

Deno.test("y of a Nuke tracker counts from the lower edge of the size it was made on", async () => {
  const small = { width: 960, height: 540 };
  const large = { width: 1920, height: 1080 };
  const snippet = tracker([["x1 960 961", "x1 1000 1000"]]);
  const at = async (text: string, options: Options) => {
    const { tracks } = await read(text, options);
    return [tracks.x(0, 0), tracks.y(0, 0)];
  };
  assert.deepEqual(await at(snippet, { image: large }), [960, 80]);
  assert.deepEqual(
    await at(snippet, { image: small, fromSize: large }),
    [480, 40],
  );
  // The size that is said counts more than a format that is not the clip's.
  const script = `Root {\n format "960 540 0 0 960 540 1 half"\n}\n${snippet}`;
  assert.deepEqual(
    await at(script, { image: small, fromSize: large }),
    [480, 40],
  );
  await assert.rejects(
    read(snippet, { fromSize: large }),
    /Cannot scale .* from 1920x1080: the image's size is not known/,
  );
});

Deno.test("tracker nodes are read in groups, too, and all of them", async () => {
  const group = (text: string) => `Group {\n name G\n}\n${text}\nend_group\n`;
  const inside = tracker([["x1 20 20", "x1 50 50"]], " ");
  const image = { width: 100, height: 100 };
  const alone = await read(group(inside), { image });
  assert.equal(alone.format, "nuke");
  assert.equal(alone.tracks.x(0, 0), 20);
  const both = await read(
    tracker([["x1 10 10", "x1 50 50"]]) + "\n" + group(inside),
    { image },
  );
  assert.deepEqual([0, 1].map((n) => both.tracks.x(n, 0)), [10, 20]);
});

/** Keyframe data of properties, each with rows of `[frame, x, y]`. */
function keyframes(
  size: string,
  ...properties: [path: string, ...rows: (readonly number[])[]][]
): string {
  const [width, height] = size.split("x");
  return [
    "Adobe After Effects 8.0 Keyframe Data\n\n\tUnits Per Second\t24",
    `\tSource Width\t${width}\n\tSource Height\t${height}\n`,
    ...properties.flatMap(([path, ...rows]) => [
      path,
      "\tFrame\tX pixels\tY pixels\t",
      ...rows.map((row) => `\t${row.join("\t")}\t`),
      "",
    ]),
    "End of Keyframe Data",
  ].join("\n");
}

const HD = { width: 1920, height: 1080 };

Deno.test("of a tracker of After Effects each point is read once", async () => {
  const point = (number: number, kind: string) =>
    `Motion Trackers\tTracker #1\tTrack Point #${number}\t${kind}`;
  const text = keyframes(
    "1920x1080",
    [point(1, "Feature Center"), [0, 900, 500], [120, 910, 500]],
    [point(1, "Attach Point"), [0, 930, 500], [120, 940, 500]],
    [point(1, "Attach Point Offset"), [0, 30, 0]],
    [point(2, "Feature Center"), [0, 300, 200], [120, 310, 200]],
    [point(2, "Attach Point"), [0, 7, 7]],
  );
  const { tracks } = await read(text, { image: HD });
  assert.deepEqual(
    Array.from(tracks, ([first]) => first!.x),
    [930, 300, 7],
  );
});

Deno.test("a layer's own size is no measure of a null's position", async () => {
  const path = "Transform\tPosition";
  const at = async (
    text: string,
    options: Options = { image: HD },
  ) => {
    const { tracks, notes, warnings } = await read(text, options);
    return { x: tracks.x(0, 0), notes: notes.join(), warnings };
  };
  const onNull = keyframes("100x100", [path, [0, 960, 540], [120, 990, 540]]);
  const own = await at(onNull);
  assert.equal(own.x, 960);
  assert.match(own.notes, /100x100 is the layer's own/);
  assert.deepEqual(own.warnings, []);
  // Also where it could be inside of the null, and for its effects.
  const near = keyframes("100x100", [path, [0, 50, 60], [120, 90, 60]]);
  assert.equal((await at(near)).x, 50);
  const effect = "Effects\tPoint Control #1\tPoint #2";
  const control = keyframes("100x100", [effect, [0, 50, 60], [120, 90, 60]]);
  assert.equal((await at(control)).x, 50);
  // Outside of the image the composition has another size.
  const small = { width: 832, height: 480 };
  const doubted = await at(onNull, { image: small });
  assert.match(doubted.warnings.join(), /from-size says the composition's/);
  const said = await at(onNull, { image: small, fromSize: HD });
  assert.equal(said.x, 416);
  assert.deepEqual(said.warnings.length, 1); // that it was scaled
  const footage = keyframes(
    "1920x1080",
    [path, [0, 960, 540], [120, 990, 540]],
  );
  const scaled = await at(footage, { image: small });
  assert.equal(scaled.x, 416);
  assert.match(scaled.warnings[0]!, /as large as the layer, 1920x1080/);
  assert.deepEqual((await at(footage)).warnings, []);
  const solid = keyframes("300x200", [path, [0, 960, 540], [120, 990, 540]]);
  assert.equal((await at(solid)).x, 960);
  const large = await at(solid);
  assert.match(large.warnings.join(), /300x200 is the layer's own/);
  // Effects count in px of the layer, also outside of it.
  const out = keyframes("960x540", [effect, [0, 300, 200], [120, 2700, 200]]);
  assert.equal((await at(out)).x, 600);
  const tracked = keyframes(
    "100x100",
    ["Motion Trackers\tTracker #1\tTrack Point #1\tFeature Center", [0, 5, 6]],
  );
  assert.equal((await at(tracked)).x, 96);
});

/** x where a track is visible, at these frames. */
async function seen(
  text: string,
  frames: readonly number[],
  options: Options = { image: HD },
) {
  const { tracks, notes, warnings } = await read(text, options);
  const xs = Array.from(
    tracks,
    (points) => frames.map((t) => points[t]!.visible ? points[t]!.x : "-"),
  );
  return { xs, said: [...notes, ...warnings].join("\n") };
}

/** `x60 0 1 2 ...`, a key in each frame. */
const run = (from: number, count: number) =>
  `x${from} ${Array.from({ length: count }, (_, i) => i).join(" ")}`;

Deno.test("few keys are held outside of them, a tracked point is hidden there", async () => {
  const path = "Transform\tPosition";
  const two = keyframes("1920x1080", [path, [0, 100, 500], [48, 148, 500]]);
  const held = await seen(two, [0, 24, 48, 49, 120]);
  assert.deepEqual(held.xs, [[100, 124, 148, 148, 148]]);
  assert.match(held.said, /49 frames were taken as 24 per second/);
  for (const options of [{ fps: 30 }, { fps: 12 }]) {
    const { xs } = await seen(two, [119, 120], { image: HD, ...options });
    assert.deepEqual(xs, [[148, 148]]);
  }
  const cut = await seen(two, [48, 49], { image: HD, length: "pad" });
  assert.deepEqual(cut.xs, [[148, "-"]]);
  // A property of After Effects holds also where each frame has a key.
  for (const from of [24, 60]) {
    for (const count of [2, 3, 51]) {
      const rows = Array.from({ length: count }, (_, i) => [from + i, i, 500]);
      const baked = keyframes("1920x1080", [path, ...rows]);
      const { xs } = await seen(baked, [0, from, from + count - 1, 120]);
      assert.deepEqual(xs, [[0, 0, count - 1, count - 1]]);
    }
  }
  const y = "x1 5";
  const close = await seen(
    tracker([[run(1, 121), y], ["x50 100 x52 200", y]]),
    [
      ...[0, 49, 51, 120],
    ],
  );
  assert.deepEqual(close.xs[1], [100, 100, 200, 200]);
  const nuke = tracker([
    [run(1, 121), y],
    [run(60, 62), y],
    [run(1, 50), y],
    ["x30 100 x40 200", "x30 5 x40 5"],
  ]);
  const { xs, said } = await seen(nuke, [0, 28, 49, 50, 58, 59, 120]);
  assert.deepEqual(xs, [
    [0, 28, 49, 50, 58, 59, 120],
    ["-", "-", "-", "-", "-", 0, 61],
    [0, 28, 49, "-", "-", "-", "-"],
    [100, 100, 200, 200, 200, 200, 200],
  ]);
  assert.doesNotMatch(said, /first key/);
});

Deno.test("where keyframe data is cut is said", async () => {
  const ten = keyframes("1920x1080", [
    "Transform\tPosition",
    [0, 100, 500],
    [240, 340, 500],
  ]);
  const { xs, said } = await seen(ten, [0, 120]);
  assert.deepEqual(xs, [[100, 220]]);
  assert.match(said, /241 samples, 24 per second, were cut after 5 seconds/);
  assert.doesNotMatch(said, /resampled/);
});

Deno.test("a shot begins where the script says, else a late first key is told", async () => {
  const snippet = tracker([[run(101, 121), run(101, 121)]]);
  const root = "Root {\n inputs 0\n first_frame 101\n last_frame 221\n}\n";
  const shot = await seen(root + snippet, [0, 60, 120]);
  assert.deepEqual(shot.xs, [[0, 60, 120]]);
  assert.doesNotMatch(shot.said, /first/);
  const blind = await seen(snippet, [0], { image: HD, length: "pad" });
  assert.deepEqual(blind.xs, [["-"]]);
  assert.match(blind.said, /at frame 101: there is no motion in the first 100/);
  // Handles before the shot are left out; a script of other frames is no help.
  const handles = await seen(
    root + tracker([[run(91, 131), run(91, 131)]]),
    [0, 120],
  );
  assert.deepEqual(handles.xs, [[10, 130]]);
  assert.match(handles.said, /the first key is at frame 91, before it/);
  // A first frame that nobody set is far before those of a shot.
  for (const first of [0, 1]) {
    const unset = `Root {\n inputs 0\n first_frame ${first}\n}\n`;
    const keys = run(1001, 121);
    const far = await seen(unset + tracker([[keys, keys]]), [0, 60, 120]);
    assert.deepEqual(far.xs, [[0, 60, 120]]);
    assert.match(far.said, /Frame 1001, .* was taken as the first/);
  }
  const other = await seen(root + tracker([[run(1, 97), "x1 5"]]), [0, 50]);
  assert.deepEqual(other.xs[0]![0], 0);
  // What is before a composition is not in it.
  const early = keyframes("1920x1080", [
    "Transform\tPosition",
    [-12, 0, 10],
    [120, 132, 10],
  ]);
  assert.deepEqual((await seen(early, [0, 120])).xs, [[12, 132]]);
  const all = keyframes("1920x1080", [
    "Transform\tPosition",
    [-12, 0, 10],
    [-2, 10, 10],
  ]);
  assert.deepEqual((await seen(all, [0, 10, 20])).xs, [[0, 10, 10]]);
});

Deno.test("numbers of text files are divided by the scale that is given", async () => {
  const image = { width: 640, height: 360 };
  const keys =
    "Adobe After Effects 8.0 Keyframe Data\n\nTransform\tPosition\n" +
    "\tFrame\tX pixels\tY pixels\n\t0\t800\t400\nEnd of Keyframe Data";
  for (
    const text of [
      "track,frame,x,y\n1,0,800,400\n",
      keys,
      tracker([["x1 800", "x1 2480"]]),
    ]
  ) {
    const { tracks, notes } = await read(text, { image, scale: 8 });
    assert.deepEqual([tracks.x(0, 0), tracks.y(0, 0)], [100, 50]);
    assert.match(notes.join(), /divided by 8/);
  }
});

Deno.test("text is read in UTF-16 by its byte order mark", async () => {
  const text = "track,frame,x,y\n1,0,70,90\n";
  for (const big of [false, true]) {
    const file = new Uint8Array(2 * text.length + 2);
    const view = new DataView(file.buffer);
    Array.from("\ufeff" + text).forEach((char, i) =>
      view.setUint16(2 * i, char.charCodeAt(0), !big)
    );
    const { tracks } = await readTracks(file, { name: "a" });
    assert.deepEqual([tracks.x(0, 9), tracks.y(0, 9)], [70, 90]);
    await assert.rejects(
      readTracks(file.subarray(0, 7), { name: "a" }),
      /no track file of a known kind/,
    );
  }
});

Deno.test("shares of the image are not said to be px", async () => {
  const shares = '[[{"x": 0.5, "y": 0.25}]]';
  const image = { width: 100, height: 100 };
  const { notes, warnings } = await read(shares, { image });
  assert.doesNotMatch(notes.join(), /as px/);
  assert.match(warnings.join(), /as shares/);
  const raw = await readRawTracks(bytes(shares), { name: "a" });
  assert.equal(raw.unit, "share");
  assert.doesNotMatch(raw.notes.join(), /as px/);
  const px = await read(shares, { image, unit: "px" });
  assert.match(px.notes.join(), /as px/);
});

Deno.test("a table needs no column for one track, and no position of a hidden point", async () => {
  const one = await seen(
    "frame,x,y,likelihood\n" +
      Array.from({ length: 121 }, (_, t) => `${t},${100 + t},50,0.9`).join(
        "\n",
      ),
    [0, 120],
  );
  assert.deepEqual(one.xs, [[100, 220]]);
  await assert.rejects(
    read("label,frame,x,y\na,0,10,20\nb,1,30,40\n"),
    /no column says which track a row is of, next to "label", expected "track"/,
  );
  await assert.rejects(
    read("frame,x,y\n0,10,20\n0,30,40\n"),
    /its track has a second position in frame 0 in line 3/,
  );
  const head = "track,frame,x,y,visible\n1,0,50,5,1\n";
  for (const lost of [",", "nan,NaN", "None,", "null,N/A"]) {
    const { xs } = await seen(`${head}1,1,${lost},0\n1,2,70,5,1\n`, [0, 1, 2], {
      length: "pad",
    });
    assert.deepEqual(xs, [[50, "-", 70]]);
  }
  for (const row of ["1,1,,,1", "1,1,nan,6,0", "1,1,x,,0"]) {
    await assert.rejects(read(`${head}${row}\n`), /in line 3 is .*number/);
  }
});

Deno.test("rows at an even step are keys, other gaps are hidden and told", async () => {
  const table = (...rows: string[]) =>
    ["track,frame,x,y,visible", ...rows].join("\n");
  const keys = Array.from(
    { length: 13 },
    (_, k) => `a,${10 * k},${100 + k},5,1`,
  );
  const even = await seen(
    table(...keys, "b,0,0,50,1", "b,10,1,50,0", "b,20,2,50,1", "b,120,9,50,1"),
    [0, 5, 14, 16, 60, 119, 120],
  );
  assert.deepEqual(even.xs[0]!.map((x) => Math.round(10 * Number(x))), [
    ...[1000, 1005, 1014, 1016, 1060, 1119, 1120],
  ]);
  assert.deepEqual(even.xs[1], [0, "-", "-", 2, "-", "-", 9]);
  assert.match(even.said, /every 10 frames/);
  assert.match(even.said, /1 of 2 tracks \(track "b", 4 of 121 frames\)/);
  const uneven = await seen(
    table(...[0, 7, 25, 120].map((t) => `a,${t},${t},50,1`)),
    [0, 7, 8, 120],
  );
  assert.deepEqual(uneven.xs, [[0, 7, "-", 120]]);
  assert.match(uneven.said, /Most frames have no row, in 1 of 1 tracks/);
  const gap = [...Array(121).keys()].filter((t) => t < 40 || t > 80);
  const tracked = await seen(
    table(...gap.map((t) => `a,${t},${t},50,1`)),
    [39, 40, 81],
  );
  assert.deepEqual(tracked.xs, [[39, "-", 81]]);
  assert.doesNotMatch(tracked.said, /row/);
});

Deno.test("which way y of shares counts is said, and what numbers about the center are", async () => {
  const image = { width: 100, height: 100 };
  const { warnings } = await read("track,frame,x,y\n1,1,0.25,0.9\n", { image });
  assert.match(warnings.join(), /100x100, y downwards/);
  await assert.rejects(
    read("track,frame,x,y\n1,1,-0.25,0.9\n", { image }),
    /HINT: .*from -1 to 1 about the center are neither/,
  );
});
