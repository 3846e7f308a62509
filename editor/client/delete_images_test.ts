/** Images that are deleted one after the other, and requests that fail. */

import assert from "node:assert/strict";
import { FakeServer, tagged } from "../../tests/fixtures/fake_server.ts";
import { emptyDocument } from "../model/document.ts";
import { removeImages, restoreImages } from "./delete_images.ts";
import { deleted } from "./gallery_choices.ts";
import { imageId, notice, openImage, refreshProject } from "./state.ts";

Deno.test("all that was deleted can be brought back, whatever fails between", async () => {
  const there = new Set(["00", "01", "02", "03"]);
  /** The image whose next request fails. */
  let fails: string | undefined;
  using _ = new FakeServer((asked) => {
    const [, method, id] = /^(\w+) api\/images\/(\d+)/.exec(asked) ?? [];
    if (asked === "GET api/project") {
      const images = [...there].sort().map((id) => ({ id, name: id }));
      return { images, dir: "p" };
    }
    if (method === "GET") {
      return tagged(emptyDocument({ width: 8, height: 6 }), `"${id}"`);
    }
    if (id === fails) {
      fails = undefined;
      return Response.json({ error: "the disk is full" }, { status: 507 });
    }
    const isKnown = method === "DELETE"
      ? there.delete(id!)
      : !there.has(id!) && there.add(id!);
    return isKnown ? {} : Response.json({ error: "no such" }, { status: 404 });
  });
  const left = () => [[...there].sort().join(), deleted.value.join(" ")];
  await refreshProject();
  await openImage("00");

  await removeImages(["00"]);
  await removeImages(["01"]);
  assert.deepEqual([left(), imageId.value], [["02,03", "00 01"], "02"]);
  fails = "03";
  await removeImages(["02", "03"]);
  assert.equal(notice.value?.text, "the disk is full");
  assert.deepEqual([left(), imageId.value], [["03", "00 01 02"], "03"]);
  await removeImages(["03"]);
  assert.deepEqual([left(), imageId.value], [["", "00 01 02 03"], undefined]);

  await restoreImages();
  await restoreImages();
  assert.deepEqual([left(), imageId.value], [["02,03", "00 01"], "02"]);
  await removeImages(["02", "03"]);
  fails = "03";
  await restoreImages();
  assert.deepEqual(left(), ["02", "00 01 03"]);
  await restoreImages();
  assert.deepEqual(left(), ["02,03", "00 01"]);
  // Another window was faster.
  there.add("01");
  await restoreImages();
  assert.equal(notice.value?.text, "no such");
  await restoreImages();
  assert.deepEqual([left(), notice.value?.text], [
    ["00,01,02,03", ""],
    "Restored image 00",
  ]);
});
