import assert from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";
import { storedSeed } from "../base/seed.ts";
import { readRecipe, writeRecipe } from "./recipe.ts";

Deno.test("a recipe is read as it was written, its paths absolute again", async () => {
  await using folder = await temporaryFolder();
  await writeRecipe(folder.file("000.json"), {
    image: folder.file("a.jpg"),
    track: folder.file("a.pth"),
    text: "a cat",
    image_sha256: "",
    track_sha256: "",
    negative: "",
    seed: storedSeed(2n ** 64n - 1n),
    crf: 10,
    settings: { steps: 20 },
    placement: "cpu, fp32",
    checkpoint: { folder: "ckpt", weights: "" },
  });
  const { image, settings, seed } = await readRecipe(folder.file("000.json"));
  assert.equal(image, folder.file("a.jpg"));
  assert.equal(seed, 2n ** 64n - 1n);
  assert.equal(settings.steps, 20);
  assert.equal(settings.solver, "unipc"); // the default where none is stored
});
