import assert from "node:assert/strict";
import { emptyDocument, FULL_TIMING } from "./document.ts";
import { progressAt } from "./easing.ts";
import {
  type EasingOf,
  easingParts,
  moveJoint,
  removeJoint,
  setPart,
  splitPart,
} from "./easing_parts.ts";
import { MAX_JOINTS } from "../../core/tracks/track_curve.ts";
import { createTrack } from "./edits.ts";
import { parseDocument } from "./parse_document.ts";

const curve = (easing: EasingOf) =>
  Array.from(
    { length: 121 },
    (_, t) => progressAt({ ...FULL_TIMING, ...easing }, t),
  );

Deno.test("a new joint leaves the easing as it was", () => {
  let worst = 0;
  for (
    const easing of [[0, 0, 1, 1], [0.42, 0, 0.58, 1], [0.34, 1.56, 0.64, 1]]
  ) {
    const whole: EasingOf = { easing: easing as EasingOf["easing"] };
    const split = splitPart(splitPart(whole, 0), 1);
    assert.equal(easingParts(split).length, 3);
    const before = curve(whole);
    curve(split).forEach((p, t) =>
      worst = Math.max(worst, Math.abs(p - before[t]!))
    );
  }
  console.log(`largest difference ${worst.toExponential(1)}, limit 1e-6`);
  assert.ok(worst < 1e-6);
});

Deno.test("a part is split as long as there is room for a joint", () => {
  let easing: EasingOf = { easing: [0, 0, 1, 1] };
  for (let i = 0; i < 9; i++) easing = splitPart(easing, 0);
  // 1/64 has no room for two parts of a hundredth.
  assert.equal(easing.joints!.length, 6);
  assert.equal(splitPart(easing, 0), easing);
  assert.equal(splitPart(easing, 7), easing, "there is none");
  // One whose second half ends where it began.
  const { joints: [joint] = [] } = splitPart({
    easing: [0.3, 4 / 3 + Number.EPSILON, 0.6, 1],
  }, 0);
  assert.equal(joint!.progress, 1);
  assert.ok(joint!.easing.every(Number.isFinite), `${joint!.easing}`);
});

Deno.test("joints move between their neighbors, and parts have curves of their own", () => {
  let easing = splitPart({ easing: [0, 0, 1, 1] }, 0);
  easing = moveJoint(easing, 0, { time: 0.25, progress: 0.75 });
  assert.deepEqual([0, 15, 30, 75, 120].map((t) => curve(easing)[t]), [
    ...[0, 0.375, 0.75, 0.875, 1],
  ]);
  // A wait: the second part stays where the first one ended.
  const wait = moveJoint(splitPart(easing, 1), 1, {
    time: 0.5,
    progress: 0.75,
  });
  assert.deepEqual([30, 45, 60, 120].map((t) => curve(wait)[t]), [
    ...[0.75, 0.75, 0.75, 1],
  ]);
  const far = moveJoint(wait, 0, { time: 9, progress: 9 });
  assert.deepEqual([far.joints![0]!.time, far.joints![0]!.progress], [0.49, 2]);
  const slow = setPart(wait, 2, [0.42, 0, 1, 1]);
  assert.ok(curve(slow)[75]! < curve(wait)[75]!);
  assert.deepEqual(
    curve(removeJoint(removeJoint(wait, 0), 0)),
    curve({
      easing: [0, 0, 1, 1],
    }),
  );
});

Deno.test("documents with joints are checked", () => {
  const document = emptyDocument({ width: 8, height: 6 });
  const track = createTrack(document, { kind: "static", x: 1, y: 2 });
  const withJoints = (joints: EasingOf["joints"]) => ({
    ...document,
    tracks: [{ ...track, timing: { ...FULL_TIMING, joints } }],
  });
  let easing: EasingOf = { easing: [0, 0, 1, 1] };
  for (let i = 0; i < MAX_JOINTS + 2; i++) easing = splitPart(easing, i);
  assert.ok(easing.joints!.length <= MAX_JOINTS);
  parseDocument(withJoints(easing.joints));
  const back = [easing.joints![1]!, easing.joints![0]!];
  assert.throws(() => parseDocument(withJoints(back)), /rising order/);
});
