/**
 * Tracks inside a ComfyUI workflow: the splines of KJNodes' SplineEditor and of
 * LTX's LTXVSparseTrackEditor, in a saved workflow (`nodes` with `widgets_values`) or in API form (`class_type`
 * with `inputs`), also in subgraphs.
 *
 * @module
 */

import type { ImageSize } from "./coordinates.ts";
import { interpolateSpline, type SplinePoint } from "./spline_interpolation.ts";
import {
  type CurveJoint,
  EVEN,
  MAX_JOINTS,
  type TrackCurve,
} from "./track_curve.ts";
import { MAX_LONG_FRAMES } from "./track_set.ts";

/** What a SplineEditor holds. */
export interface SplineEditor {
  /** Its control points, to be edited. */
  readonly splines: readonly TrackCurve[];
  /** The samples it gave out, as text; empty before it was first shown. */
  readonly coordinates: string;
  /** The size that its coordinates belong to. */
  readonly size: ImageSize | undefined;
  /** Whether it is run: neither it nor a subgraph around it is muted. */
  readonly active: boolean;
}

/** Deeper than subgraphs in subgraphs. */
const MAX_DEPTH = 12;

/** The modes of nodes that are not run: muted, and bypassed. */
const IDLE: readonly unknown[] = [2, 4];

/**
 * The SplineEditors of a parsed workflow, in its order; none when it is no
 * workflow.
 */
export function findSplineEditors(workflow: unknown): SplineEditor[] {
  const found: (SplineEditor & { readonly within: readonly unknown[] })[] = [];
  // By a node's type, which is a subgraph's id: whether one of them is run.
  const runs = new Map<unknown, boolean>();
  const search = (value: unknown, within: readonly unknown[], depth = 0) => {
    if (depth > MAX_DEPTH || typeof value !== "object" || value === null) {
      return;
    }
    const node = value as Record<string, unknown>;
    const kind = node.class_type ?? node.type;
    const active = !IDLE.includes(node.mode);
    if (kind === "SplineEditor" || kind === "LTXVSparseTrackEditor") {
      const editor = editorOf(node, kind === "SplineEditor");
      if (editor) found.push({ ...editor, active, within });
      return;
    }
    if (typeof kind === "string" && node.mode !== undefined) {
      runs.set(kind, active || runs.get(kind) === true);
    }
    const inner = Array.isArray(node.nodes) ? [...within, node.id] : within;
    for (const item of Object.values(node)) search(item, inner, depth + 1);
  };
  search(workflow, []);
  return found.map(({ within, active, ...editor }) => ({
    ...editor,
    active: active && within.every((id) => runs.get(id) !== false),
  }));
}

function editorOf(
  node: Record<string, unknown>,
  sized: boolean,
): Omit<SplineEditor, "active"> | undefined {
  const widgets = node.inputs !== undefined && !Array.isArray(node.inputs)
    ? node.inputs
    : node.widgets_values;
  // The order of the node's widgets.
  const values: readonly unknown[] = Array.isArray(widgets)
    ? widgets
    : WIDGETS.map((key) =>
      (widgets as Record<string, unknown> | undefined)?.[key]
    );
  const [store, coordinates, width, height] = values;
  const [interpolation, tension] = values.slice(6);
  if (typeof store !== "string" && typeof coordinates !== "string") {
    return undefined;
  }
  return {
    splines: storedSplines(
      parsed(store),
      sized ? { interpolation, tension } : {},
    ) ?? [],
    coordinates: typeof coordinates === "string" ? coordinates : "",
    size: sized && isSide(width) && isSide(height)
      ? { width, height }
      : undefined,
  };
}

/** The node's inputs, in the order of its widgets. */
const WIDGETS = [
  "points_store",
  "coordinates",
  "mask_width",
  "mask_height",
  "points_to_sample",
  "sampling_method",
  "interpolation",
  "tension",
];

function isShare(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 1;
}

function isSide(value: unknown): value is number {
  return typeof value === "number" && value >= 1 && value <= 100_000;
}

