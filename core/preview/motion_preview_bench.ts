/**
 * The motion preview at 832x480: one iteration is one frame, so iterations per
 * second are frames per second.
 *
 * @module
 */

import {
  everywhere,
  type Path,
  tracksOf,
} from "../../tests/fixtures/track_paths.ts";
import { planMotion } from "./motion_plan.ts";
import { motionPreview } from "./motion_preview.ts";

const SIZE = { width: 832, height: 480 };
const image = {
  width: 1664,
  height: 960,
  data: Uint8Array.from(
    { length: 3 * 1664 * 960 },
    (_, i) => 128 + 100 * Math.sin(i * 0.001),
  ),
};

/** Things that swing, each around its own place. */
function swinging(count: number): Path[] {
  return Array.from({ length: count }, (_, n): Path => (t) => [
    832 + 600 * Math.sin(2.4 * n) + 150 * Math.sin(6 * t + n),
    480 + 350 * Math.cos(1.6 * n) + 80 * Math.sin(5 * t + 2 * n),
  ]);
}

/** A thing of ten tracks that passes a wall of ten: all of them in pieces. */
function inPieces(): Path[] {
  return Array.from({ length: 20 }, (_, n): Path => {
    const [column, row] = [Math.floor(n / 2), n % 2];
    return n < 10
      ? (t) => [300 + 70 * column + 600 * t, 500 + 120 * row]
      : () => [100 + 160 * (n - 10), 330];
  });
}

const cases = {
  "1 track": tracksOf(...swinging(1)),
  "20 tracks": tracksOf(...swinging(20)),
  "20 tracks in pieces": tracksOf(...inPieces()),
  "a thing cut out": tracksOf((t) => [300 + 800 * t, 500]),
  "200 tracks": tracksOf(...swinging(200)),
  "a pan": tracksOf(...everywhere((t, x, y) => [2.6 * (x - 150 * t), 2.6 * y])),
};

for (const [name, tracks] of Object.entries(cases)) {
  const plan = planMotion(tracks, image);
  let frame = 60;
  Deno.bench(`mesh, ${name}`, { group: name }, () => {
    plan.mesh(frame = 60 + (frame + 1) % 60);
  });
  let frames = motionPreview(image, tracks, SIZE)[Symbol.iterator]();
  Deno.bench(`mesh and warp, ${name}`, { group: name, baseline: true }, () => {
    if (frames.next().done) {
      frames = motionPreview(image, tracks, SIZE)[Symbol.iterator]();
    }
  });
}
