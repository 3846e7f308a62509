/** Store Tracks, and another image that is opened meanwhile. */

import assert from "node:assert/strict";
import {
  FakeServer,
  tagged,
  tagOf,
} from "../../../tests/fixtures/fake_server.ts";
import { emptyDocument } from "../../model/document.ts";
import { addTracks, createTrack } from "../../model/edits.ts";
import { Session } from "../session.ts";

/** Called while the overlay is drawn. */
let onOverlay = () => {};

// What a browser has.
class FakeCanvas {
  getContext(): unknown {
    return { drawImage() {}, scale() {} };
  }
  convertToBlob(): Promise<Blob> {
    onOverlay();
    return Promise.resolve(new Blob());
  }
}
Object.assign(globalThis, {
  ...{ innerHeight: 800, innerWidth: 1000, document: { hidden: true } },
  ...{ OffscreenCanvas: FakeCanvas, createImageBitmap: () => Promise.reject() },
});
const { keep } = await import("../images.ts");
const { edit, history, project, selection, session } = await import(
  "../state.ts"
);
const { storeNow } = await import("./store_now.ts");
const { takeStored } = await import("./take_stored.ts");

const empty = emptyDocument({ width: 80, height: 60 });
const anchor = createTrack(empty, { kind: "static", x: 2, y: 3 });
const drawn = addTracks(empty, [anchor]);

function begin(id: string): Session {
  return new Session({
    ...{ id, project: "p", onRefused: (error) => assert.fail(String(error)) },
    opened: { document: empty, etag: `"${id} 1"`, at: 0 },
  });
}

const images = ["00", "01"].map((id) => ({ id, revision: 1 }));

/** Image 00 is open and shown; `answer` may open image 01. */
async function withImages(
  run: (server: FakeServer, a: Session, b: Session) => Promise<void>,
  answer: (asked: string, to: { init: RequestInit; b: Session }) => unknown,
): Promise<void> {
  const a = begin("00"), b = begin("01");
  using server = new FakeServer((asked, init) =>
    asked === "GET api/project"
      ? { images, dir: "p" }
      : answer(asked, { init, b })
  );
  project.value = { images, dir: "p" } as unknown as typeof project.value;
  keep({ key: "00 1", bitmap: {} as ImageBitmap, width: 80, height: 60 });
  session.value = a;
  try {
    await run(server, a, b);
  } finally {
    session.value = undefined;
    a.close();
    b.close();
  }
}

Deno.test("what is stored is the image that was open when it began", () =>
  withImages(async (server, a, b) => {
    edit((document) => ({ ...document, prompt: "a boat" }));
    onOverlay = () => session.value = b;
    assert.equal(await storeNow(), true);
    const [put] = server.asked.filter((asked) => /tracks$/.test(asked));
    assert.equal(put, "PUT api/images/00/tracks");
    assert.deepEqual([a, b].map((one) => one.saveState.value.state), [
      "saved",
      "saved",
    ]);
    // Now the image of the other one is not there yet.
    assert.equal(session.value, b);
    assert.equal(await storeNow(), false);
    assert.ok(!server.asked.includes("PUT api/images/01/tracks"));
  }, (asked, { init }) => {
    if (asked === "PUT api/images/00/document") return tagged({}, '"00 2"');
    if (!asked.startsWith("PUT api/images/")) return {};
    return tagOf(init) === '"00 2"'
      ? { jobsFile: "test.yaml", tracks: 1, stored: {} }
      : Response.json({}, { status: 412 });
  }));

Deno.test("a stored version that is opened is for the image that was open", () =>
  withImages(async (_, a, b) => {
    selection.value = new Set(["x"]);
    await takeStored();
    assert.equal(session.value, b);
    assert.deepEqual(a.history.value.present, drawn);
    assert.equal(a.saved.value.etag, '"00 2"');
    assert.deepEqual([history.value.present, history.value.past], [empty, []]);
    assert.deepEqual([...selection.value], ["x"]);
  }, (asked, { b }) => {
    if (asked !== "POST api/images/00/tracks") return {};
    session.value = b;
    return tagged(drawn, '"00 2"');
  }));
