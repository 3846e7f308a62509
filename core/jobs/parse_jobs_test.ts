import assert from "node:assert/strict";
import { TWO_JOBS } from "../../tests/fixtures/two_jobs.ts";
import type { ControlValues } from "../control/control_values.ts";
import { upsertJob } from "./edit_jobs.ts";
import { parseJobs } from "./parse_jobs.ts";

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
  const { jobs, problems } = parseJobs(TWO_JOBS);
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
      "uncond_motion, time_to_move, motion_signal, motion_mask, tweak, tstrong, nag_scale, nag_tau, nag_alpha",
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
  assert.deepEqual(withLine("motion_end: 0.5\n  motion_start: 0.6"), [
    "5: motion_start: 0.6 is after motion_end: 0.5: the motion would act in no step",
  ]);
  assert.deepEqual(withLine("motion_start: 1"), [
    "4: motion_start: 1 is the run's end: the motion would act in no step",
  ]);
  assert.deepEqual(withLine("motion_end: 0.5\n  motion_start: 0.5"), []);
  const of = (control: ControlValues) =>
    parseJobs(
      "- image: a.jpg\n  text: x\n  track: a.pth\n  motion_strength: 0.5\n",
      { control },
    ).problems;
  assert.deepEqual(of({ control: "wan-move" }), []);
  assert.deepEqual(of({}), [{
    line: 4,
    message:
      "motion_strength has no effect with control: ati: it belongs to control: wan-move",
  }]);
});

