import assert from "node:assert/strict";
import { isOutputName } from "./output_name.ts";

Deno.test("isOutputName() refuses what some system cannot store", () => {
  for (
    const good of ["000", "boat at night", "bärentöter", "a.b", "mp4", "x_(2)"]
  ) {
    assert.ok(isOutputName(good), good);
  }
  for (
    const bad of [
      "",
      ".",
      "..",
      ".hidden",
      "a/b",
      "a\\b",
      "a:b",
      "a*",
      "a ",
      "a.",
      "NUL",
      "com1.x",
      "boat.mp4",
      "boat.MP4",
      "a\n",
      "%d",
      "x".repeat(101),
    ]
  ) assert.ok(!isOutputName(bad), JSON.stringify(bad));
});
