import assert from "node:assert/strict";
import { changedJobs } from "./changed_jobs.ts";

const entry = (image: string, more = "") =>
  `- image: ${image}\n  text: Hi.\n  track: t.pth\n${more}`;

const changed = (
  before: string,
  now: string,
  engine: "model" | "preview" = "model",
) =>
  changedJobs(before, now, { folder: "/jobs", engine })
    .map(({ index, keys }) => `${index} ${keys.join()}`);

Deno.test("an entry that takes another's number is found, one of its name is not", () => {
  const before = entry("a.jpg") + entry("b.jpg");
  assert.deepEqual(changed(before, before + entry("c.jpg")), []);
  assert.deepEqual(changed(before, entry("c.jpg") + before), [
    "0 image",
    "1 image",
  ]);
  const named = entry("a.jpg", "  name: a\n");
  assert.deepEqual(changed(named, entry("c.jpg") + named), []);
  assert.deepEqual(changed(named, entry("b.jpg", "  name: a\n")), ["0 image"]);
});

Deno.test("every value counts that a video is made of, however its path is written", () => {
  const before = entry("a.jpg");
  assert.deepEqual(changed(before, entry("/jobs/x/../a.jpg")), []);
  const values = [
    ["seed: 18446744073709551615", "seed"],
    ["negative: people", "negative"],
    ["control: wan-move", "control"],
    ["topk: 3", "topk"],
  ];
  for (const [line, key] of values) {
    const now = entry("a.jpg", `  ${line}\n`);
    assert.deepEqual(changed(before, now), [`0 ${key}`]);
    assert.deepEqual(changed(now, now), []);
    assert.deepEqual(changed(before, now, "preview"), []);
  }
  const other = before.replace("Hi.", "Ho.");
  assert.deepEqual(changed(before, other), ["0 text"]);
  assert.deepEqual(
    changed(before, other.replace("t.pth", "u.pth"), "preview"),
    [
      "0 track",
    ],
  );
});
