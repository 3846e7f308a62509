/**
 * Time-to-Move in a video of several segments: each follows a signal of its own,
 * and a run that was ended goes on with the segment and step that it was at.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import type { Engine, RenderInputs } from "../core/jobs/engine.ts";
import { checkItems } from "../core/jobs/check_items.ts";
import { createModelEngine } from "../core/jobs/model_engine.ts";
import { planRun, type RunItem } from "../core/jobs/plan_run.ts";
import { runItems } from "../core/jobs/run_items.ts";
import { readRecipe } from "../core/jobs/recipe.ts";
import { openVideo } from "../core/media/video_reader.ts";
import { trackFrameAt } from "../core/tracks/resample.ts";
import { withItems } from "./fixtures/job_items.ts";
import { openSmall } from "./fixtures/small_generation.ts";

/** 124 samples are 83 frames: 45 and, from the last of them on, 38 more. */
const SAMPLES = 124, LENGTH = 45, STEPS = 3;

Deno.test("Time-to-Move follows a signal of its own in every segment, resumed bit for bit", () =>
  withItems(1, async ([first], folder) => {
    const track = join(dirname(folder), "long.json");
    await Deno.writeTextFile(
      track,
      JSON.stringify([
        Array.from({ length: SAMPLES }, (_, t) => ({ x: 8 + t / 4, y: 20 })),
      ]),
    );
    const itemIn = (out: string): RunItem =>
      planRun([{
        index: 0,
        text: "",
        imageFile: { path: first!.image },
        trackFile: { path: track },
        seed: 3,
        time_to_move: "auto",
        tweak: 1,
        tstrong: 2,
      }], { out: join(folder, out) })[0]!;
    await using model = await createModelEngine({
      pipeline: await openSmall(),
      settings: {
        maxArea: 1024,
        frameCount: LENGTH,
        steps: STEPS,
        guidanceScale: 1,
      },
      overrides: { textIds: [5, 9, 1] },
      resumeEvery: 1,
    });
    const asked: RenderInputs[] = [];
    const engine: Engine = {
      ...model,
      render(job, options) {
        asked.push(job);
        return model.render(job, options);
      },
    };
    const whole = itemIn("whole"), ended = itemIn("ended");
    assert.deepEqual(await checkItems([whole], { engine }), []);
    await Deno.mkdir(dirname(ended.outputs.video), { recursive: true });
    const summary = { skipped: 0, locked: 0, failed: 0 };
    assert.deepEqual(
      await runItems([whole], {
        engines: [engine],
        onEvent(event) {
          if (event.type !== "progress" || event.done !== 2) return;
          if (event.stage !== "segment 2 of 2, sampling") return;
          // What a run that is killed now leaves: its state is that of step 1.
          for (const name of [".000.segments", ".000.resume", ".000.seed"]) {
            Deno.copyFileSync(
              join(dirname(whole.outputs.video), name),
              join(dirname(ended.outputs.video), name),
            );
          }
        },
      }),
      { done: 1, ...summary },
    );
    const video = await openVideo(whole.outputs.video);
    assert.equal(video.frameCount, 83);
    assert.equal(asked.length, 2);
    const [one, two] = asked.map(({ steering }) =>
      steering!.timeToMove!.signal
    );
    assert.notDeepEqual(two, one);
    // It starts from the clean last frame, and from where the track was then.
    const { image, tracks, steering } = asked[1]!;
    const { frames, masks } = steering!.timeToMove!.signal;
    assert.deepEqual(
      [frames.length, masks.length, frames[0]!.width],
      [LENGTH, LENGTH, image.width],
    );
    assert.deepEqual(frames[0]!.data, image.data);
    assert.ok(masks[20]!.data.some((value) => value === 255));
    assert.equal(
      tracks.x(0, 0),
      Math.fround((8 + trackFrameAt(LENGTH - 1) / 4) * image.width / 64),
    );

    const notes: string[] = [];
    asked.length = 0;
    assert.deepEqual(
      await runItems([ended], {
        engines: [engine],
        onEvent: (event) => event.type === "note" && notes.push(event.message),
      }),
      { done: 1, ...summary },
    );
    assert.equal(asked.length, 1);
    assert.ok(notes.includes("resumes after step 1"), notes.join("\n"));
    assert.deepEqual(
      await Deno.readFile(ended.outputs.video),
      await Deno.readFile(whole.outputs.video),
    );
    const { settings, segments } = await readRecipe(
      ended.outputs.video.replace(/mp4$/, "json"),
    );
    assert.deepEqual(settings.timeToMove, { tweak: 1, tstrong: 2 });
    assert.deepEqual(segments, { overlap: 0, next_texts: [] });
  }));
