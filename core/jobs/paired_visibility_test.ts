import assert from "node:assert/strict";
import { writeNpy } from "../formats/npy.ts";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";
import { inputFiles } from "./item_inputs.ts";
import { pairedVisibility, pairedVisibilityPath } from "./paired_visibility.ts";

Deno.test("the visibility of a .npy is found next to it, and is an input", async () => {
  await using place = await temporaryFolder();
  const bytes = writeNpy({ dims: [1], data: Uint8Array.of(1), boolean: true });
  const file = (name: string) => place.file(name);
  for (const name of ["a_visibility", "b_vis", "c_visibility", "c_vis"]) {
    await Deno.writeFile(file(`${name}.npy`), bytes);
  }
  const found = async (name: string) => await pairedVisibilityPath(file(name));
  assert.equal(await found("a_tracks.npy"), file("a_visibility.npy"));
  assert.equal(await found("a.npy"), file("a_visibility.npy"));
  assert.equal(await found("b.npy"), file("b_vis.npy"));
  assert.equal(await found("b_tracks.npy"), file("b_vis.npy"));
  assert.equal(await found("c.npy"), file("c_visibility.npy"));
  for (const name of ["a.npz", "d.npy"]) {
    assert.equal(await found(name), undefined);
  }
  assert.deepEqual(await pairedVisibility(file("b.npy")), bytes);
  const item = { image: "i.png", track: file("b.npy") };
  assert.deepEqual(await inputFiles(item), [
    "i.png",
    file("b.npy"),
    file("b_vis.npy"),
  ]);
});
