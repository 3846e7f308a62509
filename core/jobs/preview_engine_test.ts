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
