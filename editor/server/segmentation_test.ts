import assert from "node:assert/strict";
import { encodeImage } from "../../core/media/image.ts";
import { goldenUrl } from "../../tests/fixtures/golden.ts";
import { openSegmentation, parsePoints } from "./segmentation.ts";

Deno.test("an outline is that of the image that is there now, in its px", async () => {
  const golden = await Deno.readFile(
    goldenUrl("segment_anything/image.png"),
  );
  const plain = await encodeImage(
    { width: 400, height: 100, data: new Uint8Array(120_000).fill(70) },
    "png",
  );
  let bytes = golden;
  const asked: string[] = [];
  const segmentation = await openSegmentation(
    goldenUrl("segment_anything/").pathname,
    {
      readImage: (id) => {
        asked.push(id);
        return Promise.resolve({ bytes, type: "image/png" });
      },
    },
  );
  try {
    const select = async (x: number) => {
      const outline = await segmentation.select("a", [
        { x, y: 25, inside: true },
      ]);
      return Math.max(...outline.flat().map((point) => point.x));
    };
    const first = await select(30);
    assert.ok(first > 45 && first <= 90, `${first}`);
    bytes = plain;
    await assert.rejects(select(401), /image of 400 x 100 px/);
    const wide = await select(300);
    assert.ok(wide > 200 && wide <= 400, `${wide}`);
    bytes = golden;
    assert.equal(await select(30), first);
    assert.equal(asked.join(""), "aaaa");
  } finally {
    await segmentation.close();
  }
});

Deno.test("points that are none are refused, the first by its number", () => {
  const point = { x: 1, y: 2.5, inside: true };
  assert.deepEqual(parsePoints({ points: [point], more: 1 }), [point]);
  for (const body of [undefined, null, 5, {}, { points: "x" }]) {
    assert.throws(
      () => parsePoints(body),
      /points is missing, expected a list/,
    );
  }
  for (
    const wrong of [
      null,
      {},
      { ...point, x: "1" },
      { ...point, y: null },
      { ...point, inside: 1 },
    ]
  ) {
    assert.throws(
      () => parsePoints({ points: [point, wrong] }),
      (error) =>
        error instanceof TypeError &&
        error.message.startsWith(
          `Cannot select an object: point 1 is ${JSON.stringify(wrong)}, exp`,
        ),
    );
  }
});
