/**
 * What the scenes are drawn with: seeded chance, soft curves, gradients and
 * ridges, as SVG text.
 *
 * @module
 */

/** A point of the picture, px from its top left corner. */
export type Point = readonly [x: number, y: number];

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const short = (value: number) => String(Math.round(value * 10) / 10);

/** A path through points: straight from one to the next. */
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

/**
 * The line of a mountain ridge: `peaks` summits of their own height, roughened
 * by midpoint displacement.
 */
export function ridgeLine(
  seed: number,
  { width, y, height, peaks = 5, steps = 4, rough = 0.45 }: {
    width: number;
    /** Where the valleys lie. */
    y: number;
    /** How far the highest summit stands above them. */
    height: number;
    peaks?: number;
    steps?: number;
    rough?: number;
  },
): Point[] {
  const random = seeded(seed);
  let line: Point[] = Array.from({ length: 2 * peaks + 1 }, (_, i) => [
    (i + (i % 2 ? random() - 0.5 : 0) * 0.9) / (2 * peaks),
    i % 2 ? 0.35 + 0.65 * random() : 0.25 * random(),
  ]);
  for (let step = 0, swing = 0.3; step < steps; step++, swing *= rough) {
    line = line.flatMap((point, i): Point[] => {
      const next = line[i + 1];
      if (next === undefined) return [point];
      return [point, [
        (point[0] + next[0]) / 2,
        (point[1] + next[1]) / 2 + (random() - 0.5) * swing,
      ]];
    });
  }
  return line.map((
    [x, up],
  ) => [x * (width + 40) - 20, y - up * height]);
}

/** A filled ridge from its line down to `bottom`. */
export function ridge(
  line: readonly Point[],
  bottom: number,
  fill: string,
  extra = "",
): string {
  const foot: Point[] = [[line[line.length - 1]![0], bottom], [
    line[0]![0],
    bottom,
  ]];
  return `<path d="${polygon([...line, ...foot])}" fill="${fill}" ${extra}/>`;
}

type Stop = readonly [offset: number, color: string, opacity?: number];

const stopsOf = (stops: readonly Stop[]) =>
  stops.map(([offset, color, opacity = 1]) =>
    `<stop offset="${offset}" stop-color="${color}" stop-opacity="${opacity}"/>`
  ).join("");

/** A gradient downwards (or along `to`, from `from`), over the shape's box. */
export function linear(
  id: string,
  stops: readonly Stop[],
  { from = [0, 0], to = [0, 1] }: { from?: Point; to?: Point } = {},
): string {
  return `<linearGradient id="${id}" x1="${from[0]}" y1="${from[1]}" x2="${
    to[0]
  }" y2="${to[1]}">${stopsOf(stops)}</linearGradient>`;
}

/** A gradient outwards, over the shape's box. */
export function radial(
  id: string,
  stops: readonly Stop[],
  { center = [0.5, 0.5], radius = 0.5 }: { center?: Point; radius?: number } =
    {},
): string {
  return `<radialGradient id="${id}" cx="${center[0]}" cy="${
    center[1]
  }" r="${radius}">${stopsOf(stops)}</radialGradient>`;
}

/** A blur to be used as `filter="url(#id)"`; `size` in px. */
export function blur(id: string, size: number): string {
  return `<filter id="${id}" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="${size}"/></filter>`;
}

/** A soft round light. Needs a gradient `fill`. */
export function glow([x, y]: Point, radius: number, fill: string): string {
  return `<circle cx="${x}" cy="${y}" r="${radius}" fill="url(#${fill})"/>`;
}

/** Small stars within a box, brighter towards its top. */
export function stars(
  seed: number,
  { width, height, count, color = "#fff6e0" }: {
    width: number;
    height: number;
    count: number;
    color?: string;
  },
): string {
  const random = seeded(seed);
  return Array.from({ length: count }, () => {
    const [x, y] = [random() * width, random() ** 1.6 * height];
    const size = 0.5 + random() ** 4 * 1.6;
    const light = (0.35 + 0.65 * random()) * (1 - 0.75 * y / height);
    return `<circle cx="${short(x)}" cy="${short(y)}" r="${
      size.toFixed(2)
    }" fill="${color}" opacity="${light.toFixed(2)}"/>`;
  }).join("");
}

/** Numbers from `from` to `from + by`. */
export type Span = readonly [from: number, by: number];

/** Thin soft clouds, scattered. Needs a filter `soft`. */
export function streaks(
  seed: number,
  { count, width, y, rx, ry, opacity, fills }: {
    readonly count: number;
    readonly width: number;
    readonly y: Span;
    readonly rx: Span;
    readonly ry: Span;
    readonly opacity: Span;
    /** One colour, or two that are drawn by lot. */
    readonly fills: readonly [string] | readonly [string, string];
  },
): string {
  const random = seeded(seed);
  const within = ([from, by]: Span) => from + random() * by;
  return Array.from({ length: count }, () => {
    const [cx, cy] = [random() * width, within(y)];
    const [rw, rh] = [within(rx), within(ry)];
    const [first, second] = fills;
    const fill = second === undefined || random() < 0.5 ? first : second;
    return `<ellipse cx="${cx.toFixed(0)}" cy="${cy.toFixed(0)}" rx="${
      rw.toFixed(0)
    }" ry="${rh.toFixed(1)}" fill="${fill}" opacity="${
      within(opacity).toFixed(2)
    }" filter="url(#soft)"/>`;
  }).join("");
}

/** A whole picture. */
export function picture(
  { width, height }: { width: number; height: number },
  { defs, body }: { defs: readonly string[]; body: readonly string[] },
): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"><defs>${
    defs.join("")
  }</defs>${body.join("\n")}</svg>`;
}
