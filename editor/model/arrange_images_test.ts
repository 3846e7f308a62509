import assert from "node:assert/strict";
import { arrangeImages, type ImageOrder } from "./arrange_images.ts";

const IMAGES = [
  {
    id: "02",
    file: "02.jpg",
    name: "boat 10.jpg",
    prompt: "",
    stored: "current",
  },
  { id: "00", file: "00.jpg", name: "boat 9.jpg", prompt: "", stored: "never" },
  { id: "100", file: "100.jpg", prompt: "Old gate", stored: "outdated" },
];
const ids = (search: string, order: ImageOrder = "number") =>
  arrangeImages(IMAGES, { search, order }).map((image) => image.id);

Deno.test("arrangeImages() sorts by number, age, name and state", () => {
  assert.deepEqual(ids("", "number"), ["00", "02", "100"]);
  assert.deepEqual(ids("", "newest"), ["100", "02", "00"]);
  assert.deepEqual(ids("", "name"), ["100", "00", "02"]); // 9 before 10
  assert.deepEqual(ids("", "state"), ["100", "00", "02"]);
});

Deno.test("arrangeImages() finds every word in number, name and prompt", () => {
  assert.deepEqual(ids("BOAT"), ["00", "02"]);
  assert.deepEqual(ids("boat 10"), ["02"]);
  assert.deepEqual(ids("gate 100"), ["100"]);
  assert.deepEqual(ids("  "), ["00", "02", "100"]);
  assert.deepEqual(ids("tram"), []);
});
