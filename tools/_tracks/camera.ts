/**
 * `tracks camera`: tracks for a camera that moves in a scene.
 *
 * @module
 */

import { quote } from "../../core/base/errors.ts";
import { readFileBytes } from "../../core/files/files.ts";
import { decodeImage } from "../../core/media/image.ts";
import type { Point } from "../../core/base/image.ts";
import { cameraPath } from "../../core/tracks/camera/camera_path.ts";
import { MAX_POINTS } from "../../core/tracks/camera/choose_points.ts";
import {
  DEPTH_KINDS,
  type DepthKind,
} from "../../core/tracks/camera/depth_map.ts";
import { DEFAULT_FOV, pinhole } from "../../core/tracks/camera/pinhole.ts";
import { referenceDepth } from "../../core/tracks/camera/reference_depth.ts";
import {
  parseSceneMoves,
  type SceneMove,
} from "../../core/tracks/camera/scene_move.ts";
import { sceneTracks } from "../../core/tracks/camera/scene_tracks.ts";
import { type EasingName, EASINGS } from "../../core/tracks/easing.ts";
import type { TrackSet } from "../../core/tracks/track_set.ts";
import { type FitFlags, readFitted, understanding } from "./track_options.ts";
import { FPS, LENGTH, parsePair } from "../shared/track_reading.ts";
import {
  InvalidArgumentError,
  numberBetween,
  Option,
  UsageError,
} from "../shared/tool.ts";
import { readDepth } from "./depth.ts";
import { OVERWRITE } from "../shared/common_flags.ts";
import { prepareOutput, writeOutput } from "./output.ts";

/** The command; `done` is given the work. */
export function cameraCommand(
  signal: AbortSignal,
  done: (work: Promise<number>) => Promise<void>,
) {
  return understanding("camera")
    .addOption(LENGTH())
    .addOption(FPS())
    .description(
      "Make tracks for a camera that moves in a scene. Speaks of the camera: pan right moves the image left (the commands pan, zoom and rotate speak of the image).",
    )
    .argument("<image>", "the first frame")
    .requiredOption("-o, --out <file>", "the track file to write")
    .requiredOption(
      "--move <list>",
      "NAME:AMOUNT[@FROM-TO][:EASING],... in the order in which they act; degrees: pan (right), tilt (up), roll (clockwise), orbit (right); shares of the reference depth: dolly (in), truck (right), pedestal (up); factor: zoom; FROM and TO in seconds",
      parseMoves,
    )
    .option(
      "--fov <degrees>",
      `the horizontal field of view of the image (default: ${DEFAULT_FOV})`,
      numberBetween(1, 170),
    )
    .option(
      "--depth <source>",
      "flat, plane:horizon=H (a floor below that share of the height, 0 is the upper edge), or a depth map: gray .png (8 or 16 bits), .npy, .npz",
      "flat",
    )
    .addOption(
      new Option(
        "--depth-kind <which>",
        "inverse: large is near; metric: large is far. Images are inverse unless given, arrays metric unless their name is disparity or inverse",
      ).choices(DEPTH_KINDS),
    )
    .option(
      "--depth-range <near,far>",
      "the depths of the nearest and the farthest number of a map without a scale",
      parseRange,
    )
    .option("--depth-array <name>", "which array of a depth .npz to take")
    .addOption(
      new Option("--ease <name>", "how moves start and stop")
        .choices(Object.keys(EASINGS) as EasingName[])
        .default("linear" as const),
    )
    .option(
      "--about <X,Y>",
      "the point of the image to orbit about; its depth is the reference depth (default: the center)",
      parsePoint,
    )
    .option(
      "--points <which>",
      `how many points to follow, at most ${MAX_POINTS} with the objects, or which: "X,Y;X,Y"`,
      parsePoints,
    )
    .option(
      "--objects <file>",
      "tracks of what moves by itself, drawn as from a camera at rest; they are written first",
    )
    .option(...OVERWRITE)
    .addHelpText(
      "after",
      `
The scene: x right, y down, z forward; depth is z. The principal point is the
center of the image. A point that leaves the image, or that something nearer
hides, is invisible from then on.

Examples:
  ... camera fish.jpg -o t.pth --move orbit:20,dolly:0.3 --depth fish_depth.png
  ... camera road.jpg -o t.pth --move dolly:0.5:ease-in,tilt:-3@2-5 \\
      --depth plane:horizon=0.4`,
    )
    .action((image, flags) => done(camera(image, flags, signal)));
}

