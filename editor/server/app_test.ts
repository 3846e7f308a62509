import assert from "node:assert/strict";
import { zipParts } from "../../core/formats/zip_writer.ts";
import { join } from "node:path";
import { type RunningEditor, serveEditor } from "../main.ts";
import {
  ALWAYS_VISIBLE,
  type EditorDocument,
  emptyDocument,
  FULL_TIMING,
} from "../model/document.ts";
import { formatMotion } from "../model/motion.ts";
import { encodeImage } from "../../core/media/image.ts";
import { parseJobs } from "../../core/jobs/parse_jobs.ts";
import { readTracks } from "../../core/tracks/read_tracks.ts";
import { TrackSet } from "../../core/tracks/track_set.ts";
import { writeTracks } from "../../core/tracks/write_tracks.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";

/** An image of one color. */
async function image(
  width: number,
  height: number,
  format: "png" | "jpeg" = "png",
): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8Array(width * height * 3).fill(90);
  return new Uint8Array(await encodeImage({ width, height, data }, format));
}

interface Client {
  readonly editor: RunningEditor;
  readonly dir: string;
  ask(
    method: string,
    path: string,
    options?: { body?: BodyInit; headers?: Record<string, string> },
  ): Promise<Response>;
}

async function withEditor(
  work: (client: Client) => Promise<void>,
): Promise<void> {
  await using temporary = await temporaryFolder();
  const outside = temporary.path;
  const dir = join(outside, "project");
  await using editor = await serveEditor({
    dir,
    port: 0,
    hostname: "127.0.0.1",
  });
  const origin = new URL(editor.url).origin;
  await work({
    editor,
    dir,
    ask: (method, path, { body, headers } = {}) =>
      fetch(origin + path, {
        method,
        headers: { origin, ...headers },
        ...(body === undefined ? {} : { body }),
      }),
  });
}

function withTrack(document: EditorDocument): EditorDocument {
  return {
    ...document,
    prompt: "A ball rolls.",
    tracks: [{
      id: "ball",
      name: "Ball",
      colour: 0,
      locked: false,
      hidden: false,
      timing: FULL_TIMING,
      visible: ALWAYS_VISIBLE,
      shape: {
        kind: "spline",
        curve: "linear",
        tension: 0,
        points: [{ x: 2, y: 3 }, { x: 20, y: 9 }],
      },
    }],
  };
}

async function openDocument(client: Client, id: string) {
  const response = await client.ask("GET", `/api/images/${id}/document`);
  return {
    document: await response.json() as EditorDocument,
    etag: response.headers.get("etag")!,
  };
}

async function save(
  client: Client,
  id: string,
  { document, etag }: { document: unknown; etag: string },
): Promise<Response> {
  return await client.ask("PUT", `/api/images/${id}/document`, {
    body: JSON.stringify(document),
    headers: { "if-match": etag, "content-type": "application/json" },
  });
}

Deno.test("the editor stores what generate reads: image, tracks, job file", async () => {
  await withEditor(async (client) => {
    const added = await client.ask("POST", "/api/images", {
      body: await image(32, 24),
    });
    assert.equal(added.status, 201);
    const { id } = await added.json();
    const { document, etag } = await openDocument(client, id);
    assert.deepEqual(document, emptyDocument({ width: 32, height: 24 }));

    const saved = await save(client, id, {
      document: withTrack(document),
      etag,
    });
    assert.equal(saved.status, 204);
    const stored = await client.ask("PUT", `/api/images/${id}/tracks`, {
      body: await image(32, 24),
      headers: { "if-match": saved.headers.get("etag")! },
    });
    assert.equal(stored.status, 200, await stored.text());

    const yaml = await Deno.readTextFile(join(client.dir, "test.yaml"));
    const { jobs, problems } = parseJobs(yaml);
    assert.deepEqual(problems, []);
    assert.equal(jobs[0]!.image, `images/${id}.png`);
    assert.equal(jobs[0]!.text, "A ball rolls.");
    const { tracks } = await readTracks(
      await Deno.readFile(join(client.dir, jobs[0]!.track)),
      { name: "stored" },
    );
    assert.equal(tracks.count, 1);
    assert.equal(tracks.x(0, 120), 20);
    assert.ok(
      (await Deno.stat(join(client.dir, "images_tracks", `${id}.png`))).isFile,
    );
  });
});

