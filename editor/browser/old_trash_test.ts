import assert from "node:assert/strict";
import { canMakeRoom, numberMark, oldTrash } from "./old_trash.ts";

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

Deno.test("what an operation puts into the trash is not given up for its sake", () => {
  const given = oldTrash(SIZES, { bytes: 1e9, since: 2000 });
  assert.equal(given.length, 3);
  assert.ok(given.every((path) => !path.includes("/2000-02-emptied/")));
  // The copy of the image that is being replaced may be the only one.
  const replaced = new Map([[".trash/3000-00-replaced/images/00.png", 40]]);
  assert.deepEqual(oldTrash(replaced, { bytes: 40, since: 3000 }), []);
  const needed = { bytes: 40, free: 0 };
  assert.equal(canMakeRoom(replaced, { ...needed, since: 3000 }), false);
  assert.equal(canMakeRoom(replaced, { ...needed, since: 3001 }), true);
});

Deno.test("the trash is kept where all of it makes not room enough", () => {
  // 84 bytes are in the trash.
  const fits = (bytes: number, free: number) =>
    canMakeRoom(SIZES, { bytes, free });
  assert.equal(fits(84, 0), true);
  assert.equal(fits(85, 0), false);
  assert.equal(fits(100, 16), true);
  assert.equal(fits(100, 15), false);
  // It did not fit: the browser's estimate is wrong.
  assert.equal(fits(100, 1e9), false);
  assert.equal(fits(84, 1e9), true);
  // What is only removed always does.
  assert.equal(fits(0, 0), true);
});

Deno.test("the number of an image that is gone for good stays used", () => {
  assert.equal(numberMark("999-00"), ".trash/999-00-gone/number");
  assert.equal(numberMark("2000-02-emptied"), undefined);
});
