import assert from "node:assert/strict";
import type { PointTracks } from "../../core/tracking/point_tracker.ts";
import { addTracks } from "./edits.ts";
import { emptyDocument } from "./document.ts";
import { keySamples, motionTracks } from "./motion_tracks.ts";
import { parseDocument } from "./parse_document.ts";
import { renderTracks } from "./render_document.ts";

/** Tracks of points at a time in s; hidden between two frames. */
function follow(
  frames: number,
  at: readonly ((s: number) => readonly [number, number])[],
  hidden: readonly [number, number] = [-1, -1],
): PointTracks {
  const positions: number[] = [], visible: number[] = [];
  for (const place of at) {
    for (let t = 0; t < frames; t++) {
      positions.push(...place(t / 24));
      visible.push(t >= hidden[0] && t < hidden[1] ? 0 : 1);
    }
  }
  return {
    count: at.length,
    frames,
    positions: Float32Array.from(positions),
    visible: Uint8Array.from(visible),
  };
}

const MOTIONS = [
  (s: number) => [100 + 40 * s, 50 + 30 * Math.sin(2 * s)] as const,
  (s: number) =>
    [300 + 60 * Math.cos(s), 200 + 60 * Math.sin(s * s / 5)] as const,
  (s: number) => [400 + 0.08 * s, 220] as const,
];

Deno.test("a followed motion becomes strokes of few points within 1 px, in their time", () => {
  const document = emptyDocument({ width: 832, height: 480 });
  for (const frames of [121, 50]) {
    const followed = follow(frames, MOTIONS, [20, 31]);
    const tracks = motionTracks(document, followed);
    assert.deepEqual(tracks.map(({ shape }) => shape.kind), [
      "freehand",
      "freehand",
      "static",
    ]);
    assert.deepEqual(tracks[0]!.visible, [[0, 19], [31, frames - 1]]);
    const whole = parseDocument(addTracks(document, tracks));
    let worst = 0;
    renderTracks(whole).forEach(({ points }, n) => {
      points.slice(0, frames).forEach(({ x, y, visible }, t) => {
        const at = n * frames + t;
        worst = Math.max(
          worst,
          Math.hypot(
            x - followed.positions[2 * at]!,
            y - followed.positions[2 * at + 1]!,
          ),
        );
        assert.equal(visible, followed.visible[at] === 1);
      });
      points.slice(frames).forEach((p) => assert.equal(p.visible, false));
    });
    const counts = tracks.map(({ shape }) =>
      shape.kind === "freehand" ? shape.points.length : 1
    );
    console.log(
      `${frames} samples: ${counts.join(", ")} points, off by ${
        worst.toFixed(3)
      } px`,
    );
    assert.ok(worst <= 1.01, `${worst}`);
    assert.ok(Math.max(...counts) <= 24, `${counts}`);
  }
});

Deno.test("on a large image a stroke needs no more points", () => {
  const small = motionTracks(
    emptyDocument({ width: 832, height: 480 }),
    follow(121, MOTIONS),
  );
  const large = motionTracks(
    emptyDocument({ width: 8320, height: 4800 }),
    follow(
      121,
      MOTIONS.map((at) => (s) => {
        const [x, y] = at(s);
        return [10 * x, 10 * y];
      }),
    ),
  );
  const counts = (tracks: typeof small) =>
    tracks.map(({ shape }) =>
      shape.kind === "freehand" ? shape.points.length : 1
    );
  assert.deepEqual(counts(large), counts(small));
});

Deno.test("names go on where the document's end", () => {
  const document = emptyDocument({ width: 832, height: 480 });
  const once = addTracks(document, motionTracks(document, follow(9, MOTIONS)));
  assert.deepEqual(
    motionTracks(once, follow(9, MOTIONS)).map(({ name }) => name),
    ["Motion 4", "Motion 5", "Motion 6"],
  );
});

Deno.test("an even motion has two key samples, a corner three, a pause four", () => {
  const line = (...at: number[]) => at.map((x) => ({ x, y: 0 }));
  assert.deepEqual(keySamples(line(0, 10, 20, 30), 1), [0, 3]);
  assert.deepEqual(keySamples(line(0, 10, 20, 10, 0), 1), [0, 2, 4]);
  assert.deepEqual(keySamples(line(0, 10, 20, 20, 20, 30), 1), [0, 2, 4, 5]);
  assert.deepEqual(keySamples(line(5), 1), [0]);
});
