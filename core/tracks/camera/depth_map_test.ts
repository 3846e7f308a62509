import assert from "node:assert/strict";
import { depthMap } from "./depth_map.ts";
import { pinhole } from "./pinhole.ts";
import { referenceDepth } from "./reference_depth.ts";
import { flatDepth, floorDepth } from "./scene_depth.ts";

const IMAGE = { width: 40, height: 20 };

Deno.test("a plane is exact between the pixels of its map", () => {
  const inverse = (x: number, y: number) => 0.3 + 0.002 * x + 0.004 * y;
  const data = Array.from(
    { length: 800 },
    (_, i) => 1 / inverse(i % 40 + 0.5, Math.floor(i / 40) + 0.5),
  );
  const depth = depthMap({ ...IMAGE, data }, IMAGE, {
    name: "plane",
    kind: "metric",
  });
  let most = 0;
  for (const [x, y] of [[3.3, 4.9], [20, 10], [38.9, 18.2]] as const) {
    most = Math.max(
      most,
      Math.abs(depth.inverseAt({ x, y })! - inverse(x, y)),
    );
  }
  console.log(`plane: largest difference ${most.toExponential(1)}`);
  assert.ok(most < 1e-6);
});

Deno.test("nothing is mixed across a depth edge, and holes are unknown", () => {
  const data = [1, 1, 5, 5, 1, 1, 5, 0];
  const depth = depthMap({ width: 4, height: 2, data }, IMAGE, {
    name: "edge",
    kind: "metric",
  });
  assert.equal(depth.inverseAt({ x: 19, y: 10 }), 1);
  assert.equal(depth.inverseAt({ x: 21, y: 10 })?.toFixed(6), "0.200000");
  assert.equal(depth.inverseAt({ x: 38, y: 18 }), undefined);
});

Deno.test("inverse numbers are near where they are large, and may be stretched", () => {
  const values = {
    width: 4,
    height: 2,
    data: [0, 0, 255, 255, 0, 0, 255, 255],
  };
  const plain = depthMap(values, IMAGE, { name: "", kind: "inverse" });
  assert.equal(plain.inverseAt({ x: 35, y: 10 }), 255);
  assert.equal(plain.inverseAt({ x: 5, y: 10 }), 0);
  const ranged = depthMap(values, IMAGE, {
    name: "",
    kind: "inverse",
    range: [2, 10],
  });
  assert.equal(ranged.inverseAt({ x: 35, y: 10 }), 0.5);
  assert.equal(ranged.inverseAt({ x: 5, y: 10 })?.toFixed(6), "0.100000");
  const metric = depthMap(values, IMAGE, { // 0 is unknown, so all is one depth
    name: "",
    kind: "metric",
    range: [2, 10],
  });
  assert.equal(metric.inverseAt({ x: 35, y: 10 }), 0.5);
});

Deno.test("a map of another size is stretched, of another shape refused", () => {
  const half = depthMap(
    { width: 20, height: 10, data: new Float32Array(200).fill(4) },
    IMAGE,
    { name: "half", kind: "metric" },
  );
  assert.equal(half.inverseAt({ x: 39.9, y: 0.1 }), 0.25);
  assert.throws(
    () =>
      depthMap({ width: 20, height: 20, data: new Float32Array(400) }, IMAGE, {
        name: "d.npy",
        kind: "metric",
      }),
    /Cannot take "d.npy" as depth: it is 20x20, expected the aspect ratio of the image, 40x20/,
  );
  assert.throws(
    () =>
      depthMap({ ...IMAGE, data: new Float32Array(800) }, IMAGE, {
        name: "d.npy",
        kind: "inverse",
      }),
    /it has no number above 0/,
  );
  assert.throws(
    () =>
      depthMap({ ...IMAGE, data: new Float32Array(800) }, IMAGE, {
        name: "d.npy",
        kind: "inverse",
        range: [3, 2],
      }),
    /Cannot use depths from 3 to 2/,
  );
});

Deno.test("distances are measured by the depth at the center, or the median", () => {
  const camera = pinhole(IMAGE, { fov: 90 });
  const floor = floorDepth(IMAGE, { horizon: 0.25 });
  const reference = referenceDepth(camera, floor);
  assert.equal(reference.atPoint, true);
  assert.ok(Math.abs(reference.unit - 3) < 1e-9);
  const high = referenceDepth(camera, floorDepth(IMAGE, { horizon: 0.6 }));
  assert.equal(high.atPoint, false);
  assert.ok(high.unit > 1 && high.unit < 4, `${high.unit}`);
  const about = referenceDepth(camera, flatDepth(2), {
    about: { x: 30, y: 10 },
  });
  assert.deepEqual(about.pivot.map((value) => value.toFixed(6)), [
    "1.000000",
    "0.000000",
    "2.000000",
  ]);
  assert.throws(
    () => referenceDepth(camera, floor, { about: { x: 3, y: 1 } }),
    /Cannot move about "3,1": its depth is infinite/,
  );
});
