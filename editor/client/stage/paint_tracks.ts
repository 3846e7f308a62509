/**
 * How tracks look: on the stage, and in the overlay that "Store Tracks"
 * writes. A dark or light line under each colored one keeps it readable on
 * any image; numbers tell tracks apart without their colors.
 *
 * @module
 */

import type { TrackPoint } from "../../../core/tracks/track_set.ts";
import { inkOn, trackColor } from "../../components/palette.ts";
import type { EditorDocument, Point } from "../../model/document.ts";
import type { RenderedTrack } from "../../model/render_document.ts";
import { toScreen, type View } from "../../model/view.ts";

/** Any 2D canvas. */
export type Painter =
  | CanvasRenderingContext2D
  | OffscreenCanvasRenderingContext2D;

/** A track and how it is shown. */
export interface PaintedTrack {
  /** What is drawn. */
  readonly track: RenderedTrack;
  /** Index into the palette. */
  readonly color: number;
  /** The number in its badge: its position in the list, from 1. */
  readonly number: number;
  /** Selected tracks stand out. */
  readonly selected: boolean;
}

/** The document's tracks with color, number and selection. */
export function paintedTracks(
  document: EditorDocument,
  rendered: readonly RenderedTrack[],
  selection: ReadonlySet<string>,
): PaintedTrack[] {
  const items = new Map(document.tracks.map((t, i) => [t.id, [t, i]] as const));
  return rendered.flatMap((track) => {
    const item = items.get(track.id);
    if (!item) return [];
    return [{
      track,
      color: item[0].colour,
      number: item[1] + 1,
      selected: selection.has(track.id),
    }];
  });
}

/** Line under the colored one: dark, or light for what is selected. */
const UNDER = "rgba(0, 0, 0, 0.6)";
const UNDER_SELECTED = "#ffffff";

/** The whole path of a track: line, start with its badge, arrow at the end. */
export function paintTrack(
  ctx: Painter,
  painted: PaintedTrack,
  view: View,
): void {
  const { track, selected } = painted;
  const { points } = track;
  const line = toLine(points, view);
  const width = selected ? 3 : 2;
  const color = trackColor(painted.color);
  ctx.lineCap = "round";
  ctx.lineJoin = "round";
  if (line.moves) {
    const strokes = [
      { style: selected ? UNDER_SELECTED : UNDER, width: width + 2 },
      { style: color, width },
    ];
    for (const { style, width } of strokes) {
      ctx.strokeStyle = style;
      ctx.lineWidth = width;
      ctx.stroke(line.visible);
      if (!line.hasHidden) continue;
      ctx.save();
      ctx.setLineDash([2, 6]);
      ctx.globalAlpha = 0.7;
      ctx.stroke(line.hidden);
      ctx.restore();
    }
    paintArrow(ctx, line.end, { color, selected });
  }
  paintStart(ctx, line.start, { color, selected, moves: line.moves });
  if (track.part === 0) paintBadge(ctx, line.start, painted);
}

interface Line {
  readonly visible: Path2D;
  readonly hidden: Path2D;
  readonly hasHidden: boolean;
  readonly moves: boolean;
  readonly start: Point;
  /** The last positions of the path, to see its direction. */
  readonly end: { readonly at: Point; readonly from: Point };
}

/** Points nearer than this to the one before are left out, CSS px. */
const FINE = 0.75;
/** An arrow takes its direction from a position this far back, CSS px. */
const ARROW = 10;

function toLine(points: readonly TrackPoint[], view: View): Line {
  const visible = new Path2D(), hidden = new Path2D();
  const start = toScreen(view, points[0]!);
  let last = start, lastSeen: boolean | undefined;
  let hasHidden = false, moves = false;
  const corners = [start];
  for (let i = 1; i < points.length; i++) {
    const point = points[i]!;
    const at = toScreen(view, point);
    const seen = point.visible && points[i - 1]!.visible;
    const far = Math.hypot(at.x - last.x, at.y - last.y) >= FINE;
    if (!far && i < points.length - 1 && (lastSeen ?? seen) === seen) continue;
    const path = seen ? visible : hidden;
    if (lastSeen !== seen) path.moveTo(last.x, last.y);
    path.lineTo(at.x, at.y);
    if (!seen) hasHidden = true;
    if (far) moves = true;
    lastSeen = seen;
    last = at;
    corners.push(at);
  }
  const from =
    corners.findLast((p) => Math.hypot(p.x - last.x, p.y - last.y) >= ARROW) ??
      start;
  return { visible, hidden, hasHidden, moves, start, end: { at: last, from } };
}

