import assert from "node:assert/strict";
import type { RgbImage } from "../base/image.ts";
import { movingThing } from "../../tests/fixtures/moving_thing.ts";
import { type Path, tracksOf } from "../../tests/fixtures/track_paths.ts";
import { TrackSet } from "../tracks/track_set.ts";
import { layeredMotion } from "./layered_motion.ts";

const { image, ground, radius, count } = movingThing();
const SIZE = { width: image.width, height: image.height };
const OPTIONS = { ...SIZE, size: SIZE };

/** The largest difference of two images where a condition holds. */
function largest(
  a: RgbImage,
  b: RgbImage,
  where: (x: number, y: number) => boolean,
): number {
  let most = 0;
  for (let i = 0; i < a.data.length; i++) {
    const pixel = Math.floor(i / 3);
    if (!where(pixel % a.width, Math.floor(pixel / a.width))) continue;
    most = Math.max(most, Math.abs(a.data[i]! - b.data[i]!));
  }
  return most;
}

/** One track that carries the disc across half of the image. */
const across: Path = (t) => [40 + 85 * t, 48];

Deno.test("one track carries a thing as a piece, and what it passes stays", () => {
  const at = layeredMotion(image, tracksOf(across), OPTIONS);
  assert.deepEqual(at(0).image, image);
  const whole = count(image);
  for (const frame of [40, 63, 120]) {
    const found = at(frame).image;
    const x = 40 + 85 * frame / 120;
    assert.ok(
      Math.abs(count(found) - whole) < 0.06 * whole,
      `frame ${frame}: ${count(found)} of ${whole} px`,
    );
    const away = (u: number, v: number) =>
      Math.hypot(u - x, v - 48) > radius + 4 &&
      Math.hypot(u - 40, v - 48) > radius + 4;
    assert.equal(largest(found, image, away), 0, "what it passes");
    const left = (u: number, v: number) =>
      Math.hypot(u - 40, v - 48) < radius + 4 &&
      Math.hypot(u - x, v - 48) > radius + 4;
    const gap = largest(found, ground, left);
    console.log(`frame ${frame}: filled in within ${gap} of 255`);
    assert.ok(gap < 30, `filled in: ${gap}`);
  }
});

Deno.test("three tracks lift a thing without bending it", () => {
  const lifted = [[34, 44], [46, 44], [40, 55]].map(([x, y]): Path => (t) => [
    x! + 20 * t,
    y! - 30 * t,
  ]);
  const { image: frame, cover } = layeredMotion(
    image,
    tracksOf(...lifted),
    OPTIONS,
  )(120);
  let most = 0;
  for (let y = 0; y < 96; y++) {
    for (let x = 0; x < 160; x++) {
      const far = Math.hypot(x + 0.5 - 60, y + 0.5 - 18);
      if (Math.abs(far - radius) < 2.5) continue;
      assert.equal(cover[y * 160 + x]! > 127, far < radius, `${x}, ${y}`);
      if (far < radius) {
        most = Math.max(most, Math.abs(frame.data[3 * (y * 160 + x)]! - 200));
      }
    }
  }
  console.log(`inside of the thing within ${most} of 255`);
  assert.ok(most <= 3);
});

Deno.test("a thing turns and grows with its tracks", () => {
  const around = [0, 2, 4].map((k): Path => (t) => {
    const angle = (k / 3 + t) * Math.PI, arm = 6 * (1 + t);
    return [40 + 80 * t + arm * Math.cos(angle), 48 + arm * Math.sin(angle)];
  });
  const { cover } = layeredMotion(image, tracksOf(...around), {
    ...OPTIONS,
    objects: [{ outline: [square(40, 48, 13)], tracks: [0, 1, 2] }],
  })(120);
  const inside = cover.filter((value) => value > 127).length;
  assert.ok(Math.abs(inside - 52 * 52) < 0.05 * 52 * 52, `${inside} px`);
});

function square(x: number, y: number, half: number) {
  return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([u, v]) => ({
    x: x + u! * half,
    y: y + v! * half,
  }));
}

Deno.test("the object that is nearer covers the other", () => {
  const tracks = tracksOf(across, () => [85, 48]);
  const disc = { outline: [square(40, 48, 13)], tracks: [0] };
  const mark = { outline: [square(85, 48, 9)], tracks: [1] };
  const color = (objects: typeof disc[]) => {
    const frame = layeredMotion(image, tracks, { ...OPTIONS, objects })(63);
    const at = 3 * (48 * 160 + 85);
    return [...frame.image.data.subarray(at, at + 3)];
  };
  const near = color([mark, disc]), behind = color([disc, mark]);
  assert.ok(near[0]! > 190 && near[2]! < 50, `${near}`);
  assert.ok(behind[0]! < 60 && behind[2]! > 170, `${behind}`);
});

Deno.test("a thing that its tracks leave fades, a marked one stays", () => {
  const lost: Path = (t) => t > 0.5 ? null : [40 + 100 * t, 48];
  const plain = layeredMotion(image, tracksOf(lost), OPTIONS);
  assert.ok(count(plain(60).image) > 0.9 * count(image));
  assert.equal(count(plain(90).image), 0);
  // The tracks of what was marked tell where it is, seen or not.
  const hidden = TrackSet.fromArray(
    tracksOf((t) => [40 + 100 * t, 48]).toArray()
      .map((value, i) => i % 3 === 2 && i > 180 ? 0 : value),
  );
  const outline = [[[28, 36], [52, 36], [52, 60], [28, 60]].map(
    ([x, y]) => ({ x: x!, y: y! }),
  )];
  const marked = layeredMotion(image, hidden, {
    ...OPTIONS,
    objects: [{ tracks: [0], outline }],
  });
  assert.ok(count(marked(110).image) > 0.9 * count(image));
});

Deno.test("without a thing to cut out, or when not wanted, it is one sheet", () => {
  const tracks = tracksOf(across);
  const sheet = layeredMotion(image, tracks, {
    ...OPTIONS,
    guessObjects: false,
  })(120);
  assert.ok(sheet.cover.every((value) => value === 0));
  assert.ok(largest(sheet.image, image, (x) => x > 80 && x < 90) > 60);
});

Deno.test("frames larger than the layers are as sharp as the image", () => {
  const size = { width: 1000, height: 600 };
  const large = new Uint8Array(3 * size.width * size.height);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const near = Math.hypot(x - 200, y - 300) < 60;
      const gray = (x >> 1) % 2 * 100 + 50;
      large.set(
        near ? [220, 30, 30] : [gray, gray, gray],
        3 * (y * size.width + x),
      );
    }
  }
  const wide = { ...size, data: large };
  const { image: frame } = layeredMotion(
    wide,
    tracksOf((t) => [200 + 500 * t, 300]),
    { ...size, size },
  )(120);
  assert.equal(
    largest(
      frame,
      wide,
      (x, y) =>
        Math.hypot(x - 200, y - 300) > 90 && Math.hypot(x - 700, y - 300) > 90,
    ),
    0,
  );
});
