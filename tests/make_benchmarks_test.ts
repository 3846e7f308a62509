import assert from "node:assert/strict";
import { joinReports, renderBenchmarks } from "./make_benchmarks.ts";

Deno.test("the benchmark page has only groups with a baseline, as ratios", () => {
  const bench = (
    name: string,
    group: string | null,
    avg: number,
    baseline = false,
  ) => ({
    origin: "file:///r/core/a_bench.ts",
    group,
    name,
    baseline,
    results: [{ ok: { n: 3, min: avg / 2, avg } }],
  });
  const page = renderBenchmarks({
    runtime: "Deno 2",
    cpu: "A processor",
    benches: [
      bench("ours | fast", "g", 5e6),
      bench("theirs", "g", 2e7, true),
      bench("alone", null, 1),
      bench("no baseline", "h", 1),
      { ...bench("failed", "g", 1), results: [{}] },
    ],
  }, { cores: 2, load: 9, root: "/r/" });
  assert.match(page, /^A processor, 2 cores, Deno 2\. Load .* 9\.0, so that/m);
  assert.match(page, /^## core\/a_bench\.ts$/m);
  assert.match(
    page,
    /^\| ours \\\| fast \| 5\.00 ms \| 2\.50 ms \| 0\.25 \| 0\.25 \|$/m,
  );
  assert.match(
    page,
    /^\| theirs \| 20\.0 ms \| 10\.0 ms \| baseline \| +\|$/m,
  );
  assert.doesNotMatch(page, /alone|no baseline|failed/);
});

Deno.test("the benches of several runs are one report, of one machine", () => {
  const run = (cpu: string, name: string) => ({
    runtime: "Deno 2",
    cpu,
    benches: [{ origin: "a", group: "g", name, baseline: true, results: [] }],
  });
  assert.deepEqual(
    joinReports([run("A", "one"), run("A", "two")]).benches
      .map(({ name }) => name),
    ["one", "two"],
  );
  assert.throws(() => joinReports([run("A", "one"), run("B", "two")]), {
    name: "TypeError",
    message: /those of A/,
  });
});
