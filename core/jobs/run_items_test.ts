import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import type { Engine } from "./engine.ts";
import { openVideo } from "../media/video_reader.ts";
import {
  filesOf,
  greyEngine,
  withItems,
} from "../../tests/fixtures/job_items.ts";
import { lockFile } from "./_item_files.ts";
import { takeLock } from "./item_lock.ts";
import { isOutputName } from "./output_name.ts";
import { runItems } from "./run_items.ts";
import type { RunEvent } from "./run_options.ts";
import { engineOf } from "./video_tags.ts";

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
    assert.deepEqual(summary, { done: 1, skipped: 0, locked: 0, failed: 0 });
    assert.deepEqual(filesOf(out), OUTPUTS);
    const { frameCount, width, metadata } = await openVideo(
      items[0]!.outputs.video,
    );
    assert.deepEqual([frameCount, width], [3, 64]);
    assert.equal(metadata["comment"], "gray");
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
      locked: 0,
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
    assert.deepEqual(summary, { done: 1, skipped: 0, locked: 0, failed: 0 });
    assert.deepEqual(filesOf(out), OUTPUTS);
    assert.deepEqual(await Deno.readFile(outputs.video), before);
    // A new video has nothing of the one before next to it.
    await Deno.remove(outputs.video);
    const marks = [outputs.inputTracks!, outputs.videoTracks!];
    for (const path of marks) await Deno.writeTextFile(path, "old");
    await run();
    for (const path of marks) {
      assert.ok((await Deno.stat(path)).size > 100, path);
    }
    assert.deepEqual(await run(true), {
      done: 1,
      skipped: 0,
      locked: 0,
      failed: 0,
    });
  }));

Deno.test("runItems() cleans up behind segments, not behind items of like names", () =>
  withItems(1, async ([item]) => {
    const cleaned: string[] = [];
    const engine: Engine = {
      ...greyEngine(),
      cleanup: ({ name }) => Promise.resolve(void cleaned.push(name)),
    };
    const nextPrompts = ["two", "three"];
    await runItems([{ ...item!, nextPrompts }], { engines: [engine] });
    const [own, ...parts] = [...new Set(cleaned)];
    assert.equal(own, "000");
    assert.equal(parts.length, 2);
    for (const part of parts) assert.ok(!isOutputName(part), part);
  }));

Deno.test("runItems() says which prompts no segment has", () =>
  withItems(1, async ([item]) => {
    const notes: string[] = [];
    await runItems([{ ...item!, nextPrompts: ["two", "three"] }], {
      engines: [greyEngine()],
      onEvent: (event) => {
        if (event.type === "note") notes.push(event.message);
      },
    });
    assert.match(
      notes.join("\n"),
      /the video has 1 segment and the entry 3 prompts: the last 2 are not used/,
    );
  }));

Deno.test("runItems() continues after an item that fails, and leaves none of it", () =>
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
    assert.deepEqual(summary, { done: 2, skipped: 0, locked: 0, failed: 1 });
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
    assert.deepEqual(summary, { done: 4, skipped: 0, locked: 0, failed: 0 });
    assert.equal(filesOf(join(out, "outputs_vis")).length, 4);
  }));

Deno.test("runItems() tries again what may pass, each time after a longer wait", () =>
  withItems(2, async (items, out) => {
    const full = Object.assign(new Error("No space left"), { code: "ENOSPC" });
    const run = (failures: number, error: Error, count = 3) => {
      let left = failures;
      const waits: number[] = [];
      return runItems(items.slice(0, 1), {
        engines: [greyEngine({
          fail: () => {
            if (left-- > 0) throw error;
          },
        })],
        overwrite: true,
        retries: { count, firstMs: 5, mostMs: 15 },
        onEvent: (event) => {
          if (event.type === "retry") waits.push(event.waitMs);
        },
      }).then(({ done, failed }) => ({ done, failed, waits }));
    };
    const good = { done: 1, failed: 0 }, bad = { done: 0, failed: 1 };
    assert.deepEqual(await run(3, full), { ...good, waits: [5, 10, 15] });
    assert.deepEqual(await run(4, full), { ...bad, waits: [5, 10, 15] });
    assert.deepEqual(await run(1, full, 0), { ...bad, waits: [] });
    assert.deepEqual(await run(1, new RangeError("no")), { ...bad, waits: [] });
    assert.deepEqual(filesOf(out), OUTPUTS);
  }));

