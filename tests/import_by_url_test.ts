/**
 * Every module and every tool also works by URL: the repository is served on
 * 127.0.0.1 and used from there, without its deno.json or lock file.
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

/**
 * Serves the repository's files; their URL is passed to `work`. It is another
 * one each time: Deno keeps modules by URL, and ports come again.
 */
async function withServedTree(
  work: (base: string) => Promise<void>,
): Promise<void> {
  const prefix = `/${crypto.randomUUID()}`;
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const path = decodeURIComponent(new URL(request.url).pathname);
      try {
        const file = `.${path.slice(prefix.length)}`;
        return new Response(await Deno.readFile(new URL(file, ROOT)), {
          headers: { "content-type": TYPES[extname(path)] ?? "text/plain" },
        });
      } catch {
        return new Response(null, { status: 404 });
      }
    },
  );
  await work(`http://127.0.0.1:${server.addr.port}${prefix}`);
}

/** Runs Deno in a folder outside this project. */
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
  await withServedTree(async (base) => {
    await Deno.writeTextFile(
      join(cwd, "script.ts"),
      `import { processTracks, TrackSet } from "${base}/mod.ts";
const still = TrackSet.fromPoints([[{ x: 4, y: 3, visible: true }]]);
console.log(processTracks(still, { width: 8, height: 6 }).dims.join("x"));
`,
    );
    const { host } = new URL(base);
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
  await withServedTree(async (base) => {
    const { host } = new URL(base);
    for (const [name, path] of Object.entries(exports)) {
      await Deno.writeTextFile(
        join(cwd, "script.ts"),
        `import * as entry from "${base}/${path.slice(2)}";
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
  await withServedTree(async (base) => {
    const { host } = new URL(base);
    const { code, stderr } = await runElsewhere([
      `--allow-import=${host}`,
      ...permissionsOf("tools/plot_user_inputs.ts"),
      `${base}/tools/plot_user_inputs.ts`,
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
    .filter(({ name, isFile }) => isFile && /(?<!_test)\.ts$/.test(name))
    .map(({ name }) => name);
  assert.ok(tools.length >= 4);
  await withServedTree(async (base) => {
    const { host } = new URL(base);
    for (
      const path of [...tools.map((name) => `tools/${name}`), "editor/main.ts"]
    ) {
      const { code, stdout, stderr } = await runElsewhere(
        [`--allow-import=${host}`, `${base}/${path}`, "--help"],
        cwd,
      );
      assert.equal(code, 0, `${path}: ${stderr}`);
      assert.match(stdout, /Usage:/, path);
    }
  });
});
