/**
 * Checks of the README: the permissions it lists are those of the tools' first
 * lines and of the tasks, its tasks exist, its links have targets.
 *
 * @module
 */

import assert from "node:assert/strict";
import { VERSION } from "../core/pipeline/fingerprint.ts";
import { permissionsOf, repositoryPath } from "./fixtures/tool_process.ts";

const readme = await Deno.readTextFile(repositoryPath("README.md"));
const config: { tasks: Record<string, { command: string }> } = JSON.parse(
  await Deno.readTextFile(repositoryPath("deno.json")),
);

Deno.test("the README lists each tool's permissions as its first line has them", () => {
  const rows = [
    ...readme.matchAll(/^\| `((?:tools|editor)\/\w+\.ts)` +\| `(--[^`]+)`/gm),
  ];
  const listed = new Map(rows.map(([, tool, flags]) => [tool!, flags!]));
  const tools = [...Deno.readDirSync(repositoryPath("tools"))]
    .filter(({ isFile, name }) => isFile && name.endsWith(".ts"))
    .map(({ name }) => `tools/${name}`)
    .filter((path) => !/\/_|_test\.ts$/.test(path));
  assert.deepEqual(
    [...listed.keys()].sort(),
    ["editor/main.ts", "editor/static.ts", ...tools].sort(),
  );
  for (const [tool, flags] of listed) {
    const own = permissionsOf(tool).filter((flag) => flag !== "--no-prompt");
    assert.deepEqual(flags.split(" "), own, tool);
  }
});

Deno.test("each tool's task gives it exactly the permissions of its first line", () => {
  for (const { command } of Object.values(config.tasks)) {
    const match = /^deno run --no-prompt (.*) ((?:tools|editor)\/\w+\.ts)$/
      .exec(command);
    if (!match) continue;
    const own = permissionsOf(match[2]!).filter((flag) =>
      flag !== "--no-prompt"
    );
    assert.deepEqual(match[1]!.split(" "), own, match[2]!);
  }
});

Deno.test("every task that the README names exists", () => {
  const named = new Set(
    [...readme.matchAll(/(?:deno|deno@[\d.]+) task ([\w:-]+)/g)].map((m) =>
      m[1]!
    ),
  );
  assert.ok(named.size >= 8);
  for (const task of named) assert.ok(task in config.tasks, task);
});

Deno.test("every file that the README links to exists", () => {
  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((m) =>
    m[1]!
  );
  assert.ok(links.length >= 4);
  for (const link of links) Deno.statSync(repositoryPath(link));
});

Deno.test("the version is the same wherever it is written", () => {
  assert.equal((config as unknown as { version: string }).version, VERSION);
  const changelog = Deno.readTextFileSync(repositoryPath("CHANGELOG.md"));
  assert.match(changelog, new RegExp(`^## ${VERSION}$`, "m"));
});

Deno.test("every promise in SECURITY.md names tests that exist", async () => {
  const text = await Deno.readTextFile(repositoryPath("SECURITY.md"));
  const table = /## What is promised\n([^]*?)\n## /.exec(text)?.[1] ?? "";
  const rows = table.split("\n").filter((line) => /^\| [A-Z]/.test(line));
  assert.ok(rows.length > 15);
  for (const row of rows) {
    const named = [...row.matchAll(/`([\w/*]+_test\.ts)`/g)];
    assert.ok(named.length > 0, row);
    for (const [, path = ""] of named) {
      if (path.includes("*")) continue;
      assert.ok((await Deno.stat(repositoryPath(path))).isFile, path);
    }
  }
});
