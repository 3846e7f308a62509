import assert from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";
import { storedSeed } from "../base/seed.ts";
import { checkRecipeFile, readRecipe, writeRecipe } from "./recipe.ts";

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

const STORED = {
  format: "ati-recipe-1",
  ...{ image: "a.jpg", track: "a.pth", text: "a cat", negative: "", seed: 1 },
  ...{ image_sha256: "", track_sha256: "", placement: "cpu", crf: 10 },
  checkpoint: { folder: "ckpt", weights: "" },
};

Deno.test("a recipe that says something unknown is refused: it would be dropped", async () => {
  await using folder = await temporaryFolder();
  const path = folder.file("a.json");
  const read = async (changed: object) => {
    await Deno.writeTextFile(
      path,
      JSON.stringify({ ...STORED, settings: {}, ...changed }),
    );
    return await readRecipe(path).then(() => "", ({ message }) => message);
  };
  const good = {
    settings: {
      ...{ steps: 4, shift: 3, guidance: 1, skipUnconditional: [0, 1] },
      control: { method: "wan-move", strength: 0.5, compat: "reference" },
    },
    trackReading: { length: "pad", fps: 30, scale: 8 },
    loras: [{ file: "a.safetensors", strength: 0.5, weights: "" }],
  };
  assert.equal(await read(good), "");
  const wrong: [object, RegExp][] = [
    [
      { settings: { step: 20 } },
      /settings has "step", expected one of .*steps/,
    ],
    [{ settings: { flow_shift: 3 } }, /has "flow_shift", expected .* shift/],
    [
      { settings: { control: { method: "ati", temprature: 1 } } },
      /settings\.control has "temprature", expected one of method, temperature/,
    ],
    [{ trackReading: { lenght: "pad" } }, /trackReading has "lenght"/],
    [{ crf: 99 }, /crf is 99, expected a whole number from 0 to 51/],
    [
      { loras: [{ file: "a", strength: "0.5" }] },
      /the LoRA "a" has the strength "0\.5", expected a number/,
    ],
  ];
  for (const [changed, message] of wrong) {
    assert.match(await read(changed), message);
  }
});

Deno.test("only a recipe is replaced by a recipe", async () => {
  await using folder = await temporaryFolder();
  const path = folder.file("boat.json");
  await checkRecipeFile(path);
  await Deno.writeTextFile(path, JSON.stringify(STORED));
  await checkRecipeFile(path);
  for (const text of ['{"tracks": []}', "[[[1, 2]]]", "", "null"]) {
    await Deno.writeTextFile(path, text);
    await assert.rejects(
      checkRecipeFile(path),
      /Cannot write .*boat\.json": there is another file .*\nHINT: .*--overwrite/,
    );
  }
});
