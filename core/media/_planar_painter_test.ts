import assert from "node:assert/strict";
import { planarPainter } from "./_planar_painter.ts";
import { toI420 } from "./i420.ts";
import { createTrackPainter } from "./track_painter.ts";

Deno.test("planarPainter() paints what the painter paints, and nothing else", () => {
  const width = 54, height = 30, frames = 3;
  const points = Float64Array.of(9.2, 8, 14, 9, 60, 30, 3, 29, 30.4, 15, 2, 2);
  const visible = Uint8Array.of(1, 1, 1, 1, 1, 1);
  const paint = createTrackPainter({ count: 2, frames, points, visible });
  const paintPlanes = planarPainter(paint, { width, height });
  const image = () => ({
    width,
    height,
    data: Uint8Array.from({ length: 3 * width * height }, (_, i) => i % 251),
  });
  const below = toI420(image());
  for (let index = 0; index < frames + 2; index++) {
    const painted = image(), planes = below.slice();
    paint(painted, index);
    paintPlanes({ width, height, planes }, index);
    const expected = toI420(painted);
    const largest = planes.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - expected[i]!)),
      0,
    );
    // Once more rounded where a color is shared.
    assert.ok(largest <= 1, `frame ${index}: largest difference ${largest}`);
    const changed = planes.filter((value, i) => value !== below[i]).length;
    const wanted = expected.filter((value, i) => value !== below[i]).length;
    assert.ok(changed > 100 && Math.abs(changed - wanted) < 20, `${changed}`);
    if (index > 0) continue;
    expected.forEach((value, i) => {
      if (value === below[i]) assert.equal(planes[i], value);
    });
  }
});
