/**
 * Marks objects: tracks are spread over a region, anchors set around it, and
 * regions joined and cut.
 *
 * @module
 */

import {
  fillOutline,
  ringArea,
  simplify,
  traceOutline,
} from "../../core/preview/regions/outline.ts";
import {
  type EditorDocument,
  type EditorTrack,
  lastFrameOf,
  ownTime,
  type Point,
} from "./document.ts";
import { addTracks, createTrack, removeTracks } from "./edits.ts";
import { isInside, type ObjectTrack, outlineAt } from "./objects.ts";
import { renderTrack, renderTracks } from "./render_document.ts";

/** ATI was trained on 1 to 20 tracks. */
export const MOST_TRACKS = 20;
/** Cells of the grid in which positions are looked for. */
const GRID = 64;
/** Tracks of one object, from the smallest to one that fills the image. */
const FEWEST = 3, MOST = 9;
/** How far from the edge a track is, as a share of the deepest position. */
const DEEP = 0.35;
/** How far around an object its anchors are, over the image's short side. */
const AROUND = 0.1;
/** Points of an outline per side of its image: finer is not seen. */
const FINENESS = 400;
/** The longest side in which brush strokes are joined, px. */
const STROKE_SIDE = 832;

/** The middle of a region: the middle of its area. */
export function outlineMiddle(
  outline: readonly (readonly Point[])[],
): Point {
  let area = 0, x = 0, y = 0;
  for (const ring of outline) {
    for (const [k, a] of ring.entries()) {
      const b = ring[(k + 1) % ring.length]!;
      const cross = a.x * b.y - b.x * a.y;
      area += cross;
      x += cross * (a.x + b.x);
      y += cross * (a.y + b.y);
    }
  }
  if (Math.abs(area) < 1e-9) return outline[0]?.[0] ?? { x: 0, y: 0 };
  return { x: round(x / (3 * area)), y: round(y / (3 * area)) };
}

/**
 * How many tracks suit an object: more for a larger one, and not more than 20
 * with all others.
 */
export function trackCount(
  outline: readonly (readonly Point[])[],
  document: EditorDocument,
  except?: string,
): number {
  const area = Math.abs(outline.reduce((sum, ring) => sum + ringArea(ring), 0));
  const share = area / (document.width * document.height);
  const wanted = Math.round(FEWEST + (MOST - FEWEST) * Math.sqrt(share));
  const others = renderTracks({ ...document, camera: [] })
    .filter(({ id }) => id !== except).length;
  return Math.max(1, Math.min(wanted, MOST_TRACKS - others));
}

/**
 * Positions for tracks, spread inside of a region: the first where it is
 * deepest, each next one as far from the others and the edge as it can be.
 */
export function spreadPoints(
  outline: readonly (readonly Point[])[],
  count: number,
): Point[] {
  const points = outline.flat();
  if (points.length === 0) return [];
  const left = Math.min(...points.map(({ x }) => x));
  const top = Math.min(...points.map(({ y }) => y));
  const side = Math.max(
    1e-6,
    Math.max(...points.map(({ x }) => x)) - left,
    Math.max(...points.map(({ y }) => y)) - top,
  );
  const scale = GRID / side;
  const mask = fillOutline(
    outline.map((ring) =>
      ring.map(({ x, y }) => ({ x: (x - left) * scale, y: (y - top) * scale }))
    ),
    { width: GRID, height: GRID },
  );
  const depth = depths(mask);
  const deepest = Math.max(...depth);
  if (deepest <= 0) return [outlineMiddle(outline)];
  const candidates = Array.from(depth.keys()).filter((i) =>
    depth[i]! >= DEEP * deepest
  );
  const at = (i: number) => [i % GRID + 0.5, Math.floor(i / GRID) + 0.5];
  const near = candidates.map((i) => 2 * depth[i]!);
  const chosen: Point[] = [];
  while (chosen.length < count) {
    const best = near.indexOf(Math.max(...near));
    if (best < 0 || near[best]! <= 0) break;
    const [x, y] = at(candidates[best]!);
    chosen.push({ x: round(left + x! / scale), y: round(top + y! / scale) });
    for (const [k, i] of candidates.entries()) {
      const [u, v] = at(i);
      const far = Math.hypot(u! - x!, v! - y!);
      near[k] = chosen.length === 1
        ? Math.min(GRID, far)
        : Math.min(near[k]!, far);
    }
  }
  return chosen;
}

