/**
 * The camera in a scene as a layer over a document's tracks: the geometry is
 * that of `tools/tracks.ts camera`, so both give the same tracks. Importing
 * this module makes it known to `render_document.ts`.
 *
 * Entries ride the camera: each at the depth that the image has where it is
 * first visible, an object as a whole at that of its foot on a floor, or of its
 * middle. Anchors are points of the scene, which surfaces can hide.
 *
 * @module
 */

import {
  type CameraPath,
  cameraPath,
  seePoint,
} from "../../core/tracks/camera/camera_path.ts";
import {
  type DepthMesh,
  depthMesh,
} from "../../core/tracks/camera/depth_buffer.ts";
import { depthMap } from "../../core/tracks/camera/depth_map.ts";
import { type Pinhole, pinhole } from "../../core/tracks/camera/pinhole.ts";
import {
  type ReferenceDepth,
  referenceDepth,
} from "../../core/tracks/camera/reference_depth.ts";
import {
  flatDepth,
  floorDepth,
  type SceneDepth,
} from "../../core/tracks/camera/scene_depth.ts";
import {
  rideSamples,
  sceneSamples,
} from "../../core/tracks/camera/scene_tracks.ts";
import type { TrackPoint } from "../../core/tracks/track_set.ts";
import { depthValues } from "./depth_image.ts";
import {
  type CameraScene,
  type EditorDocument,
  type EditorTrack,
  lastFrameOf,
  PLAIN_SCENE,
  type Point,
  type SceneCameraMove,
} from "./document.ts";
import { progressAt } from "./easing.ts";
import { positionsOf } from "./track_positions.ts";
import { type SceneCamera, sceneMovesOf, sceneSlot } from "./scene_slot.ts";
import { sceneAmount } from "./scene_strength.ts";

/** A document's scene, ready for its camera. */
export interface PreparedScene {
  /** The camera of frame 0. */
  readonly camera: Pinhole;
  /** How far away everything is. */
  readonly depth: SceneDepth;
  /** What distances are measured by; `about` may have no depth of its own. */
  readonly reference: ReferenceDepth;
}

type Sized = Pick<EditorDocument, "width" | "height" | "scene">;

interface Prepared extends PreparedScene {
  readonly width: number;
  readonly height: number;
}

const scenes = new WeakMap<CameraScene, Prepared>();

/** The scene of a document; remembered as long as the document has it. */
export function prepareScene(document: Sized): PreparedScene {
  const { width, height, scene = PLAIN_SCENE } = document;
  const known = scenes.get(scene);
  if (known?.width === width && known.height === height) return known;
  const camera = pinhole({ width, height }, { fov: scene.fov });
  const depth = depthOf(scene, { width, height });
  const made = {
    camera,
    depth,
    reference: referenceOf(camera, depth, scene.about),
    width,
    height,
  };
  scenes.set(scene, made);
  return made;
}

function depthOf(
  { depth }: CameraScene,
  image: { readonly width: number; readonly height: number },
): SceneDepth {
  switch (depth.kind) {
    case "flat":
      return flatDepth();
    case "plane":
      return floorDepth(image, { horizon: depth.horizon });
    case "image":
      return depthMap({ ...depth, data: depthValues(depth) }, image, {
        name: depth.name,
        kind: depth.sense,
        ...depth.span > 1 && { range: [1, depth.span] as const },
      });
  }
}

/** The sky has no distance to measure by: then it is as if nothing was named. */
function referenceOf(
  camera: Pinhole,
  depth: SceneDepth,
  about: Point | undefined,
): ReferenceDepth {
  const inverse = about && depth.inverseAt(about);
  if (!inverse) return referenceDepth(camera, depth);
  try {
    return referenceDepth(camera, depth, { about });
  } catch (error) {
    if (error instanceof RangeError) return referenceDepth(camera, depth);
    throw error;
  }
}

/** The path of moves of the layer, by their own timing. */
function pathOf(
  moves: readonly SceneCameraMove[],
  document: EditorDocument,
): CameraPath {
  const { width, height, scene = PLAIN_SCENE } = document;
  const { camera, reference } = prepareScene(document);
  const view = { width, height, fov: scene.fov };
  return cameraPath(camera, {
    moves: moves.map(({ move, strength }) => ({
      kind: move,
      amount: sceneAmount(move, strength, view),
    })),
    progress: (index, frame) => progressAt(moves[index]!.timing, frame),
    frames: lastFrameOf(document) + 1,
    ...reference,
  });
}

interface Ride {
  readonly path: CameraPath;
  readonly mesh: DepthMesh | undefined;
}

interface KnownRides {
  readonly scene: CameraScene | undefined;
  readonly width: number;
  readonly height: number;
  readonly last: number;
  readonly byMoves: Map<string, Ride>;
}

const rides = new WeakMap<EditorDocument["camera"], KnownRides>();

/** The path of some moves, made once for all entries that they move. */
function rideOf(
  moves: readonly SceneCameraMove[],
  document: EditorDocument,
): Ride {
  const { camera, scene, width, height } = document;
  const last = lastFrameOf(document);
  let known = rides.get(camera);
  if (
    known?.scene !== scene || known?.width !== width ||
    known.height !== height || known.last !== last
  ) {
    known = { scene, width, height, last, byMoves: new Map() };
    rides.set(camera, known);
  }
  const key = moves.map(({ id }) => id).join();
  let ride = known.byMoves.get(key);
  if (!ride) {
    const path = pathOf(moves, document);
    const { depth } = prepareScene(document);
    ride = { path, mesh: remembering(depthMesh(path, depth)) };
    known.byMoves.set(key, ride);
  }
  return ride;
}

