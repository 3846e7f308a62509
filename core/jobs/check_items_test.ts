import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { objectsPath } from "../tracks/motion_objects.ts";
import type { Engine } from "./engine.ts";
import {
  filesOf,
  greyEngine,
  withItems,
} from "../../tests/fixtures/job_items.ts";
import { checkItems } from "./check_items.ts";
import type { EarlierRuns } from "./kept_video.ts";
import { planRun, type RunItem } from "./plan_run.ts";
import { runItems } from "./run_items.ts";
import { createVideo } from "../media/video_writer.ts";
import { engineOfVideo } from "./video_tags.ts";

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

Deno.test("checkItems() finds all that is wrong with an item", () =>
  withItems(3, async (items, out) => {
    await Deno.mkdir(join(out, "outputs/001.mp4"), { recursive: true });
    await Deno.writeTextFile(join(out, "share.json"), '[[{"x": 0.5, "y": 0}]]');
    await Deno.writeTextFile(
      join(out, "nan.json"),
      "[[[NaN, 10]], [[10, NaN]]]",
    );
    const bad: RunItem[] = [
      { ...items[0]!, image: "no.jpg", track: "no.pth" },
      { ...items[1]!, image: items[1]!.track, track: join(out, "nan.json") },
      // Shares need the image, and cannot be judged without it.
      { ...items[2]!, image: "no.jpg", track: join(out, "share.json") },
    ];
    const problems = await checkItems(bad, { engine: greyEngine() });
    const found = problems.map(({ item, error }) =>
      `${item.index} ${(error as Error).message.split("\n")[0]}`
    );
    const expected = [
      /^0 Cannot read "no.jpg": no such file/,
      /^0 Cannot read "no.pth": no such file/,
      /^1 Cannot read .*expected a JPEG, PNG or WebP image/,
      /^1 Cannot take NaN as x of track 0 at frame 0 .* and 1 more track/,
      /^1 Cannot write .*it is a folder/,
      /^2 Cannot read "no.jpg"/,
    ];
    assert.equal(found.length, expected.length, found.join("\n"));
    expected.forEach((line, i) => assert.match(found[i]!, line));
  }));

