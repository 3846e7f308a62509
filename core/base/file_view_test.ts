import assert from "node:assert/strict";
import { folderOf, joinPath, memoryFiles } from "./file_view.ts";

Deno.test("memoryFiles() behaves like a disk", () => {
  const view = memoryFiles({
    "a/b/c": new Uint8Array([1, 2]),
    "a/d": new Uint8Array(0),
  }, { links: { "a/link": "a/b/c" } });
  assert.deepEqual(view.stat("a/b/c"), {
    kind: "file",
    size: 2,
    realPath: "a/b/c",
  });
  assert.deepEqual(view.stat("a/link"), {
    kind: "file",
    size: 2,
    realPath: "a/b/c",
  });
  assert.equal(view.stat("a/b")?.kind, "folder");
  assert.equal(view.stat("a/x"), undefined);
  assert.equal(view.stat("a/b/"), undefined);
  assert.deepEqual([...view.list("a")].sort(), ["b", "d", "link"]);
  assert.deepEqual(view.list("nowhere"), []);
  using file = view.open("a/link");
  assert.deepEqual([...file.read(0, 2)], [1, 2]);
  assert.throws(() => view.open("a/b"), /Cannot open "a\/b"/);
});

Deno.test("joinPath() and folderOf() take both kinds of separators", () => {
  assert.equal(joinPath("C:\\m\\", "a/b"), "C:\\m\\a/b");
  assert.equal(joinPath("m", "a"), "m/a");
  assert.equal(folderOf("C:\\m\\a.pth"), "C:\\m");
  assert.equal(folderOf("/a"), "/");
  assert.equal(folderOf("a"), "");
});
