/**
 * Untrusted track files: whatever the bytes are, reading them ends in tracks or
 * in a FormatError, never in a crash, a hang or a wrong shape.
 */

import assert from "node:assert/strict";
import { memorySource } from "../core/base/byte_source.ts";
import { writeNpy } from "../core/formats/npy.ts";
import { readZipDirectory } from "../core/formats/zip.ts";
import { readZipEntry } from "../core/formats/zip_entry.ts";
import { writeZip } from "../core/formats/zip_writer.ts";
import { FormatError } from "../core/base/errors.ts";
import { formatAfterEffects } from "../core/tracks/exchange/after_effects.ts";
import { formatNuke } from "../core/tracks/exchange/nuke.ts";
import { formatPointTable } from "../core/tracks/exchange/point_csv.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";
import { TrackSet } from "../core/tracks/track_set.ts";
import { writeTracks } from "../core/tracks/write_tracks.ts";
import { goldenUrl } from "./fixtures/golden.ts";
import { seeded } from "../core/base/seeded.ts";

/** One file of every kind, small enough for all of its prefixes. */
async function fixtures(): Promise<Map<string, Uint8Array>> {
  const golden = (name: string) =>
    Deno.readFileSync(goldenUrl(`motion/${name}`));
  const foreign = (name: string) =>
    Deno.readFileSync(new URL(`fixtures/tracks/${name}`, import.meta.url));
  const text = (value: string) => new TextEncoder().encode(value);
  const short = TrackSet.fromPoints([
    Array.from({ length: 5 }, (_, t) => ({ x: t, y: 2 * t, visible: true })),
  ]);
  return new Map([
    ["ours.pth", await writeTracks(short, "pth")],
    ["torch_u2_stored.pth", golden("torch_u2_stored.pth")],
    ["cotracker.npz", golden("cotracker.npz")],
    ["ours.npz", await writeTracks(short, "npz")],
    [
      "ours.npy",
      writeNpy({ dims: [1, 81, 2], data: new Float32Array(162).fill(3) }),
    ],
    ["ours.json", await writeTracks(short, "json")],
    ["torch_tuple.pth", foreign("torch_tuple.pth")],
    ["big_endian.npy", foreign("big_endian.npy")],
    [
      "workflow.json",
      new TextEncoder().encode(JSON.stringify({
        nodes: [{
          type: "SplineEditor",
          widgets_values: [
            '[{"points":[{"x":9,"y":8},{"x":30,"y":40}]}]',
            "",
            64,
            64,
          ],
        }],
      })),
    ],
    ["points.txt", text(formatAfterEffects(short, { width: 64, height: 64 }))],
    ["points.nk", text(formatNuke(short, { width: 64, height: 64 }))],
    ["points.csv", text(formatPointTable(short))],
    [
      "printed.json",
      new TextEncoder().encode(
        "[[{'x': np.float64(12.5), 'y': 3., 'visible': True}], [(5, 6)]]",
      ),
    ],
    [
      "comfy.json",
      new TextEncoder().encode(
        `["[{'x': 1, 'y': 2}, {'x': 3, 'y': 4}]", "[{'x': 5, 'y': 6}]"]`,
      ),
    ],
  ]);
}

/** "read" or "refused"; anything else is a failure. */
async function outcome(
  bytes: Uint8Array,
  name: string,
): Promise<"read" | "refused"> {
  let tracks: TrackSet;
  try {
    ({ tracks } = await readTracks(bytes, { name }));
  } catch (error) {
    assert.ok(error instanceof FormatError, `${name}: ${error}`);
    assert.match(error.message, /^Cannot /);
    return "refused";
  }
  assert.ok(tracks.count * 121 * 2 <= 64e6);
  const data = tracks.toArray();
  assert.equal(data.length, tracks.count * 363);
  assert.ok(data.every(Number.isFinite));
  return "read";
}

