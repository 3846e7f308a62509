import assert from "node:assert/strict";
import { upsertJob } from "./edit_jobs.ts";
import { JobFileError } from "./job_file.ts";
import { parseJobs } from "./parse_jobs.ts";

const GOOD = `# two images
- image: images/a.jpg
  text: "  A cat walks.  "
  track: tracks/a.pth

- image: images/b.jpg
  text: >-
    A dog
    runs.
  track: tracks/b.pth
  negative: blurred
  seed: 7
  name: dog
`;

Deno.test("upsertJob() adds to the end and leaves the rest as it is", () => {
  const added = upsertJob(GOOD, {
    image: "images/c.jpg",
    text: "A very long prompt ".repeat(20) + ': with "quotes" # and\nmore',
    track: "tracks/c.pth",
  });
  assert.ok(added.startsWith(GOOD), added);
  const { jobs, problems } = parseJobs(added);
  assert.deepEqual(problems, []);
  assert.equal(jobs.length, 3);
  assert.match(jobs[2]!.text, /^A very .* with "quotes" # and\nmore$/);
});

Deno.test("upsertJob() replaces values of the entry with the same track", () => {
  const changed = upsertJob(GOOD, {
    image: "images/b.png",
    text: "A wolf.",
    track: "tracks/b.pth",
  });
  const { jobs } = parseJobs(changed);
  assert.equal(jobs.length, 2);
  assert.deepEqual(
    [jobs[1]!.image, jobs[1]!.text, jobs[1]!.seed, jobs[1]!.name],
    ["images/b.png", "A wolf.", 7, "dog"],
  );
  assert.equal(jobs[0]!.text, "A cat walks.");
  assert.ok(
    changed.startsWith(GOOD.slice(0, GOOD.indexOf("- image: images/b"))),
  );
  assert.equal(
    upsertJob(changed, {
      image: "images/b.png",
      text: "A wolf.",
      track: "tracks/b.pth",
    }),
    changed,
  );
});

Deno.test("upsertJob() changes an entry between others, theirs to the letter", () => {
  const text = GOOD + "# the last\n" +
    "  \n- {image: c.jpg,   text: 'x', track: tracks/c.pth}  # odd\n";
  const changed = upsertJob(text, {
    image: "images/b.jpg",
    text: "Two\n\nlines.",
    track: "tracks/b.pth",
    seed: 8,
  });
  const second = GOOD.indexOf("- image: images/b");
  assert.equal(changed.slice(0, second), GOOD.slice(0, second));
  assert.ok(changed.endsWith(text.slice(GOOD.length)), changed);
  const { jobs, problems } = parseJobs(changed);
  assert.deepEqual(problems, []);
  assert.equal(jobs[1]!.text, "Two\n\nlines.");
  assert.equal(jobs[1]!.seed, 8);
});

Deno.test("upsertJob() keeps to the layout it finds", () => {
  const entry = { image: "b.jpg", text: "new", track: "b.pth" };
  for (
    const text of [
      "  - image: a.jpg\n    text: x\n    track: a.pth",
      "[{image: a.jpg, text: x, track: a.pth}]",
      "---\n- {image: a.jpg, text: x, track: a.pth}\n...\n",
      "- image: a.jpg\r\n  text: x\r\n  track: a.pth\r\n",
      "- image: a.jpg\n  track: a.pth\n  text: |+\n    x\n\n",
    ]
  ) {
    const added = upsertJob(text, entry);
    const { jobs, problems } = parseJobs(added);
    assert.deepEqual(problems, [], added);
    assert.deepEqual(jobs.map((job) => job.text), ["x", "new"], added);
    const both = upsertJob(added, { ...entry, image: "c.jpg" });
    assert.deepEqual(
      parseJobs(both).jobs.map((job) => job.image),
      ["a.jpg", "c.jpg"],
      both,
    );
  }
});

Deno.test("upsertJob() begins a list where there is none", () => {
  const entry = { image: "a.jpg", text: "", track: "a.pth", seed: 3 };
  const expected = 'image: a.jpg\n  text: ""\n  track: a.pth\n  seed: 3\n';
  assert.equal(upsertJob("", entry), `- ${expected}`);
  assert.equal(upsertJob("# mine\n", entry), `# mine\n- ${expected}`);
  assert.deepEqual(parseJobs(upsertJob("[]", entry)).problems, []);
});

Deno.test("upsertJob() keeps an unfinished neighbor", () => {
  const text = "- image: a.jpg\n  text:\n  track: a.pth # later\n";
  const added = upsertJob(text, { image: "b.jpg", text: "x", track: "b.pth" });
  assert.ok(added.startsWith(text), added);
});

Deno.test("upsertJob() refuses to touch what is no list", () => {
  const entry = { image: "a.jpg", text: "", track: "a.pth" };
  for (const text of ["a: b\n", "- a\n---\n- b\n", "- [\n", "words"]) {
    assert.throws(() => upsertJob(text, entry), JobFileError, text);
  }
});
