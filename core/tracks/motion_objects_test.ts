import assert from "node:assert/strict";
import { FormatError } from "../base/errors.ts";
import {
  formatObjects,
  objectsPath,
  parseObjects,
  scaleObjects,
} from "./motion_objects.ts";

const FILE = {
  image: { width: 832, height: 480 },
  trackHash: "0123456789abcdef".repeat(4),
  objects: [
    {
      name: "boat",
      tracks: [1, 2],
      outline: [[{ x: 1, y: 2 }, { x: 30.25, y: 4 }, { x: 5, y: 60 }]],
    },
    { tracks: [0], outline: [] },
  ],
};

Deno.test("objects are read as they were written, to a tenth of a px", () => {
  const read = parseObjects(formatObjects(FILE), { name: "a", trackCount: 3 });
  const expected = structuredClone(FILE);
  expected.objects[0]!.outline[0]![1]!.x = 30.3;
  assert.deepEqual(read, expected);
  const [half] = scaleObjects(read.objects, {
    from: FILE.image,
    to: { width: 416, height: 480 },
  });
  assert.deepEqual(half!.outline[0]![2], { x: 2.5, y: 60 });
});

Deno.test("objects are next to their track file", () => {
  assert.equal(objectsPath("a/b.c/00.pth"), "a/b.c/00.objects.json");
  assert.equal(objectsPath("a.b/tracks"), "a.b/tracks.objects.json");
});

Deno.test("parseObjects() says what is wrong, and where", () => {
  const change = (with_: object) =>
    JSON.stringify({
      ...JSON.parse(formatObjects(FILE)),
      ...with_,
    });
  const cases: [string, RegExp][] = [
    ["{", /"x.json": it is not JSON/],
    ["[]", /expected a JSON object/],
    [change({ version: 2 }), /version is 2, expected 1/],
    [change({ width: 0 }), /width is 0/],
    [change({ track_sha256: "x" }), /64 hexadecimal/],
    [change({ objects: {} }), /objects is not a list/],
    [change({ objects: [7] }), /object 0 is not/],
    [change({ objects: [{ tracks: [3], outline: [] }] }), /from 0 to 2/],
    [change({ objects: [{ tracks: [1, 1], outline: [] }] }), /in one object/],
    [
      change({ objects: [{ tracks: [], outline: [[[1]]] }] }),
      /pair of numbers/,
    ],
    [change({ objects: [{ tracks: [], outline: [[["a", 2]]] }] }), /pair/],
  ];
  for (const [text, message] of cases) {
    assert.throws(
      () => parseObjects(text, { name: "x.json", trackCount: 3 }),
      (error) => error instanceof FormatError && message.test(error.message),
      text,
    );
  }
});