Deno.test("storing twice works, and leaves other entries and their prompts alone", async () => {
  await withEditor(async (client) => {
    await Deno.writeTextFile(
      join(client.dir, "test.yaml"),
      "# mine\n- image: images/other.jpg\n  text: Keep me\n  track: tracks/other.pth\n",
    );
    await client.ask("POST", "/api/images", { body: await image(32, 24) });
    for (let round = 0; round < 2; round++) {
      const opened = await openDocument(client, "00");
      const saved = await save(client, "00", {
        document: withTrack(opened.document),
        etag: opened.etag,
      });
      const stored = await client.ask("PUT", "/api/images/00/tracks", {
        headers: { "if-match": saved.headers.get("etag")! },
      });
      assert.equal(stored.status, 200, await stored.text());
    }
    const yaml = await Deno.readTextFile(join(client.dir, "test.yaml"));
    assert.ok(yaml.startsWith("# mine"));
    const { jobs } = parseJobs(yaml);
    assert.deepEqual(jobs.map((job) => job.text), ["Keep me", "A ball rolls."]);
    const { tracks } = await readTracks(
      await Deno.readFile(join(client.dir, "tracks/00.pth")),
      { name: "stored" },
    );
    assert.equal(tracks.x(0, 0), 2); // not divided or multiplied by 8 again
  });
});

Deno.test("an image without tracks cannot be stored, and says so", async () => {
  await withEditor(async (client) => {
    await client.ask("POST", "/api/images", { body: await image(8, 8) });
    const { etag } = await openDocument(client, "00");
    const answer = await client.ask("PUT", "/api/images/00/tracks", {
      headers: { "if-match": etag },
    });
    assert.equal(answer.status, 422);
    assert.match((await answer.json()).error, /there are none/);
  });
});

Deno.test("a second window meets a conflict and overwrites nothing", async () => {
  await withEditor(async (client) => {
    await client.ask("POST", "/api/images", { body: await image(8, 8) });
    const opened = await openDocument(client, "00");
    const first = { ...opened.document, prompt: "first" };
    const second = { ...opened.document, prompt: "second" };
    const { etag } = opened;
    assert.equal(
      (await save(client, "00", { document: first, etag })).status,
      204,
    );
    // The same request again (its answer was lost) is no conflict.
    assert.equal(
      (await save(client, "00", { document: first, etag })).status,
      204,
    );
    const refused = await save(client, "00", { document: second, etag });
    assert.equal(refused.status, 412);
    assert.equal((await refused.json()).current.prompt, "first");
    assert.equal((await openDocument(client, "00")).document.prompt, "first");
    const without = await client.ask("PUT", "/api/images/00/document", {
      body: "{}",
    });
    assert.equal(without.status, 428);
    const damaged = await client.ask("PUT", "/api/images/00/document", {
      body: "{",
      headers: { "if-match": etag },
    });
    assert.equal(damaged.status, 400);
    assert.deepEqual(await damaged.json(), {
      error: "Cannot read the document: it is not JSON",
    });
  });
});

Deno.test("ids are never used twice, and a deleted image comes back whole", async () => {
  await withEditor(async (client) => {
    for (let i = 0; i < 2; i++) {
      await client.ask("POST", "/api/images", { body: await image(8, 8) });
    }
    const opened = await openDocument(client, "01");
    await save(client, "01", {
      ...opened,
      document: withTrack(opened.document),
    });
    assert.equal((await client.ask("DELETE", "/api/images/01")).status, 204);
    assert.equal((await client.ask("DELETE", "/api/images/01")).status, 404);
    const added = await client.ask("POST", "/api/images", {
      body: await image(9, 9),
    });
    assert.equal((await added.json()).id, "02");
    assert.equal((await client.ask("POST", "/api/images/01")).status, 201);
    assert.equal((await openDocument(client, "01")).document.tracks.length, 1);
  });
});

