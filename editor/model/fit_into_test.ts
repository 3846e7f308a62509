import assert from "node:assert/strict";
import { fitInto } from "./fit_into.ts";

Deno.test("fitInto() shows a drawing whole, in the middle", () => {
  const extent = { x: -10, y: 5, width: 20, height: 40 };
  const place = fitInto(extent, { width: 100, height: 80 });
  assert.deepEqual(place({ x: -10, y: 5 }), { x: 30, y: 0 });
  assert.deepEqual(place({ x: 10, y: 45 }), { x: 70, y: 80 });
});
