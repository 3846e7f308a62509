/**
 * Affine maps of a patch into a frame.
 *
 * @module
 */

/** The linear part of a map: (i, j) becomes (a i + b j, c i + d j). */
export interface Shape {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** Pixel (i, j) of a patch, from its center, is at (x, y) + shape (i, j). */
export interface Warp extends Shape {
  readonly x: number;
  readonly y: number;
}

/** The shape that does `q` first and then `p`. */
export function compose(p: Shape, q: Shape): Shape {
  return {
    a: p.a * q.a + p.b * q.c,
    b: p.a * q.b + p.b * q.d,
    c: p.c * q.a + p.d * q.c,
    d: p.c * q.b + p.d * q.d,
  };
}

/** The shape that undoes `p`. */
export function inverse({ a, b, c, d }: Shape): Shape {
  const area = a * d - b * c;
  return { a: d / area, b: -b / area, c: -c / area, d: a / area };
}

/**
 * A warp counted from the first view of a point, counted from a later view
 * instead, in which the first had become `shape`.
 */
export function fromView(warp: Warp, shape: Shape): Warp {
  return { x: warp.x, y: warp.y, ...compose(warp, inverse(shape)) };
}

/** The reverse of {@linkcode fromView}. */
export function fromFirst(warp: Warp, shape: Shape): Warp {
  return { x: warp.x, y: warp.y, ...compose(warp, shape) };
}
