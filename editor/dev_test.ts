import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { checkNoticed, isFresh, STATIC } from "./bundle/build_client.ts";
import { digestSources, EDITOR, readSources } from "./bundle/sources.ts";

/** A text's size as it goes over the wire, gzipped, in bytes. */
async function zippedSize(text: string): Promise<number> {
  const zipped = new Blob([text]).stream().pipeThrough(
    new CompressionStream("gzip"),
  );
  return (await new Response(zipped).arrayBuffer()).byteLength;
}

Deno.test("the built client is that of the sources as they are", async () => {
  assert.ok(
    await isFresh(),
    "editor/static is not what its sources build\nHINT: deno task editor:build",
  );
});

Deno.test("a module of the bundle whose change is not noticed ends the build", async () => {
  // What was built has gone through this: see the test before.
  const sources = new Set(
    [...(await readSources()).keys()].map((url) => fileURLToPath(url)),
  );
  assert.ok(sources.size >= 100, `${sources.size}`);
  const module = fileURLToPath(new URL("client/Editor.tsx", EDITOR));
  checkNoticed("client.tsx", [module, "/npm/preact.mjs"], sources);
  sources.delete(module);
  assert.throws(
    () => checkNoticed("client.tsx", [module], sources),
    /a change of ".*Editor\.tsx" would not be noticed/,
  );
  assert.throws(
    () => checkNoticed("client.tsx", ["/npm/preact.mjs"], sources),
    /none of its modules was found/,
  );
});

Deno.test("any changed source makes the built client stale", async () => {
  const before = await digestSources();
  const { readFile } = Deno;
  const changed = fileURLToPath(new URL("model/curve.ts", EDITOR));
  Deno.readFile = async (path, options) => {
    const bytes = await readFile(path, options);
    return path === changed ? Uint8Array.from([...bytes, 10]) : bytes;
  };
  try {
    assert.notEqual(await digestSources(), before);
    assert.equal(await isFresh(), false);
  } finally {
    Deno.readFile = readFile;
  }
  assert.equal(await digestSources(), before);
});

Deno.test("each part of the client carries its libraries' license notices", async () => {
  const notices: Record<string, readonly (readonly [string, RegExp])[]> = {
    "shared.js": [
      ["preact", /Copyright \(c\) 2015-present Jason Miller/],
      ["@preact/signals", /Copyright \(c\) 2022-present Preact Team/],
      ["@preact/signals-core", /Copyright \(c\) 2022-present Preact Team/],
      ["lucide", /ISC License[\s\S]*Lucide/],
    ],
    "worker.js": [["valibot", /Copyright \(c\) Fabian Hiller/]],
    "video.js": [["mediabunny", /Mozilla Public License Version 2\.0/]],
    "track.js": [["mediabunny", /Mozilla Public License Version 2\.0/]],
    "client.js": [],
    "later.js": [],
  };
  for (const [file, expected] of Object.entries(notices)) {
    const text = await Deno.readTextFile(STATIC + file);
    const notice = text.slice(text.lastIndexOf("/*!"));
    const listed = [...notice.matchAll(/^(\S+) [\d.]+, license /gm)];
    if (expected.length > 0) {
      assert.deepEqual(
        listed.map(([, name]) => name).sort(),
        [
          ...expected.map(([name]) => name),
        ].sort(),
        file,
      );
    }
    for (const [, copyright] of expected) assert.match(notice, copyright);
  }
});

Deno.test("the page starts with less than 60 kB of script", async () => {
  let size = 0;
  for (const name of ["client.js", "shared.js"]) {
    size += await zippedSize(await Deno.readTextFile(STATIC + name));
  }
  console.log(`client at the start: ${size} bytes gzipped`);
  assert.ok(size < 60_000, `${size}`);
});
