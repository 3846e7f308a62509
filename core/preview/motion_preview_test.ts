import assert from "node:assert/strict";
import type { RgbImage } from "../base/image.ts";
import { tracksOf } from "../../tests/fixtures/track_paths.ts";
import { motionPreview, previewInSteps } from "./motion_preview.ts";
import { VIDEO_FRAMES } from "../tracks/resample.ts";

/** Gray with a white disc. */
function disc(width: number, height: number, x: number, y: number): RgbImage {
  const data = new Uint8Array(3 * width * height).fill(60);
  for (let j = 0; j < height; j++) {
    for (let i = 0; i < width; i++) {
      if (Math.hypot(i + 0.5 - x, j + 0.5 - y) > 6) continue;
      data.fill(255, 3 * (j * width + i), 3 * (j * width + i) + 3);
    }
  }
  return { width, height, data };
}

/** The middle of what is white. */
function middleOf({ width, data }: RgbImage): [number, number] {
  let sum = 0, x = 0, y = 0;
  for (let i = 0; i < data.length; i += 3) {
    const weight = Math.max(0, data[i]! - 60);
    sum += weight;
    x += weight * (i / 3 % width + 0.5);
    y += weight * (Math.floor(i / 3 / width) + 0.5);
  }
  return [x / sum, y / sum];
}

const path = (t: number) => [50 + 90 * t, 60 - 20 * t * t] as const;
const image = disc(200, 112, ...path(0));
const tracks = tracksOf(path);

Deno.test("motionPreview() starts with the image, byte for byte", () => {
  const [first] = motionPreview(image, tracks);
  assert.deepEqual(first, image);
});

Deno.test("motionPreview() carries a thing along its track, 81 frames", () => {
  let frame = 0;
  for (const { data, width, height } of motionPreview(image, tracks)) {
    const [x, y] = middleOf({ data, width, height });
    const [wantedX, wantedY] = path(Math.floor(1.5 * frame) / 120);
    assert.ok(
      Math.hypot(x - wantedX, y - wantedY) < 3.5,
      `frame ${frame}: ${x}, ${y}, expected ${wantedX}, ${wantedY}`,
    );
    frame++;
  }
  assert.equal(frame, VIDEO_FRAMES);
});

Deno.test("motionPreview() makes frames of any size, stretched", () => {
  const frames = [...motionPreview(image, tracks, { width: 96, height: 80 })];
  assert.equal(frames.length, VIDEO_FRAMES);
  for (const [index, time] of [[0, 0], [80, 1]] as const) {
    const { width, height, data } = frames[index]!;
    assert.deepEqual([width, height, data.length], [96, 80, 3 * 96 * 80]);
    const [x, y] = middleOf({ width, height, data });
    const [wantedX, wantedY] = path(time);
    assert.ok(Math.abs(x - wantedX * 96 / 200) < 2, `${x}`);
    assert.ok(Math.abs(y - wantedY * 80 / 112) < 2, `${y}`);
  }
});

Deno.test("motionPreview() can be gone through again, and stopped", () => {
  const preview = motionPreview(image, tracks, { width: 40, height: 24 });
  const [a, b] = preview;
  const [c, d] = preview;
  assert.deepEqual([a, b], [c, d]);
});

Deno.test("motionPreview() without tracks is a still", () => {
  const frames = [
    ...motionPreview(image, tracksOf(), { width: 50, height: 28 }),
  ];
  assert.deepEqual(frames[80], frames[0]);
});

Deno.test("motionPreview() refuses sizes at once", () => {
  assert.throws(() => motionPreview(image, tracks, { width: 0 }), RangeError);
  assert.throws(
    () => motionPreview(image, tracks, { height: NaN }),
    RangeError,
  );
});

Deno.test("previewInSteps() makes the same frames", async () => {
  const options = { frameCount: 3 };
  const frames = await Array.fromAsync(previewInSteps(image, tracks, options));
  assert.deepEqual(frames, [...motionPreview(image, tracks)].slice(0, 3));
});

Deno.test("previewInSteps() is left in the middle of a frame", async () => {
  // So many tracks that a frame takes longer than two pauses are apart.
  const many = tracksOf(
    ...Array.from(
      { length: 4000 },
      (_, n) => (t: number) =>
        [n % 200 + 90 * Math.sin(n) * t, n / 40 + 90 * t] as const,
    ),
  );
  const control = new AbortController();
  const frames = previewInSteps(image, many, { signal: control.signal });
  assert.ok((await frames.next()).value);
  const next = frames.next();
  setTimeout(() => control.abort(new Error("enough")), 0);
  await assert.rejects(next, /enough/);
});
