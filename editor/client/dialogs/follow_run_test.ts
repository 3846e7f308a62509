/** What Cancel stops, whatever was started before. */

import assert from "node:assert/strict";
import type { GenerationEvent } from "../../server/generator.ts";
import { cancelRun, followRun } from "./follow_run.ts";
import { run } from "./generation.ts";

type EndState = "done" | "cancelled";

/** A run of a server that ends when it is cancelled, or when it is let. */
class FakeRun {
  cancels = 0;
  readonly answered = Promise.withResolvers<void>();
  readonly ended = Promise.withResolvers<EndState>();
  readonly followed: Promise<void>;

  constructor(id: number) {
    this.followed = followRun(
      { images: [`${id}`], engine: "preview" },
      () =>
        this.answered.promise.then(() => ({
          id,
          events: () => this.#events(),
          cancel: () => {
            this.cancels++;
            this.ended.resolve("cancelled");
            return Promise.resolve();
          },
        })),
    );
  }

  async *#events(): AsyncGenerator<GenerationEvent> {
    yield { type: "started" };
    yield { type: "end", state: await this.ended.promise };
  }
}

const shown = () => [run.value?.images.join(), run.value?.state];
/** Once all that was waiting for a settled promise has run. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("a run that was cancelled before the server had it is cancelled", async () => {
  const first = new FakeRun(1);
  await cancelRun();
  assert.deepEqual([shown(), first.cancels], [["1", "cancelled"], 0]);
  // Another is started before the answer to the first one.
  const second = new FakeRun(2);
  first.answered.resolve();
  await first.followed;
  assert.deepEqual([shown(), first.cancels], [["2", "running"], 1]);
  // The end of the first leaves the second one to Cancel.
  second.answered.resolve();
  await settled();
  await cancelRun();
  await second.followed;
  assert.deepEqual([shown(), second.cancels], [["2", "cancelled"], 1]);
});

Deno.test("a second run is not started while one is going on", async () => {
  const first = new FakeRun(1);
  first.answered.resolve();
  await settled();
  const second = new FakeRun(2);
  await second.followed;
  assert.deepEqual(shown(), ["1", "running"]);
  first.ended.resolve("done");
  await first.followed;
  assert.deepEqual(shown(), ["1", "done"]);
  await cancelRun();
  assert.deepEqual([shown(), first.cancels], [["1", "done"], 0]);
});
