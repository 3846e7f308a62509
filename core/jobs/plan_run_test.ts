import assert from "node:assert/strict";
import { planRun } from "./plan_run.ts";

const job = (index: number, more: { name?: string; image?: string } = {}) => ({
  index,
  text: "",
  imageFile: { path: more.image ?? "a.jpg" },
  trackFile: { path: "a.pth" },
  ...(more.name !== undefined && { name: more.name }),
});

Deno.test("planRun() names outputs by number, or by name", () => {
  const items = planRun([job(0), job(7), job(1000), job(3, { name: "cat" })], {
    out: "o",
  });
  assert.deepEqual(items.map(({ outputs }) => outputs), [
    {
      video: "o/outputs/000.mp4",
      inputTracks: "o/images_tracks/00.jpg",
      videoTracks: "o/outputs_vis/000_viz.mp4",
    },
    {
      video: "o/outputs/007.mp4",
      inputTracks: "o/images_tracks/07.jpg",
      videoTracks: "o/outputs_vis/007_viz.mp4",
    },
    {
      video: "o/outputs/1000.mp4",
      inputTracks: "o/images_tracks/1000.jpg",
      videoTracks: "o/outputs_vis/1000_viz.mp4",
    },
    {
      video: "o/outputs/cat.mp4",
      inputTracks: "o/images_tracks/cat.jpg",
      videoTracks: "o/outputs_vis/cat_viz.mp4",
    },
  ]);
});

Deno.test("planRun() fills the number into saveFile, as Python's % does", () => {
  const name = (saveFile: string) =>
    planRun([job(5)], { saveFile })[0]!.outputs;
  assert.deepEqual(name("v/%03d.mp4"), { video: "v/005.mp4" });
  assert.deepEqual(name("%d.mp4"), { video: "5.mp4" });
  assert.deepEqual(name("%2d.mp4"), { video: " 5.mp4" });
  assert.deepEqual(name("one.mp4"), { video: "one.mp4" });
  const both = planRun([job(5)], { saveFile: "v/%03d.mp4", out: "o" });
  assert.equal(both[0]!.outputs.videoTracks, "o/outputs_vis/005_viz.mp4");
  for (
    const [bad, why] of [
      ["v/%03d.avi", /expected a path that ends in \.mp4\nHINT/],
      ["x", /expected a path that ends in \.mp4/],
      ["%s.mp4", /nothing is known to put in for "%s"\nHINT/],
      ["%d%d.mp4", /nothing is known to put in for "%d"/],
      ["100%.mp4", /for "%\."/],
    ] as const
  ) assert.throws(() => name(bad), why, bad);
});

Deno.test("planRun() refuses two items with one output", () => {
  assert.throws(
    () => planRun([job(0), job(1)], { saveFile: "one.mp4" }),
    /Cannot write "one.mp4" twice: it is the output of item 0 and of item 1/,
  );
  // An entry that is called as another one is numbered.
  assert.throws(
    () => planRun([job(0), job(1, { name: "000" })], { out: "o" }),
    /twice/,
  );
  // One file on Windows and macOS: other case, other form of the same letter.
  for (const [one, other] of [["cat", "CAT"], ["\u00e9", "e\u0301"]]) {
    assert.throws(
      () =>
        planRun([job(0, { name: one! }), job(1, { name: other! })], {
          out: "o",
        }),
      /twice/,
    );
  }
});

Deno.test("planRun() refuses to write over an input", () => {
  const image = "o/images_tracks/00.jpg";
  assert.throws(
    () => planRun([job(0, { image })], { out: "./o/../o" }),
    /Cannot write "o\/images_tracks\/00.jpg": it is an input/,
  );
});
