import assert from "node:assert/strict";
import {
  filesOf,
  greyEngine,
  withItems,
} from "../../tests/fixtures/job_items.ts";
import { checkItems } from "./check_items.ts";
import type { RunItem } from "./plan_run.ts";
import { runItems } from "./run_items.ts";

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
