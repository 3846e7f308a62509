/**
 * The tracks of a document as curves for the editors of other programs.
 *
 * @module
 */

import { cardinalHandles } from "../../core/tracks/path.ts";
import { EVEN, type TrackCurve } from "../../core/tracks/track_curve.ts";
import {
  type EditorDocument,
  type EditorTrack,
  lastFrameOf,
  type Point,
} from "./document.ts";
import { renderTracks } from "./render_document.ts";

/**
 * A curve for each track of `renderTracks`, in its order: splines, even strokes
 * and anchors as they are drawn, with when they move; anything else, and what
 * moves with the camera or after the last frame, as the line that it leaves, at
 * its mean speed.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { emptyDocument } from "./document.ts";
 * import { createTrack } from "./edits.ts";
 * import { exportCurves } from "./export_curves.ts";
 * const document = emptyDocument({ width: 8, height: 6 });
 * document.tracks.push(createTrack(document, { kind: "static", x: 1, y: 2 }));
 * assert.equal(exportCurves(document)[0]?.points.length, 1);
 * ```
 */
export function exportCurves(document: EditorDocument): TrackCurve[] {
  const byId = new Map(document.tracks.map((track) => [track.id, track]));
  const end = lastFrameOf(document);
  return renderTracks(document).map(({ id, points }) => {
    const track = byId.get(id)!;
    const { name, timing } = track;
    const drawn = movesWithCamera(document, id) || timing.end > end
      ? undefined
      : drawnCurve(track);
    if (drawn) {
      const visible = [
        Math.min(end, track.visible[0]?.[0] ?? 0),
        Math.min(end, track.visible.at(-1)?.[1] ?? 0),
      ] as const;
      const { start, end: arrival, easing, joints } = timing;
      return { ...drawn, name, start, end: arrival, easing, joints, visible };
    }
    const first = points.findIndex((p) => p.visible);
    const last = points.findLastIndex((p) => p.visible);
    const line = withoutRepeats(points.slice(Math.max(0, first), last + 1));
    const visible = [Math.max(0, first), Math.max(0, last)] as const;
    const span = line.length > 1 ? { start: visible[0], end: visible[1] } : {};
    return { ...EVEN, end, ...span, points: line, tension: 1, name, visible };
  });
}

function movesWithCamera(document: EditorDocument, id: string): boolean {
  return document.camera.some(({ enabled, applies }) =>
    enabled && (applies === "all" || applies.includes(id))
  );
}

/** The curve that a track is drawn as; undefined where a curve cannot say it. */
function drawnCurve(
  { shape, timing }: EditorTrack,
): Pick<TrackCurve, "points" | "handles" | "tension"> | undefined {
  if (timing.outside === "hide") return undefined;
  const plain = (points: readonly Point[]) =>
    points.map(({ x, y }) => ({ x, y }));
  switch (shape.kind) {
    case "static":
      return { points: plain([shape]), tension: 1 };
    case "freehand":
      return shape.speed === "even"
        ? { points: plain(shape.points), tension: 1 }
        : undefined;
    case "spline": {
      const points = plain(shape.points);
      if (shape.curve === "linear" || points.length < 2) {
        return { points, tension: 1 };
      }
      const handles = shape.curve === "bezier"
        ? shape.points.map((p) => ({
          in: p.in ?? ORIGIN,
          out: p.out ?? ORIGIN,
        }))
        : cardinalHandles(points, shape.tension);
      return { points, tension: 0, handles };
    }
    default:
      return undefined;
  }
}

const ORIGIN: Point = { x: 0, y: 0 };

/** Points that are not the same as the one before; at least one. */
function withoutRepeats(points: readonly Point[]): Point[] {
  return points.filter((p, i) =>
    i === 0 || p.x !== points[i - 1]!.x || p.y !== points[i - 1]!.y
  ).map(({ x, y }) => ({ x, y }));
}
