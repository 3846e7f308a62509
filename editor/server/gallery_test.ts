import assert from "node:assert/strict";
import { temporaryFolder } from "../../tests/fixtures/temporary.ts";
import { Gallery, MANY_IMAGES } from "./gallery.ts";
import { UnsupportedImageError } from "./image_header.ts";
import type { Image } from "./images.ts";
import { openStore } from "./open_store.ts";
import { TooLargeError, UnknownImageError } from "./store_errors.ts";

const BOAT = new URL("../../examples/images/boat.jpg", import.meta.url);

function images(count: number, revision = "1-1"): Image[] {
  return Array.from({ length: count }, (_, i) => ({
    id: String(i).padStart(2, "0"),
    file: `${i}.jpg`,
    header: { type: "jpg", width: 8, height: 6 },
    revision,
  }));
}

/** A gallery that counts how often each image was looked at. */
function counted() {
  const looks = new Map<string, number>();
  const gallery = new Gallery(({ id, file, revision, header }) => {
    looks.set(id, (looks.get(id) ?? 0) + 1);
    const { width, height } = header;
    return Promise.resolve({
      ...{ id, file, revision, width, height },
      stored: "current",
      prompt: `look ${looks.get(id)}`,
      tracks: 1,
    });
  });
  return { gallery, looks };
}

Deno.test("the gallery looks at few images each time", async () => {
  const { gallery } = counted();
  await gallery.list(images(3));
  const [first] = await gallery.list(images(3));
  assert.equal(first!.prompt, "look 2");
});

Deno.test("the gallery lists many images at once, the rest of each comes later", async () => {
  const { gallery, looks } = counted();
  const many = images(MANY_IMAGES + 1);
  const first = await gallery.list(many);
  assert.equal(looks.size, 0);
  assert.ok(first.every((summary) => summary.pending));
  assert.deepEqual([first[7]!.id, first[7]!.width], ["07", 8]);
  while (looks.size < many.length) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const later = await gallery.list(many);
  assert.ok(later.every((summary) => !summary.pending));
  assert.ok([...looks.values()].every((count) => count === 1));
  // What was changed or replaced is looked at again.
  gallery.forget("07");
  const again = await gallery.list([...many.slice(0, -1), ...images(1, "2-2")]);
  assert.deepEqual(
    again.flatMap(({ id, pending }) => pending ? [id] : []),
    ["07", "00"],
  );
  while (looks.get("07") !== 2) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // The last pause in the background is over before the test is.
  await new Promise((resolve) => setTimeout(resolve, 600));
});

Deno.test("an image keeps the name of its file, and is renamed without it", async () => {
  await using temporary = await temporaryFolder();
  const store = await openStore(temporary.path);
  const bytes = await Deno.readFile(BOAT);
  const { id } = await store.addImage(bytes, { name: "IMG_2231.jpg" });
  await store.addImage(bytes);
  const names = async () => (await store.list()).map(({ name }) => name);
  assert.deepEqual(await names(), ["IMG_2231.jpg", undefined]);
  await store.renameImage(id, " The\n boat ");
  assert.deepEqual(await names(), ["The boat", undefined]);
  await store.renameImage(id, "");
  assert.deepEqual(await names(), [undefined, undefined]);
  await assert.rejects(store.renameImage("77", "x"), UnknownImageError);
  await assert.rejects(store.renameImage(id, "x".repeat(201)), RangeError);
  // A damaged list costs the names alone.
  await Deno.writeTextFile(`${temporary.path}/editor/names.json`, "{");
  assert.deepEqual(await names(), [undefined, undefined]);
});

Deno.test("a thumbnail is small, and that of one revision", async () => {
  await using temporary = await temporaryFolder();
  const store = await openStore(temporary.path);
  const boat = await Deno.readFile(BOAT);
  const { id, revision } = await store.addImage(boat);
  await assert.rejects(store.writeThumbnail(id, revision, boat), TooLargeError);
  await assert.rejects(
    store.writeThumbnail(id, revision, new Uint8Array(9)),
    UnsupportedImageError,
  );
  const small = smallJpeg();
  await assert.rejects(
    store.writeThumbnail(id, "1-1", small),
    UnknownImageError,
  );
  await store.writeThumbnail(id, revision, small);
  assert.deepEqual(await store.readThumbnail(id, revision), small);
  assert.equal((await store.list())[0]!.thumbnail, true);
  const { revision: next } = await store.replaceImage(id, boat);
  if (next !== revision) {
    assert.equal((await store.list())[0]!.thumbnail, false);
    assert.equal(await store.readThumbnail(id, revision), undefined);
  }
});

/** The header of a JPEG of 16 x 8 px, which is all that is looked at. */
function smallJpeg(): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(
    "ffd8ffe000104a46494600010100000100010000ffc0000b080008001001011100ffd9",
  );
}
