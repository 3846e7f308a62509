import assert from "node:assert/strict";
import { goldenUrl, readGolden } from "../../tests/fixtures/golden.ts";
import { writeNpy } from "../formats/npy.ts";
import { writeZip } from "../formats/zip_writer.ts";
import { FormatError } from "../base/errors.ts";
import { writeAtiFile } from "./ati_file.ts";
import { writeNpz } from "../formats/npz.ts";
import { readRawTracks, readTracks } from "./read_tracks.ts";
import { TrackSet } from "./track_set.ts";
import { writeTracks } from "./write_tracks.ts";

const golden = (name: string) => Deno.readFileSync(goldenUrl(`motion/${name}`));
const json = (value: unknown) =>
  new TextEncoder().encode(JSON.stringify(value));

/** The tracks of `synthetic.raw.npy`, in px. */
function synthetic(): TrackSet {
  return TrackSet.fromArray(
    readGolden("motion/synthetic.raw.npy").data.map((value) => value / 8),
  );
}

function assertSame(actual: TrackSet, expected: TrackSet): void {
  assert.deepEqual(actual.toArray(), expected.toArray());
}

Deno.test("readTracks() reads what torch.save wrote", async () => {
  const { tracks, format, notes } = await readTracks(golden("torch_f4.pth"), {
    name: "torch_f4.pth",
  });
  assert.equal(format, "pth");
  assertSame(tracks, synthetic());
  assert.match(notes.join(" "), /ATI's layout.*divided by 8/);
});

Deno.test("readTracks() reads uint16 and a stored npz", async () => {
  const { tracks } = await readTracks(golden("torch_u2_stored.pth"), {
    name: "torch_u2_stored.pth",
  });
  const expected = synthetic();
  assert.equal(tracks.count, 1);
  for (let t = 0; t <= 120; t++) {
    assert.ok(Math.abs(tracks.x(0, t) - expected.x(0, t)) <= 1 / 16);
    assert.equal(tracks.visible(0, t), expected.visible(0, t));
  }
});

Deno.test("readTracks() reads CoTracker's npz with its visibility", async () => {
  const expected = synthetic();
  const bytes = golden("cotracker.npz");
  const { tracks, format, notes } = await readTracks(bytes, {
    name: "c.npz",
    length: "pad",
  });
  assert.equal(format, "npz");
  assert.equal(tracks.count, 3);
  for (let t = 0; t < 60; t++) {
    assert.equal(tracks.visible(2, t), expected.visible(2, t));
    assert.equal(tracks.x(2, t), expected.x(2, t));
  }
  assert.equal(tracks.visible(2, 60), false);
  assert.deepEqual(notes, [
    'Of the arrays "tracks", "visibility", "tracks" with the visibility "visibility" was taken.',
    "The array (1, 60, 3, 2) was read as frames x tracks: 3 tracks of 60 frames.",
    "Coordinates were taken as px.",
    "3 of 3 tracks with 60 frames were padded to 121 with invisible samples.",
  ]);
});

Deno.test("readTracks() reads Wan-Move's pair of files", async () => {
  const tracks = writeNpy({
    dims: [1, 81, 2, 2],
    data: Float32Array.from({ length: 81 * 4 }, (_, i) => Math.floor(i / 4)),
  });
  const visibility = writeNpy({
    dims: [1, 81, 2],
    data: Float32Array.from({ length: 81 * 2 }, (_, i) => i % 2),
  });
  const read = await readTracks(tracks, {
    name: "tracks.npy",
    visibility,
    length: "resample",
  });
  assert.equal(read.format, "npy");
  assert.equal(read.tracks.x(1, 120), 80);
  assert.equal(read.tracks.x(1, 60), 40);
  assert.equal(read.tracks.visible(0, 60), false);
  assert.equal(read.tracks.visible(1, 60), true);
  assert.match(read.notes.join(" "), /81 frames were resampled in time to 121/);
});

Deno.test("readTracks() reads JSON of several lengths and says what it did", async () => {
  const track = (frames: number) =>
    Array.from({ length: frames }, (_, t) => ({ x: t, y: 1 }));
  const bytes = json([track(121), track(5), track(9), track(130)]);
  const padded = { name: "a.json", length: "pad" } as const;
  const { tracks, notes } = await readTracks(bytes, padded);
  assert.equal(tracks.count, 4);
  assert.deepEqual(notes, [
    "Coordinates were taken as px.",
    "2 of 4 tracks with 5 to 9 frames were padded to 121 with invisible samples.",
    "1 of 4 tracks with 130 frames were cut after 121.",
  ]);
  const scaled = await readTracks(bytes, { ...padded, scale: 2 });
  assert.equal(scaled.tracks.x(0, 100), 50);
  assert.equal(scaled.tracks.visible(0, 100), true);
  await assert.rejects(
    readTracks(bytes, { name: "a.json", length: "error" }),
    /track of 5 frames, expected 121\nHINT: .*"resample"/,
  );
});

Deno.test("readTracks() takes the array that is named", async () => {
  const array = (value: number) => ({
    dims: [1, 121, 2],
    data: new Float32Array(242).fill(value),
  });
  const bytes = await writeNpz({ first: array(3), second: array(2) });
  const x = async (options = {}) =>
    (await readTracks(bytes, { name: "a.npz", ...options })).tracks.x(0, 0);
  assert.equal(await x({ array: "first" }), 3);
  assert.equal(await x({ array: "second" }), 2);
  await assert.rejects(
    x(),
    /Cannot tell which array of "a\.npz" holds the tracks: it has "first", "second"/,
  );
  await assert.rejects(
    x({ array: "third" }),
    /array "third" of "a\.npz": it has "first", "second"/,
  );
});

Deno.test("what writeTracks() wrote, readTracks() reads again", async () => {
  // Visible to the end and (0, 0) where it is not: what every format keeps.
  const set = TrackSet.fromPoints([
    Array.from({ length: 121 }, (_, t) => ({
      x: t / 3,
      y: -1e5 + t,
      visible: true,
    })),
    [{ x: 1.1, y: 2.2, visible: true }],
  ]);
  for (const format of ["pth", "npz", "json"] as const) {
    for (const compress of [true, false]) {
      const bytes = await writeTracks(set, format, { compress });
      const read = await readTracks(bytes, { name: "a" });
      assert.equal(read.format, format);
      if (format !== "json") assertSame(read.tracks, set);
      assert.deepEqual(
        Array.from(read.tracks, (track) => track.filter((p) => p.visible)),
        Array.from(set, (track) => track.filter((p) => p.visible)),
      );
    }
  }
  for (const format of ["pth", "npz"] as const) {
    const bytes = await writeTracks(synthetic(), format);
    assertSame((await readTracks(bytes, { name: "a" })).tracks, synthetic());
  }
});

Deno.test("writeTracks() refuses what its format cannot hold", async () => {
  const far = TrackSet.fromPoints([[{ x: 3e38, y: 0, visible: true }]]);
  await assert.rejects(writeTracks(far, "pth"), /Cannot write track 0/);
  await assert.rejects(
    writeTracks(far, "npy" as "npz"),
    /as "npy"|as npy.*expected one of pth, npz, json/,
  );
});

Deno.test("readTracks() names track and frame of a number that is none", async () => {
  const data = new Float32Array(2 * 121 * 3).fill(8);
  data[121 * 3 + 7 * 3 + 1] = NaN;
  const pth = await writeAtiFile(
    await writeNpz({ array: { dims: [2, 121, 1, 3], data } }),
  );
  await assert.rejects(
    readTracks(pth, { name: "a.pth" }),
    /Cannot take NaN as y of track 1 at frame 7 of "a\.pth"/,
  );
  const { tracks } = await readRawTracks(pth, { name: "a.pth" });
  assert.ok(Number.isNaN(tracks[1]![7 * 3 + 1]));
});

Deno.test("readTracks() says what a foreign file is", async () => {
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /"a": it is empty, expected a track file/],
    [
      new Uint8Array([0x80, 2, 0x8a, 10]),
      /bare pickle .*\nHINT: Save it again/,
    ],
    [new Uint8Array([0xff, 0xd8, 0xff, 0xe0]), /no track file of a known kind/],
    // macOS's "._fish.pth", on its own disks and on others.
    [
      new TextEncoder().encode("\0\x05\x16\x07\0\x02\0\0Mac OS X        "),
      /what macOS knows about a file.*without "\._"/s,
    ],
    [
      Uint8Array.from([0, 5, 22, 7, 0, 2, 0, 0, ...new Uint8Array(120)]),
      /what macOS knows/,
    ],
    [
      await writeZip([{ name: "a.txt", bytes: new Uint8Array(1) }]),
      /no member ends in \.npy/,
    ],
    [writeNpy({ dims: [3], data: new Float32Array(3) }), /shape is \(3\)/],
    [new TextEncoder().encode("image: a.png"), /"a" as JSON/],
  ];
  for (const [bytes, message] of cases) {
    await assert.rejects(readTracks(bytes, { name: "a" }), (error) => {
      assert.ok(error instanceof FormatError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("readTracks() refuses a few bytes that claim to be millions of tracks", async () => {
  const npy = (dims: number[]) => writeNpy({ dims, data: new Float32Array(0) });
  const cases: [Uint8Array, RegExp][] = [
    [npy([4294967295, 0, 2]), /Cannot tell tracks from frames/],
    [
      npy([9007199254740991, 0, 1, 3]),
      /9007199254740991 tracks, expected at most/,
    ],
    [npy([0, 121, 4294967295, 2]), /expected one clip/],
    [npy([1, 0, 4294967295, 2]), /4294967295 tracks, expected at most 50000/],
    [npy([1, 0, 5, 2]), /at least one frame/],
    [
      new TextEncoder().encode(`[${"[],".repeat(60_000)}[]]`),
      /60001 tracks, expected at most 50000/,
    ],
  ];
  for (const [bytes, message] of cases) {
    await assert.rejects(readTracks(bytes, { name: "a" }), (error) => {
      assert.ok(error instanceof FormatError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
  const none = await readTracks(npy([0, 121, 1, 3]), { name: "a" });
  assert.equal(none.tracks.count, 0);
});
