/**
 * The editor's server is killed (SIGKILL) at random moments while documents
 * and tracks are being saved. Afterwards every file is whole, and what was
 * acknowledged is there.
 *
 * `ATI_KILLS=300 deno test -A tests/editor_crash_test.ts` kills more often.
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { parseJobs } from "../core/jobs/parse_jobs.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";
import {
  ALWAYS_VISIBLE,
  type EditorDocument,
  FULL_TIMING,
} from "../editor/model/document.ts";
import { parseDocument } from "../editor/model/parse_document.ts";
import { openStore } from "../editor/server/open_store.ts";
import { repositoryPath } from "./fixtures/tool_process.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

const KILLS = Number(Deno.env.get("ATI_KILLS") ?? 16);

interface Server {
  readonly origin: string;
  kill(): Promise<void>;
}

/** Starts the editor as its own process, with no more than it needs. */
async function startServer(dir: string): Promise<Server> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      "--allow-net=127.0.0.1",
      `--allow-read=${dir}`,
      `--allow-write=${dir}`,
      repositoryPath("editor/main.ts"),
      ...["--port", "0", "--save_dir", dir],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  let origin: string | undefined;
  let killed = false;
  while (origin === undefined) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`The editor did not start: ${said}`);
    said += value;
    origin = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
  }
  return {
    origin,
    async kill() {
      if (killed) return;
      killed = true;
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

const sleep = (ms: number) => new Promise((wake) => setTimeout(wake, ms));

/** A document that says in every part which edit it is. */
function edited(document: EditorDocument, edit: number): EditorDocument {
  return {
    ...document,
    prompt: `Edit ${edit}. ${"It sails. ".repeat(1900)}`,
    tracks: Array.from({ length: 30 }, (_, i) => ({
      id: `t${i}`,
      name: `Edit ${edit}`,
      colour: i,
      locked: false,
      hidden: false,
      timing: FULL_TIMING,
      visible: ALWAYS_VISIBLE,
      shape: { kind: "static" as const, x: edit % 800, y: i },
    })),
  };
}

/** Every file below a folder, by its path. */
function* filesBelow(dir: string): Generator<string> {
  for (const entry of Deno.readDirSync(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory) yield* filesBelow(path);
    else yield path;
  }
}

/** Reads every file as those do who use it; answers with the edit that is saved. */
async function checkFolder(dir: string): Promise<number> {
  for (const path of filesBelow(dir)) {
    // What was being written stays under its temporary name, which no one reads.
    if (path.endsWith(".part")) continue;
    if (path.endsWith(".stored.json")) {
      JSON.parse(await Deno.readTextFile(path)); // a record of its own, whole
    } else if (path.endsWith(".json")) {
      parseDocument(JSON.parse(await Deno.readTextFile(path)));
    } else if (path.endsWith(".pth")) {
      const { tracks } = await readTracks(await Deno.readFile(path), {
        name: path,
      });
      assert.equal(tracks.count, 30);
      const xs = new Set(Array.from(tracks, (points) => points[0]!.x));
      assert.equal(xs.size, 1, "tracks of two edits in one file");
    } else if (path.endsWith(".yaml")) {
      const { jobs, problems } = parseJobs(await Deno.readTextFile(path));
      assert.deepEqual(problems, []);
      assert.equal(jobs.length, 1);
    }
  }
  const saved = parseDocument(
    JSON.parse(await Deno.readTextFile(join(dir, "editor/00.json"))),
  );
  const edits = new Set([
    ...saved.tracks.map((track) => track.name),
    saved.prompt.split(".")[0],
  ]);
  if (saved.tracks.length > 0) assert.equal(edits.size, 1);
  return Number(/\d+/.exec(saved.prompt)?.[0] ?? 0);
}

Deno.test(`${KILLS} times killed while saving: no torn file, nothing acknowledged is lost`, async () => {
  await using temporary = await temporaryFolder({ prefix: "ati_crash_" });
  const dir = temporary.path;
  let acknowledged = 0, next = 1, inFlight = 0, stored = 0;
  let server = await startServer(dir);
  const send = (path: string, init: RequestInit) =>
    fetch(server.origin + path, {
      ...init,
      headers: { origin: server.origin, ...init.headers },
    });
  const added = await send("/api/images", {
    method: "POST",
    body: await Deno.readFile(
      join(dirname(repositoryPath("mod.ts")), "examples/images/boat.jpg"),
    ),
  });
  assert.equal(added.status, 201, await added.text());

  /** Saves edit after edit, and stores now and then, until the server dies. */
  const work = async () => {
    try {
      const opened = await send("/api/images/00/document", {});
      let etag = opened.headers.get("etag")!;
      const document: EditorDocument = await opened.json();
      for (;;) {
        const edit = next++;
        const answer = await send("/api/images/00/document", {
          method: "PUT",
          body: JSON.stringify(edited(document, edit)),
          headers: { "if-match": etag, "content-type": "application/json" },
        });
        assert.equal(answer.status, 204, await answer.text());
        etag = answer.headers.get("etag")!;
        acknowledged = edit;
        if (edit % 3 !== 0) continue;
        const store = await send("/api/images/00/tracks", {
          method: "PUT",
          headers: { "if-match": etag },
        });
        assert.equal(store.status, 200, await store.text());
        stored++;
      }
    } catch (error) {
      // fetch() says TypeError when the connection is gone.
      if (!(error instanceof TypeError)) throw error;
    }
  };
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      // On a busy machine the first save takes longer than the whole delay:
      // some rounds wait for it, and some for the tracks to be stored.
      const before = { acknowledged, stored };
      const late = Date.now() + 5000;
      const working = work();
      const isUnderWay = () =>
        kill % 4 === 0
          ? stored > before.stored
          : kill % 2 === 1 || acknowledged > before.acknowledged;
      while (!isUnderWay() && Date.now() < late) await sleep(5);
      await sleep(20 + 180 * Math.random());
      await server.kill();
      await working;
      const saved = await checkFolder(dir);
      assert.ok(
        saved === acknowledged || saved === next - 1,
        `edit ${saved} is saved, ${acknowledged} was acknowledged, ${
          next - 1
        } was sent`,
      );
      if (saved > acknowledged) inFlight++;
      acknowledged = saved;
      server = await startServer(dir);
    }
    const final = await send("/api/project", {});
    assert.equal((await final.json()).images.length, 1);
  } finally {
    await server.kill();
  }
  assert.ok(next > KILLS && stored > 0, "the saves were not under way");
  console.log(
    `${KILLS} kills, ${
      next - 1
    } edits sent, ${stored} stored, ${inFlight} saved without an answer, none lost or torn`,
  );
});

Deno.test("what a killed server had begun to write is cleared away, if it is old", async () => {
  await using temporary = await temporaryFolder({ prefix: "ati_crash_" });
  const dir = temporary.path;
  await openStore(dir);
  const old = join(dir, "editor/.00.json.0123abcd.part");
  const fresh = join(dir, "editor/.01.json.0123abcd.part");
  const foreign = join(dir, "editor/notes.part");
  for (const path of [old, fresh, foreign]) {
    await Deno.writeTextFile(path, "half");
  }
  const hourAgo = Date.now() / 1000 - 3600;
  await Deno.utime(old, hourAgo, hourAgo);
  await Deno.utime(foreign, hourAgo, hourAgo);
  await openStore(dir);
  assert.deepEqual(
    [...filesBelow(dir)].sort(),
    [fresh, foreign].sort(),
  );
});
