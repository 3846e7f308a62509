/**
 * Every module and every tool also works by URL: the tree is served on
 * 127.0.0.1 and used from there, without our deno.json or lock file.
 *
 * @module
 */

import assert from "node:assert/strict";
import { extname, join } from "node:path";
import { permissionsOf } from "./fixtures/tool_process.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

const ROOT = new URL("../", import.meta.url);

const TYPES: Record<string, string> = {
  ".ts": "text/typescript",
  ".tsx": "text/tsx",
  ".js": "text/javascript",
  ".json": "application/json",
};

/** Serves the repository's files; the origin is passed to `work`. */
async function withServedTree(
  work: (origin: string) => Promise<void>,
): Promise<void> {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const path = decodeURIComponent(new URL(request.url).pathname);
      try {
        return new Response(await Deno.readFile(new URL(`.${path}`, ROOT)), {
          headers: { "content-type": TYPES[extname(path)] ?? "text/plain" },
        });
      } catch {
        return new Response(null, { status: 404 });
      }
    },
  );
  await work(`http://127.0.0.1:${server.addr.port}`);
}

/** Runs Deno in a folder that knows nothing of this project. */
async function runElsewhere(
  args: readonly string[],
  cwd: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", "--no-config", ...args],
    cwd,
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("mod.ts can be imported by URL from a script elsewhere", async () => {
  await using temporary = await temporaryFolder();
  const cwd = temporary.path;
  await withServedTree(async (origin) => {
    await Deno.writeTextFile(
      join(cwd, "script.ts"),
      `import { processTracks, TrackSet } from "${origin}/mod.ts";
const still = TrackSet.fromPoints([[{ x: 4, y: 3, visible: true }]]);
console.log(processTracks(still, { width: 8, height: 6 }).dims.join("x"));
`,
    );
    const host = origin.slice("http://".length);
    const { code, stdout, stderr } = await runElsewhere(
      [`--allow-import=${host}`, "script.ts"],
      cwd,
    );
    assert.equal(code, 0, stderr);
    assert.equal(stdout.trim(), "81x1x4");
  });
});

Deno.test("each entry of the package can be imported by URL alone", async () => {
  await using temporary = await temporaryFolder();
  const cwd = temporary.path;
  const { exports }: { exports: Record<string, string> } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  await withServedTree(async (origin) => {
    const host = origin.slice("http://".length);
    for (const [name, path] of Object.entries(exports)) {
      await Deno.writeTextFile(
        join(cwd, "script.ts"),
        `import * as entry from "${origin}/${path.slice(2)}";
console.log(Object.keys(entry).length);
`,
      );
      const { code, stdout, stderr } = await runElsewhere(
        [`--allow-import=${host}`, "script.ts"],
        cwd,
      );
      assert.equal(code, 0, `${name}: ${stderr}`);
      assert.ok(Number(stdout) > 0, name);
    }
  });
});

Deno.test("tools/plot_user_inputs.ts runs by URL with its documented permissions", async () => {
  await using temporary = await temporaryFolder();
  const cwd = temporary.path;
  await withServedTree(async (origin) => {
    const host = origin.slice("http://".length);
    const { code, stderr } = await runElsewhere([
      `--allow-import=${host}`,
      ...permissionsOf("tools/plot_user_inputs.ts"),
      `${origin}/tools/plot_user_inputs.ts`,
      new URL("examples/test.yaml", ROOT).pathname,
      "--save-dir",
      join(cwd, "plots"),
    ], cwd);
    assert.equal(code, 0, stderr);
    assert.equal([...Deno.readDirSync(join(cwd, "plots"))].length, 6);
  });
});

Deno.test("every tool prints its help by URL, without any permission", async () => {
  await using temporary = await temporaryFolder();
  const cwd = temporary.path;
  const tools = [...Deno.readDirSync(new URL("tools/", ROOT))]
    .filter(({ name, isFile }) => isFile && !name.endsWith("_test.ts"))
    .map(({ name }) => name);
  assert.ok(tools.length >= 4);
  await withServedTree(async (origin) => {
    const host = origin.slice("http://".length);
    for (
      const path of [...tools.map((name) => `tools/${name}`), "editor/main.ts"]
    ) {
      const { code, stdout, stderr } = await runElsewhere(
        [`--allow-import=${host}`, `${origin}/${path}`, "--help"],
        cwd,
      );
      assert.equal(code, 0, `${path}: ${stderr}`);
      assert.match(stdout, /Usage:/, path);
    }
  });
});
