/**
 * SVG text: shapes through points, and the document around them.
 *
 * @module
 */

/** A point of the image, px from its top left corner. */
export type Point = readonly [x: number, y: number];

/** A length, rounded to a tenth of a px. */
export const short = (value: number) => String(Math.round(value * 10) / 10);

/** A path of straight lines through points. */
export function polygon(points: readonly Point[]): string {
  return "M" + points.map(([x, y]) => `${short(x)},${short(y)}`).join("L") +
    "Z";
}

/** A soft curve through points (Catmull-Rom), open or closed. */
export function curve(points: readonly Point[], closed = false): string {
  const n = points.length;
  const at = (i: number): Point =>
    closed ? points[(i + n) % n]! : points[Math.min(n - 1, Math.max(0, i))]!;
  let path = `M${short(at(0)[0])},${short(at(0)[1])}`;
  for (let i = 0; i < (closed ? n : n - 1); i++) {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    const control = [
      b[0] + (c[0] - a[0]) / 6,
      b[1] + (c[1] - a[1]) / 6,
      c[0] - (d[0] - b[0]) / 6,
      c[1] - (d[1] - b[1]) / 6,
    ].map(short);
    path += `C${control.join(" ")} ${short(c[0])},${short(c[1])}`;
  }
  return closed ? path + "Z" : path;
}

/** The results of `draw` for 0, 1, ..., concatenated. */
export function many(count: number, draw: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => draw(i)).join("");
}

/** An SVG document. */
export function svgDocument(
  { width, height }: { width: number; height: number },
  { defs, body }: { defs: readonly string[]; body: readonly string[] },
): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"><defs>${
    defs.join("")
  }</defs>${body.join("\n")}</svg>`;
}
