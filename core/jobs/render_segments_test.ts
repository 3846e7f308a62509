import assert from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";
import type { RgbImage } from "../base/image.ts";
import { LongTracks } from "../tracks/long_tracks.ts";
import { trackFrameAt } from "../tracks/resample.ts";
import { TrackSet } from "../tracks/track_set.ts";
import { layeredMotion } from "../preview/layered_motion.ts";
import { previewSegments } from "../preview/preview_segments.ts";
import { createPreviewEngine } from "./preview_engine.ts";
import type { Engine, EngineProgress, RenderInputs } from "./engine.ts";
import { renderSegments, segmentRecipe } from "./render_segments.ts";

/** One track whose x is its frame; 124 of them are 83 frames of video. */
const tracks = LongTracks.fromRaw([
  Float32Array.from(
    { length: 372 },
    (_, i) => [Math.floor(i / 3), 5, 1][i % 3]!,
  ),
], { name: "test" })!;
const IMAGE: RgbImage = { width: 64, height: 32, data: new Uint8Array(6144) };
const LENGTH = 45, WIDTH = 32, HEIGHT = 16;

/** An engine whose frames have the brightness of the track's x, and no more. */
function fakeEngine(
  asked: RenderInputs[],
  endAt?: [render: number, frame: number],
) {
  let renders = 0;
  const engine: Engine = {
    name: "model",
    title: "fake",
    video: () => ({
      width: WIDTH,
      height: HEIGHT,
      fps: 16,
      frameCount: LENGTH,
    }),
    recipe: ({ seed }) => ({ seed: Number(seed) }),
    files: () => [],
    async *render(job, { onProgress } = {}) {
      asked.push(job);
      const render = renders++;
      const data = new Uint8Array(3 * WIDTH * HEIGHT);
      const scale = job.isFrame ? 2 : 1;
      for (let i = 0; i < LENGTH; i++) {
        if (endAt?.join() === `${render},${i}`) throw new Error("ended");
        // 100 more in the second segment, so that a fade can be seen.
        data.fill(
          job.tracks.x(0, trackFrameAt(i)) * scale + (job.isFrame ? 100 : 0),
        );
        onProgress?.({
          stage: "sampling",
          done: i + 1,
          total: LENGTH,
          seconds: 1,
          secondsLeft: LENGTH - i - 1,
        });
        yield { width: WIDTH, height: HEIGHT, data };
        await Promise.resolve();
      }
    },
    async [Symbol.asyncDispose]() {},
  };
  return engine;
}

const JOB: RenderInputs = {
  image: IMAGE,
  tracks: TrackSet.fromPoints([]),
  prompt: "first",
  seed: 2 ** 53 - 1,
};

async function render(engine: Engine, options: {
  overlap?: number;
  folder?: string;
  onProgress?: (progress: EngineProgress) => void;
  nextPrompts?: string[];
} = {}): Promise<number[]> {
  const { overlap = 0, folder, onProgress, nextPrompts = [] } = options;
  const values: number[] = [];
  for await (
    const { data } of renderSegments(engine, JOB, {
      long: { tracks, overlap, nextPrompts },
      ...(folder !== undefined && { workDir: { folder, name: "a" } }),
      ...(onProgress && { onProgress }),
    })
  ) values.push(data[7]!);
  return values;
}

Deno.test("segments go on from the last frame of the one before", async () => {
  const asked: RenderInputs[] = [];
  const progress: EngineProgress[] = [];
  const values = await render(fakeEngine(asked), {
    nextPrompts: ["second"],
    onProgress: (event) => progress.push(event),
  });
  assert.equal(values.length, 83);
  assert.deepEqual(
    values,
    values.map((_, i) => trackFrameAt(i) + (i > 44 ? 100 : 0)),
  );
  assert.deepEqual(asked.map(({ prompt }) => prompt), ["first", "second"]);
  assert.deepEqual(asked.map(({ seed }) => seed), [2 ** 53 - 1, 2n ** 53n]);
  const [, second] = asked;
  assert.equal(second!.isFrame, true);
  assert.deepEqual([second!.image.width, second!.image.height], [
    WIDTH,
    HEIGHT,
  ]);
  assert.equal(second!.image.data[0], trackFrameAt(44));
  // In px of the frame, half as large as the image.
  assert.equal(second!.tracks.x(0, 0), trackFrameAt(44) / 2);
  assert.equal(progress[0]!.stage, "segment 1 of 2, sampling");
  assert.equal(progress[0]!.secondsLeft, 44 + 45);
  assert.equal(progress.at(-1)!.secondsLeft, 0);
});

