import assert from "node:assert/strict";
import { withItems } from "../../tests/fixtures/job_items.ts";
import { writeNpy } from "../formats/npy.ts";
import { formatObjects, objectsPath } from "../tracks/motion_objects.ts";
import { hashFiles, inputFiles, loadInputs } from "./item_inputs.ts";
import { NO_TRACKS } from "./signal_folder.ts";

Deno.test("loadInputs() places tracks that were drawn on another size", () =>
  withItems(1, async ([item]) => {
    const plain = await loadInputs(item!);
    const halved = await loadInputs({
      ...item!,
      trackReading: { fromSize: { width: 128, height: 96 } },
    });
    assert.deepEqual([plain, halved].map(({ tracks }) => tracks.y(0, 0)), [
      20,
      10,
    ]);
  }));

Deno.test("what belongs to a track file has hashes of its own, read or not", () =>
  withItems(1, async ([item]) => {
    const { image, track } = item!;
    const hashes = async (of = item!) => {
      const read = await hashFiles(of);
      assert.deepEqual((await loadInputs(of)).hashes, read);
      return Object.keys(read);
    };
    assert.deepEqual(await hashes(), ["image", "track"]);
    await Deno.writeTextFile(
      objectsPath(track),
      formatObjects({
        image: { width: 64, height: 48 },
        trackHash: "0".repeat(64),
        objects: [],
      }),
    );
    assert.deepEqual(await hashes(), ["image", "track", "objects"]);
    const points = Float32Array.from({ length: 121 * 4 }, (_, i) => i % 40);
    const pair = track.replace("a.pth", "b_tracks.npy");
    await Deno.writeFile(
      pair,
      writeNpy({ dims: [121, 2, 2], data: points }),
    );
    await Deno.writeFile(
      pair.replace("tracks", "visibility"),
      writeNpy({
        dims: [121, 2],
        data: new Float32Array(242).fill(1),
      }),
    );
    assert.deepEqual(await hashes({ ...item!, image, track: pair }), [
      ...["image", "track", "visibility"],
    ]);
  }));

Deno.test("loadInputs() that is aborted says nothing of its files", () =>
  withItems(1, async ([item]) => {
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(
      loadInputs({ ...item!, image: "no.jpg" }, { signal }),
      { message: "enough" },
    );
  }));

Deno.test("a missing permission is reported before a missing file", {
  permissions: { read: ["tests"] },
}, async () => {
  await assert.rejects(
    loadInputs({
      ...{ image: "tests/no.jpg", track: "/not/permitted.pth" },
    }),
    Deno.errors.NotCapable,
  );
});

Deno.test("the files of an item without tracks are those that it has", () =>
  withItems(1, async ([item]) => {
    const { image, track } = item!;
    assert.deepEqual(await inputFiles(item!), [image, track]);
    assert.deepEqual(await inputFiles({ ...item!, track: NO_TRACKS }), [image]);
  }));
