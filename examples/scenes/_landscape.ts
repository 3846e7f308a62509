/**
 * What landscapes are made of: ridges, firs, stars and thin clouds.
 *
 * @module
 */

import { seeded } from "../../core/base/seeded.ts";
import { many, type Point, polygon, short } from "./_svg.ts";

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

/** A small fir with its tip at `x`, `y - tall`; `spread` is its half width. */
export function fir(
  { x, y, tall, spread, foot, fill }: {
    readonly x: number;
    readonly y: number;
    readonly tall: number;
    /** Half its width, as a share of its height. */
    readonly spread: number;
    /** How far it reaches below `y`. */
    readonly foot: number;
    readonly fill: string;
  },
): string {
  return `<path d="M${x.toFixed(1)},${(y - tall).toFixed(1)}l${
    (tall * spread).toFixed(1)
  },${(tall + foot).toFixed(1)}h${
    (-tall * (2 * spread)).toFixed(1)
  }z" fill="${fill}"/>`;
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
  return many(count, () => {
    const [x, y] = [random() * width, random() ** 1.6 * height];
    const size = 0.5 + random() ** 4 * 1.6;
    const light = (0.35 + 0.65 * random()) * (1 - 0.75 * y / height);
    return `<circle cx="${short(x)}" cy="${short(y)}" r="${
      size.toFixed(2)
    }" fill="${color}" opacity="${light.toFixed(2)}"/>`;
  });
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
  return many(count, () => {
    const [cx, cy] = [random() * width, within(y)];
    const [rw, rh] = [within(rx), within(ry)];
    const [first, second] = fills;
    const fill = second === undefined || random() < 0.5 ? first : second;
    return `<ellipse cx="${cx.toFixed(0)}" cy="${cy.toFixed(0)}" rx="${
      rw.toFixed(0)
    }" ry="${rh.toFixed(1)}" fill="${fill}" opacity="${
      within(opacity).toFixed(2)
    }" filter="url(#soft)"/>`;
  });
}
