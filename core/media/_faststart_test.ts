import assert from "node:assert/strict";
import { FormatError } from "../base/errors.ts";
import { moveIndexToFront, topBoxes } from "./_faststart.ts";

/** A box: its length, its type, and what is in it. */
function box(type: string, ...content: (number[] | Uint8Array)[]): Uint8Array {
  const length = content.reduce((sum, part) => sum + part.length, 8);
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setUint32(0, length);
  bytes.set(new TextEncoder().encode(type), 4);
  let at = 8;
  for (const part of content) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A `moov` with one table of chunk offsets. */
function index(table: Uint8Array): Uint8Array {
  const wrap = (inner: Uint8Array, type: string) => box(type, inner);
  return ["stbl", "minf", "mdia", "trak", "moov"].reduce(wrap, table);
}

const uint64 = (value: number) => [0, 0, 0, 0, 0, 0, value >> 8, value & 255];

async function withFile(
  boxes: Uint8Array[],
  body: (file: Deno.FsFile) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, Uint8Array.from(boxes.flatMap((b) => [...b])));
    {
      using file = await Deno.open(path, { read: true, write: true });
      body(file);
    }
    return await Deno.readFile(path);
  } finally {
    await Deno.remove(path);
  }
}

const head = box("ftyp", [1, 2, 3, 4]);
const data = box("mdat", [10, 11, 12, 13]);

for (
  const [type, entry, read] of [
    ["stco", [0, 0, 0, 20], (view: DataView, at: number) => view.getUint32(at)],
    [
      "co64",
      uint64(20),
      (view: DataView, at: number) => Number(view.getBigUint64(at)),
    ],
  ] as const
) {
  Deno.test(`moveIndexToFront() shifts the chunk offsets of ${type}`, async () => {
    const moov = index(box(type, [0, 0, 0, 0, 0, 0, 0, 1], [...entry]));
    const bytes = await withFile([head, data, moov], (file) => {
      assert.equal(moveIndexToFront(file), true);
      assert.deepEqual(
        topBoxes(file).map((found) => found.type),
        ["ftyp", "moov", "mdat"],
      );
    });
    const view = new DataView(bytes.buffer);
    const place = read(view, 12 + moov.length - entry.length);
    assert.equal(place, 20 + moov.length);
    assert.deepEqual([...bytes.subarray(place, place + 4)], [10, 11, 12, 13]);
  });
}

Deno.test("moveIndexToFront() leaves a file alone where it would not fit", async () => {
  const moov = index(
    box("stco", [0, 0, 0, 0, 0, 0, 0, 1], [255, 255, 255, 255]),
  );
  const before = [...head, ...data, ...moov];
  const bytes = await withFile([head, data, moov], (file) => {
    assert.equal(moveIndexToFront(file), false);
  });
  assert.deepEqual([...bytes], before);
});

Deno.test("moveIndexToFront() has nothing to do where the index is in front", async () => {
  const moov = index(box("stco", [0, 0, 0, 0, 0, 0, 0, 0]));
  const before = [...head, ...moov, ...data];
  const bytes = await withFile([head, moov, data], (file) => {
    assert.equal(moveIndexToFront(file), true);
  });
  assert.deepEqual([...bytes], before);
});

Deno.test("topBoxes() refuses a box that leaves the file", async () => {
  const cut = data.slice(0, -1);
  await withFile([head, cut], (file) => {
    assert.throws(() => topBoxes(file), FormatError);
  });
});