function parsed(text: unknown): unknown {
  try {
    return typeof text === "string" ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

/** How a SplineEditor draws through its points unless it says otherwise. */
const DEFAULT = { interpolation: "cardinal", tension: 0.5 };

/**
 * The splines of a `points_store`: a list of `{points, color, name}`, or of an
 * older editor one list of points; undefined for anything else. What
 * {@linkcode formatSplineEditor} has added about time is read, too.
 */
export function storedSplines(
  value: unknown,
  drawn: { readonly interpolation?: unknown; readonly tension?: unknown } = {},
): TrackCurve[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const pointsOf = (list: unknown): SplinePoint[] | undefined =>
    Array.isArray(list) && list.length > 0 && list.every(isPoint)
      ? list.map(splinePoint)
      : undefined;
  const splines: TrackCurve[] = [];
  // One track for each spline, or an older editor's only one.
  for (const item of value) {
    const { points, name, motion } = (item ?? {}) as Record<string, unknown>;
    const list = pointsOf(points);
    if (!list) return undefined;
    const { interpolation, tension } = drawn;
    splines.push({
      ...EVEN,
      ...timeOf(motion),
      ...interpolateSpline(onePlace(list) ? list.slice(0, 1) : list, {
        interpolation: typeof interpolation === "string"
          ? interpolation
          : list.some((p) => p.h1x !== undefined)
          ? "bezier"
          : DEFAULT.interpolation,
        tension: isShare(tension) ? tension : DEFAULT.tension,
      }),
      name: typeof name === "string" ? name : undefined,
    });
  }
  return splines;
}

/** Points in one place: a track that stays there. */
function onePlace(points: readonly SplinePoint[]): boolean {
  return points.every(({ x, y }) => x === points[0]!.x && y === points[0]!.y);
}

function splinePoint(point: Record<string, unknown>): SplinePoint {
  const { x, y, ...rest } = point;
  const handles = Object.fromEntries(
    ["h1x", "h1y", "h2x", "h2y"].flatMap((key) =>
      typeof rest[key] === "number" ? [[key, rest[key]]] : []
    ),
  );
  return { x: x as number, y: y as number, ...handles };
}

/** When a spline moves, as {@linkcode formatSplineEditor} writes it. */
function timeOf(value: unknown): Partial<TrackCurve> {
  const { start, end, easing, joints, visible } = (value ?? {}) as Partial<
    TrackCurve
  >;
  const isFrame = (n: unknown) =>
    Number.isInteger(n) && Number(n) >= 0 && Number(n) < MAX_LONG_FRAMES;
  const rises = (pair: readonly unknown[]) =>
    pair.every(isFrame) && Number(pair[0]) <= Number(pair[1]);
  const isWhole = rises([start, end]) && isEasing(easing) &&
    (joints === undefined || areJoints(joints)) &&
    Array.isArray(visible) && visible.length === 2 && rises(visible);
  return isWhole
    ? { start: start!, end: end!, easing: easing!, joints, visible: visible! }
    : {};
}

function isEasing(value: unknown): boolean {
  return Array.isArray(value) && value.length === 4 &&
    value.every((n, i) =>
      Number.isFinite(n) && (i % 2 === 1 ? Math.abs(n) <= 5 : isShare(n))
    );
}

function areJoints(value: unknown): boolean {
  let last = 0;
  return Array.isArray(value) && value.length > 0 &&
    value.length <= MAX_JOINTS && value.every((joint: unknown) => {
      const { time, progress, easing } = (joint ?? {}) as Partial<CurveJoint>;
      const isLater = Number.isFinite(time) && time! > last && time! < 1;
      last = Number(time);
      return isLater && Number.isFinite(progress) && progress! >= -1 &&
        progress! <= 2 && isEasing(easing);
    });
}

function isPoint(value: unknown): value is Record<string, unknown> {
  const { x, y } = (value ?? {}) as Record<string, unknown>;
  return Number.isFinite(x) && Number.isFinite(y);
}
