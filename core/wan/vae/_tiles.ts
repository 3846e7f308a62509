/** Pictures cut into overlapping tiles, and put together again. */

import { sizeOf, type Tensor } from "../../base/tensor.ts";

/** How pictures are cut, in latent cells (8 px). */
export interface TileOptions {
  /** Height and width of a tile; 32 is 256 px. */
  readonly size: number;
  /**
   * How much neighbours share: 14 makes seams vanish, 8 is a good compromise.
   * At most half of `size`.
   */
  readonly overlap: number;
}

/** A part of an axis: `[start, start + length)`. */
export interface Span {
  readonly start: number;
  readonly length: number;
}

/** A part of a picture. */
export interface Tile {
  readonly rows: Span;
  readonly columns: Span;
}

/**
 * The spans of equal length that cover an axis; neighbours share `overlap` at
 * least, the last two perhaps more.
 *
 * @throws {RangeError} When the options make no sense.
 */
export function spans(axis: number, options?: TileOptions): Span[] {
  if (!options) return [{ start: 0, length: axis }];
  const { size, overlap } = options;
  if (
    !Number.isInteger(size) || !Number.isInteger(overlap) || size < 2 ||
    overlap < 0 || overlap > size / 2
  ) {
    throw new RangeError(
      `Cannot cut into tiles of ${size} with an overlap of ${overlap}: expected whole numbers and an overlap of at most half a tile`,
    );
  }
  if (size >= axis) return [{ start: 0, length: axis }];
  const count = Math.ceil((axis - overlap) / (size - overlap));
  return Array.from({ length: count }, (_, i) => ({
    start: Math.min(i * (size - overlap), axis - size),
    length: size,
  }));
}

/** The tiles of a picture, row by row. */
export function tileGrid(
  [height, width]: readonly [height: number, width: number],
  options?: TileOptions,
): Tile[] {
  return spans(height, options).flatMap((rows) =>
    spans(width, options).map((columns) => ({ rows, columns }))
  );
}

/** The part of `[..., height, width]` that a tile covers, in an array of its own. */
export function cutTile(x: Tensor, tile: Tile): Tensor {
  const [height, width] = x.dims.slice(-2) as [number, number];
  const { rows, columns } = tile;
  const outer = x.dims.slice(0, -2);
  if (rows.length === height && columns.length === width) {
    return { dims: x.dims, data: x.data.slice() };
  }
  const dims = [...outer, rows.length, columns.length];
  const data = new Float32Array(sizeOf(dims));
  for (let plane = 0, at = 0; plane < sizeOf(outer); plane++) {
    for (let row = 0; row < rows.length; row++, at += columns.length) {
      const from = (plane * height + rows.start + row) * width + columns.start;
      data.set(x.data.subarray(from, from + columns.length), at);
    }
  }
  return { dims, data };
}

/** How overlapping tiles are put together, in places of the axis. */
export interface BlendOptions {
  /** How much neighbours share. */
  readonly overlap: number;
  /**
   * How far from a cut a tile's numbers differ from those without tiles. As
   * far as the overlap allows, they are not used.
   */
  readonly reach: number;
}

/**
 * How much each span counts at each of its places. Where spans overlap, one
 * fades out while the other fades in; the sum is 1 everywhere.
 */
export function spanWeights(
  axis: number,
  options: BlendOptions & { spans: readonly Span[] },
): Float64Array[] {
  const { spans, overlap, reach } = options;
  const margin = Math.max(0, Math.min(reach, Math.floor((overlap - 1) / 2)));
  const fade = Math.max(1, overlap - 2 * margin);
  const weights = spans.map(({ start, length }) =>
    Float64Array.from({ length }, (_, i) => {
      const fromStart = start === 0 ? Infinity : i + 0.5 - margin;
      const toEnd = start + length === axis
        ? Infinity
        : length - i - 0.5 - margin;
      return Math.max(0, Math.min(1, fromStart / fade, toEnd / fade));
    })
  );
  const total = new Float64Array(axis);
  spans.forEach(({ start }, s) =>
    weights[s]!.forEach((weight, i) => total[start + i]! += weight)
  );
  return weights.map((some, s) =>
    some.map((weight, i) => weight / total[spans[s]!.start + i]!)
  );
}

/** Puts tiles together. */
export class TileBlender {
  /** What there is so far, `[..., height, width]`. */
  readonly result: Tensor<Float32Array<ArrayBuffer>>;
  readonly #rows: ReadonlyMap<number, Float64Array>;
  readonly #columns: ReadonlyMap<number, Float64Array>;

  /** Zeros of `dims`; tiles of a grid over its last two axes will be added. */
  constructor(
    dims: readonly number[],
    options: BlendOptions & { grid: readonly Tile[] },
  ) {
    const { grid, ...blend } = options;
    this.result = { dims, data: new Float32Array(sizeOf(dims)) };
    const [height, width] = dims.slice(-2) as [number, number];
    const weigh = (axis: number, all: readonly Span[]) => {
      const distinct = [
        ...new Map(all.map((span) => [span.start, span])).values(),
      ];
      const weights = spanWeights(axis, { spans: distinct, ...blend });
      return new Map(distinct.map(({ start }, i) => [start, weights[i]!]));
    };
    this.#rows = weigh(height, grid.map(({ rows }) => rows));
    this.#columns = weigh(width, grid.map(({ columns }) => columns));
  }

  /** Adds what was made of a tile. */
  add(tile: Tile, x: Tensor): void {
    const { dims, data } = this.result;
    const [height, width] = dims.slice(-2) as [number, number];
    const rowWeights = this.#rows.get(tile.rows.start)!;
    const columnWeights = this.#columns.get(tile.columns.start)!;
    const planes = sizeOf(dims.slice(0, -2));
    const columns = tile.columns.length;
    for (let plane = 0, at = 0; plane < planes; plane++) {
      for (let row = 0; row < tile.rows.length; row++, at += columns) {
        const weight = rowWeights[row]!;
        const to = (plane * height + tile.rows.start + row) * width +
          tile.columns.start;
        for (let i = 0; i < columns; i++) {
          data[to + i]! += weight * columnWeights[i]! * x.data[at + i]!;
        }
      }
    }
  }
}

/** A tile in a picture that is `factor` times as large. */
export function scaleTile(tile: Tile, factor: number): Tile {
  const scale = ({ start, length }: Span) => ({
    start: start * factor,
    length: length * factor,
  });
  return { rows: scale(tile.rows), columns: scale(tile.columns) };
}