Deno.test("the last prompt holds to the end", async () => {
  const asked: RenderInputs[] = [];
  const values = await render(fakeEngine(asked), {
    overlap: 20,
    nextPrompts: ["second"],
  });
  assert.equal(values.length, 83);
  assert.deepEqual(
    asked.map(({ prompt }) => prompt),
    ["first", "second", "second"],
  );
  const four: RenderInputs[] = [];
  await render(fakeEngine(four), {
    overlap: 30,
    nextPrompts: ["second", "third"],
  });
  assert.deepEqual(
    four.map(({ prompt }) => prompt),
    ["first", "second", "third", "third"],
  );
});

Deno.test("segments fade into each other in the frames that they share", async () => {
  const values = await render(fakeEngine([]), { overlap: 4 });
  assert.equal(values.length, 83);
  // Segment 2 begins at frame 40, and is seen alone from frame 45 on.
  assert.deepEqual(
    values.slice(39, 46).map((value, i) => value - trackFrameAt(39 + i)),
    [0, 0, 20, 40, 60, 80, 100],
  );
});

Deno.test("a run that was ended goes on with the segment that it was at", async () => {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const whole = await render(fakeEngine([]), { overlap: 2 });
  await assert.rejects(
    render(fakeEngine([], [1, 20]), { overlap: 2, folder }),
    /ended/,
  );
  const asked: RenderInputs[] = [];
  assert.deepEqual(
    await render(fakeEngine(asked), { overlap: 2, folder }),
    whole,
  );
  assert.deepEqual(asked.map(({ isFrame }) => isFrame), [true]);
  // Both are there now; a flipped bit of the second makes it again.
  const again: RenderInputs[] = [];
  assert.deepEqual(
    await render(fakeEngine(again), { overlap: 2, folder }),
    whole,
  );
  assert.equal(again.length, 0);
  const path = `${folder}/.a.segments`;
  const bytes = await Deno.readFile(path);
  bytes[bytes.length - 5]! ^= 1;
  await Deno.writeFile(path, bytes);
  assert.deepEqual(
    await render(fakeEngine(again), { overlap: 2, folder }),
    whole,
  );
  assert.equal(again.length, 1);
});

Deno.test("the page's preview of a long video has the frames of a run's", async () => {
  const image: RgbImage = {
    width: 96,
    height: 64,
    data: Uint8Array.from(
      { length: 3 * 96 * 64 },
      (_, i) => (i * 37 + Math.floor(i / 288) * 11) % 251,
    ),
  };
  const points = (at: (t: number) => [x: number, y: number, seen: boolean]) =>
    Array.from({ length: 301 }, (_, t) => {
      const [x, y, visible] = at(t);
      return { x, y, visible };
    });
  const long = LongTracks.fromPoints([
    points((t) => [20 + t / 6, 20, true]),
    points((t) => [80 - t / 9, 50, t < 110]), // not there in later segments
    points((t) => [48, 30 + 20 * Math.sin(t / 50), true]),
  ], { frames: 301 });
  const objects = [{
    outline: [[{ x: 10, y: 10 }, { x: 30, y: 10 }, { x: 20, y: 30 }]],
    tracks: [0],
  }];
  await using engine = createPreviewEngine({ maxArea: 64 * 48 });
  const size = engine.video(image);
  const run = renderSegments(engine, { ...JOB, image, objects }, {
    long: { tracks: long, overlap: 0, nextPrompts: [] },
  });
  const page = previewSegments(
    image,
    LongTracks.fromArray(long.toArray(), { frames: 301 }),
    {
      ...{ width: image.width, height: image.height, objects },
      size: { width: size.width, height: size.height },
    },
  );
  let count = 0, largest = 0, fromWhole = 0;
  const whole = layeredMotion(image, long, {
    ...{ width: image.width, height: image.height, objects, size },
  });
  for await (const frame of run) {
    const shown = page.next().value!;
    assert.deepEqual([shown.width, shown.height], [size.width, size.height]);
    frame.data.forEach((value, i) => {
      largest = Math.max(largest, Math.abs(value - shown.data[i]!));
    });
    shown.data.fill(0); // it is the caller's
    if (count++ < 200) continue;
    const { data } = whole(trackFrameAt(200)).image;
    frame.data.forEach((value, i) => {
      fromWhole = Math.max(fromWhole, Math.abs(value - data[i]!));
    });
  }
  console.log(`largest difference: ${largest}, of one piece: ${fromWhole}`);
  assert.equal(count, 201);
  assert.equal(page.next().done, true);
  assert.equal(largest, 0);
  assert.ok(fromWhole > 0);
});

Deno.test("a recipe has the later prompts as they were used, and as they were given", () => {
  const long = { tracks, overlap: 4, nextPrompts: ["a b"] };
  assert.deepEqual(segmentRecipe(long), {
    segments: { overlap: 4, next_texts: ["a b"] },
  });
  assert.deepEqual(segmentRecipe(long, ["a"]), {
    segments: { overlap: 4, next_texts: ["a b"], next_texts_before: ["a"] },
  });
});
