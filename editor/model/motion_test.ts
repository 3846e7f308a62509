import assert from "node:assert/strict";
import { type EditorDocument, emptyDocument, FULL_TIMING } from "./document.ts";
import { addTracks, createTrack } from "./edits.ts";
import { addMotion, findMotion, formatMotion, motionOf } from "./motion.ts";
import { parseDocument } from "./parse_document.ts";

const small = emptyDocument({ width: 832, height: 480 });

/** A circle and an anchor, a pan of the anchor, and a prompt. */
function drawn(): EditorDocument {
  const circle = createTrack(small, {
    kind: "circle",
    ...{ x: 416, y: 240, count: 4, angle: 0 },
    radii: [{ frame: 0, radius: 40 }],
  });
  const one = addTracks({ ...small, prompt: "a boat" }, [circle]);
  const anchor = createTrack(one, { kind: "static", x: 208, y: 120 });
  return {
    ...addTracks(one, [anchor]),
    camera: [{
      ...{ id: "pan", kind: "pan", name: "Pan", enabled: true },
      ...{ applies: [anchor.id], timing: FULL_TIMING, dx: 1, dy: 2 },
    }],
  };
}

Deno.test("a motion goes through JSON to an image of another size", () => {
  const motion = parseDocument(findMotion(formatMotion(motionOf(drawn()))));
  assert.equal(motion.prompt, "");
  const large = {
    ...emptyDocument({ width: 4160, height: 2400 }),
    prompt: "x",
  };
  const { document, ids } = addMotion(large, motion, { scaled: true });
  parseDocument(document);
  const [circle, anchor] = document.tracks;
  assert.ok(circle!.shape.kind === "circle" && anchor!.shape.kind === "static");
  assert.deepEqual([circle!.shape.x, circle!.shape.radii[0]!.radius], [
    2080,
    200,
  ]);
  assert.deepEqual([anchor!.shape.x, anchor!.shape.y], [1040, 600]);
  const [pan] = document.camera;
  assert.ok(pan?.kind === "pan");
  assert.deepEqual([pan.dx, pan.applies], [5, [ids[1]]]);
  assert.equal(document.prompt, "x");
  const same = addMotion(large, motion, { scaled: false }).document.tracks[1]!;
  assert.ok(same.shape.kind === "static" && same.shape.x === 208);
});

Deno.test("pasted tracks have new ids and names, and cover none exactly", () => {
  const from = drawn();
  const anchor = from.tracks[1]!;
  const motion = motionOf(from, new Set([anchor.id]));
  assert.deepEqual([motion.tracks.length, motion.camera.length], [1, 0]);
  const once = addMotion(from, motion, { scaled: true }).document;
  const twice = addMotion(once, motion, { scaled: true }).document;
  assert.deepEqual(twice.tracks.map((t) => t.name), [
    ...["Circle 1", "Anchor 1", "Anchor 2", "Anchor 3"],
  ]);
  assert.deepEqual(
    twice.tracks.map(({ shape }) => shape.kind === "static" && shape.x),
    [false, 208, 232, 256],
  );
  assert.equal(new Set(twice.tracks.map((t) => t.id)).size, 4);
});

Deno.test("a name that ends in many digits is copied as any other", () => {
  const named = (name: string) => {
    const shape = { kind: "static" as const, x: 1, y: 2 };
    const motion = addTracks(small, [createTrack(small, shape, { name })]);
    let document = motion;
    for (let i = 0; i < 2; i++) {
      document = addMotion(document, motion, { scaled: true }).document;
    }
    return document.tracks.slice(1).map((track) => track.name);
  };
  const date = "clip 20240102030405060";
  assert.deepEqual(named(date), [`${date} 2`, `${date} 3`]);
  assert.deepEqual(named("Line 9"), ["Line 10", "Line 11"]);
  assert.deepEqual(named("Line"), ["Line 2", "Line 3"]);
  assert.deepEqual(named("p7"), ["p 8", "p 9"]);
});

Deno.test("a motion that has no room is refused", () => {
  const from = drawn();
  const tracks = Array.from({ length: 1999 }, () => from.tracks[1]!);
  assert.throws(
    () => addMotion({ ...small, tracks }, from, { scaled: true }),
    /would have 2001 tracks and 1 camera moves, expected at most 2000 and 100/,
  );
  const tiny = { ...from, width: 1, height: 1 };
  assert.throws(
    () => addMotion({ ...small, width: 9000 }, tiny, { scaled: true }),
    /Circle 1 would be beyond 1000000 px/,
  );
});

Deno.test("other texts are no motion, and later versions say so", () => {
  for (const text of ["", "[1]", '{"document": 1}', '"atiMotion" {']) {
    assert.equal(findMotion(text), undefined);
  }
  assert.throws(
    () => findMotion('{"atiMotion": 2}'),
    /its version is 2, expected 1/,
  );
});
