/** A conflict with a window in which the image was replaced. */

import assert from "node:assert/strict";
import {
  FakeServer,
  tagged,
  tagOf,
} from "../../../tests/fixtures/fake_server.ts";
import { type EditorDocument, emptyDocument } from "../../model/document.ts";
import { addTracks, createTrack } from "../../model/edits.ts";
import { commit } from "../../model/history.ts";
import {
  rescaleDocument,
  rescaleHistory,
} from "../../model/rescale_document.ts";
import { Session } from "../session.ts";
import { edit, history, session, undo } from "../state.ts";
import { settleConflict } from "./settle_conflict.ts";

const empty = emptyDocument({ width: 80, height: 60 });
const withAnchor = (document: EditorDocument) =>
  addTracks(document, [
    createTrack(document, { kind: "static", x: 20, y: 30 }),
  ]);
/** The horizontal positions of anchors. */
const xs = ({ tracks }: EditorDocument) =>
  tracks.map(({ shape }) => shape.kind === "static" && shape.x);

/** Two tracks drawn here, one there, where the image is twice as large. */
async function meet(
  keep: "mine" | "theirs",
  look: (stored: () => EditorDocument) => Promise<void>,
): Promise<void> {
  const size = { width: 160, height: 120 };
  let stored = withAnchor(rescaleDocument(empty, size)), version = 2;
  using server = new FakeServer((asked, init) => {
    if (asked === "PUT api/images/00/document") {
      if (tagOf(init) !== `"${version}"`) {
        return Response.json({}, { status: 412 });
      }
      const sent: EditorDocument = JSON.parse(String(init.body));
      if (sent.width !== size.width) return Response.json({}, { status: 400 });
      stored = sent;
      version++;
    } else if (asked === "GET api/project") return { images: [] };
    return tagged(stored, `"${version}"`);
  });
  const open = new Session({
    ...{
      id: "00",
      project: "p",
      onRefused: (error) => assert.fail(String(error)),
    },
    opened: { document: empty, etag: '"1"', at: 0 },
  });
  session.value = open;
  try {
    edit(withAnchor);
    edit(withAnchor);
    await open.saveNow();
    assert.equal(open.saveState.value.state, "conflict");
    settleConflict(keep);
    await look(() => stored);
    assert.ok(server.asked.includes("GET api/project"));
  } finally {
    session.value = undefined;
    open.close();
  }
}

/** What the server has once all is saved. */
async function savedXs(stored: () => EditorDocument) {
  await session.value!.saveNow();
  assert.equal(session.value!.saveState.value.state, "saved");
  return xs(stored());
}

Deno.test("mine is kept in the size of an image that was replaced, and so is undo", () =>
  meet("mine", async (stored) => {
    assert.deepEqual(await savedXs(stored), [40, 40]);
    undo(); // theirs
    assert.deepEqual(await savedXs(stored), [20]);
    undo();
    assert.deepEqual(await savedXs(stored), [40]);
  }));

Deno.test("theirs is taken where the image was replaced: mine is one Undo away", () =>
  meet("theirs", async (stored) => {
    assert.deepEqual(await savedXs(stored), [20]);
    undo();
    assert.deepEqual(await savedXs(stored), [40, 40]);
  }));

Deno.test("a history in another size shares what it shared", () => {
  const one = withAnchor(empty), two = withAnchor(one);
  const h = commit(commit({ ...history.value, present: empty }, one), two);
  const { past, present } = rescaleHistory(h, { width: 40, height: 30 });
  assert.deepEqual([xs(past[1]!), xs(present)], [[10], [10, 10]]);
  assert.equal(past[1]!.tracks[0], present.tracks[0]);
  assert.equal(rescaleHistory(h, empty), h);
});
