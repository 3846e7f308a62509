import assert from "node:assert/strict";
import { join } from "node:path";
import type { Engine } from "./engines/engine.ts";
import { createPreviewEngine } from "./engines/preview_engine.ts";
import { writeFileWhole } from "./files.ts";
import { planRun, type RunItem } from "./jobs_plan.ts";
import { checkItems, engineOf, type RunEvent, runItems } from "./jobs_run.ts";
import { encodeImage } from "./media/image.ts";
import { openVideo } from "./media/video.ts";
import { TrackSet } from "./tracks/track_set.ts";
import { writeTracks } from "./tracks/write_tracks.ts";

const SIZE = { width: 64, height: 48 };

/** An engine whose frames are grey; `fail` is thrown at its second frame. */
function greyEngine(
  { name = "preview", fail }: {
    name?: Engine["name"];
    fail?: (text: string) => void;
  } = {},
): Engine {
  return {
    name,
    title: "grey",
    video: () => ({ ...SIZE, fps: 16, frameCount: 3 }),
    recipe: () => ({ shade: 99 }),
    async *render({ text }, { onProgress, signal } = {}) {
      for (let done = 1; done <= 3; done++) {
        signal?.throwIfAborted();
        if (done === 2) fail?.(text);
        yield { ...SIZE, data: new Uint8Array(3 * 64 * 48).fill(99) };
        onProgress?.({ stage: "frames", done, total: 3 });
        await Promise.resolve();
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** A folder with one picture and its track, and `count` items that use it. */
async function withItems(
  count: number,
  body: (items: RunItem[], folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const data = Uint8Array.from({ length: 3 * 64 * 48 }, (_, i) => i % 251);
    const image = join(folder, "a.jpg"), track = join(folder, "a.pth");
    const tracks = TrackSet.fromPoints([
      Array.from({ length: 121 }, (_, t) => ({
        x: 10 + t / 4,
        y: 20,
        visible: true,
      })),
    ]);
    await writeFileWhole(image, await encodeImage({ ...SIZE, data }, "jpeg"));
    await writeFileWhole(track, await writeTracks(tracks, "pth"));
    const items = planRun(
      Array.from({ length: count }, (_, index) => ({
        index,
        text: `item ${index}`,
        imageFile: { path: image },
        trackFile: { path: track },
      })),
      { out: join(folder, "out") },
    );
    await body(items, join(folder, "out"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Every file below a folder, sorted. */
function filesOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? filesOf(join(folder, name)).map((file) => `${name}/${file}`)
      : [name]
  ).sort();
}

const OUTPUTS = [
  "images_tracks/00.jpg",
  "outputs/000.mp4",
  "outputs_vis/000_viz.mp4",
];

Deno.test("runItems() leaves the three outputs, and the recipe in the video", () =>
  withItems(1, async (items, out) => {
    const events: RunEvent[] = [];
    const summary = await runItems(items, {
      engines: [greyEngine()],
      onEvent: (event) => events.push(event),
    });
    assert.deepEqual(summary, { done: 1, skipped: 0, elsewhere: 0, failed: 0 });
    assert.deepEqual(filesOf(out), OUTPUTS);
    const { frameCount, width, metadata } = await openVideo(
      items[0]!.outputs.video,
    );
    assert.deepEqual([frameCount, width], [3, 64]);
    assert.equal(metadata["comment"], "grey");
    assert.equal(engineOf(metadata), "preview");
    const recipe = JSON.parse(metadata["description"]!);
    assert.equal(recipe.text, "item 0");
    assert.equal(recipe.shade, 99);
    assert.match(recipe.track_sha256, /^[0-9a-f]{64}$/);
    assert.equal(events[0]!.type, "started");
    assert.equal(events.at(-1)!.type, "done");
    const stages = events.filter((event) => event.type === "progress")
      .map(({ stage, done, total }) => `${stage} ${done}/${total}`);
    assert.deepEqual(stages, [
      "frames 1/3",
      "frames 2/3",
      "frames 3/3",
      "tracks 1/3",
      "tracks 2/3",
      "tracks 3/3",
    ]);
  }));

Deno.test("runItems() skips what is there and makes what is missing", () =>
  withItems(1, async (items, out) => {
    const { outputs } = items[0]!;
    const run = (overwrite = false) =>
      runItems(items, { engines: [greyEngine()], overwrite });
    await run();
    const before = await Deno.readFile(outputs.video);
    assert.deepEqual(await run(), {
      done: 0,
      skipped: 1,
      elsewhere: 0,
      failed: 0,
    });
    // A missing overlay comes from the finished video; the engine has rest.
    await Deno.remove(outputs.videoTracks!);
    const summary = await runItems(items, {
      engines: [greyEngine({
        fail: () => {
          throw new Error("not wanted");
        },
      })],
    });
    assert.deepEqual(summary, { done: 1, skipped: 0, elsewhere: 0, failed: 0 });
    assert.deepEqual(filesOf(out), OUTPUTS);
    assert.deepEqual(await Deno.readFile(outputs.video), before);
    assert.deepEqual(await run(true), {
      done: 1,
      skipped: 0,
      elsewhere: 0,
      failed: 0,
    });
  }));

Deno.test("runItems() goes on after an item that fails, and leaves none of it", () =>
  withItems(3, async (items, out) => {
    const failed: string[] = [];
    const engine = greyEngine({
      fail: (text) => {
        if (text === "item 1") throw new Error("no memory");
      },
    });
    const summary = await runItems(items, {
      engines: [engine],
      onEvent: (event) => {
        if (event.type === "failed") {
          failed.push(`${event.item.name} ${(event.error as Error).message}`);
        }
      },
    });
    assert.deepEqual(summary, { done: 2, skipped: 0, elsewhere: 0, failed: 1 });
    assert.deepEqual(failed, ["001 no memory"]);
    assert.deepEqual(filesOf(join(out, "outputs")), ["000.mp4", "002.mp4"]);
  }));

Deno.test("runItems() ends when it is aborted, and leaves nothing half-written", () =>
  withItems(2, async (items, out) => {
    const controller = new AbortController();
    const engine = greyEngine({ fail: () => controller.abort() });
    await assert.rejects(
      runItems(items, { engines: [engine], signal: controller.signal }),
      { name: "AbortError" },
    );
    assert.deepEqual(filesOf(out), ["images_tracks/00.jpg"]);
  }));

Deno.test("runItems() spreads the items over its engines, each once", () =>
  withItems(4, async (items, out) => {
    const summary = await runItems(items, {
      engines: [greyEngine(), greyEngine()],
    });
    assert.deepEqual(summary, { done: 4, skipped: 0, elsewhere: 0, failed: 0 });
    assert.equal(filesOf(join(out, "outputs_vis")).length, 4);
  }));

Deno.test("checkItems() finds every bad input, and writes nothing", () =>
  withItems(3, async (items, out) => {
    const bad: RunItem[] = [
      items[0]!,
      { ...items[1]!, image: items[1]!.track },
      { ...items[2]!, track: "no.pth" },
    ];
    const problems = await checkItems(bad, { engine: greyEngine() });
    assert.deepEqual(problems.map(({ item }) => item.index), [1, 2]);
    assert.throws(() => filesOf(out), Deno.errors.NotFound);
  }));

Deno.test("checkItems() does not let a preview pass for a generation", () =>
  withItems(1, async (items) => {
    await runItems(items, { engines: [greyEngine()] });
    const engine = greyEngine({ name: "model" });
    const [problem] = await checkItems(items, { engine });
    assert.match(
      String(problem?.error),
      /000.mp4": there is a motion preview of that name\nHINT: /,
    );
    const overwrite = { engine, overwrite: true };
    assert.deepEqual(await checkItems(items, overwrite), []);
    assert.deepEqual(await checkItems(items, { engine: greyEngine() }), []);
  }));

Deno.test("createPreviewEngine() renders as many frames as it says", async () => {
  await using engine = createPreviewEngine({ maxArea: 64 * 48, frameCount: 5 });
  const image = { ...SIZE, data: new Uint8Array(3 * 64 * 48) };
  const tracks = TrackSet.fromPoints([]);
  assert.deepEqual(engine.video(image), { ...SIZE, fps: 16, frameCount: 5 });
  let frames = 0;
  for await (const frame of engine.render({ image, tracks, text: "" })) {
    assert.equal(frame.width, 64);
    frames++;
  }
  assert.equal(frames, 5);
  assert.throws(() => createPreviewEngine({ frameCount: 82 }), RangeError);
});
