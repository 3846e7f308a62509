import assert from "node:assert/strict";
import { addMove, createMove } from "./camera_edits.ts";
import {
  type EditorDocument,
  type EditorTrack,
  emptyDocument,
  type Shape,
} from "./document.ts";
import { withLength } from "./document_length.ts";
import { addTracks, createTrack } from "./edits.ts";
import { exportCurves } from "./export_curves.ts";

const empty = emptyDocument({ width: 100, height: 80 });
const points = [{ x: 0, y: 10 }, { x: 30, y: 40 }, { x: 60, y: 10 }];
const line: Shape = { kind: "spline", curve: "linear", tension: 0, points };

function drawn(
  shape: Shape = line,
  change: (track: EditorTrack) => EditorTrack = (track) => track,
  document = empty,
): EditorDocument {
  return addTracks(document, [change(createTrack(document, shape))]);
}

/** Whether the only track leaves as it was drawn, not as the line it leaves. */
function isKept(document: EditorDocument): boolean {
  const [curve] = exportCurves(document);
  return curve!.points.length <= points.length;
}

Deno.test("a curve leaves as it was drawn where the other editor can say it", () => {
  assert.ok(isKept(drawn()));
  const pan = createMove(empty, "pan");
  assert.ok(!isKept(addMove(drawn(), pan)));
  assert.ok(isKept(addMove(drawn(), { ...pan, enabled: false })));
  assert.ok(isKept(addMove(drawn(), { ...pan, applies: ["another"] })));
  const hides = (track: EditorTrack): EditorTrack => ({
    ...track,
    timing: { ...track.timing, outside: "hide" },
  });
  assert.ok(!isKept(drawn(line, hides)));
  const stroke = { kind: "freehand" as const, points, times: [0, 1, 9] };
  assert.ok(isKept(drawn({ ...stroke, speed: "even" })));
  assert.ok(!isKept(drawn({ ...stroke, speed: "drawn" })));
});

Deno.test("a curve leaves with the frames of its document", () => {
  const long = drawn(line, (track) => track, withLength(empty, 241));
  assert.deepEqual(exportCurves(long)[0]!.end, 240);
  // It arrives after the end: its curve goes as far as it comes by then.
  const [cut] = exportCurves(withLength(long, 121));
  assert.deepEqual(cut!.visible, [0, 120]);
  assert.deepEqual([cut!.start, cut!.end, cut!.points.at(-1)!.x], [0, 120, 30]);
  const later = drawn(line, (track) => ({
    ...track,
    timing: { ...track.timing, end: 90 },
    visible: [[5, 20], [30, 200]],
  }));
  const [shown] = exportCurves(later);
  assert.deepEqual([shown!.end, shown!.visible], [90, [5, 120]]);
});
