import assert from "node:assert/strict";
import { parseSceneMoves } from "./scene_move.ts";

Deno.test("moves are read with amounts, times and easings", () => {
  assert.deepEqual(
    parseSceneMoves("orbit:20,dolly:0.3, pan:-5:ease-out,truck:1e-1@0-2.5"),
    [
      { kind: "orbit", amount: 20 },
      { kind: "dolly", amount: 0.3 },
      { kind: "pan", amount: -5, easing: "ease-out" },
      { kind: "truck", amount: 0.1, from: 0, to: 60 },
    ],
  );
});

Deno.test("what is no move is refused with the forms and names", () => {
  for (
    const text of ["", "orbit", "orbit:", "orbit:x", "dolly:1@2", "pan:1:fast"]
  ) {
    assert.throws(
      () => parseSceneMoves(text),
      /Cannot read the camera move ".*", expected NAME:AMOUNT[\s\S]*HINT: Names are pan, tilt/,
      text,
    );
  }
  assert.throws(
    () => parseSceneMoves("crane:1"),
    /by "crane", expected one of/,
  );
  for (const [times, said] of [["3-9", "3 to 9"], ["4-2.5", "4 to 2.5"]]) {
    assert.throws(
      () => parseSceneMoves(`dolly:1@${times}`),
      new RegExp(
        `"dolly:1@${times}": it lasts from ${said} seconds, expected 0`,
      ),
    );
  }
});
