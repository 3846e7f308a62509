import assert from "node:assert/strict";
import { planSegments } from "../../core/jobs/segments.ts";
import { addImported } from "./add_imported.ts";
import { addMove, createMove } from "./camera_edits.ts";
import {
  type CameraMove,
  type EditorDocument,
  type EditorTrack,
  emptyDocument,
  lastFrameOf,
  type Shape,
} from "./document.ts";
import {
  framesFor,
  goesOnAfter,
  lengthText,
  secondsOf,
  segmentsOf,
  withLength,
} from "./document_length.ts";
import { addTracks, createTrack, reverseShape } from "./edits.ts";
import { exportTracks, importTracks } from "./exchange.ts";
import { addMotion, motionOf } from "./motion.ts";
import { parseDocument } from "./parse_document.ts";
import { renderDocument, renderTracks } from "./render_document.ts";

const empty = emptyDocument({ width: 100, height: 80 });
const line: Shape = {
  kind: "spline",
  curve: "linear",
  tension: 0,
  points: [{ x: 0, y: 10 }, { x: 60, y: 10 }],
};

/** A document with a line over all of its frames. */
function drawn(frames: number, shape: Shape = line): EditorDocument {
  const document = withLength(empty, frames);
  return addTracks(document, [createTrack(document, shape)]);
}

function xs(document: EditorDocument, at: readonly number[]): number[] {
  const [track] = renderTracks(document);
  return at.map((frame) => track!.points[frame]!.x);
}

Deno.test("a length in seconds, its frames and its segments are those of a run", () => {
  assert.deepEqual([1, 5, 10, 7.5, 500].map(framesFor), [
    121,
    121,
    241,
    181,
    2881,
  ]);
  for (const frames of [121, 122, 123, 240, 241, 242, 300, 361, 362, 2881]) {
    const plan = planSegments(frames, { length: 81 });
    assert.equal(segmentsOf({ frames }), plan.segments.length, `${frames}`);
  }
  assert.equal(secondsOf(empty), 5);
  assert.equal(secondsOf({ frames: 241 }), 10);
  assert.deepEqual(
    [241, 175, 123].map((frames) => lengthText({ frames })),
    ["10 s", "7.25 s", "5.08 s"],
  );
});

Deno.test("a document grows: motions keep their times, tracks stay where they ended", () => {
  const short = addMove(drawn(121), createMove(empty, "pan"));
  const long = parseDocument(withLength(short, 241));
  assert.equal(JSON.stringify(long), JSON.stringify(withLength(short, 241)));
  assert.equal(lastFrameOf(long), 240);
  const [before] = renderTracks(short), [after] = renderTracks(long);
  assert.equal(after!.points.length, 241);
  assert.deepEqual(after!.points.slice(0, 121), before!.points);
  assert.deepEqual(after!.points[240], before!.points[120]);
  const dolly: CameraMove = {
    ...createMove(empty, "zoom"),
    ...{ kind: "scene", move: "dolly", strength: 20 },
  };
  const dollied = addMove(drawn(121), dolly);
  const [rode] = renderTracks(dollied);
  const [ridden] = renderTracks(withLength(dollied, 241));
  assert.deepEqual(ridden!.points.slice(0, 121), rode!.points);
  assert.equal(ridden!.points[240]!.x, ridden!.points[120]!.x);
  assert.notEqual(ridden!.points[120]!.x, 60);
  // What was hidden at the end stays hidden.
  const hide = (track: EditorTrack): EditorTrack => ({
    ...track,
    visible: [[0, 60]],
  });
  const hidden = withLength({ ...short, tracks: short.tracks.map(hide) }, 241);
  assert.deepEqual(hidden.tracks[0]!.visible, [[0, 60]]);
  // And back: nothing of it is left in the document.
  const back = withLength(withLength(empty, 241), 121);
  assert.deepEqual(back, empty);
  assert.ok(!("frames" in back));
});

Deno.test("what is hidden, or shown later, survives another length", () => {
  const visibleIn = (visible: EditorTrack["visible"], ...lengths: number[]) => {
    const long = drawn(241);
    const tracks = long.tracks.map((track) => ({ ...track, visible }));
    const other = lengths.reduce(withLength, { ...long, tracks });
    return parseDocument(other).tracks[0]!.visible;
  };
  assert.deepEqual(visibleIn([[0, 240]], 121), [[0, 120]]);
  assert.deepEqual(visibleIn([[0, 240]], 121, 361), [[0, 360]]);
  assert.deepEqual(visibleIn([[150, 240]], 121), [[150, 240]]);
  for (
    const visible of [
      [[0, 200]],
      [[0, 60], [150, 200]],
      [[0, 60], [150, 240]],
      [[0, 60]],
    ] satisfies EditorTrack["visible"][]
  ) assert.deepEqual(visibleIn(visible, 121, 241), visible);
});

