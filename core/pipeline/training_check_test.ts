import assert from "node:assert/strict";
import type { TrainingFacts } from "../checkpoint/training.ts";
import { createControl } from "../control/create_control.ts";
import { checkTraining } from "./training_check.ts";

const facts = (
  training: TrainingFacts["training"],
  isSure = true,
): TrainingFacts => ({ training, evidence: 'the name "x"', isSure });

Deno.test("a control for another checkpoint is refused where its file says so", () => {
  const ati = createControl({ method: "ati" });
  const move = createControl({ method: "wan-move" });
  assert.deepEqual(checkTraining(ati, facts("ati")), []);
  assert.deepEqual(checkTraining(move, undefined), []);
  assert.throws(
    () => checkTraining(ati, facts("wan-move")),
    /control ati with this checkpoint: it is Wan-Move's transformer, as the name "x" says\nHINT: Use --control wan-move/,
  );
  assert.throws(() => checkTraining(move, facts("ati")), /--control ati/);
});

Deno.test("a folder's name and a plain checkpoint are worth a remark, no control none", () => {
  const ati = createControl({ method: "ati" });
  assert.match(
    checkTraining(ati, facts("wan-move", false))[0]!,
    /seems to be Wan-Move's.*use --control wan-move/,
  );
  assert.match(
    checkTraining(ati, facts("none"))[0]!,
    /not trained to follow tracks.*--control none with --time_to_move/,
  );
  const none = createControl({ method: "none" });
  for (const training of ["ati", "wan-move", "none"] as const) {
    assert.deepEqual(checkTraining(none, facts(training)), []);
  }
});
