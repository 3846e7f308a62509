/**
 * The lines of an SVG file, measured by the browser. Nothing of the file ever
 * enters the page: its path data is copied into new paths.
 *
 * @module
 */

import { fitInto } from "../../model/fit_into.ts";
import type { ImportedLine } from "../../model/exchange.ts";
import type { Point } from "../../model/document.ts";

/** Points that a curve is walked in. */
const SAMPLES = 121;

const NAMESPACE = "http://www.w3.org/2000/svg";

/** The shapes that are lines, or can be read as some. */
const LINES = "path, polyline, polygon, line, rect, circle, ellipse";

/**
 * The lines of an SVG, with the drawing's viewBox shown as large as it fits
 * into the image; without one, its px are those of the image.
 *
 * @throws {TypeError} When it is not an SVG file, or has no line.
 */
export function readSvgLines(
  text: string,
  image: { readonly width: number; readonly height: number },
): ImportedLine[] {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
  const root = parsed.documentElement;
  if (!(root instanceof SVGSVGElement)) {
    throw new TypeError("Cannot read the drawing: it is not an SVG file");
  }
  const box = root.viewBox.baseVal;
  const place = box && box.width > 0 && box.height > 0
    ? fitInto(box, image)
    : (point: Point) => point;
  const lines = [...root.querySelectorAll<SVGGeometryElement>(LINES)]
    .filter((element) => !element.closest("defs, clipPath, mask, symbol"))
    .map((element) => readLine(element, place))
    .filter((line) => line !== undefined);
  if (lines.length === 0) {
    throw new TypeError(
      "Cannot read the drawing: it has no path, polyline or other line",
    );
  }
  return lines;
}

function readLine(
  element: SVGGeometryElement,
  place: (point: Point) => Point,
): ImportedLine | undefined {
  const matrix = transformOf(element);
  const toImage = ({ x, y }: Point) => {
    const moved = new DOMPoint(x, y).matrixTransform(matrix);
    return place({ x: moved.x, y: moved.y });
  };
  const name = element.getAttribute("inkscape:label") ?? element.id;
  const named = name ? { name } : {};
  if (
    element instanceof SVGPolylineElement ||
    element instanceof SVGPolygonElement
  ) {
    const points = [...element.points];
    if (element instanceof SVGPolygonElement && points[0]) {
      points.push(points[0]);
    }
    return points.length === 0
      ? undefined
      : { ...named, points: points.map(toImage), corners: true };
  }
  // A copy of the geometry alone, which the browser can measure unrendered.
  const copy = document.createElementNS(
    NAMESPACE,
    element.localName,
  ) as SVGGeometryElement;
  for (const { name, value } of element.attributes) {
    if (GEOMETRY.has(name)) copy.setAttribute(name, value);
  }
  const length = copy.getTotalLength();
  if (!(length > 0) || !Number.isFinite(length)) return undefined;
  const points = Array.from(
    { length: SAMPLES },
    (_, i) => toImage(copy.getPointAtLength(length * i / (SAMPLES - 1))),
  );
  return element instanceof SVGLineElement
    ? { ...named, points: [points[0]!, points.at(-1)!], corners: true }
    : { ...named, points, corners: false };
}

const GEOMETRY = new Set(
  "d x y x1 y1 x2 y2 width height rx ry cx cy r".split(" "),
);

/** The transformation from an element to the root, its parents' included. */
function transformOf(element: SVGElement): DOMMatrix {
  let matrix = new DOMMatrix();
  for (
    let at: Element | null = element;
    at instanceof SVGGraphicsElement;
    at = at.parentElement
  ) {
    const own = at.transform.baseVal.consolidate()?.matrix;
    if (own) matrix = DOMMatrix.fromMatrix(own).multiply(matrix);
  }
  return matrix;
}
