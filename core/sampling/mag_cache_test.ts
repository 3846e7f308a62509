import assert from "node:assert/strict";
import { readGoldenJson } from "../../tests/fixtures/golden.ts";
import { MagCache, MAGCACHE_I2V_480P, MAGCACHE_I2V_720P } from "./mag_cache.ts";

const { cases } = readGoldenJson<{
  cases: Record<string, {
    rule: string;
    steps: number;
    size: "480p" | "720p";
    threshold: number;
    K: number;
    retention: number;
    lightx2v: string[] | string;
  }>;
}>("step_cache/manifest.json");

const BRANCHES = ["conditional", "unconditional"] as const;

/** C for computed, r for reused, as the golden has it. */
function passes(cache: MagCache, steps: number): string[] {
  return BRANCHES.map((branch) =>
    Array.from(
      { length: steps },
      (_, step) => cache.mayReuse(step, branch) ? "r" : "C",
    ).join("")
  );
}

// mag7 is LightX2V's cut of the ratios; mag8 and 9 fail there.
for (
  const name of [
    "mag0",
    "mag1",
    "mag2",
    "mag3",
    "mag4",
    "mag5",
    "mag6",
    "mag10",
  ]
) {
  Deno.test(`MagCache computes the steps that its reference computes, ${name}`, () => {
    const { steps, size, threshold, K, retention, lightx2v } = cases[name]!;
    const cache = new MagCache({
      steps,
      threshold,
      maxReused: K,
      retention,
      ratios: size === "480p" ? MAGCACHE_I2V_480P : MAGCACHE_I2V_720P,
    });
    const found = passes(cache, steps);
    assert.deepEqual(found, lightx2v);
    const reused = found.join("").split("r").length - 1;
    assert.equal(cache.reused, reused);
    assert.equal(cache.computed, 2 * steps - reused);
  });
}

Deno.test("MagCache always computes the first step", () => {
  for (const steps of [1, 4]) {
    const cache = new MagCache({ steps, threshold: 9, retention: 0 });
    assert.equal(passes(cache, steps)[0]![0], "C");
  }
});

Deno.test("MagCache continues from its state and refuses bad options", () => {
  const cache = new MagCache({ steps: 10 });
  cache.mayReuse(0, "conditional");
  const other = new MagCache({ steps: 10 });
  other.restore(cache.state());
  assert.equal(other.computed, 1);
  assert.throws(() => new MagCache({ steps: 5, threshold: 0 }), /threshold 0/);
  assert.throws(() => new MagCache({ steps: 5, maxReused: 0 }), /reuse 0/);
  assert.throws(
    () => new MagCache({ steps: 5, retention: 2 }),
    /fraction of 2/,
  );
});