function paintArrow(
  ctx: Painter,
  { at, from }: Line["end"],
  look: { readonly color: string; readonly selected: boolean },
): void {
  const length = Math.hypot(at.x - from.x, at.y - from.y);
  if (length < 4) return;
  const ux = (at.x - from.x) / length, uy = (at.y - from.y) / length;
  const size = look.selected ? 9 : 8;
  ctx.beginPath();
  ctx.moveTo(at.x + ux * 4, at.y + uy * 4);
  for (const side of [1, -1]) {
    ctx.lineTo(
      at.x - ux * size + side * uy * size * 0.6,
      at.y - uy * size - side * ux * size * 0.6,
    );
  }
  ctx.closePath();
  ctx.lineWidth = 2;
  ctx.strokeStyle = look.selected ? UNDER_SELECTED : UNDER;
  ctx.fillStyle = look.color;
  ctx.stroke();
  ctx.fill();
}

function paintStart(
  ctx: Painter,
  at: Point,
  look: {
    readonly color: string;
    readonly selected: boolean;
    readonly moves: boolean;
  },
): void {
  const radius = look.moves ? 3 : 4.5;
  disc(ctx, at, radius + 1.5);
  ctx.fillStyle = look.selected ? UNDER_SELECTED : UNDER;
  ctx.fill();
  disc(ctx, at, radius);
  ctx.fillStyle = look.color;
  ctx.fill();
  if (look.moves) return;
  // Anchors have a mark of their own, to tell them from short paths.
  disc(ctx, at, 1.5);
  ctx.fillStyle = "#000000";
  ctx.fill();
}

/** How far the middle of a badge is from its track's start, CSS px. */
const BADGE_AWAY = 12;

/** The middle of the badge of a track that starts here, CSS px. */
export function badgeCenter({ x, y }: Point): Point {
  return { x: x - BADGE_AWAY, y: y - BADGE_AWAY };
}

function paintBadge(ctx: Painter, start: Point, painted: PaintedTrack): void {
  const text = String(painted.number);
  const width = 9 + 6.5 * text.length, height = 15;
  const center = badgeCenter(start);
  const x = center.x - width / 2, y = center.y - height / 2;
  ctx.beginPath();
  ctx.roundRect(x - 1.5, y - 1.5, width + 3, height + 3, 5);
  ctx.fillStyle = painted.selected ? UNDER_SELECTED : UNDER;
  ctx.fill();
  ctx.beginPath();
  ctx.roundRect(x, y, width, height, 4);
  ctx.fillStyle = trackColor(painted.color);
  ctx.fill();
  ctx.fillStyle = inkOn(painted.color);
  ctx.font = "600 11px system-ui, sans-serif";
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(text, center.x, center.y + 0.5);
}

/** A track's position on the screen at a frame, fractions allowed. */
export function positionAt(
  points: readonly TrackPoint[],
  { view, frame }: { readonly view: View; readonly frame: number },
): { at: Point; visible: boolean } {
  const low = Math.min(points.length - 1, Math.max(0, Math.floor(frame)));
  const high = Math.min(points.length - 1, low + 1);
  const a = points[low]!, b = points[high]!;
  const t = Math.min(1, Math.max(0, frame - low));
  return {
    at: toScreen(view, {
      x: a.x + t * (b.x - a.x),
      y: a.y + t * (b.y - a.y),
    }),
    visible: a.visible,
  };
}

/** Begins a path that is a whole circle. */
export function disc(ctx: Painter, at: Point, radius: number): void {
  ctx.beginPath();
  ctx.arc(at.x, at.y, radius, 0, 2 * Math.PI);
}
