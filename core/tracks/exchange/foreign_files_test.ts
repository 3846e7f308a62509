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
