import assert from "node:assert/strict";
import { numberMark, oldTrash } from "./old_trash.ts";

const SIZES = new Map([
  ["images/02.png", 500],
  [".trash/1000-01/images/01.png", 40],
  [".trash/1000-01/editor/01.json", 1],
  [".trash/998-07-gone/number", 0],
  [".trash/999-00/images/00.png", 40],
  [".trash/2000-02-emptied/editor/02.json", 3],
]);

Deno.test("the oldest of the trash goes first, each name whole", () => {
  const given = (bytes: number, keep: string[] = []) =>
    oldTrash(SIZES, { bytes, keep: new Set(keep) });
  const oldest = [".trash/999-00/images/00.png"];
  const second = [
    ".trash/1000-01/images/01.png",
    ".trash/1000-01/editor/01.json",
  ];
  assert.deepEqual(given(1), oldest);
  assert.deepEqual(given(40), oldest);
  assert.deepEqual(given(41), [...oldest, ...second]);
  assert.deepEqual(given(41, ["999-00"]), second);
  // All that there is, but not what only says which numbers were used.
  assert.deepEqual(given(1e9).length, 4);
});

Deno.test("the number of an image that is gone for good stays used", () => {
  assert.equal(numberMark("999-00"), ".trash/999-00-gone/number");
  assert.equal(numberMark("2000-02-emptied"), undefined);
});
