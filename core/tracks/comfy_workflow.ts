/**
 * Tracks inside a ComfyUI workflow: the splines of KJNodes' SplineEditor and of
 * LTX's LTXVSparseTrackEditor, in a saved workflow (`nodes` with `widgets_values`) or in API form (`class_type`
 * with `inputs`), also in subgraphs.
 *
 * @module
 */

import type { Point } from "../base/image.ts";
import type { ImageSize } from "./coordinates.ts";
import { drawTrack } from "./draw_track.ts";
import {
  bezierPolyline,
  cardinalHandles,
  measurePath,
  pointAt,
} from "./path.ts";

/** One spline as the editor stores it: its control points. */
export interface StoredSpline {
  /** The control points in px; one is a point that stays in its place. */
  readonly points: readonly Point[];
  /** What the editor calls it. */
  readonly name: string | undefined;
}

/** What a SplineEditor holds. */
export interface SplineEditor {
  /** Its control points, to be edited. */
  readonly splines: readonly StoredSpline[];
  /** The samples it gave out, as text; empty before it was first shown. */
  readonly coordinates: string;
  /** The size that its coordinates belong to. */
  readonly size: ImageSize | undefined;
}

/** Deeper than subgraphs in subgraphs. */
const MAX_DEPTH = 12;

/**
 * The SplineEditors of a parsed workflow, in its order; none when it is no
 * workflow.
 */
export function findSplineEditors(workflow: unknown): SplineEditor[] {
  const found: SplineEditor[] = [];
  const search = (value: unknown, depth: number) => {
    if (depth > MAX_DEPTH || typeof value !== "object" || value === null) {
      return;
    }
    const node = value as Record<string, unknown>;
    const kind = node.class_type ?? node.type;
    if (kind === "SplineEditor" || kind === "LTXVSparseTrackEditor") {
      const editor = editorOf(node, kind === "SplineEditor");
      if (editor) found.push(editor);
      return;
    }
    for (const item of Object.values(node)) search(item, depth + 1);
  };
  search(workflow, 0);
  return found;
}

function editorOf(
  node: Record<string, unknown>,
  sized: boolean,
): SplineEditor | undefined {
  const widgets = node.inputs !== undefined && !Array.isArray(node.inputs)
    ? node.inputs
    : node.widgets_values;
  // The order of the node's widgets.
  const [store, coordinates, width, height] = Array.isArray(widgets)
    ? widgets
    : ["points_store", "coordinates", "mask_width", "mask_height"].map((key) =>
      (widgets as Record<string, unknown> | undefined)?.[key]
    );
  if (typeof store !== "string" && typeof coordinates !== "string") {
    return undefined;
  }
  return {
    splines: storedSplines(parsed(store)) ?? [],
    coordinates: typeof coordinates === "string" ? coordinates : "",
    size: sized && isSide(width) && isSide(height)
      ? { width, height }
      : undefined,
  };
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

/**
 * The splines of a `points_store`: a list of `{points, color, name}`, or of an
 * older editor one list of points; undefined for anything else.
 */
export function storedSplines(value: unknown): StoredSpline[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const pointsOf = (list: unknown): Point[] | undefined =>
    Array.isArray(list) && list.length > 0 && list.every(isPoint)
      ? list.map(({ x, y }) => ({ x, y }))
      : undefined;
  const splines: StoredSpline[] = [];
  for (const item of value) {
    const { points, name } = (item ?? {}) as Record<string, unknown>;
    const list = pointsOf(points);
    if (!list) return undefined;
    splines.push({
      points: list,
      name: typeof name === "string" ? name : undefined,
    });
  }
  return splines;
}

function isPoint(value: unknown): value is Point {
  const { x, y } = (value ?? {}) as Record<string, unknown>;
  return Number.isFinite(x) && Number.isFinite(y);
}

/** The tension that a SplineEditor starts with. */
const TENSION = 0.5;

/**
 * 121 samples along a spline at an even speed, `(121, 3)`: the cardinal spline
 * through its points with the editor's usual tension.
 */
export function sampleSpline(
  { points }: StoredSpline,
): Float32Array<ArrayBuffer> {
  const line = points.length < 2 ? undefined : measurePath(
    bezierPolyline(points, cardinalHandles(points, TENSION)),
  );
  const track = drawTrack(line ? (share) => pointAt(line, share) : points);
  return Float32Array.from(track.flatMap(({ x, y }) => [x, y, 1]));
}
