import assert from "node:assert/strict";
import {
  ALWAYS_VISIBLE,
  type EditorDocument,
  type EditorTrack,
  emptyDocument,
  FULL_TIMING,
} from "./document.ts";
import { parseHistory } from "./parse_history.ts";

const SIZE = { width: 100, height: 50 };

function anchor(id: string, x: number): EditorTrack {
  return {
    id,
    name: id,
    colour: 0,
    locked: false,
    hidden: false,
    shape: { kind: "static", x, y: 10 },
    timing: FULL_TIMING,
    visible: ALWAYS_VISIBLE,
  };
}

/** What the browser's storage gives back. */
function history(): EditorDocument[] {
  const a = anchor("a", 10), b = anchor("b", 20);
  return structuredClone([
    { ...emptyDocument(SIZE), tracks: [a] },
    { ...emptyDocument(SIZE), tracks: [a, b] },
    { ...emptyDocument(SIZE), tracks: [anchor("a", 30), b] },
  ]);
}

Deno.test("parseHistory() keeps shared tracks shared", () => {
  const [first, second, third] = parseHistory(history(), SIZE);
  assert.equal(first!.tracks[0], second!.tracks[0]);
  assert.equal(second!.tracks[1], third!.tracks[1]);
  assert.notEqual(second!.tracks[0], third!.tracks[0]);
  assert.deepEqual([first, second, third], history());
});

Deno.test("parseHistory() gives every document the size of the image", () => {
  const scaled = parseHistory(history(), { width: 200, height: 100 });
  assert.deepEqual(
    scaled.map(({ width, height, tracks }) => {
      const { shape } = tracks[0]!;
      return [width, height, shape.kind === "static" && shape.x];
    }),
    [[200, 100, 20], [200, 100, 20], [200, 100, 60]],
  );
});

Deno.test("parseHistory() refuses what is no document", () => {
  const [first] = history();
  assert.throws(
    () => parseHistory([first, { ...first, tracks: 7 }], SIZE),
    TypeError,
  );
});
