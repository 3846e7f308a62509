import assert from "node:assert/strict";
import { TWO_JOBS } from "../../tests/fixtures/two_jobs.ts";
import { printJobs, rewriteJobPaths, upsertJob } from "./edit_jobs.ts";
import { JobFileError } from "./job_file.ts";
import { parseJobs } from "./parse_jobs.ts";

Deno.test("upsertJob() adds to the end and leaves the rest as it is", () => {
  const added = upsertJob(TWO_JOBS, {
    image: "images/c.jpg",
    text: "A very long prompt ".repeat(20) + ': with "quotes" # and\nmore',
    track: "tracks/c.pth",
  });
  assert.ok(added.startsWith(TWO_JOBS), added);
  const { jobs, problems } = parseJobs(added);
  assert.deepEqual(problems, []);
  assert.equal(jobs.length, 3);
  assert.match(jobs[2]!.text, /^A very .* with "quotes" # and\nmore$/);
});

Deno.test("upsertJob() replaces values of the entry with the same track", () => {
  const changed = upsertJob(TWO_JOBS, {
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
    changed.startsWith(
      TWO_JOBS.slice(0, TWO_JOBS.indexOf("- image: images/b")),
    ),
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
  const text = TWO_JOBS + "# the last\n" +
    "  \n- {image: c.jpg,   text: 'x', track: tracks/c.pth}  # odd\n";
  const changed = upsertJob(text, {
    image: "images/b.jpg",
    text: "Two\n\nlines.",
    track: "tracks/b.pth",
    seed: 8,
  });
  const second = TWO_JOBS.indexOf("- image: images/b");
  assert.equal(changed.slice(0, second), TWO_JOBS.slice(0, second));
  assert.ok(changed.endsWith(text.slice(TWO_JOBS.length)), changed);
  const { jobs, problems } = parseJobs(changed);
  assert.deepEqual(problems, []);
  assert.equal(jobs[1]!.text, "Two\n\nlines.");
  assert.equal(jobs[1]!.seed, 8);
});

Deno.test("upsertJob() keeps the prompts of the segments after the first", () => {
  const text =
    "- image: a.jpg\n  text:\n    - One.\n    - Two.\n  track: a.pth\n";
  const same = { image: "a.jpg", text: "One.", track: "a.pth" };
  assert.equal(upsertJob(text, same), text);
  assert.equal(
    upsertJob(text, { ...same, text: "First." }),
    text.replace("One.", "First."),
  );
});

Deno.test("upsertJob() writes the prompts of all segments where they are given", () => {
  const entry = { image: "a.jpg", text: "One.", track: "a.pth" };
  const texts = (text: string) =>
    parseJobs(text).jobs.map(({ text, nextTexts }) => [text, nextTexts]);
  const two = upsertJob(TWO_JOBS, { ...entry, nextTexts: ["007", "# 3"] });
  assert.ok(two.startsWith(TWO_JOBS), two);
  assert.deepEqual(texts(two)[2], ["One.", ["007", "# 3"]]);
  const same = { ...entry, nextTexts: [" 007 ", "# 3"] };
  assert.equal(upsertJob(two, same), two);
  const other = upsertJob(two, { ...entry, nextTexts: ["Two."] });
  assert.deepEqual(texts(other)[2], ["One.", ["Two."]]);
  const one = upsertJob(other, { ...entry, nextTexts: [] });
  assert.deepEqual(texts(one)[2], ["One.", undefined]);
  assert.ok(one.startsWith(TWO_JOBS), one);
  const flow = "[{image: a.jpg, text: One., track: a.pth}]";
  assert.deepEqual(texts(upsertJob(flow, same)), [["One.", ["007", "# 3"]]]);
  const numbers = "[{image: b.jpg, text: [1, 007], track: b.pth}]";
  const [[, kept]] = texts(upsertJob(numbers, same)) as [[string, string[]]];
  assert.deepEqual(kept, ["007"]);
  assert.deepEqual(texts(printJobs([same])), [["One.", ["007", "# 3"]]]);
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

Deno.test("rewriteJobPaths() changes two values of an entry and no other letter", () => {
  const text = `# mine
- image: "a b.jpg" # seen
  text: shot #5
  seed: 18446744073709551615
  track: >-
    a.pth
- {image: b.jpg, text: 007, track: 'b.pth'}
- image: c.jpg
  track: c.pth
`;
  assert.equal(
    rewriteJobPaths(
      text,
      new Map([
        [0, { image: "../x.jpg", track: "x: #1.pth" }],
        [1, { image: "1.jpg", track: "null" }],
      ]),
    ),
    `# mine
- image: ../x.jpg # seen
  text: shot #5
  seed: 18446744073709551615
  track: "x: #1.pth"
- {image: "1.jpg", text: 007, track: "null"}
- image: c.jpg
  track: c.pth
`,
  );
});

Deno.test("upsertJob() keeps the digits and the hash signs of what it writes again", () => {
  const text =
    "[{image: a, text: 007, track: a.pth, seed: 18446744073709551615}]\n";
  const entry = { image: "b", text: "1.10", track: "b.pth", seed: 2n ** 63n };
  const { jobs, problems } = parseJobs(upsertJob(text, entry));
  assert.deepEqual(problems, []);
  assert.deepEqual(
    jobs.map(({ text, seed }) => [text, seed]),
    [["007", 2n ** 64n - 1n], ["1.10", 2n ** 63n]],
  );
  // Stored again as it was read, a prompt stays as it was written.
  const hash = "- image: a\n  text: shot #5\n  track: a.pth\n";
  const [job] = parseJobs(hash).jobs;
  const again = upsertJob(hash, { ...job!, image: "a" });
  assert.equal(parseJobs(again).jobs[0]?.text, "shot #5");
  assert.deepEqual(parseJobs(again).warnings, []);
});

Deno.test("upsertJob() replaces the first prompt of a list with its hash signs", () => {
  const list = "- image: a\n  track: b\n  text:\n  - shot #5\n  - two\n";
  const [job] = parseJobs(list).jobs;
  const { nextTexts: _, ...first } = job!;
  const changed = parseJobs(upsertJob(list, { ...first, text: "one" })).jobs[0];
  assert.deepEqual([changed?.text, changed?.nextTexts], ["one", ["two"]]);
});

Deno.test("printJobs() gives a list that is read as it was given", () => {
  const entries = [
    { image: "a #1.jpg", text: "shot #5", track: "007", seed: 2n ** 64n - 1n },
    { image: "b", text: "", track: "b", negative: "null", name: "1.10" },
  ];
  const { jobs, problems, warnings } = parseJobs(printJobs(entries));
  assert.deepEqual([problems, warnings], [[], []]);
  assert.deepEqual(
    jobs.map(({ lines: _, index: __, ...entry }) => entry),
    entries,
  );
});
