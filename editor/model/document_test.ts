import assert from "node:assert/strict";
import { ALWAYS_VISIBLE, emptyDocument, FULL_TIMING } from "./document.ts";
import { parseDocument } from "./parse_document.ts";

const track = {
  id: "a",
  name: "Fish",
  colour: 0,
  locked: false,
  hidden: false,
  shape: { kind: "static", x: 1, y: 2 },
  timing: FULL_TIMING,
  visible: ALWAYS_VISIBLE,
};
const document = { ...emptyDocument({ width: 8, height: 6 }), tracks: [track] };

Deno.test("parseDocument() takes a whole document as it is", () => {
  assert.deepEqual(parseDocument(document), document);
});

Deno.test("parseDocument() names the field that is wrong", () => {
  const wrong: [unknown, RegExp][] = [
    [null, /it: /],
    [{ ...document, width: 0 }, /width: /],
    [{ ...document, extra: 1 }, /extra: /],
    [{ ...document, tracks: [track, track] }, /every track id once/],
    [
      { ...document, tracks: [{ ...track, shape: { kind: "star" } }] },
      /tracks\.0\.shape\.kind: /,
    ],
    [
      {
        ...document,
        tracks: [{ ...track, shape: { kind: "static", x: NaN, y: 0 } }],
      },
      /tracks\.0\.shape\.x: /,
    ],
    [
      { ...document, tracks: [{ ...track, visible: [[5, 3]] }] },
      /tracks\.0\.visible\.0: expected from <= to/,
    ],
    [
      {
        ...document,
        tracks: [{ ...track, timing: { ...FULL_TIMING, start: 2881 } }],
      },
      /tracks\.0\.timing\.start: /,
    ],
  ];
  for (const [value, message] of wrong) {
    assert.throws(() => parseDocument(value), { name: "TypeError", message });
  }
});
