/**
 * The editor as a program: what it says when it cannot start, and how it ends.
 */

import assert from "node:assert/strict";
import { repositoryPath } from "./fixtures/tool_process.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

interface Running {
  /** The child process. */
  readonly child: Deno.ChildProcess;
  /** Where it says that it is served. */
  readonly link: string;
  /** All that it said, once it has ended. */
  ended(): Promise<{ code: number; out: string; err: string }>;
}

function start(dir: string, args: readonly string[], net = "127.0.0.1") {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      `--allow-net=${net}`,
      `--allow-read=${dir}`,
      `--allow-write=${dir}`,
      repositoryPath("editor/main.ts"),
      ...["--save_dir", dir, ...args],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  });
}

/** What an editor says that cannot start. */
async function refusal(dir: string, args: readonly string[], net?: string) {
  const { code, stderr } = await start(dir, args, net).output();
  assert.equal(code, 2);
  return new TextDecoder().decode(stderr);
}

/** Starts an editor and waits until it serves. */
async function running(
  dir: string,
  args: readonly string[],
  net?: string,
): Promise<Running> {
  const child = start(dir, args, net).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let out = "";
  const read = async () => {
    const { done, value = "" } = await reader.read();
    out += value;
    return !done;
  };
  while (!out.includes("Press Ctrl-C to quit.") && await read());
  const link = /http:\S+/.exec(out)?.[0] ?? "";
  return {
    child,
    link,
    async ended() {
      const err = new Response(child.stderr).text();
      while (await read());
      return { code: (await child.status).code, out, err: await err };
    },
  };
}

Deno.test("the editor says which port is taken, and Ctrl-C frees it", async () => {
  await using folder = await temporaryFolder();
  const first = await running(folder.path, ["--port", "0"]);
  const { port } = new URL(first.link);
  const said = await refusal(folder.path, ["--port", port]);
  assert.match(said, /Cannot listen on 127\.0\.0\.1:\d+: the port is in use/);
  assert.match(said, /HINT: Choose another with --port/);

  // A page that is open, a request without a declared body: no word of it.
  for (const method of ["GET", "DELETE"]) {
    const answer = await fetch(`${first.link}api/images/00/document`, {
      method,
      headers: { origin: new URL(first.link).origin },
    });
    await answer.body?.cancel();
  }
  const sent = await fetch(`${first.link}api/images`, {
    method: "POST",
    headers: { origin: new URL(first.link).origin },
    body: new Blob(["no image"]).stream(), // chunked
  });
  assert.equal(sent.status, 415);
  await sent.body?.cancel();

  first.child.kill("SIGINT");
  const { code, err } = await first.ended();
  assert.equal(code, 130);
  assert.equal(
    err,
    "Interrupted, cleaning up. Press Ctrl-C again to quit now.\n",
  );
  const second = await running(folder.path, ["--port", port]);
  assert.equal(new URL(second.link).port, port);
  second.child.kill("SIGINT");
  await second.ended();
});

Deno.test("the editor names the very permissions that it misses", async () => {
  await using folder = await temporaryFolder();
  const args = ["--port", "5999", "--host", "0.0.0.0"];
  const said = await refusal(folder.path, args);
  assert.match(said, /Requires net access to "0\.0\.0\.0:5999"/);
  assert.ok(said.includes(`--allow-net=0.0.0.0:5999`), said);
  assert.ok(said.includes(`--allow-write=${folder.path}`), said);
  const address = ["--port", "0", "--host", "192.0.2.1"]; // nobody's
  assert.match(
    await refusal(folder.path, address, "192.0.2.1"),
    /Cannot listen on 192\.0\.2\.1:0: this machine has no such address/,
  );
  await Deno.writeTextFile(folder.file("file"), "");
  assert.match(
    await refusal(folder.file("file"), ["--port", "0"]),
    /a part of its path is a file, expected a folder/,
  );
});

Deno.test("the editor for another machine prints a link with a token, and warns", async () => {
  await using folder = await temporaryFolder();
  const args = ["--port", "0", "--host", "0.0.0.0"];
  const editor = await running(folder.path, args, "0.0.0.0");
  assert.match(editor.link, /^http:\/\/0\.0\.0\.0:\d+\/\?token=[0-9a-f]{32}$/);
  editor.child.kill("SIGINT");
  const { out } = await editor.ended();
  assert.match(out, /replace 0\.0\.0\.0 with this machine's name or address/);
  assert.match(out, /not encrypted/);
});
