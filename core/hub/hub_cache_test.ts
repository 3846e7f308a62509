import assert from "node:assert/strict";
import { join } from "node:path";
import {
  findCached,
  findToken,
  hubCacheFolder,
  type HubEnvironment,
} from "./hub_cache.ts";
import type { HubFile } from "./hub_client.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";

const of = (
  variables: Partial<Record<Parameters<HubEnvironment>[0], string>>,
): HubEnvironment =>
(name) => variables[name];

Deno.test("hubCacheFolder() follows the variables of the Hub's client", () => {
  const folder = (...args: Parameters<typeof of>) =>
    hubCacheFolder(of(...args))?.replaceAll("\\", "/");
  assert.equal(folder({ HF_HUB_CACHE: "/a", HF_HOME: "/b" }), "/a");
  assert.equal(folder({ HF_HOME: "/b", XDG_CACHE_HOME: "/c" }), "/b/hub");
  assert.equal(
    folder({ XDG_CACHE_HOME: "/c", HOME: "/d" }),
    "/c/huggingface/hub",
  );
  assert.equal(folder({ HOME: "/d" }), "/d/.cache/huggingface/hub");
  assert.equal(folder({ HF_HOME: "" }), undefined);
});

Deno.test("findToken() looks into the variables, then into the file of a login", async () => {
  await using temporary = await temporaryFolder();
  const HF_HOME = temporary.path;
  assert.equal(await findToken(of({ HF_HOME })), undefined);
  await Deno.writeTextFile(temporary.file("token"), "hf_file\n");
  await Deno.writeTextFile(temporary.file("other"), "hf_other");
  assert.equal(await findToken(of({ HF_HOME })), "hf_file");
  assert.equal(
    await findToken(of({ HF_HOME, HF_TOKEN_PATH: temporary.file("other") })),
    "hf_other",
  );
  assert.equal(
    await findToken(of({ HF_HOME, HUGGING_FACE_HUB_TOKEN: " hf_old " })),
    "hf_old",
  );
  assert.equal(
    await findToken(of({ HF_TOKEN: "hf_new", HUGGING_FACE_HUB_TOKEN: "old" })),
    "hf_new",
  );
  await Deno.writeTextFile(temporary.file("token"), "x".repeat(5000));
  assert.equal(await findToken(of({ HF_HOME, HF_TOKEN: "" })), undefined);
});

Deno.test("findCached() finds a blob, or a file of a snapshot, of the right size", async () => {
  await using temporary = await temporaryFolder();
  const cache = temporary.path;
  const file: HubFile = {
    repository: "owner/name",
    revision: "main",
    path: "sub/a.bin",
    size: 3,
    hash: { algorithm: "sha256", digest: "ab".repeat(32) },
  };
  assert.equal(await findCached(cache, file), undefined);
  const folder = join(cache, "models--owner--name");
  const blob = join(folder, "blobs", file.hash.digest);
  const snapshot = join(folder, "snapshots/0123/sub/a.bin");
  for (const path of [blob, snapshot]) {
    await Deno.mkdir(join(path, ".."), { recursive: true });
  }
  await Deno.writeTextFile(snapshot, "1234");
  assert.equal(await findCached(cache, file), undefined);
  await Deno.writeTextFile(snapshot, "123");
  const real = (path: string) => Deno.realPath(path);
  assert.equal(await findCached(cache, file), await real(snapshot));
  await Deno.writeTextFile(blob, "abc");
  assert.equal(await findCached(cache, file), await real(blob));
});
