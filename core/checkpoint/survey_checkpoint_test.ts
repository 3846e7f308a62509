import assert from "node:assert/strict";
import { memoryFiles } from "../base/file_view.ts";
import { surveyCheckpoint } from "./survey_checkpoint.ts";
import { tinyCheckpoint } from "./tiny_checkpoint.ts";

const tiny = await tinyCheckpoint({ folder: "tiny", seed: 1 });
const survey = (
  files: Record<string, Uint8Array<ArrayBuffer>>,
  options: { vae?: string; tokenizer?: false } = {},
) => surveyCheckpoint(memoryFiles(files), { folder: "tiny", ...options });

Deno.test("surveyCheckpoint() finds a whole checkpoint whole", async () => {
  const { found, tokenizer, missing, broken } = await survey(tiny);
  assert.deepEqual(Object.keys(found), ["t5", "clip", "vae", "transformer"]);
  assert.equal(found.transformer?.config.numLayers, 2);
  assert.equal(tokenizer, "tiny/google/umt5-xxl/tokenizer.json");
  assert.deepEqual([missing, broken], [[], []]);
});

Deno.test("surveyCheckpoint() goes on after a broken file", async () => {
  const vae = "tiny/Wan2.1_VAE.pth";
  const { found, missing, broken } = await survey({
    ...tiny,
    [vae]: tiny[vae]!.slice(0, 5000),
  });
  assert.deepEqual(Object.keys(found), ["t5", "clip", "transformer"]);
  assert.deepEqual(missing, []);
  assert.equal(broken.length, 1);
  assert.match(broken[0]!.message, /Wan2\.1_VAE\.pth/);
});

Deno.test("surveyCheckpoint() tells what lies there in the place of what is missing", async () => {
  const { "tiny/Wan2.1_VAE.pth": bytes, ...others } = tiny;
  const { missing, broken } = await survey({
    ...others,
    "tiny/my vae.pth": bytes!.slice(0, 5000),
  });
  assert.deepEqual(missing.map(({ part }) => part), ["vae"]);
  assert.match(broken[0]!.message, /my vae\.pth/);
});

Deno.test("surveyCheckpoint() takes the files that are named", async () => {
  const named = await survey(tiny, { vae: "tiny/no.pth" });
  assert.equal(named.found.vae, undefined);
  assert.match(named.broken[0]!.message, /"tiny\/no\.pth" as the vae/);
  const { "tiny/google/umt5-xxl/tokenizer.json": _, ...others } = tiny;
  assert.equal((await survey(others)).missing[0]?.part, "tokenizer");
  assert.deepEqual((await survey(others, { tokenizer: false })).missing, []);
});

Deno.test("surveyCheckpoint() needs a folder", async () => {
  await assert.rejects(survey({}), { code: "missing-files" });
});