Deno.test("a replaced image rescales its points and keeps the old file", async () => {
  await withEditor(async (client) => {
    await client.ask("POST", "/api/images", { body: await image(32, 24) });
    const opened = await openDocument(client, "00");
    await save(client, "00", {
      ...opened,
      document: withTrack(opened.document),
    });
    const replaced = await client.ask("PUT", "/api/images/00/file", {
      body: await image(64, 12, "jpeg"),
    });
    assert.equal((await replaced.json()).file, "00.jpg");
    const { document } = await openDocument(client, "00");
    assert.equal(document.width, 64);
    const { shape } = document.tracks[0]!;
    assert.ok(shape.kind === "spline");
    assert.deepEqual(shape.points[1], { x: 40, y: 4.5 });
    const images = [...Deno.readDirSync(join(client.dir, "images"))];
    assert.deepEqual(images.map((f) => f.name), ["00.jpg"]);
    const [trash] = [...Deno.readDirSync(join(client.dir, ".trash"))];
    assert.ok(trash!.name.endsWith("-00-replaced"));
  });
});

Deno.test("a foreign track file opens as free tracks, with its prompt", async () => {
  await withEditor(async (client) => {
    await Deno.writeFile(
      join(client.dir, "images/07.png"),
      await image(16, 9),
    );
    const samples = Float32Array.from(
      { length: 121 * 3 },
      (_, i) => i % 3 === 2 ? 1 : i / 8,
    );
    await Deno.writeFile(
      join(client.dir, "tracks/07.pth"),
      await writeTracks(TrackSet.fromArray(samples), "pth"),
    );
    await Deno.writeTextFile(
      join(client.dir, "test.yaml"),
      "- {image: images/07.png, text: From elsewhere, track: tracks/07.pth}\n",
    );
    const { document } = await openDocument(client, "07");
    assert.equal(document.prompt, "From elsewhere");
    const { shape } = document.tracks[0]!;
    assert.ok(shape.kind === "free");
    assert.deepEqual(shape.samples, [...samples]);
  });
});

