import assert from "node:assert/strict";
import { TrackSet } from "../tracks/track_set.ts";
import { createPreviewEngine } from "./preview_engine.ts";

const SIZE = { width: 64, height: 48 };

Deno.test("createPreviewEngine() renders as many frames as it says", async () => {
  await using engine = createPreviewEngine({ maxArea: 64 * 48, frameCount: 5 });
  const image = { ...SIZE, data: new Uint8Array(3 * 64 * 48) };
  const tracks = TrackSet.fromPoints([]);
  assert.deepEqual(engine.video(image), { ...SIZE, fps: 16, frameCount: 5 });
  let frames = 0;
  for await (const frame of engine.render({ image, tracks, prompt: "" })) {
    assert.equal(frame.width, 64);
    frames++;
  }
  assert.equal(frames, 5);
  assert.throws(() => createPreviewEngine({ frameCount: 82 }), RangeError);
});

Deno.test("a preview that goes on from a frame has the frame's size", async () => {
  await using engine = createPreviewEngine({ maxArea: 3072, frameCount: 1 });
  const image = { width: 80, height: 48, data: new Uint8Array(80 * 48 * 3) };
  const sizes: string[] = [];
  for (const isFrame of [undefined, true] as const) {
    const job = { image, tracks: TrackSet.fromPoints([]), prompt: "" };
    for await (
      const { width, height } of engine.render({
        ...job,
        ...isFrame && { isFrame },
      })
    ) sizes.push(`${width}x${height}`);
  }
  assert.deepEqual(sizes, ["64x32", "80x48"]);
});