Deno.test("parseJobs() needs no tracks where there is a motion signal", () => {
  const { jobs, problems } = parseJobs(
    "- motion_signal: cut\n- image: a.jpg\n  text: x\n  motion_signal: b.mp4\n",
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(
    jobs.map(({ image, text, track }) => [image, text, track]),
    [["cut/first_frame.png", "", ""], ["a.jpg", "x", ""]],
  );
  assert.deepEqual(problemsOf("- motion_signal: b.mp4\n"), [
    "1: entry 0 has no image, expected the path of an image",
    "1: entry 0 has no text, expected text",
  ]);
  assert.equal(upsertJob("", jobs[1]!).includes("track"), false);
});

Deno.test("parseJobs() takes a list of prompts, one for each segment", () => {
  const { jobs, problems } = parseJobs(
    "- image: a.jpg\n  text: [A cat., ' It jumps. ', 007]\n  track: a.pth\n",
  );
  assert.deepEqual(problems, []);
  assert.equal(jobs[0]!.text, "A cat.");
  assert.deepEqual(jobs[0]!.nextTexts, ["It jumps.", "007"]);
  for (
    const [list, expected] of [
      ["[]", /text is a list, expected text/],
      ["[a, [b]]", /a text of the list is/],
      ["[a, null]", /a text of the list is empty/],
    ] as const
  ) {
    const { problems } = parseJobs(
      `- image: a.jpg\n  text: ${list}\n  track: a.pth\n`,
    );
    assert.match(problems[0]!.message, expected);
    assert.equal(problems[0]!.line, 2);
  }
});

Deno.test("parseJobs() refuses values of the wrong kind", () => {
  assert.match(withLine("seed: -2")[0]!, /^4: seed is -2, expected a whole/);
  assert.match(
    withLine("seed: 18446744073709551616")[0]!,
    /^4: seed is 18446744073709551616, expected a whole number from 0 to 18446744073709551615, or -1/,
  );
  assert.match(withLine("seed: 1.5")[0]!, /^4: seed is 1.5/);
  assert.match(
    withLine("seed: '7'")[0]!,
    /^4: seed is 7, expected|seed is "7"/,
  );
  assert.match(withLine("seed: 1e400")[0]!, /^4: seed is Infinity/);
  assert.match(withLine("negative: [a]")[0]!, /^4: negative is a list/);
  assert.match(withLine("negative: {a: b}")[0]!, /^4: negative is a set of/);
  assert.match(withLine("name: ../up")[0]!, /^4: name is "..\/up"/);
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

/** The entry of a text that is right but for the values in `extra`. */
function entryOf(extra: string, text = "x") {
  const { jobs, problems, warnings } = parseJobs(
    `- image: a.jpg\n  text: ${text}\n  track: a.pth\n  ${extra}\n`,
  );
  assert.deepEqual(problems, []);
  return {
    job: jobs[0]!,
    warnings: warnings.map(({ line, message }) => `${line}: ${message}`),
  };
}

Deno.test("parseJobs() keeps prompts that YAML takes for something else, and says so", () => {
  const cases: [written: string, read: string, warning: RegExp | undefined][] =
    [
      ["shot #5 of a cat", "shot #5 of a cat", /YAML takes "#5 of a cat" for/],
      ["#wip dunes", "#wip dunes", /YAML takes "#wip dunes" for a comment/],
      ["a\n    dog #2 # note", "a dog #2", /YAML takes "#2" for a comment/],
      ["dunes # at dusk", "dunes", /"# at dusk" is a comment\nHINT: .* quotes/],
      ['"dunes" # at dusk', "dunes", undefined],
      ['"shot #5"', "shot #5", undefined],
      ["shot#5", "shot#5", undefined],
      ["007", "007", /to YAML it is the number 7\nHINT: .*quotes/],
      ["1.10", "1.10", /to YAML it is the number 1\.1\n/],
      ["1_0", "1_0", undefined],
      ["1e3", "1e3", /the number 1000/],
      ["true", "true", /the boolean true/],
      [".inf", ".inf", /the number Infinity/],
      ["12345678901234567890", "12345678901234567890", /the number/],
      ["2024-01-01", "2024-01-01", undefined],
    ];
  for (const [written, read, warning] of cases) {
    const { job, warnings } = entryOf("", written);
    assert.equal(job.text, read);
    assert.equal(warnings.length, warning ? 1 : 0, written);
    if (warning) assert.match(warnings[0]!, warning);
  }
  // The same in a list of prompts.
  const { job, warnings } = entryOf("", "\n  - Shot #5 of a boat\n  - 007");
  assert.deepEqual([job.text, job.nextTexts], ["Shot #5 of a boat", ["007"]]);
  assert.match(warnings.join("\n"), /^3: text .*"#5 of a boat"[^]*\n4: .* 7\n/);
  assert.equal(entryOf("name: 007").job.name, "007");
  assert.equal(entryOf("negative: no").job.negative, "no");
});

Deno.test("parseJobs() keeps all digits of a seed", () => {
  const seedOf = (text: string) => {
    const { job, warnings } = entryOf(`seed: ${text}`);
    return [job.seed, warnings.length];
  };
  assert.deepEqual(seedOf("18446744073709551615"), [2n ** 64n - 1n, 0]);
  assert.deepEqual(seedOf("9007199254740993"), [9007199254740993n, 0]);
  assert.deepEqual(seedOf("-1"), [-1, 0]);
  assert.deepEqual(seedOf("1_000"), [1000, 1]);
  assert.deepEqual(seedOf("010"), [10, 1]);
  assert.deepEqual(seedOf("0x10"), [16, 1]);
});

Deno.test("parseJobs() needs no prompt where it is told so", () => {
  const text = "- {image: a.jpg, text: null, track: a.pth}\n" +
    "- {image: b.jpg, track: b.pth}\n- {image: c.jpg, text: 5, track: c.pth}\n";
  assert.equal(parseJobs(text).problems.length, 2);
  const { jobs, problems } = parseJobs(text, { text: "optional" });
  assert.deepEqual(problems, []);
  assert.deepEqual(jobs.map(({ text }) => text), ["", "", "5"]);
});

Deno.test("parseJobs() names tabs that indent", () => {
  for (
    const text of [
      "- image: b.png\n\ttext: a\n\ttrack: t\n",
      "-\timage: a\n\t text: b",
    ]
  ) {
    const { problems } = parseJobs(text);
    assert.equal(problems.length, 1);
    assert.match(problems[0]!.message, /HINT: YAML takes no tab at the start/);
  }
});

Deno.test("parseJobs() gives what it could read of entries with a problem", () => {
  const { jobs, faulty } = parseJobs(
    "- {image: a.jpg, track: a.pth, seed: x}\n- {image: b.jpg, track: b.pth, text: y}\n",
  );
  assert.deepEqual(jobs.map(({ index }) => index), [1]);
  assert.deepEqual(
    faulty.map(({ index, image, track }) => [index, image, track]),
    [[0, "a.jpg", "a.pth"]],
  );
});

Deno.test("parseJobs() refuses what is far too long by counting, unparsed", () => {
  const cases: [text: string, problem: RegExp][] = [
    ["- {image: a, track: b}\n".repeat(520_000), /520001 lines/],
    ["#\n".repeat(4_000_000), /4000001 lines/],
    ["- a\n".repeat(200_000), /200000 lines that begin an entry/],
    ["[" + "a,".repeat(1_000_000) + "a]", /brackets and commas/],
    ["- ".repeat(2_000_000), /2000000 lines that begin/],
    ['- "' + "a ".repeat(4_000_000) + '"', /a line of 8000004 characters/],
    ['- "' + "\\q".repeat(500_000) + '"', /invalid escape/],
  ];
  for (const [text, problem] of cases) {
    assert.match(parseJobs(text).problems[0]!.message, problem);
  }
  // Keys are not compared with each other by the parser.
  const many = Array.from({ length: 20_000 }, (_, i) => `  k${i}: 1\n`).join(
    "",
  );
  assert.ok(parseJobs(`- image: a\n${many}`).problems.length > 0);
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