/** How far each cell of the grid is from what is outside, in cells. */
function depths(mask: Uint8Array): Float32Array {
  const depth = Float32Array.from(mask, (value) => value >= 128 ? 1e9 : 0);
  const relax = (i: number, j: number, step: number) => {
    depth[i] = Math.min(depth[i]!, depth[j]! + step);
  };
  for (const back of [false, true]) {
    const sign = back ? 1 : -1;
    for (let k = 0; k < depth.length; k++) {
      const i = back ? depth.length - 1 - k : k;
      const x = i % GRID, y = (i - x) / GRID;
      const ends = x === 0 || y === 0 || x === GRID - 1 || y === GRID - 1;
      // The grid ends where the region does.
      if (ends) depth[i] = Math.min(depth[i]!, 1);
      const u = x + sign, v = y + sign;
      const inX = u >= 0 && u < GRID, inY = v >= 0 && v < GRID;
      if (inX) relax(i, i + sign, 1);
      if (inY) relax(i, i + sign * GRID, 1);
      if (inX && inY) relax(i, i + sign * (GRID + 1), Math.SQRT2);
      const w = x - sign;
      if (inY && w >= 0 && w < GRID) {
        relax(i, i + sign * (GRID - 1), Math.SQRT2);
      }
    }
  }
  return depth;
}

/** Whether a document takes one more track within ATI's 20. */
export function tracksLeft(document: EditorDocument): number {
  return MOST_TRACKS - renderTracks({ ...document, camera: [] }).length;
}

/**
 * Anchors around an object: near its outline, away from where it goes and from
 * other objects, within 20 tracks.
 */
export function anchorsAround(
  document: EditorDocument,
  track: ObjectTrack,
  most = 8,
): EditorTrack[] {
  const short = Math.min(document.width, document.height);
  const middle = outlineMiddle(track.shape.outline);
  const points = track.shape.outline.flat();
  const count = Math.min(most, tracksLeft(document));
  const last = lastFrameOf(document);
  const swept = [0, 1, 2, 3, 4, 5, 6].flatMap((sixth) =>
    outlineAt(track, document, Math.round(sixth * last / 6))
      .map((ring) => [ring])
  );
  const made: EditorTrack[] = [];
  let next = document;
  for (let k = 0; k < 2 * most && made.length < count; k++) {
    const angle = 2 * Math.PI * k / most + (k >= most ? Math.PI / most : 0);
    const x = Math.cos(angle), y = Math.sin(angle);
    const far = Math.max(
      ...points.map((p) => (p.x - middle.x) * x + (p.y - middle.y) * y),
    );
    const at = {
      x: round(middle.x + (far + AROUND * short) * x),
      y: round(middle.y + (far + AROUND * short) * y),
    };
    if (at.x < 0 || at.y < 0) continue;
    if (at.x > document.width || at.y > document.height) continue;
    if (swept.some((outline) => isInside(outline, at))) continue;
    const anchor = createTrack(next, { kind: "static", ...at });
    next = addTracks(next, [anchor]);
    made.push(anchor);
  }
  return made;
}

/**
 * The document with tracks replaced by one object that goes where they go
 * together, at their pace. What the camera does to them it does to the object.
 * Hidden tracks do not count, and stay.
 *
 * @throws {RangeError} When there is no track to replace.
 */
export function replaceByObject(
  document: EditorDocument,
  ids: ReadonlySet<string>,
  outline: Point[][],
): { readonly document: EditorDocument; readonly id: string } {
  const members = document.tracks.filter(({ id, hidden }) =>
    ids.has(id) && !hidden
  );
  const tracks = members.flatMap((track) => renderTrack(track, document));
  if (tracks.length === 0) {
    throw new RangeError(
      "Cannot make an object of no tracks, expected at least one",
    );
  }
  const middle = outlineMiddle(outline);
  const frames = Array.from(tracks[0]!.keys());
  const moved = (frame: number, axis: "x" | "y") =>
    tracks.reduce(
      (sum, points) => sum + points[frame]![axis] - points[0]![axis],
      0,
    ) / tracks.length;
  const object = createTrack(document, {
    kind: "object",
    outline,
    path: frames.map((frame) => ({
      x: round(middle.x + moved(frame, "x")),
      y: round(middle.y + moved(frame, "y")),
    })),
    times: frames,
    points: tracks.slice(0, MOST_TRACKS).map(([first]) => ({
      x: first!.x,
      y: first!.y,
    })),
    turns: [],
    ...ownTime(document),
  });
  const gone = new Set(members.map(({ id }) => id));
  const camera = document.camera.map((move) =>
    move.applies === "all" || !move.applies.some((id) => gone.has(id))
      ? move
      : { ...move, applies: [...move.applies, object.id] }
  );
  return {
    document: removeTracks(addTracks({ ...document, camera }, [object]), gone),
    id: object.id,
  };
}