Deno.test("a document shrinks: what comes later is kept, and is not stored", () => {
  const long = drawn(241);
  assert.deepEqual(xs(long, [0, 120, 240]), [0, 30, 60]);
  const short = parseDocument(withLength(long, 121));
  assert.deepEqual(xs(short, [0, 120]), [0, 30]);
  assert.equal(renderDocument(short).frames, 121);
  assert.deepEqual([goesOnAfter(short, 120), goesOnAfter(long, 240)], [1, 0]);
  const panned = addMove(long, createMove(long, "pan"));
  assert.deepEqual([120, 240].map((end) => goesOnAfter(panned, end)), [2, 0]);
  assert.deepEqual(withLength(short, 241), long);
});

Deno.test("new shapes last as long as their document, in keys and samples too", () => {
  const circle: Shape = {
    ...{ kind: "circle", x: 0, y: 0, count: 1, angle: 0 },
    radii: [{ frame: 0, radius: 0 }, { frame: 192, radius: 96 }],
    frames: 241,
  };
  const keyed = parseDocument(drawn(241, circle));
  assert.deepEqual(xs(keyed, [0, 96, 192, 240]), [0, 48, 96, 96]);
  const reversed = reverseShape(circle);
  assert.ok(reversed.kind === "circle" && reversed.radii[0]!.frame === 48);
  const pan = createMove(withLength(empty, 241), "pan");
  assert.ok(pan.kind === "pan" && pan.timing.end === 240);
  assert.equal(pan.dx, 0.06); // as far as in five seconds
});

Deno.test("longer files come and go whole", async () => {
  for (const format of ["pth", "npz", "json", "kjnodes"] as const) {
    const bytes = await exportTracks(drawn(241), format);
    const found = await importTracks(bytes, { name: "a", document: empty });
    assert.equal(found.frames, 241, format);
    const again = parseDocument(addImported(empty, found));
    assert.deepEqual(xs(again, [0, 192, 240]), [0, 48, 60], format);
    // In a longer document they keep their pace.
    const roomy = withLength(empty, 361);
    const there = await importTracks(bytes, { name: "a", document: roomy });
    assert.equal(there.frames, undefined);
    assert.deepEqual(xs(addImported(roomy, there), [192, 360]), [48, 60]);
  }
  // A SplineEditor's points without samples.
  const motion = {
    start: 0,
    end: 192,
    easing: [0, 0, 1, 1],
    visible: [0, 240],
  };
  const store = [{ points: [{ x: 0, y: 10 }, { x: 60, y: 10 }], motion }];
  const bare = await importTracks(
    new TextEncoder().encode(JSON.stringify(store)),
    { name: "a", document: empty },
  );
  assert.equal(bare.frames, 241);
  assert.deepEqual(xs(addImported(empty, bare), [96, 192, 240]), [30, 60, 60]);
  const five = await exportTracks(drawn(121), "pth");
  const roomy = withLength(empty, 241);
  const found = await importTracks(five, { name: "a", document: roomy });
  assert.deepEqual(xs(addImported(roomy, found), [60, 120, 240]), [30, 60, 60]);
  const cut = await importTracks(await exportTracks(drawn(241), "pth"), {
    ...{ name: "a", document: empty, length: "pad" },
  });
  assert.equal(cut.frames, undefined);
});

Deno.test("a motion keeps its times: its document becomes as long where it must", () => {
  const paste = (to: EditorDocument, from: EditorDocument) =>
    parseDocument(addMotion(to, motionOf(from), { scaled: true }).document);
  const grown = paste(drawn(121), drawn(241));
  assert.equal(grown.frames, 241);
  assert.deepEqual(grown.tracks.map(({ visible }) => visible), [
    [[0, 240]],
    [[0, 240]],
  ]);
  // An anchor needs no more time; a short motion stays where it ends.
  const anchor = drawn(241, { kind: "static", x: 5, y: 5 });
  assert.equal(paste(empty, anchor).frames, undefined);
  const roomy = paste(withLength(empty, 241), drawn(121));
  assert.deepEqual(xs(roomy, [120, 240]), [60, 60]);
  assert.deepEqual(roomy.tracks[0]!.visible, [[0, 240]]);
});

Deno.test("parseDocument() takes lengths that a run takes", () => {
  for (const frames of [0, 121, 122.5, 2882]) {
    assert.throws(
      () => parseDocument({ ...empty, frames }),
      /the document: frames/,
    );
  }
  assert.equal(parseDocument({ ...empty, frames: 2881 }).frames, 2881);
});
