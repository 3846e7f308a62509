/** What a session sends to a server whose answers get lost. */

import assert from "node:assert/strict";
import { type EditorDocument, emptyDocument } from "../model/document.ts";
import { addTracks, createTrack } from "../model/edits.ts";
import { commit, undo } from "../model/history.ts";
import type { JournalEntry } from "./journal.ts";
import { Session } from "./session.ts";

const empty = emptyDocument({ width: 64, height: 48 });

function withAnchor(document: EditorDocument): EditorDocument {
  const at = { x: document.tracks.length, y: 1 };
  return addTracks(document, [
    createTrack(document, { kind: "static", ...at }),
  ]);
}

/** A server with one document, in place of `fetch`. */
class FakeServer implements Disposable {
  document: EditorDocument;
  version = 1;
  /** What comes of the next requests to save; then all goes well. */
  readonly trouble: ("no arrival" | "no answer")[] = [];
  readonly asked: string[] = [];
  readonly #fetch = globalThis.fetch;

  constructor(document: EditorDocument) {
    this.document = document;
    globalThis.fetch = (_, init) =>
      Promise.try(() => this.#answer(init?.method ?? "GET", init));
  }

  /** The tag of what is there. */
  get etag(): string {
    return `"${this.version}"`;
  }

  /** What a page receives when it opens it. */
  get opened() {
    return { document: this.document, etag: this.etag, at: 0 };
  }

  /** Another window saves. */
  save(document: EditorDocument): void {
    this.document = document;
    this.version++;
  }

  #answer(method: string, init: RequestInit | undefined): Response {
    this.asked.push(method);
    if (method === "PUT") {
      const trouble = this.trouble.shift();
      if (trouble === "no arrival") throw new TypeError("not there");
      if (new Headers(init?.headers).get("if-match") !== this.etag) {
        return Response.json({ error: "changed meanwhile" }, { status: 412 });
      }
      this.save(JSON.parse(String(init?.body)));
      if (trouble === "no answer") throw new TypeError("cut off");
    }
    return Response.json(this.document, { headers: { etag: this.etag } });
  }

  [Symbol.dispose](): void {
    globalThis.fetch = this.#fetch;
  }
}

function begin(server: FakeServer, unsent?: JournalEntry): Session {
  return new Session({
    ...{ id: "00", project: "p", opened: server.opened, unsent },
    onRefused: (error) => assert.fail(String(error)),
  });
}

/** Saves and tells how that ended. */
async function saved(session: Session): Promise<string> {
  await session.saveNow();
  return session.saveState.value.state;
}

async function withServer(
  body: (server: FakeServer, session: Session) => Promise<void>,
): Promise<void> {
  using server = new FakeServer(empty);
  const session = begin(server);
  try {
    await body(server, session);
  } finally {
    session.close();
  }
}

const draw = (session: Session) => {
  const { value } = session.history;
  session.history.value = commit(value, withAnchor(value.present));
};

Deno.test("a save whose answer is lost is no conflict with what follows it", () =>
  withServer(async (server, session) => {
    server.trouble.push("no answer", "no answer");
    for (const count of [1, 2]) {
      draw(session);
      assert.equal(await saved(session), "offline");
      assert.equal(server.document.tracks.length, count);
    }
    draw(session);
    assert.equal(await saved(session), "saved");
    assert.equal(server.document.tracks.length, 3);
    assert.deepEqual(session.saved.value.document, server.document);
    assert.equal(session.saved.value.etag, server.etag);
  }));

Deno.test("what is undone after its answer was lost is undone at the server, too", () =>
  withServer(async (server, session) => {
    server.trouble.push("no answer");
    draw(session);
    assert.equal(await saved(session), "offline");
    session.history.value = undo(session.history.value);
    assert.equal(await saved(session), "saved");
    assert.deepEqual(server.document, empty);
    assert.equal(await saved(session), "saved");
    assert.equal(server.asked.join(), "PUT,GET,PUT");
  }));

Deno.test("what is undone before it arrived is not sent", () =>
  withServer(async (server, session) => {
    server.trouble.push("no arrival");
    draw(session);
    assert.equal(await saved(session), "offline");
    session.history.value = undo(session.history.value);
    assert.equal(await saved(session), "saved");
    assert.deepEqual(server.document, empty);
    assert.equal(server.asked.join(), "PUT,GET");
  }));

Deno.test("what another window saved is a conflict, after a lost answer, too", () =>
  withServer(async (server, session) => {
    server.trouble.push("no answer");
    draw(session);
    await session.saveNow();
    const theirs = withAnchor(withAnchor(empty));
    server.save(theirs);
    assert.equal(await saved(session), "conflict");
    assert.deepEqual(server.document, theirs);
    assert.equal(server.asked.join(), "PUT,GET,PUT,GET");
    // Keeping one's own is one request.
    const { saveState } = session;
    assert.ok(saveState.value.state === "conflict");
    session.saved.value = {
      document: saveState.value.theirs,
      ...{ etag: saveState.value.etag, at: 0 },
    };
    saveState.value = { state: "waiting" };
    assert.equal(await saved(session), "saved");
    assert.equal(server.document.tracks.length, 1);
    assert.equal(server.asked.slice(4).join(), "PUT");
  }));

Deno.test("a page that comes back knows what an earlier one may have saved", () => {
  const one = withAnchor(empty), two = withAnchor(one);
  const stateOf = (
    has: EditorDocument,
    unsent: Pick<JournalEntry, "document" | "basedOn" | "sent">,
  ) => {
    using server = new FakeServer(has);
    const session = begin(server, {
      ...{ id: "00", project: "p", at: 0 },
      ...unsent,
    });
    const { state } = session.saveState.value;
    session.close();
    return [state, session.history.value.present.tracks.length];
  };
  const sent = structuredClone(one);
  const earlier = { document: two, basedOn: '"0"' };
  assert.deepEqual(stateOf(one, { ...earlier, sent }), ["waiting", 2]);
  assert.deepEqual(stateOf(one, earlier), ["conflict", 2]);
  assert.deepEqual(stateOf(empty, { ...earlier, sent }), ["conflict", 2]);
  assert.deepEqual(stateOf(empty, { ...earlier, basedOn: '"1"' }), [
    "waiting",
    2,
  ]);
  assert.deepEqual(stateOf(two, { ...earlier, sent }), ["saved", 2]);
});
