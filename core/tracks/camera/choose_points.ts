/**
 * Which points of a scene are worth a track.
 *
 * @module
 */

import type { Point } from "../../base/image.ts";
import { EDGE_RATIO, EDGE_SLACK } from "./depth_map.ts";
import type { SceneDepth } from "./scene_depth.ts";

/** The most tracks that ATI was trained on. */
export const MAX_POINTS = 20;

/** A point of the image with what is known of it. */
export interface ScenePoint extends Point {
  /** One over its depth. */
  readonly inverse: number;
}

/** A point that may be chosen. */
export interface Candidate extends ScenePoint {
  /** In how many frames it can be seen, as a share from 0 to 1. */
  readonly seen: number;
}

/** Columns of the grid of candidates on the image's longer side. */
const CANDIDATES = 64;

/** What is kept clear of the image's border, as a share of its shorter side. */
const MARGIN = 0.03;

/** What is kept clear of depth edges, as a share of the longer side. */
const CLEARANCE = 0.015;

/** How much the whole range of inverse depths counts, in longer sides. */
const DEPTH_WEIGHT = 0.5;

/** Points seen for a smaller share of the video are taken only for want of others. */
const LEAST_SEEN = 0.25;

/**
 * The points of a grid over the image whose depth is known and that keep clear
 * of depth edges, row by row. With a depth map they are middles of its pixels,
 * where nothing is interpolated.
 *
 * At an edge the inverse depth jumps: along a line through the point it is
 * farther than 15 % from where a straight one would be. The slope of a floor
 * is no edge.
 */
export function scenePoints(
  image: { readonly width: number; readonly height: number },
  depth: SceneDepth,
): ScenePoint[] {
  const { width, height } = image;
  const long = Math.max(width, height);
  const margin = MARGIN * Math.min(width, height);
  const columns = Math.max(1, Math.round(CANDIDATES * width / long));
  const rows = Math.max(1, Math.round(CANDIDATES * height / long));
  const points: ScenePoint[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = middle(
        margin + (width - 2 * margin) * (column + 0.5) / columns,
        depth.map && width / depth.map.width,
      );
      const y = middle(
        margin + (height - 2 * margin) * (row + 0.5) / rows,
        depth.map && height / depth.map.height,
      );
      const inverse = depth.inverseAt({ x, y });
      if (inverse === undefined) continue;
      const point = { x, y, inverse };
      if (!depth.map || !nearEdge(point, depth, CLEARANCE * long)) {
        points.push(point);
      }
    }
  }
  return points;
}

/** The middle of the pixel of this size that a position is in. */
function middle(position: number, pixel: number | undefined): number {
  if (pixel === undefined) return position;
  return (Math.floor(position / pixel) + 0.5) * pixel;
}

const DIRECTIONS = [[1, 0], [0, 1], [0.7, 0.7], [0.7, -0.7]] as const;

function nearEdge(
  { x, y, inverse }: ScenePoint,
  depth: SceneDepth,
  clearance: number,
): boolean {
  const slack = EDGE_SLACK * (depth.map?.nearest ?? 0);
  for (const share of [1 / 3, 2 / 3, 1]) {
    for (const [right, down] of DIRECTIONS) {
      const dx = right * share * clearance, dy = down * share * clearance;
      const before = depth.inverseAt({ x: x - dx, y: y - dy });
      const after = depth.inverseAt({ x: x + dx, y: y + dy });
      if (before === undefined || after === undefined) return true;
      const bend = Math.abs(before + after - 2 * inverse);
      if (bend > (EDGE_RATIO - 1) * inverse + slack) return true;
    }
  }
  return false;
}

/**
 * At most `count` of the candidates, each as far as possible from all chosen
 * before it in (x, y, inverse depth), those seen longest first.
 *
 * The first is the one nearest to the center, unless there are points to keep
 * away from in `avoid`.
 */
export function choosePoints(
  candidates: readonly Candidate[],
  options: {
    readonly image: { readonly width: number; readonly height: number };
    readonly count: number;
    readonly avoid?: readonly ScenePoint[];
  },
): Candidate[] {
  const { image, count, avoid = [] } = options;
  const enough = candidates.filter(({ seen }) => seen >= LEAST_SEEN);
  const pool = enough.length > 0 ? enough : candidates;
  const long = Math.max(image.width, image.height);
  const nearest = Math.max(...pool.map(({ inverse }) => inverse), 1e-30);
  const distance = (a: ScenePoint, b: ScenePoint) =>
    Math.hypot(
      (a.x - b.x) / long,
      (a.y - b.y) / long,
      DEPTH_WEIGHT * (a.inverse - b.inverse) / nearest,
    );
  const weight = ({ seen }: Candidate) => seen * seen;
  const chosen: Candidate[] = [];
  const distances = pool.map((point) =>
    avoid.length > 0
      ? Math.min(...avoid.map((other) => distance(point, other)))
      // From 2 down with the distance from the center: the center comes first.
      : 2 - Math.hypot(
            point.x - image.width / 2,
            point.y - image.height / 2,
          ) / long
  );
  while (chosen.length < Math.min(count, pool.length)) {
    let best = -1, most = 0;
    pool.forEach((point, i) => {
      const score = distances[i]! * weight(point);
      if (score > most) [best, most] = [i, score];
    });
    const next = pool[best];
    if (!next) break; // what is left coincides with what was chosen
    if (chosen.length === 0 && avoid.length === 0) distances.fill(Infinity);
    chosen.push(next);
    pool.forEach((point, i) => {
      distances[i] = Math.min(distances[i]!, distance(point, next));
    });
  }
  return chosen;
}