Deno.test("every prefix of every track file is refused, the complete file is read", async () => {
  for (const [name, bytes] of await fixtures()) {
    for (let length = 0; length < bytes.length; length++) {
      const prefix = bytes.subarray(0, length);
      if (
        // A table may end after any line.
        /csv$/.test(name) ||
        /(nk|txt)$/.test(name) && length === bytes.length - 1 ||
        /json$/.test(name) && /\]\s*$/.test(new TextDecoder().decode(prefix))
      ) {
        continue; // the text without its last line feed, or a complete part
      }
      assert.equal(
        await outcome(prefix, `${name}, ${length} bytes`),
        "refused",
        `${name}, the first ${length} bytes`,
      );
    }
    assert.equal(await outcome(bytes, name), "read", name);
  }
});

Deno.test("20,000 mutated track files end in tracks or a FormatError", async () => {
  const random = seeded(20251122);
  const files = [...await fixtures()];
  const count = { read: 0, refused: 0 };
  for (let i = 0; i < 20_000; i++) {
    const [name, original] = files[i % files.length]!;
    const bytes = mutated(original, random);
    count[await outcome(bytes, `${name}, mutation ${i}`)]++;
  }
  console.log(`20,000 mutations: ${count.refused} refused, ${count.read} read`);
  assert.ok(count.refused > 10_000 && count.read > 100);
});

/** The file with one to four bytes changed. */
function mutated(original: Uint8Array, random: () => number): Uint8Array {
  const below = (limit: number) => Math.floor(random() * limit);
  let bytes = original.slice();
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const at = below(bytes.length);
    const kind = below(5);
    if (kind === 0) bytes[at]! ^= 1 << below(8);
    else if (kind === 1) bytes[at] = below(256);
    else if (kind === 2) bytes.fill(0xff, at, at + 1 + below(8));
    else if (kind === 3) {
      // Bytes of the file itself at another offset.
      bytes.copyWithin(at, below(bytes.length), below(bytes.length));
    } else {
      const cut = at + below(16);
      bytes = new Uint8Array([
        ...bytes.subarray(0, at),
        ...bytes.subarray(cut),
        0,
      ]);
    }
  }
  return bytes;
}

/** The archive with one of its members changed, its sizes and checksums correct. */
async function changedInside(
  zip: Uint8Array,
  name: string,
  change: (member: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): Promise<Uint8Array> {
  const source = memorySource(zip, name);
  const members = await Promise.all(
    readZipDirectory(source).map(async (entry) => ({
      name: entry.name,
      bytes: await readZipEntry(source, entry, { limit: 1e6 }),
    })),
  );
  const largest = members.reduce((a, b) =>
    a.bytes.length < b.bytes.length ? b : a
  );
  return await writeZip(
    await Promise.all(
      members.map(async (member) =>
        member === largest
          ? { name: member.name, bytes: await change(member.bytes) }
          : member
      ),
    ),
  );
}

Deno.test("4,000 archives with mutated members end in tracks or a FormatError", async () => {
  // Checksums reject most mutations of an archive: here they are correct, so
  // that the readers of pickles and arrays get the mutated bytes.
  const random = seeded(20251123);
  const files = await fixtures();
  const npz = files.get("ours.npz")!, pth = files.get("torch_u2_stored.pth")!;
  const count = { read: 0, refused: 0 };
  for (let i = 0; i < 4_000; i++) {
    const name = i % 2 ? "inside.npz" : "inside.pth";
    const bytes = await changedInside(
      i % 2 ? npz : pth,
      name,
      (member) => mutated(member, random),
    );
    count[await outcome(bytes, `${name}, mutation ${i}`)]++;
  }
  console.log(`4,000 inside: ${count.refused} refused, ${count.read} read`);
  assert.ok(count.refused > 1_000 && count.read > 100);
});

Deno.test("sizes claimed by a header allocate no memory", async () => {
  // 400 MB by the header of an array of a few bytes, alone and in an archive.
  const npy = writeNpy({ dims: [1, 81, 2], data: new Float32Array(162) });
  const shape = new TextDecoder("latin1").decode(npy).indexOf("(1, 81, 2)");
  npy.set(new TextEncoder().encode("(99999999)"), shape);
  const before = Deno.memoryUsage();
  assert.equal(await outcome(npy, "huge.npy"), "refused");
  const zipped = await writeZip([{ name: "tracks.npy", bytes: npy }]);
  assert.equal(await outcome(zipped, "huge.npz"), "refused");
  const after = Deno.memoryUsage();
  assert.ok(after.external - before.external < 16e6);
});