/** A region with another joined to it, or taken away from it. */
export function combineOutlines(
  first: readonly (readonly Point[])[],
  second: readonly (readonly Point[])[],
  options: {
    readonly how: "add" | "remove";
    readonly image: { readonly width: number; readonly height: number };
  },
): Point[][] {
  const { how, image } = options;
  const size = strokeSize(image);
  const a = fillOutline(first, { ...size, drawnOn: image });
  const b = fillOutline(second, { ...size, drawnOn: image });
  const mask = a.map((value, i) =>
    how === "add" ? Math.max(value, b[i]!) : Math.min(value, 255 - b[i]!)
  );
  return outlineOf(mask, size, image);
}

/** The region that a brush of a radius has painted along a line. */
export function strokeOutline(
  line: readonly Point[],
  options: {
    readonly radius: number;
    readonly image: { readonly width: number; readonly height: number };
  },
): Point[][] {
  const { radius, image } = options;
  const size = strokeSize(image);
  const scale = size.width / image.width;
  const reach = Math.max(0.75, radius * scale);
  const mask = new Uint8Array(size.width * size.height);
  const dab = (cx: number, cy: number) => {
    const top = Math.max(0, Math.floor(cy - reach));
    const bottom = Math.min(size.height - 1, Math.ceil(cy + reach));
    for (let y = top; y <= bottom; y++) {
      const left = Math.max(0, Math.floor(cx - reach));
      const right = Math.min(size.width - 1, Math.ceil(cx + reach));
      for (let x = left; x <= right; x++) {
        if (Math.hypot(x + 0.5 - cx, y + 0.5 - cy) <= reach) {
          mask[y * size.width + x] = 255;
        }
      }
    }
  };
  for (const [k, b] of line.entries()) {
    const a = line[Math.max(0, k - 1)]!;
    const steps = Math.ceil(
      scale * Math.hypot(b.x - a.x, b.y - a.y) / Math.max(1, reach / 2),
    );
    for (let s = 0; s <= steps; s++) {
      const t = steps === 0 ? 1 : s / steps;
      dab(scale * (a.x + t * (b.x - a.x)), scale * (a.y + t * (b.y - a.y)));
    }
  }
  return outlineOf(mask, size, image);
}

/** A drawn line as a region: closed, inside of the image, not too fine. */
export function lassoOutline(
  line: readonly Point[],
  image: { readonly width: number; readonly height: number },
): Point[][] {
  const { width, height } = image;
  const ring = simplify(
    line.map(({ x, y }) => ({
      x: Math.min(width, Math.max(0, x)),
      y: Math.min(height, Math.max(0, y)),
    })),
    Math.max(width, height) / (2 * FINENESS),
  );
  return [ring.map(({ x, y }) => ({ x: round(x), y: round(y) }))];
}

/** A mask's outline in px of the image, as documents keep it. */
export function outlineOf(
  mask: Uint8Array,
  size: { readonly width: number; readonly height: number },
  image: { readonly width: number; readonly height: number },
): Point[][] {
  const sx = image.width / size.width, sy = image.height / size.height;
  const detail = Math.max(
    0.8,
    Math.max(size.width, size.height) / FINENESS / 2,
  );
  return traceOutline(mask, { ...size, detail }).map((ring) =>
    ring.map(({ x, y }) => ({ x: round(x * sx), y: round(y * sy) }))
  );
}

function strokeSize(
  { width, height }: { readonly width: number; readonly height: number },
): { width: number; height: number } {
  const scale = Math.min(1, STROKE_SIDE / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(scale * width)),
    height: Math.max(1, Math.round(scale * height)),
  };
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
