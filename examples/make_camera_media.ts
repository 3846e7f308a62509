#!/usr/bin/env -S deno run --allow-write=examples/media
/**
 * Draws `examples/media/camera_moves.svg`: what each move of a camera does to
 * a floor with a box on it, computed by the code that makes the tracks.
 *
 * @module
 */

import { cameraPath, seePoint } from "../core/tracks/camera/camera_path.ts";
import { pinhole } from "../core/tracks/camera/pinhole.ts";
import type { SceneMove } from "../core/tracks/camera/scene_move.ts";

const WIDTH = 200, HEIGHT = 120, GAP = 16, TITLE = 34;

/** The move of each panel, and in words what is seen. */
const PANELS: readonly (readonly [move: SceneMove, says: string])[] = [
  [{ kind: "pan", amount: 8 }, "turns right"],
  [{ kind: "tilt", amount: 6 }, "turns up"],
  [{ kind: "roll", amount: 12 }, "turns clockwise"],
  [{ kind: "zoom", amount: 1.35 }, "longer lens"],
  [{ kind: "truck", amount: 0.18 }, "moves right"],
  [{ kind: "pedestal", amount: 0.12 }, "moves up"],
  [{ kind: "dolly", amount: 0.28 }, "moves in"],
  [{ kind: "orbit", amount: 25 }, "right about P"],
];

const CAMERA = pinhole({ width: WIDTH, height: HEIGHT }, { fov: 50 });

type Corner = readonly [x: number, y: number, z: number];

/** The edges of the scene: a floor of squares, and a box that hides nothing. */
function scene(): (readonly [Corner, Corner])[] {
  const lines: (readonly [Corner, Corner])[] = [];
  const floor = 0.3;
  for (let i = -4; i <= 4; i++) {
    lines.push([[i * 0.25, floor, 0.75], [i * 0.25, floor, 2.5]]);
  }
  for (let z = 0.75; z <= 2.5; z += 0.25) {
    lines.push([[-1, floor, z], [1, floor, z]]);
  }
  const xs = [-0.16, 0.16], ys = [-0.12, floor], zs = [0.9, 1.2];
  for (const a of [0, 1] as const) {
    for (const b of [0, 1] as const) {
      lines.push([[xs[0]!, ys[a]!, zs[b]!], [xs[1]!, ys[a]!, zs[b]!]]);
      lines.push([[xs[a]!, ys[0]!, zs[b]!], [xs[a]!, ys[1]!, zs[b]!]]);
      lines.push([[xs[a]!, ys[b]!, zs[0]!], [xs[a]!, ys[b]!, zs[1]!]]);
    }
  }
  return lines;
}

/** The scene from a frame of a path, as an SVG path. */
function draw(path: ReturnType<typeof cameraPath>, frame: number): string {
  const at = ([x, y, z]: Corner) => {
    const { focal, center } = CAMERA;
    const start = { x: center.x + focal * x / z, y: center.y + focal * y / z };
    const seen = seePoint(path, start, { frame, inverse: 1 / z });
    return `${seen.x.toFixed(1)} ${seen.y.toFixed(1)}`;
  };
  return scene().map(([a, b]) => `M${at(a)}L${at(b)}`).join("");
}

function panel([move, says]: typeof PANELS[number], index: number): string {
  const left = GAP + index % 4 * (WIDTH + GAP);
  const top = TITLE + Math.floor(index / 4) * (HEIGHT + TITLE + GAP);
  const path = cameraPath(CAMERA, { moves: [move] });
  const clip = `clip-path="url(#frame)"`;
  return `<g transform="translate(${left} ${top})">
<text y="-9"><tspan font-weight="bold">${move.kind} ${move.amount}</tspan>: ${says}</text>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff" stroke="#888"/>
<g ${clip}><path d="${draw(path, 0)}" stroke="#c4c4c4"/>
<path d="${draw(path, 120)}" stroke="#1565c0" stroke-width="1.2"/></g>
<circle cx="${WIDTH / 2}" cy="${HEIGHT / 2}" r="2.5" fill="#c62828"/>
</g>`;
}

const width = GAP + 4 * (WIDTH + GAP);
const height = 2 * (HEIGHT + TITLE + GAP) + 18;
const svg =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="13" fill="#222">
<defs><clipPath id="frame"><rect width="${WIDTH}" height="${HEIGHT}"/></clipPath></defs>
<rect width="${width}" height="${height}" fill="#f4f4f4"/>
<g fill-opacity="1" stroke-linecap="round">
${
    PANELS.map((entry, i) =>
      panel(entry, i).replaceAll("<path ", '<path fill="none" ')
    ).join("\n")
  }
</g>
<text x="${GAP}" y="${
    height - 8
  }" font-size="12">gray: the image; blue: five seconds later; red: the principal point. x right, y down, z forward.</text>
</svg>
`;
await Deno.writeTextFile("examples/media/camera_moves.svg", svg);
