/**
 * Depth images and depth arrays as a scene.
 *
 * @module
 */

import { FormatError, quote, withHint } from "../../base/errors.ts";
import type { InverseDepthMap, SceneDepth } from "./scene_depth.ts";

/**
 * What the numbers of a depth map are.
 *
 * - `inverse`: one over the depth, up to a factor (disparity): near is large.
 *   What MiDaS and Depth Anything give, and most depth images show.
 * - `metric`: the depth itself: far is large, 0 is unknown. What MoGe, Depth
 *   Pro and depth sensors give.
 */
export type DepthKind = "inverse" | "metric";

/** The values of {@linkcode DepthKind}. */
export const DEPTH_KINDS: readonly DepthKind[] = ["inverse", "metric"];

/** Numbers on a grid. */
export interface DepthValues {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** `(height, width)` in row-major order. */
  readonly data: ArrayLike<number>;
}

/** How a depth map is understood. */
export interface DepthMapOptions {
  /** What to call the map in an error. */
  readonly name: string;
  /** What the numbers are. */
  readonly kind: DepthKind;
  /**
   * The least and the largest depth, for numbers without a scale of their own:
   * the smallest and largest number are mapped to them, linearly in the kind's
   * own measure. The numbers are taken as they are unless given.
   */
  readonly range?: readonly [near: number, far: number];
}

/** Neighbors whose depths differ by more are on two sides of an edge. */
export const EDGE_RATIO = 1.15;

/** Differences of inverse depth that are no edge, as a share of the largest. */
export const EDGE_SLACK = 0.008;

/**
 * A depth map over an image of this size in px; it may have another size, not
 * another aspect ratio.
 *
 * Between the middles of four pixels the inverse depth is interpolated
 * bilinearly, which is exact on planes. Where they are on two sides of a depth
 * edge (more than 15 % apart), the nearest pixel is taken. Numbers that are
 * negative, NaN, or 0 in a metric map are unknown.
 *
 * @throws {FormatError} When the size does not fit, or nothing is known.
 */
export function depthMap(
  values: DepthValues,
  image: { readonly width: number; readonly height: number },
  options: DepthMapOptions,
): SceneDepth & { readonly map: InverseDepthMap } {
  const { width, height } = values;
  const { name } = options;
  const ratio = width * image.height / (height * image.width);
  if (values.data.length !== width * height || width < 1 || height < 1) {
    throw new FormatError(
      `Cannot take ${
        quote(name)
      } as depth: ${values.data.length} numbers for ${width}x${height}`,
    );
  }
  if (Math.max(ratio, 1 / ratio) > 1.02) {
    throw new FormatError(
      withHint(
        `Cannot take ${
          quote(name)
        } as depth: it is ${width}x${height}, expected the aspect ratio of the image, ${image.width}x${image.height}`,
        "Make the depth map from the same image, uncropped.",
      ),
    );
  }
  const data = inverseOf(values.data, options);
  const nearest = largestOf(data);
  if (!(nearest > 0)) {
    throw new FormatError(
      `Cannot take ${
        quote(name)
      } as depth: it has no number above 0, expected a depth map`,
    );
  }
  const scaleX = width / image.width, scaleY = height / image.height;
  const at = (column: number, row: number) =>
    data[
      Math.min(Math.max(row, 0), height - 1) * width +
      Math.min(Math.max(column, 0), width - 1)
    ]!;
  return {
    map: { width, height, data, nearest },
    inverseAt({ x, y }) {
      const u = x * scaleX - 0.5, v = y * scaleY - 0.5;
      const column = Math.floor(u), row = Math.floor(v);
      const four = [
        at(column, row),
        at(column + 1, row),
        at(column, row + 1),
        at(column + 1, row + 1),
      ] as const;
      if (!sameSurface(four, nearest)) {
        const one = at(Math.round(u), Math.round(v));
        return Number.isNaN(one) ? undefined : one;
      }
      const right = Math.min(Math.max(u - column, 0), 1);
      const down = Math.min(Math.max(v - row, 0), 1);
      return (four[0] * (1 - right) + four[1] * right) * (1 - down) +
        (four[2] * (1 - right) + four[3] * right) * down;
    },
  };
}

/**
 * Whether inverse depths are all known and of one surface: the largest at most
 * {@linkcode EDGE_RATIO} times the smallest, or hardly more of the scene's
 * largest, `nearest`: far away, everything is one.
 */
export function sameSurface(
  inverses: readonly number[],
  nearest: number,
): boolean {
  const least = Math.min(...inverses), most = Math.max(...inverses);
  return most <= least * EDGE_RATIO || most - least <= EDGE_SLACK * nearest;
}

function largestOf(values: Float32Array): number {
  return values.reduce((most, value) => value > most ? value : most, 0);
}

function inverseOf(
  values: ArrayLike<number>,
  options: DepthMapOptions,
): Float32Array {
  const { kind, range } = options;
  const known = (value: number) => kind === "inverse" ? value >= 0 : value > 0;
  let stretch = (value: number) => value;
  if (range) {
    const [near, far] = range;
    if (!(near > 0 && far > near)) {
      throw new RangeError(
        `Cannot use depths from ${quote(near)} to ${
          quote(far)
        }, expected a near one above 0 and a far one above that`,
      );
    }
    let least = Infinity, most = -Infinity;
    for (let i = 0; i < values.length; i++) {
      const value = Number(values[i]);
      if (!known(value) || value === Infinity) continue;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    const [first, last] = kind === "inverse" ? [1 / far, 1 / near] : range;
    const span = most - least || 1;
    stretch = (value) => first + (last - first) * (value - least) / span;
  }
  return Float32Array.from({ length: values.length }, (_, i) => {
    const value = Number(values[i]);
    if (!known(value)) return NaN;
    const measured = stretch(value);
    return kind === "inverse"
      ? Number.isFinite(measured) ? measured : NaN
      : 1 / measured; // infinitely far is 0
  });
}