Deno.test("runItems() does not wait for another attempt when it is aborted", () =>
  withItems(1, async (items) => {
    const controller = new AbortController();
    const full = Object.assign(new Error("full"), { code: "ENOSPC" });
    await assert.rejects(
      runItems(items, {
        engines: [greyEngine({
          fail: () => {
            throw full;
          },
        })],
        signal: controller.signal,
        retries: { count: 9, firstMs: 60_000, mostMs: 60_000 },
        onEvent: ({ type }) => {
          if (type === "retry") setTimeout(() => controller.abort(), 5);
        },
      }),
      { name: "AbortError" },
    );
  }));

Deno.test("runItems() does not wait for a dead lock that was there when it began", () =>
  withItems(2, async (items) => {
    const lock = lockFile(items[1]!);
    await Deno.mkdir(dirname(lock), { recursive: true });
    await Deno.writeTextFile(lock, "theirs 1 process 7");
    const now = performance.now.bind(performance);
    // The first item takes a minute.
    const fail = () => {
      performance.now = () => now() + 60_000;
    };
    try {
      const summary = await runItems(items, {
        engines: [greyEngine({ fail })],
        lock: { staleAfterMs: 60_000 },
        signal: AbortSignal.timeout(20_000),
      });
      assert.equal(summary.done, 2);
    } finally {
      performance.now = now;
    }
  }));

Deno.test("runItems() looks again when it has the lock: another process may have finished", () =>
  withItems(1, async (items) => {
    const { outputs } = items[0]!;
    const made: string[] = [];
    // Finished by another process between the first look and the lock.
    await Deno.mkdir(join(outputs.video, ".."), { recursive: true });
    const lock = join(outputs.video, "..", ".000.lock");
    await Deno.writeTextFile(lock, "theirs 1 process 7");
    const summary = await runItems(items, {
      engines: [greyEngine({ fail: (text) => void made.push(text) })],
      lock: { heartbeatMs: 20, staleAfterMs: 200 },
      onEvent: (event) => {
        if (event.type !== "note") return;
        assert.match(event.message, /^locked by process 7; checking/);
        for (const path of Object.values(outputs)) {
          Deno.mkdirSync(join(path, ".."), { recursive: true });
          Deno.writeTextFileSync(path, "theirs");
        }
      },
    });
    assert.deepEqual(summary, { done: 0, skipped: 1, locked: 0, failed: 0 });
    assert.deepEqual(made, []);
    assert.equal(await Deno.readTextFile(outputs.video), "theirs");
  }));

Deno.test("runItems() has the engine clean up behind a video that was finished before", () =>
  withItems(1, async (items) => {
    await runItems(items, { engines: [greyEngine()] });
    await Deno.remove(items[0]!.outputs.videoTracks!); // killed before this
    const cleaned: string[] = [];
    const engine: Engine = {
      ...greyEngine({
        fail: () => assert.fail("the video was made again"),
      }),
      cleanup: ({ name }) => Promise.resolve(void cleaned.push(name)),
    };
    const summary = await runItems(items, { engines: [engine] });
    assert.equal(summary.done, 1);
    assert.deepEqual(cleaned, ["000"]);
  }));

Deno.test("runItems() skips an item that another process finished while it waited", () =>
  withItems(1, async (items) => {
    const item = items[0]!;
    await runItems(items, { engines: [greyEngine()] });
    const outputs = Object.values(item.outputs);
    for (const path of outputs) await Deno.rename(path, `${path}.away`);
    const other = await takeLock(lockFile(item), { heartbeatMs: 20 });
    let waited = false;
    const summary = await runItems(items, {
      engines: [greyEngine({
        fail: () => assert.fail("the video was made a second time"),
      })],
      lock: { heartbeatMs: 20, staleAfterMs: 400 },
      async onEvent(event) {
        if (event.type !== "note") return;
        waited = true;
        for (const path of outputs) await Deno.rename(`${path}.away`, path);
        await other!.release();
      },
    });
    assert.ok(waited);
    assert.deepEqual(summary, { done: 0, skipped: 1, locked: 0, failed: 0 });
  }));
