import assert from "node:assert/strict";
import { checkOutput } from "./check_output.ts";
import { protectInputs } from "./inputs.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";

Deno.test("checkOutput() says what can be no output, and writes nothing", async () => {
  await using place = await temporaryFolder();
  await Deno.writeTextFile(place.file("file"), "");
  const longest = "n".repeat(255), long = "ü".repeat(128);
  for (const path of ["file", "new", "a/b/new", longest, `${longest}/a`]) {
    await checkOutput(place.file(path));
  }
  for (
    const [path, why] of [
      [".", /it is a folder, expected a file/],
      ["file/new", /a part of its path is a file, expected a folder/],
      [`a/${long}`, /a name in it has 256 bytes, expected at most 255\nHINT/],
      [`${long}/a`, /a name in it has 256 bytes/],
    ] as const
  ) await assert.rejects(checkOutput(place.file(path)), why);
  using _inputs = await protectInputs([place.file("file")]);
  await assert.rejects(checkOutput(place.file("file")), /it is an input/);
  assert.equal([...Deno.readDirSync(place.path)].length, 1);
});
