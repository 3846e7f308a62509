/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * What a camera move does, drawn by the same camera: a floor with two boxes, in
 * gray before the move and in front of that after it. While the pointer or the
 * focus is on it, it moves.
 *
 * @module
 */

import { useMemo } from "npm:preact@10.29.8/hooks";
import {
  cameraPath,
  seePoint,
} from "../../../core/tracks/camera/camera_path.ts";
import { pinhole } from "../../../core/tracks/camera/pinhole.ts";
import type { SceneMoveKind } from "../../../core/tracks/camera/scene_move.ts";
import { sceneAmount } from "../../model/scene_strength.ts";

type Vector = readonly [x: number, y: number, z: number];

const SIZE = { width: 72, height: 44 };
const EYE = pinhole(SIZE, { fov: 60 });
/** Strong enough to be seen at this size, %. */
const STRENGTH = 16;
/** The middle of the scene: what an orbit is about. */
const MIDDLE = 2.4;

/** The floor's height: below the camera. */
const FLOOR_Y = 0.42;

/** Edges of a box on the floor. */
function boxEdges(x: number, z: number, side: number): [Vector, Vector][] {
  const half = side / 2;
  const corner = (i: number, up: boolean): Vector => [
    x + (i === 0 || i === 3 ? -half : half),
    up ? FLOOR_Y - side : FLOOR_Y,
    z + (i < 2 ? -half : half),
  ];
  return [0, 1, 2, 3].flatMap((i): [Vector, Vector][] => [
    [corner(i, false), corner((i + 1) % 4, false)],
    [corner(i, true), corner((i + 1) % 4, true)],
    [corner(i, false), corner(i, true)],
  ]);
}

const EDGES: readonly (readonly [Vector, Vector])[] = [
  ...boxEdges(-0.42, 1.7, 0.5),
  ...boxEdges(0.7, 3.4, 0.7),
];

/** The floor's lines, which no box hides. */
const FLOOR: readonly (readonly [Vector, Vector])[] = [
  ...[-1.6, -0.8, 0, 0.8, 1.6].map((x): [Vector, Vector] => [
    [x, FLOOR_Y, 1.1],
    [x, FLOOR_Y, 5],
  ]),
  ...[1.1, 1.7, 2.6, 5].map((z): [Vector, Vector] => [
    [-1.6, FLOOR_Y, z],
    [1.6, FLOOR_Y, z],
  ]),
];

/** The lines as one SVG path at a frame of the move. */
function pathAt(
  path: ReturnType<typeof cameraPath>,
  edges: readonly (readonly [Vector, Vector])[],
  frame: number,
): string {
  const place = ([x, y, z]: Vector) => {
    const point = {
      x: EYE.center.x + EYE.focal * x / z,
      y: EYE.center.y + EYE.focal * y / z,
    };
    const seen = seePoint(path, point, { frame, inverse: 1 / z });
    return `${seen.x.toFixed(1)} ${seen.y.toFixed(1)}`;
  };
  return edges.map(([a, b]) => `M${place(a)}L${place(b)}`).join("");
}

/** Frames of the moving picture: there and back. */
const FRAMES = [0, 24, 48, 72, 96, 120, 120, 120];

/** The picture of one move. */
export function MovePicture({ move }: { readonly move: SceneMoveKind }) {
  const drawn = useMemo(() => {
    const amount = sceneAmount(move, STRENGTH, { ...SIZE, fov: 60 });
    const path = cameraPath(EYE, {
      moves: [{ kind: move, amount }],
      unit: MIDDLE,
    });
    return {
      before: pathAt(path, EDGES, 0),
      after: pathAt(path, EDGES, 120),
      floor: pathAt(path, FLOOR, 120),
      steps: FRAMES.map((frame) => pathAt(path, [...FLOOR, ...EDGES], frame)),
    };
  }, [move]);
  return (
    <svg
      class="move-picture"
      viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
      aria-hidden="true"
      focusable="false"
    >
      <g class="move-still">
        <path class="move-before" d={drawn.before} />
        <path class="move-floor" d={drawn.floor} />
        <path class="move-after" d={drawn.after} />
      </g>
      <g class="move-steps">
        {drawn.steps.map((d, i) => (
          <path key={i} class="move-after" style={{ "--step": i }} d={d} />
        ))}
      </g>
    </svg>
  );
}
