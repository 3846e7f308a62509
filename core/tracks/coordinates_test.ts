import assert from "node:assert/strict";
import { lookOfCoordinates, toPixels } from "./coordinates.ts";

const IMAGE = { width: 832, height: 480 };
const NAME = { name: "a.json" };

const track = (...points: [x: number, y: number, visible?: number][]) =>
  Float32Array.from(points.flatMap(([x, y, v = 1]) => [x, y, v]));

Deno.test("shares are recognized, px are, and what cannot be known is", () => {
  assert.equal(lookOfCoordinates([track([0.1, 0.5], [0.9, 1])]), "share");
  assert.equal(lookOfCoordinates([track([0, 0], [0.5, 0])]), "share");
  assert.equal(lookOfCoordinates([track([0, 0], [1, 1])]), "unclear");
  assert.equal(lookOfCoordinates([track([0.5, 0.5], [1.2, 0.5])]), "unclear");
  assert.equal(lookOfCoordinates([track([0.5, -0.3])]), "unclear");
  assert.equal(lookOfCoordinates([track([0.5, 2])]), "px");
  assert.equal(lookOfCoordinates([track([0.5, 0.5], [-40, 0.5])]), "px");
  assert.equal(lookOfCoordinates([track([0.5, -2])]), "px");
  assert.equal(lookOfCoordinates([track([-0.5, 0, 0])]), "unclear");
  // What cannot be seen does not count.
  assert.equal(
    lookOfCoordinates([track([0.5, 0.5], [500, 300, 0])]),
    "share",
  );
  assert.equal(lookOfCoordinates([track([0, 0, 0])]), "px");
  assert.equal(lookOfCoordinates([track([0.3, 0.4, 0])]), "share");
  assert.equal(lookOfCoordinates([]), "px");
});

Deno.test("a few numbers far outside do not make px of shares", () => {
  const shares = (far: number) => [
    track([0.25, 0.5], [0.5, 0.75]),
    track([0.1, 0.2], [0.3, 0.4]),
    track([0.9, 0.9], [far, 0.9]),
  ];
  for (const far of [2.5, 40, -3, -1.5]) {
    assert.equal(lookOfCoordinates(shares(far)), "unclear", `${far}`);
  }
  assert.equal(lookOfCoordinates([track([-1, -0.5], [1, 0.5])]), "unclear");
  // Lost points are at (0, 0), and say nothing.
  const lost = Array.from({ length: 9 }, () => track([0, 0], [0, 0]));
  assert.equal(lookOfCoordinates([...lost, track([99.5, 40.5])]), "px");
  assert.equal(lookOfCoordinates([...lost, ...shares(40)]), "unclear");
  // Along the border of the image, and at its corner.
  assert.equal(lookOfCoordinates([track([0, 10.5], [0, 300.5])]), "px");
  assert.equal(
    lookOfCoordinates([track([0, 0], [0, 0]), track([0, 0], [0, 9])]),
    "px",
  );
});

Deno.test("shares become px of the image, and it is said", () => {
  const { tracks, warnings } = toPixels([track([0.25, 0.5], [0.5, 1])], {
    ...NAME,
    image: IMAGE,
  });
  assert.deepEqual([...tracks[0]!], [208, 240, 1, 416, 480, 1]);
  assert.match(warnings.join(), /shares of the image, 832x480/);
  assert.throws(
    () => toPixels([track([0.25, 0.5])], NAME),
    /shares of the image from 0 to 1, and its size is not known[\s\S]*HINT: Give the image/,
  );
});

Deno.test("what is asked for is done, and what is unclear is asked about", () => {
  const small = [track([0.25, 0.5])];
  assert.equal(toPixels(small, { ...NAME, unit: "px" }).tracks, small);
  assert.throws(
    () => toPixels([track([1, 1])], { ...NAME, image: IMAGE }),
    /Cannot tell whether the coordinates of "a.json" are px or shares/,
  );
  assert.deepEqual(
    [
      ...toPixels([track([1, 1.5])], { ...NAME, image: IMAGE, unit: "share" })
        .tracks[0]!,
    ],
    [832, 720, 1],
  );
});

Deno.test("coordinates of an image of another size are scaled", () => {
  const fromSize = { width: 416, height: 120 };
  const { tracks, warnings } = toPixels([track([100, 60])], {
    ...NAME,
    image: IMAGE,
    fromSize,
  });
  assert.deepEqual([...tracks[0]!], [200, 240, 1]);
  assert.match(warnings.join(), /scaled from 416x120 to the image's 832x480/);
  const same = toPixels([track([100, 60])], {
    ...NAME,
    image: IMAGE,
    fromSize: IMAGE,
  });
  assert.deepEqual(same.warnings, []);
  assert.throws(
    () => toPixels([track([100, 60])], { ...NAME, fromSize }),
    /the image's size is not known/,
  );
  assert.throws(
    () => toPixels([track([0.5, 0.5])], { ...NAME, fromSize, image: IMAGE }),
    /shares from 0 to 1, expected px/,
  );
});

Deno.test("tracks that fill only a corner are pointed out", () => {
  const corner = [[30, 20], [200, 100], [350, 220]].map(([x, y]) =>
    track([x!, y!])
  );
  const warn = (tracks: Float32Array[]) =>
    toPixels(tracks, { ...NAME, image: IMAGE }).warnings.length;
  assert.equal(warn(corner), 1);
  assert.equal(warn([...corner, track([600, 20])]), 0);
  assert.equal(warn(corner.slice(0, 2)), 0, "a single object may be there");
  assert.equal(warn(corner.map((c) => c.map((v) => v / 5 + 2))), 0);
});
