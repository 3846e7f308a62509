import assert from "node:assert/strict";
import { pathOf } from "./route.ts";
import { ROUTES } from "./app.ts";

const FOLDER = new URL("../routes/", import.meta.url);

/** The URLs of all modules below a folder. */
function modulesBelow(folder: URL): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? modulesBelow(new URL(`${name}/`, folder))
      : [new URL(name, folder).href]
  );
}

/** A URL with its brackets written out, as some parts of Deno escape them. */
const plain = (url: string) => decodeURIComponent(url);

Deno.test("every file of routes/ is served, and served once", () => {
  const files = modulesBelow(FOLDER).map(plain).sort();
  assert.ok(files.length >= 13);
  assert.deepEqual(ROUTES.map(({ url }) => plain(url)).sort(), files);
  const paths = ROUTES.map(pathOf);
  assert.equal(new Set(paths).size, paths.length);
});

Deno.test("a route's path follows from its file's name", () => {
  const paths = new Map(
    ROUTES.map((route) => [
      plain(route.url).slice(plain(FOLDER.href).length),
      pathOf(route),
    ]),
  );
  assert.equal(paths.get("index.tsx"), "/");
  assert.equal(paths.get("api/examples/index.ts"), "/api/examples");
  assert.equal(
    paths.get("api/examples/[name]/[part].ts"),
    "/api/examples/:name/:part{image|tracks}",
  );
  assert.equal(
    paths.get("outputs/[file].ts"),
    "/outputs/:file{[0-9]{2,6}\\.mp4}",
  );
});

Deno.test("a route constrains no parameter that its file's name lacks", () => {
  for (const { url, params = {} } of ROUTES) {
    for (const name of Object.keys(params)) {
      assert.ok(plain(url).includes(`[${name}]`), `${url}: ${name}`);
    }
  }
});
