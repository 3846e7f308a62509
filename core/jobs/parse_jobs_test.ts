import assert from "node:assert/strict";
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
      '2: unknown key "txt", expected one of image, text, track, negative, seed, name, ' +
      "control, temperature, topk, motion_start, motion_end, motion_strength, " +
      "uncond_motion, time_to_move, motion_signal, motion_mask, tweak, tstrong",
      "1: entry 0 has no text, expected text",
      "5: text is empty (null), expected text",
      '10: entry 3 is the string "just words", expected image, text and track',
    ],
  );
});

Deno.test("parseJobs() takes settings of motion control, with their lines", () => {
  const text = "- image: a.jpg\n  text: x\n  track: a.pth\n" +
    "  control: wan-move\n  motion_strength: 0.5\n  uncond_motion: off\n" +
    "  time_to_move: camera\n  tstrong: 3\n";
  const { jobs, problems } = parseJobs(text);
  assert.deepEqual(problems, []);
  const { lines, index: _, image: __, text: ___, track: ____, ...values } =
    jobs[0]!;
  assert.deepEqual(values, {
    control: "wan-move",
    motion_strength: 0.5,
    uncond_motion: "off",
    time_to_move: "camera",
    tstrong: 3,
  });
  assert.equal(lines.tstrong, 8);

  assert.deepEqual(withLine("topk: 2.5"), [
    "4: topk is 2.5, expected a whole number from 1 to 100",
  ]);
  assert.deepEqual(withLine("motion_end: '1'"), [
    '4: motion_end is "1", expected a number from 0 to 1',
  ]);
  assert.match(withLine("control: vace")[0]!, /expected one of ati, wan-move/);
  assert.match(withLine("motion_signal:")[0]!, /^4: motion_signal is empty/);
  // What the entry itself contradicts; the command line may still choose.
  assert.deepEqual(withLine("topk: 3\n  control: wan-move"), [
    "4: topk has no effect with control: wan-move: it belongs to control: ati",
  ]);
  assert.deepEqual(withLine("time_to_move: off\n  tweak: 3"), [
    "5: tweak has no effect without time_to_move",
  ]);
  assert.deepEqual(withLine("motion_strength: 0.5"), []);
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
    /^1: image is "a\\u0000b", expected the path of an image/,
  );
  assert.match(
    problemsOf("- image: ''\n  text: x\n  track: a.pth\n")[0]!,
    /^1: image is "", expected the path of an image/,
  );
});

Deno.test("parseJobs() reports a key that stands twice, and broken YAML", () => {
  assert.match(withLine("text: again")[0]!, /^4: map keys must be unique/);
  assert.match(problemsOf("- image: [a\n")[0]!, /^[12]: /);
  assert.match(problemsOf("- a: b: c\n")[0]!, /^1: nested mappings/);
  assert.match(problemsOf("\tfoo")[0]!, /^1: /);
  // What follows from the first fault is not told, and the way out is.
  const { problems } = parseJobs("- a: [b\n- c\n- text: A cat: it walks\n");
  assert.equal(problems.length, 1);
  assert.match(problems[0]!.message, /\nHINT: .* needs quotes\./);
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
