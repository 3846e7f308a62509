import assert from "node:assert/strict";
import {
  addMove,
  createMove,
  describePan,
  MOVE_KINDS,
  removeMove,
} from "./camera_edits.ts";
import { updateMove } from "./update_move.ts";
import { emptyDocument } from "./document.ts";
import { parseDocument } from "./parse_document.ts";

const empty = emptyDocument({ width: 80, height: 60 });

Deno.test("createMove() makes a valid move of each kind, named apart", () => {
  let document = empty;
  for (const kind of [...MOVE_KINDS, ...MOVE_KINDS]) {
    document = addMove(document, createMove(document, kind));
  }
  assert.equal(parseDocument(document).camera.length, 8);
  assert.equal(new Set(document.camera.map((m) => m.name)).size, 8);
  assert.equal(document.camera[4]!.name, "Shift image 2");
});

Deno.test("setting a move twice is the same as setting it once", () => {
  const document = addMove(empty, createMove(empty, "pan"));
  const { id } = document.camera[0]!;
  const set = (from: typeof document) =>
    updateMove(from, id, (move) => ({ ...move, dx: 3 } as typeof move));
  assert.deepEqual(set(set(document)), set(document));
});

Deno.test("removeMove() takes one move away", () => {
  const document = addMove(
    addMove(empty, createMove(empty, "pan")),
    createMove(empty, "zoom"),
  );
  const { id } = document.camera[0]!;
  assert.deepEqual(removeMove(document, id).camera, [document.camera[1]]);
});

Deno.test("a new pan is as strong on an image of any size, and says how strong", () => {
  for (const [width, height] of [[832, 480], [4032, 3024], [6000, 4000]]) {
    const size = { width: width!, height: height! };
    const move = createMove(emptyDocument(size), "pan");
    assert.ok(move.kind === "pan");
    assert.ok(Math.abs(move.dx * 120 / width! - 0.144) < 0.001);
    assert.match(describePan(move, size), /14 % of its width to the right/);
    assert.equal(
      describePan({ ...move, dx: 0, dy: -0.1 * height! / 120 }, size),
      "The image moves 10 % of its height up, as if the camera tilted down.",
    );
    assert.equal(describePan({ ...move, dx: 0 }, size), "The image stays.");
  }
});