/** The options of the command. */
interface CameraFlags extends FitFlags {
  readonly out: string;
  readonly move: readonly SceneMove[];
  readonly fov?: number | undefined;
  readonly depth: string;
  readonly depthKind?: DepthKind | undefined;
  readonly depthRange?: readonly [number, number] | undefined;
  readonly depthArray?: string | undefined;
  readonly ease: EasingName;
  readonly about?: Point | undefined;
  readonly points?: number | readonly Point[] | undefined;
  readonly objects?: string | undefined;
  readonly overwrite?: true | undefined;
}

async function camera(
  path: string,
  flags: CameraFlags,
  signal: AbortSignal,
): Promise<number> {
  const { fov = DEFAULT_FOV, about, points, objects: objectsFile } = flags;
  await prepareOutput(
    flags.out,
    [path, ...(objectsFile === undefined ? [] : [objectsFile])],
    flags.overwrite ? { overwrite: true } : {},
  );
  const image = await decodeImage(await readFileBytes(path), { name: path });
  for (const point of [...about ? [about] : [], ...listOf(points)]) {
    checkInside(point, image);
  }
  const { depth, note } = await readDepth(flags.depth, image, {
    kind: flags.depthKind,
    range: flags.depthRange,
    array: flags.depthArray,
  });
  const { width, height } = image;
  const objects = objectsFile === undefined ? undefined : await readFitted(
    objectsFile,
    { ...flags, size: { width, height } },
    "move a camera in a scene",
  );
  const eye = pinhole(image, { fov });
  const reference = referenceDepth(eye, depth, { ...about && { about } });
  const scene = sceneTracks(
    cameraPath(eye, { moves: flags.move, easing: flags.ease, ...reference }),
    {
      depth,
      ...typeof points === "number" && { count: points },
      ...typeof points === "object" && { points },
      ...objects && { objects: objects.tracks },
    },
  );
  checkCount(scene.tracks);
  await writeOutput(scene.tracks, flags.out, {
    flags,
    signal,
    notes: [
      `${path}: ${image.width}x${image.height}, ${fov} degrees from left to right, focal length ${
        eye.focal.toFixed(1)
      } px.`,
      note,
      ...reference.atPoint ? [] : [
        "The center of the image is infinitely far: distances are in units of the scene's median depth.",
      ],
      ...objects?.notes ?? [],
      ...objects?.warnings ?? [],
      ...lostNote(scene.points),
    ],
  });
  return 0;
}

/** What a person should know of points that are soon gone. */
function lostNote(points: readonly { readonly seen: number }[]): string[] {
  const lost = points.filter(({ seen }) => seen < 0.5).length;
  return lost === 0 ? [] : [
    `${lost} of ${points.length} points are seen for less than half of the time: the move is large.`,
  ];
}

function checkCount(tracks: TrackSet): void {
  if (tracks.count > 0) return;
  throw new UsageError(
    "Cannot make tracks of the scene: no point has a known depth away from depth edges",
  );
}

function checkInside(
  { x, y }: Point,
  image: { width: number; height: number },
): void {
  if (x >= 0 && y >= 0 && x < image.width && y < image.height) return;
  throw new UsageError(
    `Cannot use point ${
      quote(`${x},${y}`)
    }: it is outside the image of ${image.width}x${image.height}`,
  );
}

function listOf(points: number | readonly Point[] | undefined) {
  return typeof points === "object" ? points : [];
}

function parseMoves(text: string): SceneMove[] {
  try {
    return parseSceneMoves(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function parsePoint(text: string): Point {
  const [x, y] = parsePair(text, ",");
  return { x, y };
}

function parsePoints(text: string): number | Point[] {
  if (text.includes(",")) return text.split(";").map(parsePoint);
  return numberBetween(1, MAX_POINTS, "integer")(text);
}

function parseRange(text: string): [number, number] {
  const [near, far] = parsePair(text, ",");
  if (near > 0 && far > near) return [near, far];
  throw new InvalidArgumentError("expected two depths above 0, like 1,10.");
}
