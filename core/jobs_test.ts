import assert from "node:assert/strict";
import { isOutputName, JobFileError, parseJobs, upsertJob } from "./jobs.ts";

const GOOD = `# two pictures
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

/** "line: message" of every problem, hints left out. */
function problemsOf(text: string): string[] {
  return parseJobs(text).problems.map(({ line, message }) =>
    `${line}: ${message.split("\n")[0]}`
  );
}

/** The problems of one entry that is right but for `extra`. */
function withLine(extra: string): string[] {
  return problemsOf(`- image: a.jpg\n  text: x\n  track: a.pth\n  ${extra}\n`);
}

Deno.test("parseJobs() reads entries with their lines", () => {
  const { jobs, problems } = parseJobs(GOOD);
  assert.deepEqual(problems, []);
  assert.deepEqual(jobs, [
    {
      image: "images/a.jpg",
      text: "A cat walks.",
      track: "tracks/a.pth",
      index: 0,
      lines: { image: 2, text: 3, track: 4, entry: 2 },
    },
    {
      image: "images/b.jpg",
      text: "A dog runs.",
      track: "tracks/b.pth",
      negative: "blurred",
      seed: 7,
      name: "dog",
      index: 1,
      lines: {
        image: 6,
        text: 7,
        track: 10,
        negative: 11,
        seed: 12,
        name: 13,
        entry: 6,
      },
    },
  ]);
});

Deno.test("parseJobs() names every problem with its line", () => {
  const { jobs, problems } = parseJobs(
    "- image: a.jpg\n  txt: hello\n  track: a.pth\n" +
      "- image: b.jpg\n  text:\n  track: b.pth\n" +
      "- image: c.jpg\n  text: fine\n  track: c.pth\n" +
      "- just words\n",
  );
  assert.deepEqual(jobs.map(({ index }) => index), [2]);
  assert.deepEqual(
    problems.map(({ line, message }) => `${line}: ${message}`.split("\n")[0]),
    [
      '2: unknown key "txt", expected one of image, text, track, negative, seed, name',
      "1: entry 0 has no text, expected text",
      "5: text is empty (null), expected text",
      '10: entry 3 is the string "just words", expected image, text and track',
    ],
  );
});

Deno.test("parseJobs() refuses values of the wrong kind", () => {
  assert.match(withLine("seed: -1")[0]!, /^4: seed is -1, expected a whole/);
  assert.match(withLine("seed: 1.5")[0]!, /^4: seed is 1.5/);
  assert.match(
    withLine("seed: '7'")[0]!,
    /^4: seed is 7, expected|seed is "7"/,
  );
  assert.match(withLine("seed: 1e400")[0]!, /^4: seed is Infinity/);
  assert.match(withLine("negative: 3")[0]!, /^4: negative is the number 3/);
  assert.match(withLine("negative: [a]")[0]!, /^4: negative is a list/);
  assert.match(withLine("negative: {a: b}")[0]!, /^4: negative is a set of/);
  assert.match(withLine("name: ../up")[0]!, /^4: name is "..\/up"/);
  assert.match(withLine("name: true")[0]!, /^4: name is the boolean true/);
  assert.match(
    problemsOf('- image: "a\\0b"\n  text: x\n  track: a.pth\n')[0]!,
    /^1: image is "a\\u0000b", expected the path of a picture/,
  );
  assert.match(
    problemsOf("- image: ''\n  text: x\n  track: a.pth\n")[0]!,
    /^1: image is "", expected the path of a picture/,
  );
});

Deno.test("parseJobs() reports a key that stands twice, and broken YAML", () => {
  assert.match(withLine("text: again")[0]!, /^4: map keys must be unique/);
  assert.match(problemsOf("- image: [a\n")[0]!, /^[12]: /);
  assert.match(problemsOf("- a: b: c\n")[0]!, /^1: nested mappings/);
  assert.match(problemsOf("\tfoo")[0]!, /^1: /);
});

Deno.test("parseJobs() refuses what is no list", () => {
  assert.match(problemsOf("")[0]!, /^1: the file holds nothing/);
  assert.match(
    problemsOf("# only a comment\n")[0]!,
    /^1: the file holds nothing/,
  );
  assert.match(problemsOf("[]")[0]!, /^1: the list has 0 entries/);
  assert.match(problemsOf("image: a.jpg\n")[0]!, /^1: the file holds a set of/);
  assert.match(
    problemsOf("hello")[0]!,
    /^1: the file holds the string "hello"/,
  );
});

Deno.test("parseJobs() refuses several documents, tags and aliases", () => {
  assert.match(problemsOf("- a\n---\n- b\n")[0]!, /2 YAML documents/);
  assert.match(
    withLine("negative: !!js/function 'x'")[0]!,
    /^4: .*js\/function/,
  );
  assert.match(withLine("negative: !!binary aGk=")[0]!, /^4: the tag .*binary/);
  const bomb = "- &a [x,x,x,x,x,x,x,x,x]\n" +
    Array.from(
      { length: 25 },
      (_, i) => {
        const [from, to] = [97 + i, 98 + i].map((c) => String.fromCharCode(c));
        return `- &${to} [${Array(9).fill(`*${from}`).join()}]\n`;
      },
    ).join("");
  assert.match(problemsOf(bomb)[0]!, /^2: \*a is an alias/);
});

Deno.test("parseJobs() survives nesting without end", () => {
  for (const text of ["[".repeat(200_000), "- ".repeat(50_000) + "a"]) {
    const { jobs, problems } = parseJobs(text);
    assert.equal(jobs.length, 0);
    assert.ok(problems.length > 0);
  }
});

Deno.test("parseJobs() wants every name once, whatever its case", () => {
  const entry = (name: string) =>
    `- {image: a.jpg, text: x, track: a.pth, name: ${name}}\n`;
  assert.deepEqual(problemsOf(entry("Boat") + entry("other") + entry("boat")), [
    '3: name is "boat", as in line 1, expected a name of its own',
  ]);
});

Deno.test("isOutputName() refuses what some system cannot store", () => {
  for (const good of ["000", "boat at night", "bärentöter", "a.b", "x_(2)"]) {
    assert.ok(isOutputName(good), good);
  }
  for (
    const bad of [
      "",
      ".",
      "..",
      ".hidden",
      "a/b",
      "a\\b",
      "a:b",
      "a*",
      "a ",
      "a.",
      "NUL",
      "com1.x",
      "a\n",
      "%d",
      "x".repeat(101),
    ]
  ) assert.ok(!isOutputName(bad), JSON.stringify(bad));
});

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

Deno.test("upsertJob() keeps an unfinished neighbour", () => {
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
