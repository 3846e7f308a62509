/**
 * For every cell of a grid, the few tracks that weigh most there, without
 * looking at every track in every cell.
 *
 * @module
 */

/**
 * exp(-x) is zero in float32 from here on: half of the smallest denormal,
 * 2^-150, is exp(-103.972).
 */
export const ZERO_WEIGHT = 103.98;

/** Where tracks are, in the units of the grid. */
export interface TrackPlaces {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Factor of the weight, 0 to 1; a track of strength 0 is not there. */
  readonly strength: Float64Array;
}

/** Options of {@linkcode nearestTracks}. */
export interface NearestTracksOptions {
  readonly places: TrackPlaces;
  /** A track weighs strength * exp(-temperature d^2). */
  readonly temperature: number;
  /** How many tracks at most are reported for a cell. */
  readonly topk: number;
  /**
   * Called once for every cell (row-major index) that any track reaches, with
   * the number of tracks, their indices and weights, strongest first. The
   * arrays are used again for the next cell.
   */
  readonly visit: (
    cell: number,
    found: number,
    members: Int32Array,
    weights: Float64Array,
  ) => void;
}

/** Blocks are not split below this side. */
const SMALL_BLOCK = 2;
/** Nor when this few tracks remain in question. */
const FEW = 4;

/**
 * Finds for every cell the `topk` tracks of the greatest weight that is not
 * zero in float32; of equal ones the lower index first.
 *
 * The grid is halved again and again, and a block passes on to its halves only
 * the tracks that can be among the strongest anywhere in it: with cost =
 * temperature d^2 - ln(strength), those whose least cost in the block is not
 * above the topk-th smallest of all the greatest costs. Nothing is
 * approximated.
 */
export function nearestTracks(
  grid: { readonly xs: Float64Array; readonly ys: Float64Array },
  options: NearestTracksOptions,
): void {
  const { xs, ys } = grid;
  const { places: { x, y, strength }, temperature, topk, visit } = options;
  const width = xs.length, height = ys.length;
  const handicap = new Float64Array(x.length);
  const limit = Math.min(topk, x.length);
  const members = new Int32Array(limit);
  const costs = new Float64Array(limit);
  const ceilings = new Float64Array(limit);
  const lows = new Float64Array(x.length);

  const all = new Int32Array(x.length);
  let present = 0;
  for (let n = 0; n < x.length; n++) {
    if (!(strength[n]! > 0)) continue;
    handicap[n] = -Math.log(strength[n]!);
    all[present++] = n;
  }

  const leaf = (block: Block, candidates: Int32Array, count: number) => {
    for (let j = block.top; j < block.bottom; j++) {
      for (let i = block.left; i < block.right; i++) {
        let found = 0;
        for (let c = 0; c < count; c++) {
          const n = candidates[c]!;
          const dx = x[n]! - xs[i]!, dy = y[n]! - ys[j]!;
          const cost = temperature * (dx * dx + dy * dy) + handicap[n]!;
          if (!(cost < ZERO_WEIGHT)) continue;
          if (found === limit && !(cost < costs[found - 1]!)) continue;
          let at = found < limit ? found++ : found - 1;
          for (; at > 0 && cost < costs[at - 1]!; at--) {
            costs[at] = costs[at - 1]!;
            members[at] = members[at - 1]!;
          }
          costs[at] = cost;
          members[at] = n;
        }
        if (found === 0) continue;
        for (let k = 0; k < found; k++) costs[k] = Math.exp(-costs[k]!);
        visit(j * width + i, found, members, costs);
      }
    }
  };

  // One list of candidates per depth, made when a block gets there first.
  const lists: Int32Array[] = [];
  const split = (
    block: Block,
    parent: { candidates: Int32Array; count: number },
    depth: number,
  ) => {
    const { left, right, top, bottom } = block;
    const x0 = xs[left]!, x1 = xs[right - 1]!;
    const y0 = ys[top]!, y1 = ys[bottom - 1]!;
    ceilings.fill(ZERO_WEIGHT);
    for (let c = 0; c < parent.count; c++) {
      const n = parent.candidates[c]!;
      const px = x[n]!, py = y[n]!;
      const nearX = px < x0 ? x0 - px : px > x1 ? px - x1 : 0;
      const nearY = py < y0 ? y0 - py : py > y1 ? py - y1 : 0;
      const farX = Math.max(Math.abs(px - x0), Math.abs(px - x1));
      const farY = Math.max(Math.abs(py - y0), Math.abs(py - y1));
      lows[c] = temperature * (nearX * nearX + nearY * nearY) + handicap[n]!;
      const high = temperature * (farX * farX + farY * farY) + handicap[n]!;
      let at = limit - 1;
      if (!(high < ceilings[at]!)) continue;
      for (; at > 0 && high < ceilings[at - 1]!; at--) {
        ceilings[at] = ceilings[at - 1]!;
      }
      ceilings[at] = high;
    }
    // A hair above, against the rounding of sums that are equal on paper.
    const ceiling = ceilings[limit - 1]! * (1 + 1e-12);
    const candidates = lists[depth] ??= new Int32Array(present);
    let count = 0;
    for (let c = 0; c < parent.count; c++) {
      if (lows[c]! <= ceiling) candidates[count++] = parent.candidates[c]!;
    }
    if (count === 0) return;
    const wide = right - left, high = bottom - top;
    if (count <= FEW || (wide <= SMALL_BLOCK && high <= SMALL_BLOCK)) {
      return leaf(block, candidates, count);
    }
    const next = { candidates, count };
    if (wide >= high) {
      const middle = (left + right) >> 1;
      split({ left, right: middle, top, bottom }, next, depth + 1);
      split({ left: middle, right, top, bottom }, next, depth + 1);
    } else {
      const middle = (top + bottom) >> 1;
      split({ left, right, top, bottom: middle }, next, depth + 1);
      split({ left, right, top: middle, bottom }, next, depth + 1);
    }
  };
  if (present > 0) {
    split(
      { left: 0, right: width, top: 0, bottom: height },
      { candidates: all, count: present },
      0,
    );
  }
}

interface Block {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
