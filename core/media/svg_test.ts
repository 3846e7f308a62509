import assert from "node:assert/strict";
import { FormatError } from "../base/errors.ts";
import { renderSvg } from "./svg.ts";

const size = { width: 16, height: 8 };
const svg = (content: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="8">${content}</svg>`;

Deno.test("renderSvg() draws at the size asked for, edges smoothed", async () => {
  const { width, height, data } = await renderSvg(
    svg(
      '<rect width="16" height="8"/><circle cx="8" cy="4" r="3.3" fill="white"/>',
    ),
    size,
  );
  assert.deepEqual([width, height, data.length], [16, 8, 3 * 16 * 8]);
  const at = (x: number, y: number) => data[3 * (y * 16 + x)]!;
  assert.equal(at(8, 4), 255);
  assert.equal(at(0, 0), 0);
  const greys = data.filter((value) => value > 20 && value < 235);
  assert.ok(greys.length >= 3 * 8, `${greys.length} values between the two`);
});

Deno.test("renderSvg() refuses what is no drawing, and reads no other file", async () => {
  await assert.rejects(renderSvg("<svg", size), FormatError);
  await assert.rejects(renderSvg("an image", size), FormatError);
  const file = new URL("../../examples/images/boat.jpg", import.meta.url);
  const { data } = await renderSvg(
    svg(`<image width="16" height="8" href="${file}"/>`),
    size,
  );
  assert.ok(data.every((value) => value === 0));
});