/** A mesh that is drawn once for each frame. */
function remembering(mesh: DepthMesh | undefined): DepthMesh | undefined {
  if (!mesh) return undefined;
  const drawn = new Map<number, ReturnType<DepthMesh["at"]>>();
  return {
    at(frame) {
      let buffer = drawn.get(frame);
      if (!buffer) drawn.set(frame, buffer = mesh.at(frame));
      return buffer;
    },
  };
}

/** One over the depth of a point; where it is not known, the reference. */
function inverseAt(point: Point, document: Sized): number {
  const { depth, reference } = prepareScene(document);
  return depth.inverseAt(point) ?? 1 / reference.unit;
}

/** One over the depth that an object keeps as a whole; none for other kinds. */
function inverseOf(track: EditorTrack, document: Sized): number | undefined {
  const { shape } = track;
  if (shape.kind !== "object") return undefined;
  if (document.scene?.depth.kind !== "plane") {
    return inverseAt(shape.path[0]!, document);
  }
  // It stands where its outline is lowest.
  const foot = shape.outline.flat().reduce((a, b) => b.y > a.y ? b : a);
  return inverseAt(foot, document);
}

const camera: SceneCamera = {
  ride(track, parts, document) {
    const moves = sceneMovesOf(document, track.id);
    if (moves.length === 0) return [...parts];
    const { path, mesh } = rideOf(moves, document);
    const withMesh = mesh && { mesh };
    if (track.shape.kind === "static") {
      const [drawn] = parts;
      const { depth } = prepareScene(document);
      const at = drawn![0]!;
      const known = depth.inverseAt(at) !== undefined;
      const { samples } = sceneSamples(path, {
        depth: known
          ? depth
          : { ...depth, inverseAt: (p) => inverseAt(p, document) },
        points: [at],
        ...withMesh,
      });
      return pointsOf(samples, document).map((points) =>
        points.map((point, frame) => ({
          ...point,
          visible: point.visible && drawn![frame]!.visible,
        }))
      );
    }
    const own = inverseOf(track, document);
    const { depth } = prepareScene(document);
    const samples = rideSamples(positionsOf(parts, document), path, {
      depth: {
        ...depth,
        inverseAt: own === undefined
          ? (point) => inverseAt(point, document)
          : () => own,
      },
      ...withMesh,
    });
    return pointsOf(samples, document);
  },
  see(track, point, { frame, document }) {
    const moves = sceneMovesOf(document, track.id);
    if (moves.length === 0) return point;
    const inverse = inverseOf(track, document) ?? inverseAt(point, document);
    const { path } = rideOf(moves, document);
    const { x, y, z } = seePoint(path, point, { frame, inverse });
    return z > 1e-6 ? { x, y } : point;
  },
  handles({ width, height, scene }) {
    const center = scene?.about ?? { x: width / 2, y: height / 2 };
    const { depth } = scene ?? {};
    return {
      center,
      value: depth?.kind === "plane"
        ? { x: 0.9 * width, y: depth.horizon * height }
        : center,
    };
  },
  drag(document, { handle, to }) {
    const { scene = PLAIN_SCENE, width, height } = document;
    const { depth } = scene;
    if (handle === "value" && depth.kind === "plane") {
      const share = Math.round(10_000 * to.y / height) / 10_000;
      const horizon = Math.min(0.95, Math.max(-1, share));
      return { ...document, scene: { ...scene, depth: { ...depth, horizon } } };
    }
    const within = (value: number, most: number) =>
      Math.round(100 * Math.min(most, Math.max(0, value))) / 100;
    const about = { x: within(to.x, width), y: within(to.y, height) };
    return { ...document, scene: { ...scene, about } };
  },
};

/** Samples of a document's tracks, `(N, frames, 3)`, as points. */
function pointsOf(
  samples: Float32Array,
  document: EditorDocument,
): TrackPoint[][] {
  const frames = lastFrameOf(document) + 1;
  return Array.from(
    { length: samples.length / (3 * frames) },
    (_, track) =>
      Array.from({ length: frames }, (_, frame) => {
        const at = 3 * (track * frames + frame);
        return {
          x: samples[at]!,
          y: samples[at + 1]!,
          visible: samples[at + 2]! > 0.5,
        };
      }),
  );
}

sceneSlot.camera = camera;

/** What an anchor of {@linkcode scenePoints} begins with in its id. */
const SCENE_ID = "scene_";

/** Whether an entry is a point of the scene that was chosen by the editor. */
export function isScenePoint({ id, shape }: EditorTrack): boolean {
  return id.startsWith(SCENE_ID) && shape.kind === "static";
}

/** An id for such an entry. */
export function scenePointId(): string {
  return SCENE_ID + crypto.randomUUID().slice(0, 13);
}

/**
 * Points of the scene that show its moves best, as the tool chooses them: away
 * from depth edges and from other tracks, at most 20 with those.
 */
export function chooseScenePoints(
  document: EditorDocument,
  others: readonly (readonly TrackPoint[])[],
): Point[] {
  const moves = document.camera.filter((move): move is SceneCameraMove =>
    move.kind === "scene" && move.enabled
  );
  const { depth } = prepareScene(document);
  const { path, mesh } = rideOf(moves, document);
  const { points } = sceneSamples(path, {
    depth,
    ...mesh && { mesh },
    ...others.length > 0 && {
      objects: positionsOf(others, document),
    },
  });
  return points.map(({ x, y }) => ({ x, y }));
}
