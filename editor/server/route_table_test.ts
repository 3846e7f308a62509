import assert from "node:assert/strict";
import { pathOf } from "./route.ts";
import { ROUTES } from "./app.ts";

const FOLDER = new URL("../routes/", import.meta.url);

/** The names of all modules below a folder. */
function modulesBelow(folder: URL, above = ""): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? modulesBelow(new URL(`${name}/`, folder), `${above}${name}/`)
      : [above + name]
  );
}

Deno.test("every file of routes/ is served, by its own name", async () => {
  const files = modulesBelow(FOLDER).sort();
  assert.ok(files.length >= 13);
  assert.deepEqual(Object.keys(ROUTES).sort(), files);
  for (const [file, route] of Object.entries(ROUTES)) {
    const module = await import(new URL(file, FOLDER).href);
    assert.equal(module.handler, route.handler, file);
  }
  const paths = Object.entries(ROUTES).map(([file, route]) =>
    pathOf(file, route)
  );
  assert.equal(new Set(paths).size, paths.length);
});

Deno.test("a route's path follows from its file's name", () => {
  const path = (file: string) => pathOf(file, ROUTES[file]!);
  assert.equal(path("index.ts"), "/");
  assert.equal(path("api/examples/index.ts"), "/api/examples");
  assert.equal(
    path("api/examples/[name]/[part].ts"),
    "/api/examples/:name/:part{image|tracks}",
  );
  assert.equal(path("outputs/[file].ts"), "/outputs/:file{[0-9]{2,6}\\.mp4}");
});

Deno.test("a route constrains no parameter that its file's name lacks", () => {
  for (const [file, { params = {} }] of Object.entries(ROUTES)) {
    for (const name of Object.keys(params)) {
      assert.ok(file.includes(`[${name}]`), `${file}: ${name}`);
    }
  }
});
