/**
 * The motion of a video, put onto another image.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import {
  fitMap,
  IDENTITY,
  invertMap,
  isBeforeHorizon,
  mapPoint,
  type PlaneMap,
  type PlaneMapKind,
} from "./fit_map.ts";
import type { PointTracks } from "./point_tracker.ts";
import type { ImageSize } from "../tracks/coordinates.ts";

/** How positions of the video become positions of the image. */
export type Placement =
  /** The frame laid over the image: covering it, inside it, or stretched. */
  | { readonly kind: "fit"; readonly fit: "cover" | "contain" | "stretch" }
  /** Mirrored, scaled and turned about the centers, then moved. */
  | {
    readonly kind: "map";
    /** Px of the image per px of the video, 1 by default. */
    readonly scale?: number;
    /** Clockwise, 0 by default. */
    readonly degrees?: number;
    /** Whether left and right change places. */
    readonly mirror?: boolean;
    /** Px to the right and down, after all else. */
    readonly dx?: number;
    readonly dy?: number;
  }
  /** Points of the video, and where they are in the image. */
  | {
    readonly kind: "pairs";
    readonly pairs: readonly {
      readonly from: { readonly x: number; readonly y: number };
      readonly to: { readonly x: number; readonly y: number };
    }[];
  };

/** Whose motion is taken over. */
export type MotionPart = "both" | "object" | "camera";

/**
 * The map of a placement from a video's frame to an image. Pairs make a shift
 * (one, with the scale of `cover`), a similarity (two), an affine map (three)
 * or a homography (four or more, least squares).
 *
 * @throws {RangeError} When there are no pairs or they do not fix a map.
 */
export function placementMap(
  placement: Placement,
  options: { readonly video: ImageSize; readonly image: ImageSize },
): PlaneMap {
  const { video, image } = options;
  const sx = image.width / video.width, sy = image.height / video.height;
  if (placement.kind === "pairs") return pairsMap(placement.pairs, options);
  if (placement.kind === "fit") {
    const { fit } = placement;
    const s = fit === "cover" ? Math.max(sx, sy) : Math.min(sx, sy);
    return about(options, fit === "stretch" ? [sx, 0, 0, sy] : [s, 0, 0, s]);
  }
  const { scale = 1, degrees = 0, mirror = false, dx = 0, dy = 0 } = placement;
  if (!(scale > 0 && Number.isFinite(scale))) {
    throw new RangeError(
      `Cannot scale tracks by ${quote(scale)}, expected a number above 0`,
    );
  }
  const turn = degrees * Math.PI / 180;
  const cos = scale * Math.cos(turn), sin = scale * Math.sin(turn);
  const flip = mirror ? -1 : 1;
  return about(options, [flip * cos, -sin, flip * sin, cos], { dx, dy });
}

/** A linear map that takes center to center. */
function about(
  { video, image }: { readonly video: ImageSize; readonly image: ImageSize },
  [a, b, c, d]: readonly [number, number, number, number],
  { dx, dy } = { dx: 0, dy: 0 },
): PlaneMap {
  // Pixel centers are integers: the middle is half a px before half the size.
  const x = (video.width - 1) / 2, y = (video.height - 1) / 2;
  const u = (image.width - 1) / 2 + dx, v = (image.height - 1) / 2 + dy;
  return [a, b, u - a * x - b * y, c, d, v - c * x - d * y, 0, 0, 1];
}

function pairsMap(
  pairs: Extract<Placement, { kind: "pairs" }>["pairs"],
  options: { readonly video: ImageSize; readonly image: ImageSize },
): PlaneMap {
  const [first] = pairs;
  if (!first) throw new RangeError("Cannot place tracks by no pairs of points");
  const { video, image } = options;
  if (pairs.length === 1) {
    const s = Math.max(image.width / video.width, image.height / video.height);
    const { from, to } = first;
    return [s, 0, to.x - s * from.x, 0, s, to.y - s * from.y, 0, 0, 1];
  }
  const kind: PlaneMapKind = pairs.length === 2
    ? "similarity"
    : pairs.length === 3
    ? "affine"
    : "homography";
  const map = fitMap(
    pairs.map(({ from }) => from),
    pairs.map(({ to }) => to),
    { kind },
  );
  if (!map) {
    throw new RangeError(
      `Cannot place tracks by ${pairs.length} pairs of points: they do not fix a map of kind ${
        quote(kind)
      }, expected points that are not on one line`,
    );
  }
  return map;
}

/** Tracks on an image, and what became of them. */
export interface PlacedTracks {
  /** The kept tracks, in px of the image. */
  readonly tracks: PointTracks;
  /** The indices of the tracks that were kept. */
  readonly kept: readonly number[];
  /** Those that would begin outside of the image. */
  readonly outside: readonly number[];
}

/**
 * Puts tracks onto another image. `camera` is the camera's motion from frame 0
 * to each frame (`motionOf` of the camera's points): the motion of the objects
 * alone is what is left when it is undone, that of the camera alone moves the
 * points of frame 0. A sample beyond the horizon of a homography is hidden, at
 * the position before it.
 *
 * @throws {RangeError} When the placement has no map, a camera is needed and
 * not given, or it has not as many frames.
 */
export function placeTracks(
  tracks: PointTracks,
  options: {
    readonly video: ImageSize;
    readonly image: ImageSize;
    readonly placement: Placement;
    /** Whose motion is taken over, `both` by default. */
    readonly motion?: MotionPart;
    readonly camera?: readonly PlaneMap[];
  },
): PlacedTracks {
  const { image, placement, motion = "both", camera } = options;
  const { count, frames } = tracks;
  if (motion !== "both" && camera?.length !== frames) {
    throw new RangeError(
      `Cannot take the motion ${
        quote(motion)
      } out of ${frames} frames: the camera's has ${
        camera?.length ?? 0
      }, expected as many`,
    );
  }
  const map = placementMap(placement, options);
  const undo = motion === "object" ? camera!.map(invertMap) : undefined;
  const kept: number[] = [], outside: number[] = [];
  const rows: { positions: number[]; visible: Uint8Array }[] = [];
  for (let n = 0; n < count; n++) {
    const positions: number[] = [];
    const visible = motion === "camera"
      ? new Uint8Array(frames).fill(1)
      : tracks.visible.slice(n * frames, (n + 1) * frames);
    const point = (t: number) => ({
      x: tracks.positions[2 * (n * frames + t)]!,
      y: tracks.positions[2 * (n * frames + t) + 1]!,
    });
    for (let t = 0; t < frames; t++) {
      const from = point(motion === "camera" ? 0 : t);
      const moves = motion === "both"
        ? IDENTITY
        : (motion === "object" ? undo : camera)![t] ?? IDENTITY;
      const moved = mapPoint(moves, from);
      if (isBeforeHorizon(moves, from) && isBeforeHorizon(map, moved)) {
        const { x, y } = mapPoint(map, moved);
        positions.push(x, y);
      } else {
        visible[t] = 0;
        positions.push(...t === 0 ? [NaN, NaN] : positions.slice(-2));
      }
    }
    const [x, y] = positions as [number, number];
    if (!(x >= 0 && y >= 0 && x < image.width && y < image.height)) {
      outside.push(n);
      continue;
    }
    kept.push(n);
    rows.push({ positions, visible });
  }
  const placed = {
    count: kept.length,
    frames,
    positions: Float32Array.from(rows.flatMap(({ positions }) => positions)),
    visible: Uint8Array.from(rows.flatMap(({ visible }) => [...visible])),
  };
  return { tracks: placed, kept, outside };
}
