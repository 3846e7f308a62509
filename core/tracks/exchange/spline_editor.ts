/**
 * Curves as a ComfyUI workflow with one SplineEditor of KJNodes, in which they
 * are edited on: as Bezier curves, or as lines where all are straight. Time,
 * which the editor does not know, is kept next to the points of each spline
 * (`motion`), and the editor keeps it; its output is even in time.
 *
 * The editor's sides are at most 4096 px: curves of a larger image are scaled.
 * A point that stays in its place is two points, for of a single one current
 * versions of the editor give no samples.
 *
 * Source: `nodes/curve_nodes.py` and `web/js/editors/` of ComfyUI-KJNodes.
 *
 * @module
 */

import type { ImageSize } from "../coordinates.ts";
import { formatJsonTracks } from "../json_tracks.ts";
import { bezierPoints } from "../spline_interpolation.ts";
import { scaleCurves, type TrackCurve } from "../track_curve.ts";
import type { TrackPositions } from "../track_set.ts";

/** The longest side of a SplineEditor, px. */
const LONGEST = 4096;
/** The colors that the editor gives its splines. */
const COLORS = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd"];

/**
 * The workflow of curves.
 *
 * @param options The image that they belong to, and their samples, which count
 * until the editor is opened.
 * @throws {RangeError} When there is no curve.
 */
export function formatSplineEditor(
  curves: readonly TrackCurve[],
  options: { readonly image: ImageSize; readonly tracks: TrackPositions },
): string {
  if (curves.length === 0) {
    throw new RangeError("Cannot write a SplineEditor: there is no curve");
  }
  const { image, tracks } = options;
  const scale = Math.min(1, LONGEST / Math.max(image.width, image.height));
  const width = Math.max(8, Math.round(scale * image.width));
  const height = Math.max(8, Math.round(scale * image.height));
  const factors = [width / image.width, height / image.height] as const;
  const fitted = scaleCurves(curves, factors) as TrackCurve[];
  const isStraight = fitted.every((curve) =>
    curve.points.length === 1 || (!curve.handles && curve.tension >= 1)
  );
  const splines = fitted.map((curve, i) => {
    const { start, end, easing, joints, visible, name } = curve;
    const drawn = isStraight
      ? curve.points.map(({ x, y }) => ({ x, y }))
      : bezierPoints(curve);
    return {
      points: drawn.length === 1 ? [drawn[0]!, { ...drawn[0]! }] : drawn,
      color: COLORS[i % COLORS.length]!,
      name: name ?? `Spline ${i + 1}`,
      motion: { start, end, easing, ...joints && { joints }, visible },
    };
  });
  const samples = {
    count: tracks.count,
    track: (index: number) =>
      tracks.track(index).map(({ x, y, visible }) => ({
        x: Math.fround(x * factors[0]),
        y: Math.fround(y * factors[1]),
        visible,
      })),
  };
  return JSON.stringify(workflowOf([
    JSON.stringify(splines),
    formatJsonTracks(samples).replace(/\n\s*/g, ""),
    width,
    height,
    tracks.frames,
    "path",
    isStraight ? "linear" : "bezier",
    0.5,
    1,
    "list",
    0,
    1,
  ]));
}

/** A workflow of one SplineEditor with these values, as ComfyUI saves it. */
function workflowOf(values: readonly unknown[]): unknown {
  const outputs = [
    ["mask", "MASK"],
    ["coord_str", "STRING"],
    ["float", "FLOAT"],
    ["count", "INT"],
    ["normalized_str", "STRING"],
  ].map(([name, type]) => ({ name, type, links: null }));
  return {
    ...{ last_node_id: 1, last_link_id: 0 },
    nodes: [{
      ...{ id: 1, type: "SplineEditor", pos: [0, 0], size: [550, 1000] },
      ...{ flags: {}, order: 0, mode: 0, inputs: [], outputs },
      properties: {
        "Node name for S&R": "SplineEditor",
        points: "SplineEditor",
      },
      widgets_values: values,
    }],
    ...{ links: [], groups: [], config: {}, extra: {}, version: 0.4 },
  };
}
