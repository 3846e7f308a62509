/**
 * The built client as the server finds it: in the tree, by URL, or not built.
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { temporaryFolder } from "./fixtures/temporary.ts";
import { repositoryPath } from "./fixtures/tool_process.ts";

/** The arguments that start an editor on a folder, with what it needs only. */
function editorArgs(script: string, dir: string, more: readonly string[] = []) {
  return [
    "run",
    "--no-prompt",
    "--quiet",
    "--no-config",
    "--allow-net=127.0.0.1",
    `--allow-read=${dir}`,
    `--allow-write=${dir}`,
    ...more,
    script,
    "--port",
    "0",
    "--save_dir",
    dir,
  ];
}

/** Copies a folder's modules and styles; the built client is left out. */
async function copySources(from: string, to: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    const source = join(from, name), target = join(to, name);
    if (isDirectory) await copySources(source, target);
    else if (/\.(?:tsx?|css|svg)$/.test(name)) {
      await Deno.mkdir(dirname(target), { recursive: true });
      await Deno.copyFile(source, target);
    }
  }
}

Deno.test("an editor whose client was not built says how to build it", async () => {
  await using folder = await temporaryFolder();
  for (const part of ["core", "tools", "editor"]) {
    await copySources(repositoryPath(part), folder.file(part));
  }
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: editorArgs(folder.file("editor/main.ts"), folder.file("project")),
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stderr);
  assert.notEqual(code, 0);
  assert.match(said, /Cannot start the editor: its client was not built/);
  assert.match(said, /HINT: deno task editor:build/);
  assert.doesNotMatch(said, /\bat async\b/);
});

Deno.test("the editor runs by URL, and serves its client from there", async () => {
  await using folder = await temporaryFolder();
  // Deno keeps modules by URL, and ports come again.
  const prefix = `/${crypto.randomUUID()}/`;
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const path = decodeURIComponent(new URL(request.url).pathname);
      try {
        return new Response(
          await Deno.readFile(repositoryPath(path.slice(prefix.length))),
          {
            headers: {
              "content-type": path.endsWith(".tsx")
                ? "text/tsx"
                : path.endsWith(".ts")
                ? "text/typescript"
                : "text/plain",
            },
          },
        );
      } catch {
        return new Response(null, { status: 404 });
      }
    },
  );
  const host = `127.0.0.1:${server.addr.port}`;
  const child = new Deno.Command(Deno.execPath(), {
    args: editorArgs(`http://${host}${prefix}editor/main.ts`, folder.path, [
      `--allow-import=${host}`,
    ]),
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    env: { NO_COLOR: "1" },
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let out = "";
    while (!/http:\S+\n/.test(out)) {
      const { done, value = "" } = await reader.read();
      assert.ok(!done, out);
      out += value;
    }
    const link = /http:\S+/.exec(out)![0];
    const answer = await fetch(new URL("/static/client.js", link));
    assert.equal(answer.status, 200);
    assert.equal(
      await answer.text(),
      await Deno.readTextFile(repositoryPath("editor/static/client.js")),
    );
  } finally {
    child.kill("SIGINT");
    await reader.cancel();
    await child.status;
  }
});

Deno.test("a release contains the built client, although it is not committed", async () => {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["publish", "--dry-run", "--allow-dirty", "--allow-slow-types"],
      "--no-check",
    ],
    cwd: repositoryPath(""),
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stdout) +
    new TextDecoder().decode(stderr);
  for (const name of ["client", "shared", "later", "worker", "video"]) {
    assert.match(said, new RegExp(`editor/static/${name}\\.js`));
  }
});
