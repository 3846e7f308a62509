import assert from "node:assert/strict";
import type { HubFile } from "./hub_client.ts";
import { selectFiles } from "./variants.ts";

function files(...paths: string[]): HubFile[] {
  return paths.map((path) => ({
    repository: "a/b",
    revision: "main",
    path,
    size: 1,
    hash: { algorithm: "sha256", digest: "0".repeat(64) },
  }));
}

const select = (wanted: string, ...paths: string[]) =>
  selectFiles(files(...paths), { repository: "a/b", paths: [wanted] })
    .map(({ path }) => path);

Deno.test("selectFiles() takes a star for a part of a name, nothing else for more than itself", () => {
  assert.deepEqual(
    select("model*", "model-1", "model.json", "sub/model", "amodel"),
    ["model-1", "model.json"],
  );
  assert.deepEqual(select("a.b", "a.b", "aXb"), ["a.b"]);
  assert.deepEqual(select("*/f", "x/f", "x/y/f", "f"), ["x/f"]);
});

Deno.test("selectFiles() takes a file once", () => {
  const all = files("a1", "a2");
  const wanted = { repository: "a/b", paths: ["a1", "a*"] };
  assert.equal(selectFiles(all, wanted).length, 2);
});

Deno.test("selectFiles() names files that look alike", () => {
  assert.throws(
    () =>
      select(
        "Wan2_1-I2V-ATI-14B_fp8.safetensors",
        "I2V/ATI_fp8.safetensors",
        "x.txt",
      ),
    /none of its 2 files has that name\nHINT: It has I2V\/ATI_fp8\.safetensors\./,
  );
  assert.throws(() => select("a", "b"), /HINT: It may have been renamed/);
});
