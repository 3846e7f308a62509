import assert from "node:assert/strict";
import { emptyDocument } from "./document.ts";
import { withLength } from "./document_length.ts";
import { motionOf } from "./motion.ts";
import { parseDocument } from "./parse_document.ts";
import {
  jobTexts,
  promptBefore,
  promptsOf,
  promptText,
  withPrompt,
} from "./segment_prompts.ts";

/** 15 s: three segments. */
const LONG = withLength(emptyDocument({ width: 8, height: 6 }), 361);

Deno.test("a prompt of a segment is set, and taken away again", () => {
  const one = withPrompt(LONG, 0, "It sails.");
  const third = withPrompt(one, 2, "It lands.");
  assert.deepEqual(third.nextPrompts, ["", "It lands."]);
  // A tag names the order of the fields.
  assert.equal(JSON.stringify(parseDocument(third)), JSON.stringify(third));
  assert.equal(promptBefore(third, 1), "It sails.");
  assert.equal(promptBefore(withPrompt(third, 1, "It turns."), 2), "It turns.");
  assert.equal(promptText(third), "It sails. / It sails. / It lands.");
  // An empty one continues the one before it.
  const { nextTexts } = jobTexts({ prompt: "A", nextPrompts: ["B", "", "C"] });
  assert.deepEqual(nextTexts, ["B", "B", "C"]);
  assert.equal(
    JSON.stringify(withPrompt(third, 2, "")),
    JSON.stringify(one),
  );
  assert.equal(motionOf(third).nextPrompts, undefined);
});

Deno.test("a shorter video keeps later prompts, and a job file is without them", () => {
  const short = withLength(withPrompt(LONG, 2, "It lands."), 241);
  assert.deepEqual(short.nextPrompts, ["", "It lands."]);
  assert.deepEqual(jobTexts(short, { segments: 2 }), {
    text: "",
    nextTexts: [],
  });
  assert.deepEqual(withLength(short, 361).nextPrompts, ["", "It lands."]);
});

Deno.test("prompts of a job file come back as they are", () => {
  for (
    const nextTexts of [[], ["b"], ["b", "a"], ["a", "b"], [""], ["b", "", "c"]]
  ) {
    const prompts = promptsOf({ text: "a", nextTexts });
    assert.deepEqual(jobTexts(prompts), { text: "a", nextTexts });
  }
});

Deno.test("damaged prompts of segments are refused", () => {
  for (const nextPrompts of [[], [1], "x", Array(1000).fill("x"), null]) {
    assert.throws(() => parseDocument({ ...LONG, nextPrompts }), TypeError);
  }
});
