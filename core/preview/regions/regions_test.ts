import assert from "node:assert/strict";
import { movingThing } from "../../../tests/fixtures/moving_thing.ts";
import { atOnce } from "../../base/steps.ts";
import { fillHole } from "./fill_hole.ts";
import { geodesicDistance } from "./geodesic.ts";
import { guessRegions } from "./guess_region.ts";
import { fillOutline, ringArea, traceOutline } from "./outline.ts";
import { snapRegion } from "./snap_outline.ts";
import { softMask } from "./soft_mask.ts";
import { smoothed, toLab } from "./work_image.ts";

const { image, ground, radius } = movingThing();
const SIZE = { width: image.width, height: image.height };
const inDisc = (i: number) =>
  Math.hypot(i % 160 + 0.5 - 40, Math.floor(i / 160) + 0.5 - 48) < radius;
const disc = Uint8Array.from({ length: 160 * 96 }, (_, i) => +inDisc(i));

/** What two masks share, over what either has. */
function overlap(a: Uint8Array, b: Uint8Array): number {
  let both = 0, either = 0;
  for (let i = 0; i < a.length; i++) {
    both += Number(a[i]! > 0 && b[i]! > 0);
    either += Number(a[i]! > 0 || b[i]! > 0);
  }
  return both / either;
}

Deno.test("guessRegions() finds the thing that a point is on", () => {
  const lab = smoothed(toLab(image));
  const [found] = atOnce(guessRegions(lab, {
    inside: [[{ x: 44, y: 50 }]],
    outside: [{ x: 85, y: 48 }],
  }));
  const same = overlap(found!.mask, disc);
  console.log(`overlap ${same.toFixed(3)}`);
  assert.ok(same > 0.93, `${same}`);
  assert.ok(found!.contrast > 0.9 && found!.cut === 0);
  assert.deepEqual(
    atOnce(guessRegions(lab, { inside: [[{ x: -50, y: 9 }]], outside: [] })),
    [],
  );
});

Deno.test("toLab() has the colors of CIE Lab", () => {
  const { lab } = toLab({
    width: 3,
    height: 1,
    data: new Uint8Array([255, 0, 0, 128, 128, 128, 255, 255, 255]),
  });
  // scikit-image's rgb2lab, D65.
  const expected = [53.24, 80.09, 67.2, 53.59, 0, 0, 100, 0, 0];
  lab.forEach((value, i) =>
    assert.ok(Math.abs(value - expected[i]!) < 0.1, `${i}: ${value}`)
  );
});

Deno.test("geodesicDistance() is far across an edge, and ends", () => {
  const far = geodesicDistance(toLab(image), [48 * 160 + 40]);
  assert.equal(far[48 * 160 + 40], 0);
  assert.ok(far[48 * 160 + 46]! < 8);
  assert.ok(far[48 * 160 + 56]! > 60);
  assert.ok(far.every(Number.isFinite));
  assert.ok(geodesicDistance(toLab(image), []).every((v) => v === Infinity));
});

Deno.test("softMask() is soft at the edge alone, and finds it by color", () => {
  // In blocks of four pixels: the edge of the image says where it is.
  const size = { width: 40, height: 24 };
  const rough = Uint8Array.from(
    { length: 40 * 24 },
    (_, i) => disc[160 * (4 * Math.floor(i / 40) + 2) + 4 * (i % 40) + 2]!,
  );
  const blocks = disc.map((_, i) =>
    rough[40 * (i / 640 | 0) + (i % 160 >> 2)]!
  );
  const alpha = softMask(image, { ...size, mask: rough }, 3);
  const same = overlap(alpha.map((v) => Number(v > 127)), disc);
  console.log(`${overlap(blocks, disc).toFixed(3)} becomes ${same.toFixed(3)}`);
  assert.ok(same > 0.9 && same > overlap(blocks, disc), `${same}`);
  for (let i = 0; i < alpha.length; i++) {
    const far = Math.hypot(i % 160 - 40, Math.floor(i / 160) - 48);
    if (far < radius - 7) assert.equal(alpha[i], 255);
    if (far > radius + 7) assert.equal(alpha[i], 0);
  }
});

Deno.test("fillHole() continues what is around, and leaves the rest", () => {
  const hole = disc.map((_, i) =>
    +(Math.hypot(i % 160 - 40, Math.floor(i / 160) - 48) < radius + 3)
  );
  const filled = atOnce(fillHole(image, hole));
  let most = 0;
  for (let i = 0; i < filled.data.length; i++) {
    if (hole[Math.floor(i / 3)]) {
      most = Math.max(most, Math.abs(filled.data[i]! - ground.data[i]!));
    } else assert.equal(filled.data[i], image.data[i]);
  }
  console.log(`largest difference in the hole: ${most} of 255`);
  assert.ok(most < 25, `${most}`);
});

Deno.test("fillHole() keeps an image without anything to copy", () => {
  assert.equal(atOnce(fillHole(image, new Uint8Array(160 * 96))), image);
  assert.equal(
    atOnce(fillHole(image, new Uint8Array(160 * 96).fill(1))),
    image,
  );
  const one = { width: 1, height: 1, data: new Uint8Array(3) };
  assert.equal(atOnce(fillHole(one, new Uint8Array([1]))), one);
});

Deno.test("outlines become pixels and outlines again", () => {
  const ring = Array.from({ length: 40 }, (_, k) => ({
    x: 50 + 20 * Math.cos(k * Math.PI / 20),
    y: 40 + 20 * Math.sin(k * Math.PI / 20),
  }));
  const hole = ring.map(({ x, y }) => ({
    x: 50 + (x - 50) / 2,
    y: 40 + (y - 40) / 2,
  }));
  const mask = fillOutline([ring, hole], { width: 100, height: 80 });
  const area = mask.reduce((sum, value) => sum + value, 0) / 255;
  const exact = Math.abs(ringArea(ring)) - Math.abs(ringArea(hole));
  assert.ok(Math.abs(area - exact) < 0.01 * exact, `${area}, ${exact}`);
  const traced = traceOutline(mask, { width: 100, height: 80 });
  assert.equal(traced.length, 2);
  const again = fillOutline(traced, { width: 100, height: 80 });
  const differ = again.filter((v, i) => Math.abs(v - mask[i]!) > 160).length;
  assert.ok(differ < 8, `${differ} px differ`);
  assert.ok(traced.flat().length < 70, `${traced.flat().length} points`);
  const small = fillOutline([ring], {
    width: 50,
    height: 40,
    drawnOn: { width: 100, height: 80 },
  });
  const quarter = small.reduce((sum, value) => sum + value, 0) / 255;
  assert.ok(Math.abs(4 * quarter - Math.abs(ringArea(ring))) < 15);
});

Deno.test("snapRegion() shrinks a loose outline to the thing, and keeps one inside of it", () => {
  for (const off of [4, -3]) {
    const rough = fillOutline([
      Array.from({ length: 12 }, (_, k) => ({
        x: 41 + (radius + off) * Math.cos(k * Math.PI / 6),
        y: 47 + (radius + off) * Math.sin(k * Math.PI / 6),
      })),
    ], SIZE);
    const inside = (mask: Uint8Array) => mask.map((v) => Number(v > 127));
    const before = overlap(inside(rough), disc);
    const same = overlap(inside(snapRegion(image, rough)), disc);
    console.log(`overlap ${before.toFixed(3)} becomes ${same.toFixed(3)}`);
    assert.ok(off > 0 ? same > 0.93 : same >= before, `${same}`);
  }
  const nothing = new Uint8Array(160 * 96);
  assert.equal(snapRegion(image, nothing), nothing);
});
