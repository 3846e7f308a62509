/**
 * What a camera sees of a depth map, and what is hidden behind it.
 *
 * @module
 */

import type { Point } from "../../base/image.ts";
import type { CameraPath } from "./camera_path.ts";
import { sameSurface } from "./depth_map.ts";
import { rayOf } from "./pinhole.ts";
import type { SceneDepth } from "./scene_depth.ts";

/** The longer side of the mesh and of the buffer: about 4 px of a video. */
const LONG_SIDE = 192;

/** A point is hidden when the surface there is nearer by more than 5 %. */
const TOLERANCE = 1.05;

/** The surface of a scene as a mesh, to be drawn from where the camera is. */
export interface DepthMesh {
  /** The scene as seen at a frame. */
  at(frame: number): DepthBuffer;
}

/** The inverse depth of what is nearest, all over the image. */
export interface DepthBuffer {
  /**
   * Whether something nearer is at a position in px, for a point of this
   * inverse depth in the camera's coordinates.
   */
  hides(point: Point, inverse: number): boolean;
}

/**
 * The mesh of a depth map. It is torn at depth edges, so that nothing is
 * stretched between a near thing and what is behind it. Undefined for scenes
 * where nothing hides anything.
 *
 * Along the edges between two surfaces the answer is `visible`: a point is
 * hidden only where the surface is nearer at all of the four cells around it.
 */
export function depthMesh(
  path: CameraPath,
  depth: SceneDepth,
): DepthMesh | undefined {
  if (!depth.map) return undefined;
  const { camera } = path;
  const { nearest } = depth.map;
  const cell = Math.max(camera.width, camera.height) / LONG_SIDE;
  const columns = Math.max(2, Math.round(camera.width / cell));
  const rows = Math.max(2, Math.round(camera.height / cell));
  const cellX = camera.width / columns, cellY = camera.height / rows;
  const rays = new Float64Array(columns * rows * 3);
  const inverses = new Float64Array(columns * rows);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) {
      const point = { x: (column + 0.5) * cellX, y: (row + 0.5) * cellY };
      rays.set(rayOf(camera, point), i * 3);
      inverses[i] = depth.inverseAt(point) ?? NaN;
    }
  }
  const quads: number[] = [];
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const i = row * columns + column;
      const corners = [i, i + 1, i + columns, i + columns + 1].map((at) =>
        inverses[at]!
      );
      if (Math.max(...corners) > 0 && sameSurface(corners, nearest)) {
        quads.push(i);
      }
    }
  }

  const x = new Float64Array(inverses.length);
  const y = new Float64Array(inverses.length);
  const q = new Float64Array(inverses.length);

  /** The mesh's corners in cells of the buffer, with their inverse depths. */
  function project(frame: number): void {
    const { rotation: r, translation: t, focal } = path.poses[frame]!;
    const { center } = camera;
    for (let i = 0; i < inverses.length; i++) {
      const a = rays[i * 3]!, b = rays[i * 3 + 1]!, w = inverses[i]!;
      const z = r[6] * a + r[7] * b + r[8] + t[2] * w;
      if (!(z > 1e-6)) {
        q[i] = NaN;
        continue;
      }
      const px = r[0] * a + r[1] * b + r[2] + t[0] * w;
      const py = r[3] * a + r[4] * b + r[5] + t[1] * w;
      x[i] = (center.x + focal * px / z) / cellX - 0.5;
      y[i] = (center.y + focal * py / z) / cellY - 0.5;
      q[i] = w / z;
    }
  }

  /** Draws one triangle: the inverse depth is linear on the screen. */
  function draw(buffer: Float32Array, a: number, b: number, c: number): void {
    const ax = x[a]!, ay = y[a]!, bx = x[b]!, by = y[b]!;
    const cx = x[c]!, cy = y[c]!;
    if (Number.isNaN(q[a]! + q[b]! + q[c]!)) return;
    const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
    if (area === 0) return;
    const left = Math.max(0, Math.ceil(Math.min(ax, bx, cx)));
    const right = Math.min(columns - 1, Math.floor(Math.max(ax, bx, cx)));
    const top = Math.max(0, Math.ceil(Math.min(ay, by, cy)));
    const bottom = Math.min(rows - 1, Math.floor(Math.max(ay, by, cy)));
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const u = ((cx - bx) * (row - by) - (cy - by) * (column - bx)) / area;
        const v = ((ax - cx) * (row - cy) - (ay - cy) * (column - cx)) / area;
        const w = 1 - u - v;
        if (u < -1e-9 || v < -1e-9 || w < -1e-9) continue;
        const inverse = u * q[a]! + v * q[b]! + w * q[c]!;
        const i = row * columns + column;
        if (inverse > buffer[i]!) buffer[i] = inverse;
      }
    }
  }

  return {
    at(frame) {
      project(frame);
      const buffer = new Float32Array(columns * rows);
      for (const i of quads) {
        draw(buffer, i, i + 1, i + columns);
        draw(buffer, i + 1, i + columns + 1, i + columns);
      }
      return {
        hides(point, inverse) {
          const u = point.x / cellX - 0.5, v = point.y / cellY - 0.5;
          for (const row of [Math.floor(v), Math.ceil(v)]) {
            for (const column of [Math.floor(u), Math.ceil(u)]) {
              const i = Math.min(Math.max(row, 0), rows - 1) * columns +
                Math.min(Math.max(column, 0), columns - 1);
              if (buffer[i]! <= inverse * TOLERANCE) return false;
            }
          }
          return true;
        },
      };
    },
  };
}
