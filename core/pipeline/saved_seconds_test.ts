import assert from "node:assert/strict";
import { savedBy } from "./saved_seconds.ts";

const computed = (seconds: number) => ({ isReused: false, seconds });
const reused = (seconds: number) => ({ isReused: true, seconds });

Deno.test("saved seconds come from medians, not from the pass that loads", () => {
  const times = [computed(90), computed(10), computed(12), reused(1)];
  assert.deepEqual(savedBy({ reused: 3 }, times), { savedSeconds: 33 });
  const even = [...times, computed(11), reused(2)];
  assert.deepEqual(savedBy({ reused: 2 }, even), { savedSeconds: 20 });
});

Deno.test("saved seconds are absent where nothing tells them", () => {
  assert.deepEqual(savedBy(undefined, []), {});
  assert.deepEqual(savedBy({ reused: 3 }, [reused(1)]), {});
  assert.deepEqual(savedBy({ reused: 0 }, [computed(1)]), {});
});