Deno.test("only the editor's own page may write, under the editor's own name", async () => {
  await withEditor(async ({ editor, ask }) => {
    const { port } = new URL(editor.url);
    const body = await image(8, 8);
    const statusFrom = async (origin: string) =>
      (await ask("POST", "/api/images", { body, headers: { origin } }))
        .status;
    assert.equal(await statusFrom("http://example.com"), 403);
    assert.equal(await statusFrom("null"), 403);
    assert.equal(await statusFrom(`http://127.0.0.1:${port}`), 201);
    const crossSite = await ask("POST", "/api/images", {
      body,
      headers: { "sec-fetch-site": "cross-site" },
    });
    assert.equal(crossSite.status, 403);
    await crossSite.body?.cancel();

    // fetch() does not let a Host header be set: speak HTTP by hand.
    const status = async (host: string) => {
      using connection = await Deno.connect({
        hostname: "127.0.0.1",
        port: Number(port),
      });
      await connection.write(
        new TextEncoder().encode(
          `GET /api/project HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
        ),
      );
      const answer = await new Response(connection.readable).text();
      return Number(answer.split(" ")[1]);
    };
    assert.equal(await status(`127.0.0.1:${port}`), 200);
    assert.equal(await status(`localhost:${port}`), 200);
    assert.equal(await status(`attacker.example:${port}`), 421);
    assert.equal(await status("127.0.0.1"), 421);
  });
});

Deno.test("wrong bodies are refused by name", async () => {
  await withEditor(async (client) => {
    const post = async (body: BodyInit) =>
      await client.ask("POST", "/api/images", { body });
    const svg = await post("<svg xmlns='http://www.w3.org/2000/svg'/>");
    assert.equal(svg.status, 415);
    const bomb = await image(1, 1);
    new DataView(bomb.buffer).setUint32(16, 30_000); // PNG width
    new DataView(bomb.buffer).setUint32(20, 30_000); // PNG height
    assert.equal((await post(bomb)).status, 413);
    const huge = await post(new Uint8Array(64 * 1024 * 1024 + 1));
    assert.equal(huge.status, 413);
    assert.equal([...Deno.readDirSync(join(client.dir, "images"))].length, 0);

    await post(await image(8, 8));
    const { document, etag } = await openDocument(client, "00");
    const whole = withTrack(document);
    const refused = async (body: unknown, message: RegExp) => {
      const answer = await save(client, "00", { document: body, etag });
      assert.equal(answer.status, 400);
      assert.match((await answer.json()).error, message);
    };
    await refused({ ...whole, width: 9 }, /width and height are 9 x 8/);
    await refused({ ...whole, camera: [{ kind: "pan" }] }, /camera\.0\./);
    const shape = { kind: "static", x: 1e300, y: 0 };
    await refused(
      { ...whole, tracks: [{ ...whole.tracks[0], shape }] },
      /tracks\.0\.shape\.x/,
    );
    assert.equal((await openDocument(client, "00")).etag, etag);
  });
});

Deno.test("200 traversal names reach no file outside the folder", async () => {
  await withEditor(async (client) => {
    await client.ask("POST", "/api/images", { body: await image(8, 8) });
    const steps = ["..", "%2e%2e", "..%2f", "%2e%2e%2f", "..%5c", "....//"];
    const targets = ["x", "etc%2fpasswd", "00.json", "%00", "test.yaml", "~"];
    const methods = ["GET", "PUT", "DELETE", "POST"];
    let tried = 0;
    for (const step of steps) {
      for (const target of targets) {
        for (const method of methods) {
          const path = tried % 2
            ? `/api/images/${step}${target}/document`
            : `/static/${step}/${target}`;
          const answer = await client.ask(method, path, {
            headers: { "if-match": '"x"' },
            ...(method === "PUT" ? { body: "{}" } : {}),
          });
          assert.ok([404, 405].includes(answer.status), `${method} ${path}`);
          await answer.body?.cancel();
          tried++;
        }
      }
    }
    for (let i = tried; i < 200; i++) {
      const answer = await client.ask("GET", `/outputs/..%2f${i}.mp4`);
      assert.equal(answer.status, 404);
      await answer.body?.cancel();
    }
    const around = [...Deno.readDirSync(join(client.dir, ".."))];
    assert.deepEqual(around.map(({ name }) => name), ["project"]);
  });
});

Deno.test("on another address nothing is answered without the token", async () => {
  await using temporary = await temporaryFolder();
  const dir = temporary.path;
  {
    await using editor = await serveEditor({
      dir,
      port: 0,
      hostname: "0.0.0.0",
    });
    const url = new URL(editor.url.replace("0.0.0.0", "127.0.0.1"));
    const token = url.searchParams.get("token")!;
    assert.match(token, /^[0-9a-f]{32}$/);
    const status = async (path: string, headers: HeadersInit = {}) => {
      const answer = await fetch(url.origin + path, {
        headers,
        redirect: "manual",
      });
      await answer.body?.cancel();
      return answer;
    };
    assert.equal((await status("/api/project")).status, 401);
    assert.equal((await status("/?token=wrong")).status, 401);
    const welcome = await status(`/?token=${token}`);
    assert.equal(welcome.status, 302);
    const cookie = welcome.headers.get("set-cookie")!;
    assert.match(cookie, /HttpOnly.*SameSite=Strict/);
    assert.equal(
      (await status("/api/project", { cookie: cookie.split(";")[0]! })).status,
      200,
    );
  }
});

Deno.test("every answer carries the security headers", async () => {
  await withEditor(async ({ ask }) => {
    for (const path of ["/", "/static/client.js", "/nothing"]) {
      const answer = await ask("GET", path);
      const policy = answer.headers.get("content-security-policy")!;
      assert.match(policy, /default-src 'none'/);
      assert.doesNotMatch(policy, /unsafe/);
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
      await answer.body?.cancel();
    }
  });
});

Deno.test("a full disk: the answer says so, what was there stays, and later it goes on", async () => {
  await withEditor(async (client) => {
    await client.ask("POST", "/api/images", { body: await image(8, 8) });
    const first = await openDocument(client, "00");
    const before = await Deno.readTextFile(join(client.dir, "editor/00.json"));
    const { write } = Deno.FsFile.prototype;
    Deno.FsFile.prototype.write = () =>
      Promise.reject(
        Object.assign(new Error("No space left on device"), { code: "ENOSPC" }),
      );
    try {
      const refused = await save(client, "00", {
        ...first,
        document: withTrack(first.document),
      });
      assert.equal(refused.status, 500);
      assert.match((await refused.json()).error, /00\.json": the disk is full/);
      for (
        const [method, path] of [
          ["POST", "/api/images"],
          ["PUT", "/api/images/00/file"],
        ] as const
      ) {
        const answer = await client.ask(method, path, {
          body: await image(9, 9),
        });
        assert.equal(answer.status, 500);
        assert.match((await answer.json()).error, /the disk is full/);
      }
    } finally {
      Deno.FsFile.prototype.write = write;
    }
    assert.equal(
      await Deno.readTextFile(join(client.dir, "editor/00.json")),
      before,
    );
    const images = [...Deno.readDirSync(join(client.dir, "images"))];
    assert.deepEqual(images.map(({ name }) => name), ["00.png"]);
    const saved = await save(client, "00", {
      ...first,
      document: withTrack(first.document),
    });
    assert.equal(saved.status, 204);
  });
});

Deno.test("one damaged document closes neither the gallery nor itself for good", async () => {
  await withEditor(async (client) => {
    for (let i = 0; i < 2; i++) {
      await client.ask("POST", "/api/images", { body: await image(8, 8) });
    }
    const path = join(client.dir, "editor/00.json");
    await Deno.writeTextFile(path, '{"version": 1, "wid');
    const project = await (await client.ask("GET", "/api/project")).json();
    assert.equal(project.images.length, 2);
    assert.match(project.images[0].fault, /00\.json": damaged/);
    assert.equal(project.images[1].fault, undefined);
    const opened = await client.ask("GET", "/api/images/00/document");
    assert.equal(opened.status, 500);
    assert.match((await opened.json()).error, /HINT: Move it away/);
    // Nobody can overwrite it unseen.
    const refused = await save(client, "00", {
      document: emptyDocument({ width: 8, height: 8 }),
      etag: '"x"',
    });
    assert.equal(refused.status, 500);
    await refused.body?.cancel();
    await Deno.remove(path);
    assert.equal((await openDocument(client, "00")).document.tracks.length, 0);
  });
});

Deno.test("an image replaced by hand adapts its document", async () => {
  await withEditor(async (client) => {
    await client.ask("POST", "/api/images", { body: await image(32, 24) });
    const opened = await openDocument(client, "00");
    await save(client, "00", {
      ...opened,
      document: withTrack(opened.document),
    });
    await Deno.writeFile(
      join(client.dir, "images/00.png"),
      await image(64, 12),
    );
    const adapted = await openDocument(client, "00");
    assert.equal(adapted.document.width, 64);
    const { shape } = adapted.document.tracks[0]!;
    assert.ok(shape.kind === "spline");
    assert.deepEqual(shape.points[1], { x: 40, y: 4.5 });
    const { document, etag } = adapted;
    const saved = await save(client, "00", {
      document: { ...document, prompt: "Goes on." },
      etag,
    });
    assert.equal(saved.status, 204);
  });
});

Deno.test("a body that does not say how large it is stops at the limit", async () => {
  await withEditor(async ({ ask, dir }) => {
    const endless = (bytes: number) =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          if (bytes <= 0) return controller.close();
          controller.enqueue(new Uint8Array(1 << 20));
          bytes -= 1 << 20;
        },
      });
    const huge = await ask("POST", "/api/images", {
      body: endless(65 << 20),
    });
    assert.equal(huge.status, 413);
    await huge.body?.cancel();
    const small = await ask("POST", "/api/images", {
      body: endless(1 << 20),
    });
    assert.equal(small.status, 415);
    await small.body?.cancel();
    assert.equal([...Deno.readDirSync(join(dir, "images"))].length, 0);
  });
});

Deno.test("a foreign job file that is broken is refused by name and stays", async () => {
  await withEditor(async (client) => {
    await client.ask("POST", "/api/images", { body: await image(8, 8) });
    const opened = await openDocument(client, "00");
    const saved = await save(client, "00", {
      ...opened,
      document: withTrack(opened.document),
    });
    const path = join(client.dir, "test.yaml");
    await Deno.writeTextFile(path, "- image: [\n");
    const stored = await client.ask("PUT", "/api/images/00/tracks", {
      headers: { "if-match": saved.headers.get("etag")! },
    });
    assert.equal(stored.status, 422);
    assert.match((await stored.json()).error, /test\.yaml": it has 1 problem/);
    assert.equal(await Deno.readTextFile(path), "- image: [\n");
  });
});

Deno.test("infinite coordinates are refused (400), typed or computed", async () => {
  await withEditor(async (client) => {
    await client.ask("POST", "/api/images", { body: await image(8, 8) });
    const { document, etag } = await openDocument(client, "00");
    const typed = JSON.stringify(withTrack(document)).replace(
      '"x":20',
      '"x":1e999',
    );
    const refused = await client.ask("PUT", "/api/images/00/document", {
      body: typed,
      headers: { "if-match": etag },
    });
    assert.equal(refused.status, 400);
    assert.match((await refused.json()).error, /points\.1\.x.*Infinity/);
    // A hundred zooms by 100 each: the numbers are fine, their product is not.
    const saved = await save(client, "00", {
      etag,
      document: {
        ...withTrack(document),
        camera: Array.from({ length: 100 }, (_, i) => ({
          id: `zoom${i}`,
          name: "Zoom",
          enabled: true,
          applies: "all",
          timing: FULL_TIMING,
          kind: "zoom",
          factor: 100,
          x: 0,
          y: 0,
        })),
      },
    });
    assert.equal(saved.status, 204);
    const stored = await client.ask("PUT", "/api/images/00/tracks", {
      headers: { "if-match": saved.headers.get("etag")! },
    });
    assert.equal(stored.status, 400);
    assert.match((await stored.json()).error, /Infinity/);
    assert.equal([...Deno.readDirSync(join(client.dir, "tracks"))].length, 0);
  });
});

Deno.test("an image with the highest number does not end uploads", async () => {
  await withEditor(async (client) => {
    for (const name of ["999999.png", "00.png"]) {
      await Deno.writeFile(
        join(client.dir, "images", name),
        await image(8, 8),
      );
    }
    await client.ask("DELETE", "/api/images/00");
    for (const id of ["01", "02"]) {
      const added = await client.ask("POST", "/api/images", {
        body: await image(9, 9),
      });
      assert.equal(added.status, 201);
      assert.equal((await added.json()).id, id);
    }
    const { images } = await (await client.ask("GET", "/api/project")).json();
    assert.deepEqual(
      images.map(({ id }: { id: string }) => id),
      ["01", "02", "999999"],
    );
  });
});

Deno.test("presets: kept with the project, no list is lost, hostile files are refused", () =>
  withEditor(async ({ ask, dir }) => {
    const path = join(dir, "editor/presets.json");
    const preset = (name: string) => ({
      name,
      at: 1,
      text: formatMotion(emptyDocument({ width: 8, height: 6 })),
    });
    const put = (presets: unknown, etag: string) =>
      ask("PUT", "/api/presets", {
        body: JSON.stringify(presets),
        headers: etag ? { "if-match": etag } : {},
      });
    const read = async () => {
      const answer = await ask("GET", "/api/presets");
      return [answer.headers.get("etag")!, await answer.json()] as const;
    };
    const status = async (answer: Promise<Response>) => {
      const { status, body } = await answer;
      await body?.cancel();
      return status;
    };
    const [none, empty] = await read();
    assert.deepEqual(empty, []);
    assert.equal(await status(put([preset("a")], "")), 428);
    assert.equal(await status(put([preset("a")], none)), 204);
    assert.equal(await status(put([preset("a")], none)), 204); // once more
    assert.equal(await status(put([preset("b")], none)), 412);
    const [etag, presets] = await read();
    assert.deepEqual(presets, [preset("a")]);
    assert.equal(await status(put([...presets, preset("b")], etag)), 204);

    const [now] = await read();
    const bad: unknown[] = [
      {},
      null,
      [null],
      [{ ...preset("a"), name: "" }],
      [{ ...preset("a"), name: "x".repeat(101) }],
      [{ ...preset("a"), name: "a\nb" }],
      [{ ...preset("a"), at: "1" }],
      [{ ...preset("a"), at: 1e300 }],
      [{ ...preset("a"), text: "no motion" }],
      [preset("a"), preset("a")],
      Array.from({ length: 501 }, (_, i) => preset(`${i}`)),
    ];
    for (const list of bad) {
      assert.equal(await status(put(list, now)), 400, JSON.stringify(list));
    }
    const text = '{"atiMotion":1,"document":{"tracks":7}}';
    const tracks = [{ ...preset("c"), text }];
    assert.equal(await status(put(tracks, now)), 400);
    for (const content of ["{torn", ...bad.map((b) => JSON.stringify(b))]) {
      await Deno.writeTextFile(path, content);
      const answer = await ask("GET", "/api/presets");
      assert.equal(answer.status, 500);
      assert.match((await answer.json()).error, /presets\.json": damaged/);
      assert.equal(await status(put([], now)), 500);
      assert.equal(await Deno.readTextFile(path), content);
    }
    await Deno.remove(path);
    await Deno.symlink("/etc/passwd", path);
    assert.equal(await status(ask("GET", "/api/presets")), 403);
    assert.equal(await status(put([], now)), 403);
  }));

Deno.test("a project file carries the presets, and loses none of the project's", () =>
  withEditor(async ({ ask }) => {
    const bytes = await image(8, 8);
    await (await ask("POST", "/api/images", { body: bytes })).body?.cancel();
    const motion = emptyDocument({ width: 8, height: 6 });
    const preset = (name: string, at: number) => ({
      ...{ name, at },
      text: formatMotion(motion),
    });
    const read = async () => {
      const answer = await ask("GET", "/api/presets");
      return [await answer.json(), answer.headers.get("etag")!] as const;
    };
    const put = async (presets: unknown) => {
      const answer = await ask("PUT", "/api/presets", {
        body: JSON.stringify(presets),
        headers: { "if-match": (await read())[1] },
      });
      assert.equal(answer.status, 204);
    };
    const post = async (body: Blob) => {
      const answer = await ask("POST", "/api/archive", { body });
      return [answer.status, await answer.json()] as const;
    };
    await put([preset("a", 1), preset("b", 1)]);
    const packed = await (await ask("GET", "/api/archive")).blob();
    await put([preset("a", 2), preset("c", 2)]);
    assert.deepEqual(await post(packed), [201, { added: ["01"] }]);
    const [all] = await read();
    assert.deepEqual(all, [preset("a", 2), preset("b", 1), preset("c", 2)]);

    const packedWith = async (list: unknown) => {
      const parts = await zipParts([
        { name: "p/images/00.png", bytes },
        {
          name: "p/editor/presets.json",
          bytes: new TextEncoder().encode(JSON.stringify(list)),
        },
      ]);
      return new Blob(parts as Uint8Array<ArrayBuffer>[]);
    };
    const text = '{"atiMotion":1,"document":{"tracks":7}}';
    for (const list of [{}, [null], [{ ...preset("d", 3), text }]]) {
      const [status, { error }] = await post(await packedWith(list));
      assert.equal(status, 400);
      assert.match(error, /"p\/editor\/presets\.json" is damaged \(Cannot/);
    }
    // Another motion under a name that is taken gets a number, once.
    const other = formatMotion(emptyDocument({ width: 8, height: 7 }));
    const more = [{ ...preset("a", 3), text: other }, preset("c", 3)];
    const both = all.toSpliced(1, 0, { ...more[0]!, name: "a (2)" });
    for (const list of [more, more.toReversed()]) {
      assert.equal((await post(await packedWith(list)))[0], 201);
      assert.deepEqual((await read())[0], both);
    }
    // As many as there may be, and those of the project: too many.
    const many = Array.from({ length: 500 }, (_, i) => preset(`${i}`, 4));
    const [status, { error }] = await post(await packedWith(many));
    assert.equal(status, 400);
    assert.match(error, /at most 500/);
    assert.deepEqual((await read())[0], both);
    const { images } = await (await ask("GET", "/api/project")).json();
    assert.equal(images.length, 4);
  }));
