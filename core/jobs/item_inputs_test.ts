import assert from "node:assert/strict";
import { withItems } from "../../tests/fixtures/job_items.ts";
import { inputFiles, loadInputs } from "./item_inputs.ts";
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
