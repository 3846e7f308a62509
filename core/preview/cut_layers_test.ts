import assert from "node:assert/strict";
import { cutLayers } from "./cut_layers.ts";

const size = { width: 160, height: 96 };
/** Two discs on gray, the second one lower in the image. */
const DISCS = [{ x: 40, y: 25 }, { x: 110, y: 68 }];

Deno.test("of two things the lower one is in front", () => {
  const data = new Uint8Array(3 * 160 * 96).fill(110);
  for (let y = 0, at = 0; y < 96; y++) {
    for (let x = 0; x < 160; x++, at += 3) {
      const disc = DISCS.findIndex((one) =>
        Math.hypot(x + 0.5 - one.x, y + 0.5 - one.y) < 12
      );
      if (disc >= 0) data.set(disc === 0 ? [220, 30, 30] : [30, 30, 220], at);
    }
  }
  const thing = (disc: number) => ({
    tracks: [disc],
    inside: [[DISCS[disc]!]],
    travel: 0.5,
  });
  for (const order of [[0, 1], [1, 0]]) {
    const { layers } = cutLayers(
      { ...size, data },
      { groups: order.map(thing), outside: [] },
      size,
    );
    assert.deepEqual(layers.map(({ group }) => order[group]), [0, 1]);
  }
});