Deno.test("checkItems() that is aborted at its last item says nothing of it", () =>
  withItems(1, async (items) => {
    const controller = new AbortController();
    const engine = greyEngine();
    const video: typeof engine.video = (image) => {
      controller.abort();
      return engine.video(image);
    };
    const { signal } = controller;
    await assert.rejects(
      checkItems(items, { engine: { ...engine, video }, signal }),
      { name: "AbortError" },
    );
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

Deno.test("checkItems() finds names that the file system does not take, and outputs that are folders", () =>
  withItems(1, async ([item], folder) => {
    const job = {
      index: 0,
      text: "",
      imageFile: { path: item!.image },
      trackFile: { path: item!.track },
    };
    const engine = greyEngine();
    const plan = (name: string) => planRun([{ ...job, name }], { out: folder });
    // 84 letters of three bytes each, and ".mp4".
    const [problem] = await checkItems(plan("\u8239".repeat(84)), { engine });
    assert.match(
      (problem!.error as Error).message,
      /^Cannot write ".*": a name in it has 256 bytes, expected at most 255\nHINT/,
    );
    assert.deepEqual(
      await checkItems(plan("\u8239".repeat(70)), { engine }),
      [],
    );
    await Deno.mkdir(join(folder, "outputs/000.mp4"), { recursive: true });
    const [taken] = await checkItems(plan("000"), { engine });
    assert.match((taken!.error as Error).message, /it is a folder/);
  }));

Deno.test("checkItems() reads the inputs of a finished item again only when one has changed", () =>
  withItems(2, async (items) => {
    await runItems(items, { engines: [greyEngine()] });
    const [done, other] = items as [RunItem, RunItem];
    const check = async (item: RunItem, overwrite = false) =>
      (await checkItems([item], { engine: greyEngine(), overwrite })).length;
    // Both items have the same inputs. Now they are broken, but look old.
    const past = new Date(Date.now() - 100_000);
    const future = new Date(Date.now() + 100_000);
    await Deno.writeTextFile(done.image, "no image");
    await Deno.utime(done.image, past, past);
    for (const item of [done, other]) {
      // A change of the file that its time does not show is seen all the same.
      assert.equal(await check(item), 1);
      for (const path of Object.values(item.outputs)) {
        await Deno.utime(path, future, future);
      }
    }
    assert.equal(await check(done), 0);
    assert.equal(await check(done, true), 1);
    // Without one of its outputs an item is not finished.
    await Deno.remove(other.outputs.videoTracks!);
    assert.equal(await check(other), 1);
    // Nor is one whose objects were marked since.
    const marks = objectsPath(done.track);
    await Deno.writeTextFile(marks, "{");
    await Deno.utime(marks, past, past);
    assert.equal(await check(done), 0);
    const later = new Date(Date.now() + 200_000);
    await Deno.utime(marks, later, later);
    assert.ok(await check(done) > 0);
    await Deno.remove(marks);
    await Deno.remove(done.track);
    assert.ok(await check(done) > 0);
  }));

Deno.test("checkItems() refuses to replace files of someone else, but for --overwrite", () =>
  withItems(1, async ([item]) => {
    const { video } = item!.outputs;
    const asked: string[] = [];
    const engine: Engine = {
      ...greyEngine({ name: "model" }),
      checkFiles: ({ name }) => {
        asked.push(name);
        return Promise.reject(new TypeError("the engine's"));
      },
    };
    await Deno.mkdir(dirname(video), { recursive: true });
    await Deno.writeTextFile(video.replace(".mp4", ".json"), '{"tracks":[]}');
    const check = async (more = {}) =>
      (await checkItems([item!], { engine, ...more }))
        .map(({ error }) => (error as Error).message);
    const [recipe, files] = await check();
    assert.match(recipe!, /000\.json": there is another file of that name/);
    assert.equal(files, "the engine's");
    assert.deepEqual(asked, ["000"]);
    assert.deepEqual(await check({ overwrite: true }), []);
    // A motion preview writes no recipe.
    assert.deepEqual(await check({ engine: greyEngine() }), []);
  }));

Deno.test("checkItems() refuses a finished video that was made from other files", () =>
  withItems(2, async (items, out) => {
    const engine = greyEngine({ name: "model" });
    await runItems(items, { engines: [engine] });
    const earlier: EarlierRuns = {
      ...{ changed: () => undefined, since: Infinity, own: (item) => item },
    };
    const check = async (items: RunItem[], more = {}) =>
      (await checkItems(items, { engine, earlier, ...more }))
        .map(({ error }) => String(error).split(", expected")[0]);
    assert.deepEqual(await check(items), []);
    const [one, two] = items as [RunItem, RunItem];
    // The same bytes at another path, and other bytes that are an image, too.
    const copy = join(out, "copy.jpg"), other = join(out, "other.jpg");
    await Deno.copyFile(one.image, copy);
    const bytes = await Deno.readFile(one.image);
    await Deno.writeFile(other, Uint8Array.of(...bytes, 0));
    const moved = [{ ...one, image: copy }, {
      ...two,
      ...{ image: other, prompt: "item 0" },
    }];
    const refused = [
      `TypeError: Cannot keep ${
        JSON.stringify(two.outputs.video)
      }: it was made with another image, text`,
    ];
    assert.deepEqual(await check(moved), refused);
    // Nor does a preview run take it for its own: the next would not see it.
    assert.deepEqual(await check(moved, { engine: greyEngine() }), refused);
    // Nothing says that they are newer than the videos.
    const past = new Date(Date.now() - 100_000);
    await Deno.utime(other, past, past);
    const future = new Date(Date.now() + 100_000);
    for (const item of items) {
      for (const path of Object.values(item.outputs)) {
        await Deno.utime(path, future, future);
      }
    }
    assert.deepEqual(await check(moved), refused);
    assert.deepEqual(await check(moved, { overwrite: true }), []);
    assert.deepEqual(await checkItems(moved, { engine }), []);
  }));

Deno.test("engineOfVideo() tells who made a video, wherever its index is", () =>
  withItems(1, async ([item], out) => {
    const { video } = item!.outputs;
    await runItems([item!], { engines: [greyEngine({ name: "model" })] });
    assert.equal(await engineOfVideo(video), "model");
    // Its index behind the frames, as other programs leave it.
    const bytes = await Deno.readFile(video);
    const view = new DataView(bytes.buffer);
    const boxes: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += view.getUint32(at)) {
      boxes.push(bytes.subarray(at, at + view.getUint32(at)));
    }
    const isIndex = (box: Uint8Array) =>
      new TextDecoder().decode(box.subarray(4, 8)) === "moov";
    const moved = join(out, "moved.mp4");
    await Deno.writeFile(
      moved,
      new Blob([
        ...boxes.filter((box) => !isIndex(box)),
        ...boxes.filter(isIndex),
      ] as Uint8Array<ArrayBuffer>[]).stream(),
    );
    assert.equal(await engineOfVideo(moved), "model");
    await using plain = await createVideo(join(out, "plain.mp4"), {
      width: 64,
      height: 48,
      metadata: {
        title: '{"engine":"preview",',
        comment: '{"engine":"model",',
      },
    });
    await plain.write({
      width: 64,
      height: 48,
      data: new Uint8Array(3 * 64 * 48),
    });
    await plain.finish();
    assert.equal(await engineOfVideo(join(out, "plain.mp4")), undefined);
  }));

Deno.test("a missing permission ends the check of all items", async () => {
  let asked = 0;
  const items = Array.from({ length: 50 }, (_, index) => ({
    ...{ index, name: `${index}`, prompt: "", track: "none.pth" },
    outputs: { video: "none.mp4" },
    get image(): string {
      if (asked++ > 0) return "none.jpg";
      throw new Deno.errors.NotCapable("read access");
    },
  }));
  await assert.rejects(
    checkItems(items, { engine: undefined }),
    Deno.errors.NotCapable,
  );
  assert.ok(asked < 10, `${asked} items were looked at`);
});
