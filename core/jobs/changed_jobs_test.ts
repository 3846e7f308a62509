import assert from "node:assert/strict";
import { changedJobs } from "./changed_jobs.ts";

const entry = (image: string, more = "") =>
  `- image: ${image}\n  text: Hi.\n  track: t.pth\n${more}`;

const changed = (before: string, now: string) => {
  const keysOf = changedJobs(before, now, { folder: "/jobs" });
  return [0, 1, 2].flatMap((index) => keysOf(index)?.join() ?? "new");
};

Deno.test("an entry that takes another's number is found, one of its name is not", () => {
  const before = entry("a.jpg") + entry("b.jpg");
  assert.deepEqual(changed(before, before), ["", "", "new"]);
  assert.deepEqual(changed(before, before + entry("c.jpg")), ["", "", "new"]);
  assert.deepEqual(changed(before, entry("c.jpg") + before), [
    "image",
    "image",
    "new",
  ]);
  const named = entry("a.jpg", "  name: a\n");
  assert.deepEqual(changed(named, entry("c.jpg") + named), ["new", "", "new"]);
  assert.equal(changed(named, entry("b.jpg", "  name: a\n"))[0], "image");
});

Deno.test("every value counts that a video is made of, however it is written", () => {
  const before = entry("a.jpg");
  assert.equal(changed(before, entry("/jobs/x/../a.jpg"))[0], "");
  const values = [
    ["seed: 18446744073709551615", "seed"],
    ["negative: people", "negative"],
    ["control: wan-move", "control"],
    ["topk: 3", "topk"],
    ["seed: -1", ""],
  ];
  for (const [line, key] of values) {
    const now = entry("a.jpg", `  ${line}\n`);
    assert.equal(changed(before, now)[0], key);
    assert.equal(changed(now, before)[0], key);
    assert.equal(changed(now, now)[0], "");
  }
  const withText = (text: string) => before.replace("Hi.", text);
  assert.equal(changed(before, withText("Ho."))[0], "text");
  assert.equal(changed(before, withText("[Hi.]"))[0], "");
  // Copies of earlier versions have the first prompt only.
  assert.equal(changed(before, withText("[Hi., Ho.]"))[0], "");
  assert.equal(
    changed(withText("[Hi., Hu.]"), withText("[Hi., Ho.]"))[0],
    "text",
  );
});
